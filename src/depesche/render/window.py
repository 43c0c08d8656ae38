"""Whether the address of a letter lies in the window of its envelope (DIN 5008, form A and form B; DIN 680).

The field is 85 mm wide and 45 mm high, 20 mm from the left edge; it begins 27 mm from the top in form A and 45 mm in
form B. We look at what is printed, not at the text: a scanned letter has none. What might be an address is taken for
one; only what cannot be one, or would be cut off, is a fault.
"""

from typing import Any

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray

from depesche.render.grid import MM_PER_INCH
from depesche.render.memory import enough
from depesche.render.wire import AddressFault

Ink = NDArray[np.bool_]
"""True where something is printed; the first index counts from the top."""

FORMS = {"A": 27, "B": 45}
"""Millimetres from the top of the page to the field."""

LEFT, WIDTH, HEIGHT = 20, 85, 45
"""Of the field, in millimetres."""

MARGIN = 5
"""Millimetres around the field that are looked at too."""

PER_MM = 4
PAPER = 200
"""Grey from which on it is paper: a tint behind the text is not in its way."""

TWO_LINES = 5
"""Millimetres that an address is high at least: a name and a town. The line of the sender alone is lower."""

RULE, PICTURE = 1, 8
"""Millimetres: what is lower is a rule and no text, what is higher is a picture."""

GAP = 1.5
"""Millimetres between two words of a line at most."""

CROSSING = 3.0
"""Millimetres that text which is cut off stands out on both sides of the edge."""

STRADDLING = 0.75
"""The same above and below an edge that cuts a line lengthwise."""


def look(page: Any) -> AddressFault | None:
    """What is wrong with the address on a page as pypdfium2 has it; None: nothing, in one of the two forms."""
    try:
        faults = {_fault(ink) for ink in _fields(page).values()}
    except MemoryError:
        return AddressFault.UNSEEN
    if None in faults:
        return None
    return AddressFault.CUT if AddressFault.CUT in faults else AddressFault.EMPTY


def form(page: Any) -> str | None:
    """The form in whose window the address lies; of two, the one that shows more of it. Raises: MemoryError."""
    fitting = {name: ink for name, ink in _fields(page).items() if _fault(ink) is None}
    return max(fitting, key=lambda name: int(_inside(fitting[name]).sum()), default=None)


def _fields(page: Any) -> dict[str, Ink]:
    """What is printed in the field of each form and around it."""
    with enough():
        return {name: _draw(page, top) for name, top in FORMS.items()}


def _inside(ink: Ink) -> Ink:
    """The field without its margin."""
    edge = _pixels(MARGIN)
    return ink[edge : edge + _pixels(HEIGHT), edge : edge + _pixels(WIDTH)]


def _draw(page: Any, top: int) -> Ink:
    """The field with its margin; the rest of the page is not drawn."""
    scale = PER_MM * MM_PER_INCH / 72
    width, height = (_pixels(side + 2 * MARGIN) for side in (WIDTH, HEIGHT))
    whole = (round(side * scale) for side in page.get_size())
    bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_Gray)
    pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
    start = -_pixels(LEFT - MARGIN), -_pixels(top - MARGIN)
    flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE | pdfium_c.FPDF_RENDER_LIMITEDIMAGECACHE
    pdfium_c.FPDF_RenderPageBitmap(bitmap, page, *start, *whole, 0, flags)
    ink: Ink = bitmap.to_numpy().reshape(height, bitmap.stride)[:, :width] < PAPER
    return ink


def _fault(ink: Ink) -> AddressFault | None:
    edge, width, height = _pixels(MARGIN), _pixels(WIDTH), _pixels(HEIGHT)
    columns, rows = slice(edge, edge + width), slice(edge, edge + height)
    printed = np.flatnonzero(ink[rows, columns].any(axis=1))
    if not printed.size or printed[-1] - printed[0] < _pixels(TWO_LINES):
        return AddressFault.EMPTY
    lines = _runs(np.any(ink[:, columns], axis=1))
    if any(_straddles(line, at) for line in lines for at in (rows.start, rows.stop)):
        return AddressFault.CUT
    inside = [line for line in lines if line[0] >= rows.start and line[1] <= rows.stop]
    if any(_crosses(ink[slice(*line)], at) for line in inside for at in (columns.start, columns.stop)):
        return AddressFault.CUT
    return None


def _straddles(line: tuple[int, int], edge: int) -> bool:
    """Whether a line of text from its first row to behind its last is cut lengthwise."""
    first, stop = line
    return stop - first <= _pixels(PICTURE) and min(edge - first, stop - edge) >= _pixels(STRADDLING)


def _crosses(line: Ink, edge: int) -> bool:
    """Whether the text of a line runs over the column `edge`."""
    if len(line) < _pixels(RULE):
        return False
    return any(
        min(edge - first, stop - edge) >= _pixels(CROSSING) for first, stop in _runs(np.any(line, axis=0), _pixels(GAP))
    )


def _runs(printed: Ink, gap: int = 0) -> list[tuple[int, int]]:
    """First index and the one behind the last of each stretch; a gap of `gap` at most does not end one."""
    where = np.flatnonzero(printed)
    if not where.size:
        return []
    ends = np.flatnonzero(np.diff(where) > gap + 1)
    firsts = where[np.concatenate(([0], ends + 1))]
    lasts = where[np.concatenate((ends, [where.size - 1]))]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def _pixels(millimetres: float) -> int:
    return round(millimetres * PER_MM)
