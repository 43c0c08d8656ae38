"""Margins of a letter, and places that the print centre needs."""

import numpy as np
import pytest
from PIL import Image

from depesche.render import sheet
from depesche.render.detect import Format
from depesche.render.image import PicturePages
from depesche.render.letter import Letter
from depesche.render.pdf import open_pdf
from depesche.render.wire import Finding, LetterFault, Paper
from documents import address, file, pdf, picture, printed, words

MARGIN, TAKEN = LetterFault.MARGIN, LetterFault.TAKEN
PLAIN = Paper(margin=4)
MM = 72 / 25.4


def found(*contents: bytes, paper: Paper = PLAIN) -> list[Finding]:
    with file(pdf(*contents)) as document:
        return list(sheet.look(open_pdf(document), paper))


def box(left: float, top: float, width: float, height: float, grey: float = 0) -> bytes:
    return b"%f g %f %f %f %f re f" % (grey, left * MM, (297 - top - height) * MM, width * MM, height * MM)


def joined(*contents: bytes) -> bytes:
    return b"\n".join((address(45), *contents))


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (printed(1.5, 150, ("Text am linken Rand",)), (1.5, 147, 4, 151)),
        (printed(205, 150, ("Ra",), size=7), (206, 147.5, 208.2, 150.5)),
        (printed(60, 3.5, ("Ganz oben",)), (60, 1, 76, 4)),
        (printed(60, 296, ("Ganz unten",)), (60, 293.5, 78, 297)),
    ],
    ids=["left", "right", "top", "bottom"],
)
def test_text_where_printers_do_not_print_is_told_with_its_place(
    content: bytes, where: tuple[float, float, float, float]
) -> None:
    (finding,) = found(joined(content))
    assert (finding.fault, finding.page) == (MARGIN, 1)
    assert finding.box == pytest.approx(where, abs=1.6)
    assert found(joined(content), paper=Paper()) == []


def test_all_pages_have_margins() -> None:
    text = printed(1.5, 150, ("Text am linken Rand",))
    assert [finding.page for finding in found(address(45), b"", text, text)] == [3, 4]


@pytest.mark.parametrize(
    "content",
    [
        b"\n".join((box(3, 105, 4, 0.2), box(3, 148.5, 5, 0.2), box(3, 210, 4, 0.2))),
        box(0, 0, 210, 12, 0.4),
        box(0, 0, 210, 297, 0.92),
        b"\n".join((box(2, 2, 206, 0.3), box(2, 2, 0.3, 293), box(208, 2, 0.3, 293), box(2, 295, 206, 0.3))),
        box(-10, 100, 13, 100, 0.3),
        printed(5, 150, ("Knapp im Druckbereich",)),
    ],
    ids=["fold marks", "a stripe that runs off", "a tint", "a frame", "a picture that runs off", "near"],
)
def test_what_real_letters_have_at_their_edges_is_no_fault(content: bytes) -> None:
    assert found(b"\n".join((content, address(45)))) == []


def test_the_shadow_of_a_scanner_is_no_fault() -> None:
    scan = np.full((2339, 1654), 235, np.uint8) + np.random.default_rng(1).integers(-20, 20, (2339, 1654)).astype(
        np.uint8
    )
    scan[500:660, 200:600:4] = 40
    scan[:, :9] = scan[-12:] = 50
    scan[np.random.default_rng(2).random(scan.shape) < 0.0008] = 40
    letter = Letter()
    with file(picture("PNG", Image.fromarray(scan), dpi=(200, 200))) as document:
        letter.add_pictures(PicturePages(document, Format.PNG, 50_000_000, 20))
    assert letter.findings(PLAIN) == ()


def test_the_print_centre_has_its_places_for_itself() -> None:
    franking = Paper(free=((20.0, 53.0, 85.0, 8.0),))
    assert found(address(45), printed(25, 58, ("Seite 2",)), paper=franking) == []
    (finding,) = found(joined(printed(25, 58, ("Persönlich",))), paper=franking)
    assert (finding.fault, finding.page, finding.fault.is_proven) == (TAKEN, 1, False)
    assert finding.box == pytest.approx((25, 55.5, 41, 58), abs=1.5)


def test_the_strip_for_the_code_of_the_print_centre_is_free_on_all_sheets() -> None:
    code = Paper(strip=12)
    stripe = box(0, 100, 8, 100, 0.3)
    assert found(address(45), words("x", at=(70, 500)), paper=code) == []
    assert [(finding.fault, finding.page) for finding in found(address(45), stripe, paper=code)] == [(TAKEN, 2)]


def test_no_more_pages_are_looked_at_than_there_is_time_for() -> None:
    pages = [address(45)] + [b""] * (sheet.MOST_LOOKED_AT - 2) + [printed(1.5, 150, ("Rand",))] * 3
    assert [finding.page for finding in found(*pages)] == [sheet.MOST_LOOKED_AT]
