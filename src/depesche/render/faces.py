"""Installed faces for those that a PDF document names and does not bring along.

PDFium carries faces of its own for such, but they have the letters of Western Europe alone, and it leaves out whatever
a face lacks: a letter in Russian would be an empty page. It finds other faces only where it is told to look for them.
"""

import ctypes
from functools import cache
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]

NAMES = (
    ("arialnarrow", "Liberation Sans Narrow"),
    ("liberationsansnarrow", "Liberation Sans Narrow"),
    ("arial", "Liberation Sans"),
    ("helvetica", "Liberation Sans"),
    ("times", "Liberation Serif"),
    ("courier", "Liberation Mono"),
    ("calibri", "Carlito"),
    ("cambria", "Caladea"),
    ("verdana", "DejaVu Sans"),
    ("tahoma", "DejaVu Sans"),
)
"""How a name begins, in small letters without blanks, and the face of the same widths."""

OTHERS = {pdfium_c.FXFONT_FF_FIXEDPITCH: "Liberation Mono", pdfium_c.FXFONT_FF_ROMAN: "Liberation Serif"}
"""For all other names, by what the document says of the face; else `PLAIN`."""

PLAIN = "Liberation Sans"

_LEFT_ALONE = frozenset(
    {
        pdfium_c.FXFONT_SYMBOL_CHARSET,
        pdfium_c.FXFONT_SHIFTJIS_CHARSET,
        pdfium_c.FXFONT_HANGEUL_CHARSET,
        pdfium_c.FXFONT_GB2312_CHARSET,
        pdfium_c.FXFONT_CHINESEBIG5_CHARSET,
    }
)
"""Character sets of which PDFium finds a face by itself, if one is installed."""


def candidates(name: str, charset: int, pitch_family: int) -> list[str]:
    """Faces that may stand for one, the best first; numbers as in fpdf_sysfontinfo.h."""
    if charset in _LEFT_ALONE:
        return [name]
    plain = "".join(name.split()).lower()
    alike = next((face for begin, face in NAMES if plain.startswith(begin)), "")
    other = next((face for bit, face in OTHERS.items() if pitch_family & bit), PLAIN)
    return [face for face in (name, alike, other) if face]


class _Mapper:
    """PDFium's own way to find faces, asked for other names; PDFium calls it for as long as it lives."""

    def __init__(self) -> None:
        self._info = pdfium_c.FPDF_GetDefaultSystemFontInfo()
        kind: Any = type(self._info.contents.MapFont)
        self._ask = kind(ctypes.cast(self._info.contents.MapFont, ctypes.c_void_p).value)
        self._answer = kind(self._map)
        self._info.contents.MapFont = self._answer
        pdfium_c.FPDF_SetSystemFontInfo(self._info)

    def _map(
        self, this: Any, weight: int, italic: int, charset: int, pitch_family: int, face: Any, exact: Any
    ) -> int | None:
        name = ctypes.string_at(face).decode("latin-1") if face else ""
        for candidate in candidates(name, charset, pitch_family):
            found = self._ask(this, weight, italic, charset, pitch_family, candidate.encode("latin-1"), exact)
            if found:
                return int(found)
        return None


@cache
def stand_in() -> _Mapper:
    """From now on installed faces are taken."""
    return _Mapper()


def look_for_them() -> None:
    """Let PDFium read what is installed; it does when it first needs a face."""
    stand_in()
    document = pdfium.PdfDocument.new()
    pdfium_c.FPDFFont_Close(pdfium_c.FPDFText_LoadStandardFont(document, b"Helvetica"))
    document.close()
