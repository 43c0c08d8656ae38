"""Telling the customers' programs what became of their orders, without lending anybody our place in the network."""
