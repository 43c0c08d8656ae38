"""Scanned pages: the picture that lies under everything else is scaled by us, and PDFium draws what lies over it.

A page of 300 dpi takes PDFium 60 ms from its pixels to the fax grid, Pillow's box filter 17, and the one here 7.
"""

import ctypes
import mmap
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from PIL import Image

from depesche.render.grid import Placement
from depesche.render.layer import is_in_layer
from depesche.render.raster import Grey

_SPACES = frozenset(
    {
        pdfium_c.FPDF_COLORSPACE_DEVICEGRAY,
        pdfium_c.FPDF_COLORSPACE_DEVICERGB,
        pdfium_c.FPDF_COLORSPACE_CALGRAY,
        pdfium_c.FPDF_COLORSPACE_CALRGB,
        pdfium_c.FPDF_COLORSPACE_ICCBASED,
    }
)
"""Those of scanners; a stencil has none, and what has a palette is left to PDFium."""

_MODES = {
    pdfium_c.FPDFBitmap_Gray: ("L", "L"),
    pdfium_c.FPDFBitmap_BGR: ("RGB", "BGR"),
    pdfium_c.FPDFBitmap_BGRx: ("RGB", "BGRX"),
}
"""Pillow's modes, and its raw modes, of PDFium's bitmaps without transparency."""

_UPRIGHT = 0.01
"""Points that the sides of an upright picture may lean."""

_MOST_PIXELS = 9_000_000
"""A4 at 300 dpi: whole in memory, in colours, 70 MB. A larger picture PDFium takes line by line."""

_MASK = b"Mask"
"""Of ``/SMask`` and ``/Mask``; octets of a JPEG are it by chance once in 4 GB."""

_OF_LAYER = re.compile(rb"/OC\s*(?:\d+\s+\d+\s+R|<<)")
"""What says in a picture's dictionary that it belongs to a layer (ISO 32000-1 §8.11.3.3)."""

_WINDOW, _OVERLAP = 16 << 20, 64
"""Octets of a document that are in memory while all of it is looked through, and what may lie across the edge."""


