"""Where pages lie on the fax grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.render.grid import WIDTH, Resolution, place

PX = 204 / 25.4
ROW = 196 / 25.4
FINE = Resolution.FINE
A4_ROWS, MOST_ROWS = FINE.a4_rows, FINE.most_rows


def test_a4_is_true_to_scale_and_keeps_the_margins_even() -> None:
    placed = place(210, 297, FINE)
    assert (placed.width, placed.height, placed.rows) == (1687, 2292, 2292)
    assert (placed.left, placed.top, placed.turned) == (20, 0, False)


def test_letter_is_scaled_to_the_width_of_the_paper() -> None:
    placed = place(215.9, 279.4, FINE)
    assert (placed.width, placed.rows, placed.turned) == (WIDTH, A4_ROWS, False)
    assert placed.height == pytest.approx(279.4 * ROW * 215.15 / 215.9, abs=1)


@pytest.mark.parametrize("size", [(297, 210), (279.4, 215.9), (420, 297)])
def test_landscape_paper_is_turned(size: tuple[float, float]) -> None:
    placed = place(*size, FINE)
    assert placed.turned
    assert placed.height > placed.width


def test_a_wide_picture_that_nearly_fits_stays_upright() -> None:
    placed = place(226, 169, FINE)
    assert not placed.turned
    assert placed.width == WIDTH


def test_a_small_page_lies_in_the_middle_in_its_size() -> None:
    placed = place(100, 50, FINE)
    assert (placed.width, placed.height) == (round(100 * PX), round(50 * ROW))
    assert placed.left == (WIDTH - placed.width) // 2
    assert placed.top == (A4_ROWS - placed.height) // 2


def test_a_long_page_makes_a_long_fax() -> None:
    placed = place(200, 600, FINE)
    assert placed.rows == placed.height == round(600 * ROW)


def test_an_endless_page_is_scaled_to_the_longest_fax() -> None:
    placed = place(200, 5000, FINE)
    assert placed.rows == placed.height == MOST_ROWS
    assert placed.width == pytest.approx(200 * PX * MOST_ROWS / (5000 * ROW), abs=1)


@pytest.mark.parametrize(("resolution", "rows"), list(zip(Resolution, (1146, 2292, 4572), strict=True)))
def test_a_page_is_as_large_at_every_resolution(resolution: Resolution, rows: int) -> None:
    placed = place(210, 297, resolution)
    assert (placed.left, placed.top, placed.width, placed.height, placed.rows) == (20, 0, 1687, rows, rows)
    small = place(100, 50, resolution)
    assert small.width == round(100 * PX)
    assert small.height == round(50 / 25.4 * resolution.y_dpi)


@pytest.mark.parametrize("size", [(210, 297), (200, 600), (297, 210), (100, 50), (10, 292)])
@pytest.mark.parametrize("resolution", Resolution)
def test_below_the_header_line_a_page_keeps_its_shape_and_its_paper(
    size: tuple[float, float], resolution: Resolution
) -> None:
    line, placed = resolution.header_rows, place(*size, resolution)
    below = placed.below(line)
    assert (below.rows, below.turned) == (placed.rows, placed.turned)
    assert line <= below.top <= below.rows - below.height
    assert below.width / below.height == pytest.approx(placed.width / placed.height, rel=0.02)
    fits = placed.height <= placed.rows - line
    assert below.height == (placed.height if fits else placed.rows - line)
    assert below.left == pytest.approx((WIDTH - below.width) / 2, abs=1)


def test_without_a_header_line_a_page_lies_where_it_lay() -> None:
    placed = place(100, 297, FINE)
    assert placed.below(0) == placed


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.sampled_from(Resolution))
def test_nothing_is_ever_cut(width: float, height: float, resolution: Resolution) -> None:
    placed = place(width, height, resolution)
    assert placed.left >= 0
    assert placed.top >= 0
    assert 1 <= placed.width <= WIDTH - placed.left
    assert 1 <= placed.height <= placed.rows - placed.top
    assert resolution.a4_rows <= placed.rows <= resolution.most_rows
