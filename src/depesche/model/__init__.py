"""Words and rules of the trade. Nothing in this room reads a clock, a socket, a file or a database."""
