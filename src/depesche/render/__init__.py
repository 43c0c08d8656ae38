"""Documents become pages. Whatever reads a customer's file does so in a process of its own."""
