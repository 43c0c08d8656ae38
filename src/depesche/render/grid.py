"""Where a page lies on the grid of a fax."""

from dataclasses import dataclass, replace

from depesche.model.resolution import MM_PER_INCH, WIDTH, X_DPI, Resolution

__all__ = ["MM_PER_INCH", "TURN_BELOW", "WIDTH", "X_DPI", "Placement", "Resolution", "place"]

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

    def below(self, line: int) -> "Placement":
        """The same page with its top `line` rows left free: made a little smaller if it does not fit under them."""
        room = self.rows - line
        height = min(self.height, room)
        width = max(1, round(self.width * height / self.height))
        return replace(self, left=(WIDTH - width) // 2, top=line + (room - height) // 2, width=width, height=height)


def place(width: float, height: float, resolution: Resolution) -> Placement:
    """Where a page of `width` times `height` millimetres goes: true to scale if it fits, else scaled; never cut.

    A landscape page that is much too wide is turned; what is smaller than A4 lies in the middle.
    """
    row = MM_PER_INCH / resolution.y_dpi
    paper_width, longest = WIDTH / X_DPI * MM_PER_INCH, resolution.most_rows * row
    turned = width > height and paper_width / width < TURN_BELOW
    if turned:
        width, height = height, width
    scale = min(1.0, paper_width / width, longest / height)
    columns = min(WIDTH, max(1, round(width * scale / MM_PER_INCH * X_DPI)))
    lines = min(resolution.most_rows, max(1, round(height * scale / row)))
    rows = max(lines, resolution.a4_rows)
    return Placement(turned, (WIDTH - columns) // 2, (rows - lines) // 2, columns, lines, rows)
