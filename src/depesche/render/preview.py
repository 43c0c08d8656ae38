"""Pages as pictures for people to look at before they are sent."""

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

import numpy as np
from PIL import Image, ImageDraw

from depesche.model.din5008 import FORMS, HEIGHT, LEFT, NOTES, WIDTH
from depesche.render.detect import Format
from depesche.render.grid import MM_PER_INCH
from depesche.render.ink import printed
from depesche.render.memory import enough
from depesche.render.pages import mapped
from depesche.render.pdf import POINTS_PER_INCH, load_page, open_pdf
from depesche.render.sheet import on
from depesche.render.window import windows
from depesche.render.wire import Box, Finding, LetterFault, Paper, Request

LETTER_DPI = 150
"""Of a letter; a fax has its own."""

_FITS, _FAILS, _ZONE = (0, 140, 0), (220, 0, 0), (70, 120, 200)
"""Colours of a window through which the address can be read, and of one through which it cannot; of zones and margins.
"""

_AROUND = 0.75
"""Millimetres between what is wrong and the box around it."""

_DASH = 2.0
"""Millimetres."""

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
    """As the print centre gets them; drawn upon them are the window of the envelope, and what is wrong."""
    document = open_pdf(file)
    for number in range(request.first, request.last or len(document)):
        with enough():
            page = load_page(document, number)
            bitmap = page.render(scale=LETTER_DPI / POINTS_PER_INCH, grayscale=not request.colour)
        findings = on(page, number + 1, request.paper)
        is_coloured = request.colour or not number or findings
        image = bitmap.to_pil().convert("RGB" if is_coloured else "L")
        if is_coloured:
            _mark(image, page, number, findings, request.paper)
        image.info["dpi"] = (LETTER_DPI, LETTER_DPI)
        yield image


def _mark(image: Image.Image, page: Any, number: int, findings: Sequence[Finding], paper: Paper) -> None:
    """What has to be free, in dashes; the window on the first page; boxes around what is wrong."""
    draw = ImageDraw.Draw(image)
    faults = {finding.fault for finding in findings}
    width, height = (side / LETTER_DPI * MM_PER_INCH for side in image.size)
    if LetterFault.MARGIN in faults:
        _dashed(draw, (paper.margin, paper.margin, width - paper.margin, height - paper.margin))
    if LetterFault.TAKEN in faults and paper.strip:
        _dashed(draw, (0, 0, paper.strip, height))
    if not number:
        for left, top, across, down in paper.free:
            _dashed(draw, (left, top, left + across, top + down))
        _draw_windows(draw, page, faults)
    for finding in findings:
        if finding.box:
            left, top, right, bottom = finding.box
            draw.rectangle(
                _dots((left - _AROUND, top - _AROUND, right + _AROUND, bottom + _AROUND)), None, _FAILS, _LINE
            )


def _draw_windows(draw: ImageDraw.ImageDraw, page: Any, faults: set[LetterFault]) -> None:
    """The window of the form that the letter has; of both, if there is no address in either."""
    fits = not any(fault.is_proven or fault is LetterFault.UNSEEN for fault in faults)
    none = faults & {LetterFault.EMPTY, LetterFault.UNSEEN}
    forms = FORMS if none else [windows(printed(page))[0].form]
    for top in (FORMS[form] for form in forms):
        _dashed(draw, (LEFT, top, LEFT + WIDTH, top + NOTES))
        draw.rectangle(_dots((LEFT, top, LEFT + WIDTH, top + HEIGHT)), None, _FITS if fits else _FAILS, _LINE)


def _dashed(draw: ImageDraw.ImageDraw, box: Box) -> None:
    left, top, right, bottom = box
    for x in np.arange(left, right, 2 * _DASH):
        for y in (top, bottom):
            draw.line(_dots((x, y, min(x + _DASH, right), y)), _ZONE)
    for y in np.arange(top, bottom, 2 * _DASH):
        for x in (left, right):
            draw.line(_dots((x, y, x, min(y + _DASH, bottom))), _ZONE)


def _dots(box: Box) -> tuple[int, ...]:
    return tuple(round(side / MM_PER_INCH * LETTER_DPI) for side in box)
