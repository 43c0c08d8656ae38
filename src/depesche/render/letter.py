"""One PDF document of A4 pages for the print centre: PDF pages stay vectors, pictures are laid on a sheet."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]
from PIL import Image

from depesche.render.errors import Damaged
from depesche.render.grey import grey
from depesche.render.grid import MM_PER_INCH
from depesche.render.image import Picture, PicturePages
from depesche.render.layer import has_layers
from depesche.render.memory import enough
from depesche.render.pdf import POINTS_PER_INCH, load_page
from depesche.render.sheet import look
from depesche.render.wire import Finding, Paper

A4 = (595.276, 841.89)
"""Points."""

TOLERANCE = 6.0
"""A page that is off by no more than about two millimetres is A4 and taken over as it is."""

PRINT_DPI = 300
"""Finer pictures are reduced to this."""

PART = 25
"""Pages that become grey at once."""

LOOK = 50 / POINTS_PER_INCH
"""Picture elements a point when a page is compared with what would be printed."""

JPEG_QUALITY = 90


class Letter:
    """The growing document."""

    def __init__(self, *, colour: bool = True) -> None:
        self._document = pdfium.PdfDocument.new()
        self._colour = colour

    def add_pdf(self, source: Any) -> None:
        """All pages of a document from `open_pdf`. Raises: Damaged."""
        plain: list[int] = []
        for index in range(len(source)):
            with enough():
                page = load_page(source, index)
                pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY)  # fields and notes become part of the page
                size, is_plain, layered = page.get_size(), _is_plain(page), has_layers(page)
                page.close()
            with _one_page(index):
                shown = _as_shown(source, index, colour=self._colour) if layered else None
            if is_plain and not shown:
                plain.append(index)
                continue
            self._take_over(source, plain)
            plain.clear()
            with _one_page(index):
                self._lay(shown or source, 0 if shown else index, size)
        self._take_over(source, plain)

    def add_pictures(self, source: PicturePages) -> None:
        """All pages of a picture file. Raises: Damaged."""
        for index in range(len(source)):
            document = pdfium.PdfDocument(_as_pdf(source.picture(index), colour=self._colour))
            if _is_plain(document[0]):
                self._document.import_pages(document)
            else:
                self._lay(document, 0, document.get_page_size(0))

    def save(self, file: BinaryIO) -> int:
        """Write the document. Returns: its pages. Raises: OSError."""
        if not self._colour:
            self._become_grey()
        sink = _Sink(file)
        self._document.save(sink)
        if sink.failure:
            raise sink.failure
        return len(self._document)

    def findings(self, paper: Paper) -> tuple[Finding, ...]:
        """What is wrong with it on its sheets."""
        return look(self._document, paper)

    def _become_grey(self) -> None:
        """In parts: all of a long one, with its pictures, would be more than there is memory for."""
        made = pdfium.PdfDocument.new()
        for first in range(0, len(self._document), PART):
            part, octets = pdfium.PdfDocument.new(), io.BytesIO()
            part.import_pages(self._document, range(first, min(first + PART, len(self._document))))
            part.save(octets)
            part.close()
            made.import_pages(pdfium.PdfDocument(grey(octets.getvalue())))
        self._document = made

    def _take_over(self, source: Any, pages: list[int]) -> None:
        """Pages as they are, in one step: what they share, such as fonts, they share in the letter too."""
        if pages:
            with _one_page(pages[0]):
                self._document.import_pages(source, pages)

    def _lay(self, source: Any, index: int, size: tuple[float, float]) -> None:
        sheet = self._document.new_page(*A4)
        laid = source.page_as_xobject(index, self._document).as_pageobject()
        laid.set_matrix(_matrix(*size))
        sheet.insert_obj(laid)
        sheet.gen_content()
        sheet.close()


def _as_shown(source: Any, index: int, *, colour: bool) -> Any:
    """A page as a document of its own, a picture, if it has layers that are switched off: what says so does not come
    along, and they would be printed. None if all is shown.
    """
    alone = pdfium.PdfDocument.new()
    alone.import_pages(source, [index])
    before, after = (page.render(scale=LOOK).to_numpy() for page in (source[index], alone[0]))
    if np.array_equal(before, after):
        return None
    width, height = (side / POINTS_PER_INCH * MM_PER_INCH for side in source.get_page_size(index))
    image = source[index].render(scale=PRINT_DPI / POINTS_PER_INCH).to_pil().convert("RGB")
    return pdfium.PdfDocument(_as_pdf(Picture(image, width, height), colour=colour))


@contextmanager
def _one_page(index: int) -> Iterator[None]:
    """Raises: Damaged, in place of what PDFium says of this page or of one that follows."""
    with enough():
        try:
            yield
        except pdfium.PdfiumError as error:
            raise Damaged(f"page {index + 1} of the PDF document is broken, or one behind it") from error


class _Sink:
    """Keeps the reason of a failed write: PDFium would lose it, and go on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data) if not self.failure else 0
        except OSError as error:
            self.failure = error
            return 0


def _is_plain(page: Any) -> bool:
    """Whether it is A4 as a print centre expects it: upright, in the corner, nothing around it that is hidden."""
    box = page.get_mediabox()
    if any(abs(side - wanted) > TOLERANCE for side, wanted in zip(page.get_size(), A4, strict=True)):
        return False
    return not page.get_rotation() and box[:2] == (0, 0) and page.get_cropbox() == box


def _matrix(width: float, height: float) -> Any:
    """Where a page of this size in points lies on A4: whole, not enlarged, turned if it is wide.

    What is smaller lies in the middle; of what is made smaller, as Letter is, the top stays at the top: the address is
    measured from there.
    """
    matrix = pdfium.PdfMatrix()
    if width > height and width > A4[0]:
        matrix = matrix.translate(-width, 0).rotate(90)
        width, height = height, width
    scale = min(1.0, A4[0] / width, A4[1] / height)
    above = (A4[1] - height * scale) / (2 if scale == 1 else 1)
    return matrix.scale(scale, scale).translate((A4[0] - width * scale) / 2, above)


def _as_pdf(picture: Picture, *, colour: bool) -> bytes:
    """A picture as a PDF page of its own size: G4 for black and white, else JPEG."""
    image = picture.image if colour or picture.image.mode == "1" else picture.image.convert("L")
    finest = min(image.width / picture.width, image.height / picture.height) * MM_PER_INCH
    if image.mode != "1" and finest > PRINT_DPI:
        scale = PRINT_DPI / finest
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    dpi = image.width / picture.width * MM_PER_INCH, image.height / picture.height * MM_PER_INCH
    page = io.BytesIO()
    coding = {} if image.mode == "1" else {"quality": JPEG_QUALITY}
    image.save(page, "PDF", dpi=dpi, **coding)
    return page.getvalue()
