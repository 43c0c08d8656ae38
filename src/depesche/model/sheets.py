"""Sheets of paper that a letter takes."""


def count(pages: int, *, duplex: bool) -> int:
    """Sheets for so many pages, printed on one side or on both; documents of one letter follow without a break."""
    return -(-pages // 2) if duplex else pages
