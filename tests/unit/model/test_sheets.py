"""Sheets of a letter."""

import pytest

from depesche.model import sheets


@pytest.mark.parametrize(
    ("pages", "duplex", "wanted"), [(1, False, 1), (5, False, 5), (1, True, 1), (2, True, 1), (5, True, 3)]
)
def test_two_pages_share_a_sheet_that_is_printed_on_both_sides(pages: int, duplex: bool, wanted: int) -> None:
    assert sheets.count(pages, duplex=duplex) == wanted
