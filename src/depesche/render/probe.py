"""What PDFium shows of colours, pictures and gradients in grey: it knows all colour spaces, so that we need not.

Each thing is drawn on a page of its own, of a document that is thrown away.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, PdfObject, StreamObject

from depesche.render.memory import enough
from depesche.render.pdfobject import added, stream

Grey = NDArray[np.uint8]

CELL = 4
"""Points, each way, of the patch in which a colour is shown."""

ACROSS = 256
"""Patches side by side."""

SAMPLES = 512
"""Of a gradient."""


class Probes:
    """Things that are to be seen in grey."""

    def __init__(self) -> None:
        self._writer = PdfWriter()
        self._sizes: list[tuple[int, int]] = []
        self._document: Any = None

    def colours(self, space: PdfObject, values: Sequence[tuple[float, ...]]) -> int:
        """Colours of one colour space. Gives the number of the page."""
        content = [b"/C cs"]
        for number, colour in enumerate(values):
            x, y = number % ACROSS * CELL, number // ACROSS * CELL
            content.append(b"%s scn %d %d %d %d re f" % (_written(colour), x, y, CELL, CELL))
        size = ACROSS * CELL, (len(values) // ACROSS + 1) * CELL
        return self._page(size, b"\n".join(content), "/ColorSpace", "/C", space)

    def picture(self, picture: PdfObject, width: int, height: int) -> int:
        """A picture, pixel by pixel. Gives the number of the page."""
        return self._page((width, height), b"%d 0 0 %d 0 0 cm /C Do" % (width, height), "/XObject", "/C", picture)

    def gradient(self, shading: DictionaryObject) -> int:
        """A gradient between two ends, from left to right. Gives the number of the page."""
        return self._page((SAMPLES, CELL), b"/C sh", "/Shading", "/C", shading)

    def open(self) -> None:
        """Nothing more follows: now they can be seen."""
        out = io.BytesIO()
        self._writer.write(out)
        self._document = pdfium.PdfDocument(out.getvalue()) if self._sizes else None

    def see(self, number: int) -> Grey:
        """One page, from above; colours and gradients are grey values from 0. Raises: MemoryError."""
        width, height = self._sizes[number]
        page = self._document[number]
        seen = _drawn(page, width, height)
        page.close()
        return seen

    def _page(self, size: tuple[int, int], content: bytes, kind: str, name: str, thing: PdfObject) -> int:
        page = self._writer.add_blank_page(*size)
        copy = thing.clone(self._writer)
        if isinstance(copy, StreamObject) and getattr(copy, "indirect_reference", None) is None:
            copy = added(self._writer, copy)
        held = DictionaryObject({NameObject(name): copy})
        page[NameObject("/Resources")] = DictionaryObject({NameObject(kind): held})
        page[NameObject("/Contents")] = added(self._writer, stream({}, content))
        self._sizes.append(size)
        return len(self._sizes) - 1


def of_colour(page: Grey, number: int) -> float:
    """The grey of one of the colours of a page, 0 (black) to 1."""
    x, y = number % ACROSS * CELL + CELL // 2, number // ACROSS * CELL + CELL // 2
    return int(page[len(page) - 1 - y, x]) / 255


def between_ends(shading: DictionaryObject, space: PdfObject) -> DictionaryObject:
    """The colours of a gradient, in this colour space, as one that `Probes.gradient` takes."""
    numbers = (NumberObject(0), NumberObject(0), NumberObject(SAMPLES), NumberObject(0))
    made: dict[str, PdfObject] = {
        "/ShadingType": NumberObject(2),
        "/Coords": ArrayObject(numbers),
        "/ColorSpace": space,
    }
    for key in ("/Function", "/Domain"):
        if key in shading:
            made[key] = shading.raw_get(key)
    return DictionaryObject({NameObject(key): value for key, value in made.items()})


def _written(colour: tuple[float, ...]) -> bytes:
    return " ".join(f"{value:.5f}" for value in colour).encode()


def _drawn(page: Any, width: int, height: int) -> Grey:
    with enough():
        bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_Gray)
        pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        flags = pdfium_c.FPDF_GRAYSCALE | pdfium_c.FPDF_RENDER_LIMITEDIMAGECACHE | pdfium_c.FPDF_RENDER_NO_SMOOTHPATH
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    seen: Grey = bitmap.to_numpy().reshape(height, bitmap.stride)[:, :width].copy()
    return seen
