"""Benchmarks: each prints a table with its peer beside it. Run by ``python -m bench``."""
