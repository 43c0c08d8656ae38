"""One node: the only room that knows every other, and puts them together."""
