"""Pages as pictures for people to look at before they are sent."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from PIL import Image, ImageDraw

from depesche.render.detect import Format
from depesche.render.grid import MM_PER_INCH
from depesche.render.memory import enough
from depesche.render.pages import mapped
from depesche.render.pdf import POINTS_PER_INCH, load_page, open_pdf
from depesche.render.window import FORMS, HEIGHT, LEFT, WIDTH, form
from depesche.render.wire import Request

LETTER_DPI = 150
"""Of a letter; a fax has its own."""

_FITS, _FAILS = (0, 140, 0), (220, 0, 0)
"""Colours of a window through which the address can be read, and of one through which it cannot."""

_LINE = 3


def pictures(request: Request, file: BinaryIO) -> Iterator[bytes]:
    """The pages `first` to `last` of a finished fax or letter as PNG files. Raises: Damaged, MemoryError."""
    draw = _letter if request.formats[0] is Format.PDF else _fax
    for image in draw(request, file):
        out = io.BytesIO()
        image.save(out, "PNG", dpi=image.info["dpi"])
        yield out.getvalue()


def _fax(request: Request, file: BinaryIO) -> Iterator[Image.Image]:
    """Picture element by picture element as the engine gets them."""
    with Image.open(cast("BinaryIO", mapped(file)), formats=["TIFF"]) as document:
        for number in range(request.first, request.last or getattr(document, "n_frames", 1)):
            document.seek(number)
            page = document.convert("1")
            page.info["dpi"] = document.info["dpi"]
            yield page


def _letter(request: Request, file: BinaryIO) -> Iterator[Image.Image]:
    """As the print centre gets them; on the first one stands what shows through the window of the envelope."""
    document = open_pdf(file)
    for number in range(request.first, request.last or len(document)):
        with enough():
            page = load_page(document, number)
            bitmap = page.render(scale=LETTER_DPI / POINTS_PER_INCH, grayscale=not request.colour)
            image = bitmap.to_pil().convert("RGB" if request.colour or not number else "L")
        if not number:
            _draw_windows(image, page)
        image.info["dpi"] = (LETTER_DPI, LETTER_DPI)
        yield image


def _draw_windows(image: Image.Image, page: Any) -> None:
    """The window of the form that the letter has; of both, if its address is in neither."""
    good = form(page)
    draw = ImageDraw.Draw(image)
    for name in (good,) if good else FORMS:
        corners = (LEFT, FORMS[name], LEFT + WIDTH, FORMS[name] + HEIGHT)
        box = [round(side / MM_PER_INCH * LETTER_DPI) for side in corners]
        draw.rectangle(box, outline=_FITS if good else _FAILS, width=_LINE)
