"""Pages that are hard on a fax can be read again by a machine (`make bench ARGS=legibility` shows how others fare)."""

from collections.abc import Callable

import pytest

from depesche.render.pdf import PdfPages
from documents import black, file
from legibility import SETTINGS, Sample, accuracy, coloured, receipt, small_grey, tinted_table, white_on_grey

UNSEEN = SETTINGS[1]
"""The raster was not tuned on these pages."""

ENOUGH = 0.95
"""Share of the characters; one threshold for the whole page leaves a third to two thirds of those in grey."""


@pytest.mark.parametrize("make", [small_grey, tinted_table, receipt, coloured, white_on_grey])
def test_what_was_printed_can_be_read_on_the_fax(make: Callable[[int], Sample]) -> None:
    sample = make(UNSEEN)
    with file(sample.pdf) as document:
        page = PdfPages(document, 10_000_000).draw(0)
    assert accuracy(black(page), sample) > ENOUGH
