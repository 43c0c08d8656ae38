"""PDF documents, drawn by PDFium straight into the fax grid: no detour through a larger picture, but for scans."""

import ctypes
import mmap
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from depesche.render import faces, scan
from depesche.render.errors import Damaged, NotWhole
from depesche.render.grid import MM_PER_INCH, WIDTH, Resolution, place
from depesche.render.legibility import Drawn, drawn
from depesche.render.margin import clear
from depesche.render.memory import enough, in_use
from depesche.render.pages import mapped
from depesche.render.raster import Grey

POINTS_PER_INCH = 72
WHITE = 255

_MOST_PIXELS = (1 << 31) // 4
"""Of a picture, four octets each: PDFium asks for no memory beyond 2 GiB, and leaves such a picture out."""

_DEPTH = 32
"""Of forms in forms; PDFium draws forty and leaves out what is deeper."""

KEPT = 32 << 20
"""Octets that may be kept of pages that are drawn: pictures, as they lie in the document, and fonts."""

LOOK_EVERY = 16
"""Pages: looking takes longer the more of the memory lies in pieces."""

_TAIL = 1024
"""Octets at the end in which ``%%EOF`` has to be (ISO 32000-1 annex H.3, note 18)."""


def open_pdf(file: BinaryIO) -> Any:
    """The document as pypdfium2 has it, its form fields ready to be drawn, installed faces for those it lacks.

    Raises: Damaged: broken, cut off, or it wants a password; NotWhole: it has no page.
    """
    return _opened(mapped(file))


def _opened(memory: mmap.mmap) -> Any:
    faces.stand_in()
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

    def __init__(self, file: BinaryIO, pixels: int, resolution: Resolution = Resolution.FINE) -> None:
        """`pixels`: of one picture in it at most. Raises: Damaged, NotWhole."""
        self._pixels = min(pixels, _MOST_PIXELS)
        self._resolution = resolution
        self._octets = mapped(file)
        self._document = _opened(self._octets)
        self._in_use = in_use()
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._document)

    def draw(self, index: int) -> Drawn:
        return clear(lambda line: drawn(self.grey(index, line), self._resolution), self._resolution.header_rows)

    def grey(self, index: int, line: int = 0) -> Grey:
        """One page before it becomes black and white, its top `line` rows left free. Raises: Damaged."""
        with enough():
            page = load_page(self._document, index)
            try:
                self._look_at_pictures(page)
                return self._grey(page, line)
            finally:
                page.close()
                self._drawn += 1
                if self._drawn % LOOK_EVERY == 0 and in_use() - self._in_use > KEPT:
                    self.forget()

    def forget(self) -> None:
        """Open the document anew: PDFium lets go of nothing before."""
        self._document.close()
        self._octets.madvise(mmap.MADV_DONTNEED)
        self._document = _opened(self._octets)
        self._in_use = in_use()

    def _look_at_pictures(self, page: Any) -> None:
        width, height = ctypes.c_uint(), ctypes.c_uint()
        for picture in _pictures(page):
            pdfium_c.FPDFImageObj_GetImagePixelSize(picture, width, height)
            if width.value * height.value > self._pixels:
                raise Damaged(f"a picture of {width.value} by {height.value} pixels is larger than allowed")

    @cached_property
    def _is_opaque(self) -> bool:
        """Whether no picture has a mask: looked for once a page has a scan, for it takes long."""
        return not scan.may_show_through(self._octets)

    def _grey(self, page: Any, line: int) -> Grey:
        width, height = page.get_size()
        if width <= 0 or height <= 0:
            raise Damaged("a page of the PDF document has no size")
        mm = MM_PER_INCH / POINTS_PER_INCH
        placed = place(width * mm, height * mm, self._resolution).below(line)
        paper: Grey = np.full((placed.rows, WIDTH), WHITE, np.uint8)
        if scan.lies_under(page) and self._is_opaque:
            scan.lay(page, placed, paper)
        where = (placed.left, placed.top, placed.width, placed.height, int(placed.turned))
        flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_GRAYSCALE | pdfium_c.FPDF_RENDER_LIMITEDIMAGECACHE
        memory = paper.ctypes.data_as(ctypes.c_void_p)
        bitmap = pdfium_c.FPDFBitmap_CreateEx(WIDTH, placed.rows, pdfium_c.FPDFBitmap_Gray, memory, WIDTH)
        if not bitmap:
            raise MemoryError
        try:
            pdfium_c.FPDF_RenderPageBitmap(bitmap, page, *where, flags)
            if self._document.formenv:
                pdfium_c.FPDF_FFLDraw(self._document.formenv, bitmap, page, *where, flags)
        finally:
            pdfium_c.FPDFBitmap_Destroy(bitmap)
        return paper


def _pictures(page: Any) -> Iterator[Any]:
    """All pictures on a page, in forms and in notes; PDFium does not show those in patterns and masks.

    Raises: Damaged: forms are nested too deeply.
    """
    yield from _in(page, pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject, _DEPTH)
    for number in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        note = pdfium_c.FPDFPage_GetAnnot(page, number)
        yield from _in(note, pdfium_c.FPDFAnnot_GetObjectCount, pdfium_c.FPDFAnnot_GetObject, _DEPTH)
        pdfium_c.FPDFPage_CloseAnnot(note)


def _in(holder: Any, count: Callable[[Any], int], get: Callable[[Any, int], Any], depth: int) -> Iterator[Any]:
    """Bare calls: pypdfium2 would make an object of every word on the page."""
    for number in range(count(holder)):
        found = get(holder, number)
        kind = pdfium_c.FPDFPageObj_GetType(found)
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            yield found
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM:
            if not depth:
                raise Damaged("the forms of the PDF document are nested too deeply")
            yield from _in(found, pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject, depth - 1)


def _refusal(data: Any) -> Damaged | NotWhole:
    """Why PDFium does not open a document (fpdfview.h: FPDF_ERR_*)."""
    document = pdfium_c.FPDF_LoadMemDocument64(data, len(data), None)
    if document:  # it opens, but pypdfium2 wants a page
        pdfium_c.FPDF_CloseDocument(document)
        return NotWhole("the PDF document has no page")
    if pdfium_c.FPDF_GetLastError() in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
        return Damaged("the PDF document is encrypted")
    return Damaged("the PDF document is broken")
