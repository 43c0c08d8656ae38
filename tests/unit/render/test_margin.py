"""Room for the header line."""

import numpy as np
import pytest

from depesche.model.legibility import Legibility
from depesche.render.legibility import Drawn
from depesche.render.margin import clear, lowered
from depesche.render.raster import Bits

LINE = 40
BLANK = np.zeros((2292, 216), np.uint8)


def page(*rows: int) -> Bits:
    """With ink in these rows, each of its own kind."""
    drawn = BLANK.copy()
    for number, row in enumerate(rows, 1):
        drawn[row, number : 2 * number] = number
    return drawn


@pytest.mark.parametrize("bits", [BLANK, page(40, 2291), page(700)])
def test_a_page_with_room_stays_as_it_is(bits: Bits) -> None:
    assert lowered(bits, LINE) is bits


@pytest.mark.parametrize("rows", [(0, 700, 2251), (39, 40, 2290), (10, 2261), (0,)])
def test_a_page_with_blank_room_below_is_moved_down_and_loses_nothing(rows: tuple[int, ...]) -> None:
    moved = lowered(page(*rows), LINE)
    assert moved is not None
    assert np.array_equal(moved, page(*(row + LINE - rows[0] for row in rows)))


@pytest.mark.parametrize("rows", [(0, 2252), (39, 2291), (10, 2262)])
def test_a_page_without_blank_room_below_cannot_be_moved(rows: tuple[int, ...]) -> None:
    assert lowered(page(*rows), LINE) is None


@pytest.mark.parametrize("rows", [1, 39, 40, 41])
def test_a_page_that_is_no_higher_than_the_line_cannot_be_moved(rows: int) -> None:
    assert lowered(np.full((rows, 216), 1, np.uint8), LINE) is None


@pytest.mark.parametrize(("rows", "free"), [((700,), [0]), ((10, 700), [0]), ((0, 2291), [0, LINE])])
def test_a_page_is_drawn_smaller_only_where_it_has_to_be(rows: tuple[int, ...], free: list[int]) -> None:
    asked = []

    def draw(line: int) -> Drawn:
        asked.append(line)
        return Drawn(page(*(max(line, row) for row in rows)), Legibility(77))

    drawn = clear(draw, LINE)
    assert not drawn.bits[:LINE].any()
    assert drawn.legibility.score == 77
    assert asked == free