@dataclass(frozen=True, slots=True)
class _Box:
    """Picture elements of the page; `right` and `bottom` are the ones behind."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top


def may_show_through(document: mmap.mmap) -> bool:
    """Whether any picture of a PDF document has a mask, or is in a layer; no picture, being a stream, is hidden in
    a compressed one. Names whose letters are written as numbers, as nobody does, are not found.
    """
    return any(_hides(document, start) for start in range(0, len(document), _WINDOW))


def _hides(document: mmap.mmap, start: int) -> bool:
    stop = start + _WINDOW + _OVERLAP
    found = document.find(_MASK, start, stop) >= 0 or _OF_LAYER.search(document, start, stop) is not None
    document.madvise(mmap.MADV_DONTNEED, start, min(_WINDOW, len(document) - start))
    return found


def lies_under(page: Any) -> bool:
    """Whether the lowest of all things on a page is a plain picture."""
    lowest = pdfium_c.FPDFPage_GetObject(page, 0)
    return bool(lowest) and _is_plain(page, lowest)


def lay(page: Any, placed: Placement, paper: Grey) -> None:
    """Put the plain picture that `lies_under` on `paper`, scaled, and take it from the page, if it is a scan's.

    No picture of the document may have a mask.
    """
    picture = pdfium_c.FPDFPage_GetObject(page, 0)
    box = _box(page, picture, placed)
    if box is None or not _is_worth_it(picture, box):
        return
    bitmap = pdfium_c.FPDFImageObj_GetBitmap(picture)
    if not bitmap:
        return
    try:
        scaled = _scaled(bitmap, box.size)
    finally:
        pdfium_c.FPDFBitmap_Destroy(bitmap)
    if scaled is not None and pdfium_c.FPDFPageObj_SetIsActive(picture, 0):
        paper[box.top : box.bottom, box.left : box.right] = scaled


def _is_plain(page: Any, picture: Any) -> bool:
    """Whether it covers what it lies on, not cut, and has grey values or colours of its own."""
    if pdfium_c.FPDFPageObj_GetType(picture) != pdfium_c.FPDF_PAGEOBJ_IMAGE:
        return False
    about = pdfium_c.FPDF_IMAGEOBJ_METADATA()
    return (
        bool(pdfium_c.FPDFImageObj_GetImageMetadata(picture, page, about))
        and about.colorspace in _SPACES
        and not pdfium_c.FPDFPageObj_HasTransparency(picture)
        and not is_in_layer(picture)
        and pdfium_c.FPDFClipPath_CountPaths(pdfium_c.FPDFPageObj_GetClipPath(picture)) <= 0
    )


def _box(page: Any, picture: Any, placed: Placement) -> _Box | None:
    """Where it lies, if it is upright and nothing of it is beside the page."""
    matrix, sheet = pdfium_c.FS_MATRIX(), pdfium_c.FS_RECTF()
    if placed.turned or pdfium_c.FPDFPage_GetRotation(page):
        return None
    if not (pdfium_c.FPDFPageObj_GetMatrix(picture, matrix) and pdfium_c.FPDF_GetPageBoundingBox(page, sheet)):
        return None
    if max(abs(matrix.b), abs(matrix.c)) > _UPRIGHT or min(matrix.a, matrix.d) <= 0:
        return None
    across, down = placed.width / (sheet.right - sheet.left), placed.height / (sheet.top - sheet.bottom)
    left, top = (matrix.e - sheet.left) * across, (sheet.top - matrix.f - matrix.d) * down
    box = _Box(round(left), round(top), round(left + matrix.a * across), round(top + matrix.d * down))
    inside = 0 <= box.left < box.right <= placed.width and 0 <= box.top < box.bottom <= placed.height
    if not inside:
        return None
    return _Box(box.left + placed.left, box.top + placed.top, box.right + placed.left, box.bottom + placed.top)


def _is_worth_it(picture: Any, box: _Box) -> bool:
    """Whether it has to be reduced, for then PDFium takes long, and is small enough to be held."""
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium_c.FPDFImageObj_GetImagePixelSize(picture, width, height)
    across, down = box.size
    return width.value >= across and height.value >= down and width.value * height.value <= _MOST_PIXELS


def _scaled(bitmap: Any, size: tuple[int, int]) -> Grey | None:
    modes = _MODES.get(pdfium_c.FPDFBitmap_GetFormat(bitmap))
    if modes is None:
        return None
    width, height = pdfium_c.FPDFBitmap_GetWidth(bitmap), pdfium_c.FPDFBitmap_GetHeight(bitmap)
    stride = pdfium_c.FPDFBitmap_GetStride(bitmap)
    octets = (ctypes.c_ubyte * (stride * height)).from_address(pdfium_c.FPDFBitmap_GetBuffer(bitmap))
    image = Image.frombuffer(modes[0], (width, height), octets, "raw", modes[1], stride, 1)
    whole = image if image.mode == "L" else image.convert("L")
    times = width // size[0], height // size[1]
    grey = np.asarray(whole if times == (1, 1) else whole.reduce(times))
    return _squeezed(_squeezed(grey, size[1], axis=0), size[0], axis=1)


def _squeezed(grey: Grey, length: int, axis: int) -> Grey:
    """A box filter for less than two to one: each value is the mean of the one or two whose middles it covers."""
    edges = np.arange(length + 1) * (grey.shape[axis] / length) + 0.5
    firsts, lasts = edges[:-1].astype(np.intp), edges[1:].astype(np.intp) - 1
    mean: Grey = grey.take(firsts, axis)
    others = grey.take(lasts, axis)
    half = (mean ^ others) >> 1
    mean &= others
    mean += half
    return mean
