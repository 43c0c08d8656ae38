"""What is printed on a sheet, seen from a little away: whether there is ink, and where, in millimetres."""

from typing import Any

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray

from depesche.render.grid import MM_PER_INCH
from depesche.render.memory import enough

Ink = NDArray[np.bool_]
"""True where something is printed; the first index counts from the top."""

PER_MM = 4
"""Picture elements a millimetre: enough to tell lines of text apart."""

PAPER = 200
"""Grey from which on it is paper: a tint behind the text is not in its way."""

NEIGHBOURS = 3
"""Of the nine picture elements in and around one that is printed so many are at least; else it is a scan's grain."""


def printed(page: Any) -> Ink:
    """A whole page as pypdfium2 has it. Raises: MemoryError."""
    width, height = (max(1, round(side / 72 * MM_PER_INCH * PER_MM)) for side in page.get_size())
    with enough():
        bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_Gray)
        pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE | pdfium_c.FPDF_RENDER_LIMITEDIMAGECACHE
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    return _without_grain(bitmap.to_numpy().reshape(height, bitmap.stride)[:, :width] < PAPER)


def _without_grain(ink: Ink) -> Ink:
    around = np.pad(ink.view(np.uint8), 1)
    rows = around[:-2] + around[1:-1] + around[2:]
    near = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    kept: Ink = ink & (near >= NEIGHBOURS)
    return kept


def runs(ink: Ink, gap: int = 0) -> list[tuple[int, int]]:
    """First index and the one behind the last of each stretch; a gap of `gap` at most does not end one."""
    where = np.flatnonzero(ink)
    if not where.size:
        return []
    ends = np.flatnonzero(np.diff(where) > gap + 1)
    firsts = where[np.concatenate(([0], ends + 1))]
    lasts = where[np.concatenate((ends, [where.size - 1]))]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def extent(ink: Ink) -> tuple[int, int] | None:
    """First index and the one behind the last of all that is printed."""
    where = np.flatnonzero(ink)
    return (int(where[0]), int(where[-1]) + 1) if where.size else None


def pixels(millimetres: float) -> int:
    """The nearest number of picture elements."""
    return round(millimetres * PER_MM)


def millimetres(count: int) -> float:
    """To a quarter."""
    return count / PER_MM
