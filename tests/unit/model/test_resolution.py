"""The grid of a fax page."""

import pytest

from depesche.model.resolution import MM_PER_INCH, Resolution, nearest

PER_MM = {Resolution.STANDARD: 3.85, Resolution.FINE: 7.7, Resolution.SUPERFINE: 15.4}
"""T.4 table 1."""


@pytest.mark.parametrize("resolution", Resolution)
def test_rows_are_those_of_t4(resolution: Resolution) -> None:
    assert resolution.y_dpi / MM_PER_INCH == pytest.approx(PER_MM[resolution], rel=0.003)
    assert resolution.rows == PER_MM[resolution] / PER_MM[Resolution.STANDARD]


@pytest.mark.parametrize("resolution", Resolution)
def test_sheet_and_header_line_are_as_high_at_every_resolution(resolution: Resolution) -> None:
    assert resolution.a4_rows / resolution.y_dpi * MM_PER_INCH == pytest.approx(297, abs=0.2)
    assert resolution.most_rows == 3 * resolution.a4_rows
    assert resolution.header_rows / resolution.y_dpi * MM_PER_INCH == pytest.approx(5.2, abs=0.05)


@pytest.mark.parametrize(
    ("y_dpi", "found"),
    [(98, "standard"), (100, "standard"), (97.79, "standard"), (196, "fine"), (200, "fine"), (391, "superfine"),
     (392, "superfine"), (400, "superfine")],
)  # fmt: skip
def test_what_comes_close_is_taken_for_it(y_dpi: float, found: str) -> None:
    assert nearest(y_dpi) is Resolution(found)
