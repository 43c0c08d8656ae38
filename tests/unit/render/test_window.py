"""The address of a letter in the window of its envelope."""

from collections.abc import Sequence

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image, ImageDraw

from depesche.render import sheet
from depesche.render.detect import Format
from depesche.render.image import PicturePages
from depesche.render.letter import Letter
from depesche.render.pdf import open_pdf
from depesche.render.wire import Finding, LetterFault, Paper
from documents import address, file, pdf, picture, printed

EMPTY, CUT, EDGE, UNSEEN = LetterFault.EMPTY, LetterFault.CUT, LetterFault.EDGE, LetterFault.UNSEEN
TEXT = ("Sehr geehrte Damen und Herren, anbei erhalten Sie die gewünschten Unterlagen zu Ihrer Akte.",) * 20
SENDER = ("Praxis Dr. Weiß, Hauptstraße 1, 10115 Berlin",)


def found(*contents: bytes) -> list[Finding]:
    """What is wrong with the window of a letter of one page."""
    with file(pdf(b"\n".join(contents))) as document:
        return sheet.on(open_pdf(document)[0], 1, Paper())


def faults(*contents: bytes) -> list[LetterFault]:
    return [finding.fault for finding in found(*contents)]


def box(left: float, top: float, width: float, height: float, grey: float) -> bytes:
    """A filled box, in millimetres from the upper left corner."""
    points = (left, 297 - top - height, width, height)
    return b"q %f g %f %f %f %f re f Q" % (grey, *(value * 72 / 25.4 for value in points))


BODY = printed(25, 105, TEXT)
FINE: dict[str, Sequence[bytes]] = {
    "form A": [address(27)],
    "form B": [address(45)],
    "form B with the sender's line": [printed(25, 49, SENDER, size=7), address(45)],
    "at the left edge of the window": [address(45, left=21)],
    "high in the window, as before 1996": [printed(25, 48, ("Max Muster", "Weg 1", "20095 Hamburg"))],
    "at the bottom of the window": [printed(25, 77, ("Max Muster", "Weg 1", "20095 Hamburg"))],
    "nine lines": [printed(25, 48, ("Zeile der Anschrift",) * 9)],
    "with a block of information beside it": [address(45), printed(125, 48, ("Ihr Zeichen: 12", "Telefon: 030 1") * 5)],
    "under a logo that runs into the field": [box(15, 10, 120, 38, 0.5), address(45)],
    "on a tint": [box(0, 0, 210, 297, 0.93), address(45)],
    "in a frame": [box(20, 45, 0.3, 45, 0), box(20, 45, 85, 0.3, 0), box(104.7, 45, 0.3, 45, 0), address(45)],
    "between rules over the whole page": [box(0, 44, 210, 0.4, 0), box(0, 91, 210, 0.4, 0), address(45)],
}
FAULTY: dict[str, tuple[LetterFault, Sequence[bytes]]] = {
    "an empty page": (EMPTY, []),
    "nothing but the text": (EMPTY, [BODY]),
    "nothing but the sender's line": (EMPTY, [printed(25, 49, SENDER, size=7), BODY]),
    "too far to the right": (EMPTY, [address(45, left=120), BODY]),
    "too low": (EMPTY, [printed(25, 95, ("Max Muster", "Weg 1", "20095 Hamburg")), BODY]),
    "over the left edge": (CUT, [address(45, left=14), BODY]),
    "over the right edge": (CUT, [address(45, left=95), BODY]),
    "too long a line": (
        CUT,
        [printed(25, 63, ("Gemeinschaftspraxis für Orthopädie und Unfallchirurgie am Markt", "Ort"))],
    ),
    "over the bottom edge": (CUT, [printed(25, 76, ("Max Muster",) * 3 + ("Hamburg",) * 2, pitch=5)]),
    "text all over the page": (CUT, [printed(15, 20, TEXT)]),
}


@pytest.mark.parametrize("contents", FINE.values(), ids=FINE)
def test_an_address_in_the_window_of_one_of_the_forms_is_fine(contents: Sequence[bytes]) -> None:
    assert faults(*contents, BODY) == []


@pytest.mark.parametrize(("wanted", "contents"), FAULTY.values(), ids=FAULTY)
def test_what_cannot_be_read_through_the_window_is_a_fault(wanted: LetterFault, contents: Sequence[bytes]) -> None:
    assert faults(*contents) == [wanted]
    assert wanted.is_proven


ADDRESS = ("Frau", "Erika Muster", "Beispielweg 5", "20095 Hamburg")
LONG = "Prof. Dr. med. Dr. h. c. Erika Musterfrau von der Mustermannsheide"
BESIDE: dict[str, Sequence[bytes]] = {
    "a block of information that begins in the window": [address(45), printed(96, 65, ("Ihr Zeichen: 12",) * 4)],
    "a line of the sender that is too long": [printed(25, 60, (" ".join(SENDER * 2),), size=8), address(45)],
    "a head of the letter on the upper edge": [printed(25, 46, ("Dr. med. Weiß, Facharzt",)), address(45)],
    "text that begins on the lower edge": [address(45), printed(25, 91, TEXT)],
}


@pytest.mark.parametrize("contents", BESIDE.values(), ids=BESIDE)
def test_what_is_cut_off_beside_the_address_proves_nothing(contents: Sequence[bytes]) -> None:
    assert faults(*contents) == [EDGE]
    assert not EDGE.is_proven


CUT_OFF: dict[str, tuple[Sequence[bytes], tuple[float, float, float, float]]] = {
    "one line of four": ([printed(25, 67, (ADDRESS[0], LONG, *ADDRESS[2:]))], (25, 69, 113, 72)),
    "the town below the window": ([printed(25, 79, ADDRESS)], (25, 90, 49, 93)),
    "all beginnings": ([printed(15, 67, ADDRESS)], (15, 69, 40, 81)),
}


@pytest.mark.parametrize(("contents", "where"), CUT_OFF.values(), ids=CUT_OFF)
def test_a_line_of_the_address_that_is_cut_off_is_told_with_its_place(
    contents: Sequence[bytes], where: tuple[float, float, float, float]
) -> None:
    (finding,) = found(*contents, BODY)
    assert (finding.fault, finding.page) == (CUT, 1)
    assert finding.box == pytest.approx(where, abs=1.5)


@pytest.mark.parametrize(("top", "wanted"), [(63, []), (120, [EMPTY])])
def test_a_scanned_letter_is_looked_at_like_any_other(top: int, wanted: list[LetterFault]) -> None:
    scan = Image.new("L", (1654, 2339), 255)
    draw = ImageDraw.Draw(scan)
    for number, line in enumerate(("Max Muster", "Weg 1", "20095 Hamburg")):
        draw.text((25 / 25.4 * 200, (top + 5 * number) / 25.4 * 200), line, 30, font_size=34)
    letter = Letter()
    with file(picture("PNG", scan, dpi=(200, 200))) as document:
        letter.add_pictures(PicturePages(document, Format.PNG, 50_000_000, 20))
    assert [finding.fault for finding in letter.findings(Paper())] == wanted


def test_a_turned_page_is_looked_at_as_it_is_printed() -> None:
    made = pdfium.PdfDocument(pdf(address(45)))
    made[0].set_rotation(180)
    assert [finding.fault for finding in sheet.on(made[0], 1, Paper())] == [EMPTY]


def test_a_page_that_takes_too_much_memory_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(pdfium.PdfBitmap, "new_native", refused)
    assert faults(address(45)) == [UNSEEN]
