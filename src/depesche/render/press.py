"""A printing press for long text: lines of one face on sheets of A4, as PDF.

WeasyPrint takes 25 ms for a page of text, line by line; PDFium takes 3.
"""

import ctypes
import io
from collections.abc import Iterable
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

from depesche.render.grid import MM_PER_INCH
from depesche.render.lines import Line, Look, face

MM = 72 / MM_PER_INCH
"""Points."""

WIDTH, HEIGHT = 210 * MM, 297 * MM

_ALL_CHARACTERS, _NO_STROKE = 1, 0
"""For fpdf_edit.h: a CID font, not one of 256 characters; a path that is filled alone."""


class Press:
    """The growing document."""

    def __init__(self, name: str) -> None:
        """`name`: of the face. Raises: OSError."""
        self._face = face(name)
        self._document = pdfium.PdfDocument.new()
        data = (ctypes.c_uint8 * len(self._face.data)).from_buffer_copy(self._face.data)
        kind = pdfium_c.FPDF_FONT_TRUETYPE
        self._font = pdfium_c.FPDFText_LoadFont(self._document, data, len(data), kind, _ALL_CHARACTERS)

    def page(self) -> Any:
        """A new one."""
        return self._document.new_page(WIDTH, HEIGHT)

    def lay(self, page: Any, pdf: bytes) -> None:
        """The first page of another document."""
        under = pdfium.PdfDocument(pdf)
        page.insert_obj(under.page_as_xobject(0, self._document).as_pageobject())

    def lines(self, page: Any, lines: Iterable[Line], look: Look, top: float) -> None:
        """Lines, one under the other."""
        above = (look.leading + (self._face.ascent - self._face.descent) * look.size) / 2
        for number, line in enumerate(lines):
            for at, text in line:
                self.text(page, text, look.size, look.left + at, top + number * look.leading + above)

    def text(self, page: Any, text: str, size: float, left: float, base: float) -> None:
        """Letters on a base line."""
        if not text.strip(" "):
            return
        shown = pdfium_c.FPDFPageObj_CreateTextObj(self._document, self._font, size)
        letters = f"{text}\0".encode("utf-16-le")
        pdfium_c.FPDFText_SetText(shown, (ctypes.c_ushort * (len(letters) // 2)).from_buffer_copy(letters))
        pdfium_c.FPDFPageObj_Transform(shown, 1, 0, 0, 1, left, HEIGHT - base)
        pdfium_c.FPDFPage_InsertObject(page, shown)

    def rule(self, page: Any, left: float, right: float, top: float, thickness: float) -> None:
        """A black line across."""
        shown = pdfium_c.FPDFPageObj_CreateNewRect(left, HEIGHT - top - thickness, right - left, thickness)
        pdfium_c.FPDFPath_SetDrawMode(shown, pdfium_c.FPDF_FILLMODE_WINDING, _NO_STROKE)
        pdfium_c.FPDFPage_InsertObject(page, shown)

    def end(self, page: Any) -> None:
        """Nothing more comes on this one."""
        page.gen_content()
        page.close()

    def save(self) -> bytes:
        """The document."""
        out = io.BytesIO()
        self._document.save(out)
        return out.getvalue()
