"""The grid of a fax page: T.4 §2.1 and table 1; T.30 table 2 says by which bits of DIS and DCS it is agreed on."""

from enum import StrEnum

WIDTH = 1728
"""Picture elements of a row, on 215 mm."""

X_DPI = 204
MM_PER_INCH = 25.4

_A4 = 297
"""Millimetres down."""

_HEADER_ROWS = 20
"""Of the header line at standard resolution: 5 mm."""

_LONGEST = 3
"""Sheets of A4; longer pages (a till receipt, a web page) are scaled down until they fit."""


class Resolution(StrEnum):
    """How close the rows are. Every machine takes `STANDARD`, next to all take `FINE`, not all take `SUPERFINE`."""

    STANDARD = "standard"
    """3.85 rows a millimetre."""

    FINE = "fine"
    """7.7 rows a millimetre: bit 15."""

    SUPERFINE = "superfine"
    """15.4 rows a millimetre: bit 41."""

    @property
    def y_dpi(self) -> int:
        """Rows an inch, as fax files say it."""
        return _Y_DPI[self]

    @property
    def rows(self) -> int:
        """So many stand where one of standard resolution does."""
        return _ROWS[self]

    @property
    def coarser(self) -> "Resolution | None":
        """The next one, which more machines take."""
        return next((one for one in Resolution if 2 * one.rows == self.rows), None)

    @property
    def a4_rows(self) -> int:
        """Rows of 297 mm; no page that we draw is shorter, so that the receiver's paper stays whole."""
        return round(_A4 / MM_PER_INCH * self.y_dpi)

    @property
    def most_rows(self) -> int:
        """Of the longest page."""
        return _LONGEST * self.a4_rows

    @property
    def header_rows(self) -> int:
        """What the header line takes at the top of a page."""
        return _HEADER_ROWS * self.rows


_Y_DPI = {Resolution.STANDARD: 98, Resolution.FINE: 196, Resolution.SUPERFINE: 391}
_ROWS = {Resolution.STANDARD: 1, Resolution.FINE: 2, Resolution.SUPERFINE: 4}


def nearest(y_dpi: float) -> Resolution:
    """The one that comes closest to so many rows an inch: programs write 200 for 196 and 100 for 98."""
    return min(Resolution, key=lambda resolution: abs(resolution.y_dpi - y_dpi))
