"""The grid of a fine fax page (T.4 §2.1, table 1: 1728 picture elements on 215 mm) and where a page lies on it."""

from dataclasses import dataclass

WIDTH = 1728
"""Picture elements of a row."""

X_DPI = 204
Y_DPI = 196
MM_PER_INCH = 25.4

A4_ROWS = 2292
"""Rows of 297 mm; no page that we draw is shorter, so that the receiver's paper stays whole."""

MOST_ROWS = 3 * A4_ROWS
"""Longer pages (a till receipt, a web page) are scaled down until they fit."""


TURN_BELOW = 0.8
"""A landscape page is turned if it had to shrink below this scale otherwise: A4 and Letter are, a photo may not be."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A rectangle on a page of 1728 times `rows` picture elements."""

    turned: bool
    """Whether the source is turned by 90 degrees clockwise first."""

    left: int
    top: int
    width: int
    height: int
    rows: int


def place(width: float, height: float) -> Placement:
    """Where a page of `width` times `height` millimetres goes: true to scale if it fits, else scaled; never cut.

    A landscape page that is much too wide is turned; what is smaller than A4 lies in the middle.
    """
    paper_width, longest = WIDTH / X_DPI * MM_PER_INCH, MOST_ROWS / Y_DPI * MM_PER_INCH
    turned = width > height and paper_width / width < TURN_BELOW
    if turned:
        width, height = height, width
    scale = min(1.0, paper_width / width, longest / height)
    columns = min(WIDTH, max(1, round(width * scale / MM_PER_INCH * X_DPI)))
    lines = min(MOST_ROWS, max(1, round(height * scale / MM_PER_INCH * Y_DPI)))
    rows = max(lines, A4_ROWS)
    return Placement(turned, (WIDTH - columns) // 2, (rows - lines) // 2, columns, lines, rows)
