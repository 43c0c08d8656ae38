"""PDF documents, drawn by PDFium straight into the fax grid: no detour through a larger picture."""

import ctypes
from typing import Any, BinaryIO

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from depesche.render.errors import Damaged, NotWhole
from depesche.render.grid import MM_PER_INCH, WIDTH, place
from depesche.render.pages import mapped
from depesche.render.raster import Bits, Grey, black_and_white

POINTS_PER_INCH = 72
_WHITE = 0xFFFFFFFF
_PICTURE = b"/Image"
"""In every document that has one: such a stream lies open in the file (ISO 32000-1 §7.5.7)."""

_DEPTH = 8
"""Of forms in forms in which pictures are looked for."""

_TAIL = 1024
"""Octets at the end in which ``%%EOF`` has to be (ISO 32000-1 annex H.3, note 18)."""


def open_pdf(file: BinaryIO) -> Any:
    """The document as pypdfium2 has it, its form fields ready to be drawn.

    Raises: Damaged: broken, cut off, or it wants a password; NotWhole: it has no page.
    """
    memory = mapped(file)
    data = (ctypes.c_ubyte * len(memory)).from_buffer(memory)
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise _refusal(data) from error
    if not pdfium_c.FPDF_DocumentHasValidCrossReferenceTable(document) and b"%%EOF" not in memory[-_TAIL:]:
        raise Damaged("the PDF document is cut off")
    document.init_forms()
    return document


def load_page(document: Any, index: int) -> Any:
    """One page; `index` counts from 0. Raises: Damaged."""
    try:
        return document[index]
    except pdfium.PdfiumError as error:
        raise Damaged(f"page {index + 1} of the PDF document is broken") from error


class PdfPages:
    """A PDF document as fax pages."""

    def __init__(self, file: BinaryIO, pixels: int) -> None:
        """`pixels`: of one picture in it at most. Raises: Damaged, NotWhole."""
        self._pixels = pixels
        self._document = open_pdf(file)
        self._has_pictures = mapped(file).find(_PICTURE) >= 0

    def __len__(self) -> int:
        return len(self._document)

    def draw(self, index: int) -> Bits:
        page = load_page(self._document, index)
        try:
            self._look_at_pictures(page)
            return black_and_white(self._grey(page))
        finally:
            page.close()

    def _look_at_pictures(self, page: Any) -> None:
        """PDFium leaves out, without a word, what it has no memory for."""
        if not self._has_pictures:
            return
        for picture in page.get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEPTH):
            width, height = picture.get_px_size()
            if width * height > self._pixels:
                raise Damaged(f"a picture of {width} by {height} pixels is larger than allowed")

    def _grey(self, page: Any) -> Grey:
        width, height = page.get_size()
        if width <= 0 or height <= 0:
            raise Damaged("a page of the PDF document has no size")
        placed = place(width / POINTS_PER_INCH * MM_PER_INCH, height / POINTS_PER_INCH * MM_PER_INCH)
        bitmap = pdfium.PdfBitmap.new_native(WIDTH, placed.rows, pdfium_c.FPDFBitmap_Gray)
        pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, WIDTH, placed.rows, _WHITE)
        where = (placed.left, placed.top, placed.width, placed.height, int(placed.turned))
        flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, *where, flags)
        if self._document.formenv:
            pdfium_c.FPDF_FFLDraw(self._document.formenv, bitmap, page, *where, flags)
        grey: Grey = bitmap.to_numpy().reshape(placed.rows, bitmap.stride)[:, :WIDTH]
        return grey


def _refusal(data: Any) -> Damaged | NotWhole:
    """Why PDFium does not open a document (fpdfview.h: FPDF_ERR_*)."""
    document = pdfium_c.FPDF_LoadMemDocument64(data, len(data), None)
    if document:  # it opens, but pypdfium2 wants a page
        pdfium_c.FPDF_CloseDocument(document)
        return NotWhole("the PDF document has no page")
    if pdfium_c.FPDF_GetLastError() in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
        return Damaged("the PDF document is encrypted")
    return Damaged("the PDF document is broken")
