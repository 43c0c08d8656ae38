"""What PDF documents name and do not bring along: faces, and the letters that nobody but installed ones have."""

import io
import subprocess
from collections.abc import Iterable
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from depesche.render.faces import candidates
from documents import pdf, tiff_pages
from studio import Studio

X, Y = 204 / 72, 196 / 72
"""Picture elements of a point."""

SENTENCE = "Schöne Grüße aus Köln, Öl für 5 €"

STANDARD = (
    "Helvetica", "Helvetica-Bold", "Helvetica-Oblique", "Helvetica-BoldOblique", "Times-Roman", "Times-Bold",
    "Times-Italic", "Times-BoldItalic", "Courier", "Courier-Bold", "Courier-Oblique", "Courier-BoldOblique",
)  # fmt: skip
OFFICE = (
    "Arial", "Arial,Bold", "ArialMT", "Arial-BoldMT", "ArialNarrow", "TimesNewRoman", "TimesNewRomanPSMT",
    "TimesNewRomanPS-BoldMT", "CourierNew", "CourierNewPSMT", "Calibri", "Cambria", "Verdana", "Tahoma", "Georgia",
    "ABCDEF+Hausschrift", "Frutiger-Roman",
)  # fmt: skip

LIBERATION = "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"
MICRO_HEI = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"


def drawn(studio: Studio, document: bytes) -> NDArray[np.bool_]:
    """Its first page as a fax, by the converter in its sandbox."""
    studio.run(studio.renderer().fax(None, [studio.source(document)], studio.out))
    return tiff_pages(studio.out.read_bytes())[0]


def descriptor(name: str, flags: int = 32) -> bytes:
    return (
        b"<</Type/FontDescriptor/FontName/%s/Flags %d/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 900/Descent -200"
        b"/CapHeight 700/StemV 80>>" % (name.encode(), flags)
    )


def lines_in(names: Iterable[str], kind: bytes) -> bytes:
    """A document with a line in each face; none is embedded."""
    objects, fonts, content = {}, b"", []
    for number, name in enumerate(names):
        about = b"/FontDescriptor %d 0 R" % (200 + number) if kind == b"TrueType" else b""
        objects[100 + number] = b"<</Type/Font/Subtype/%s/BaseFont/%s/Encoding/WinAnsiEncoding%s>>" % (
            kind,
            name.encode(),
            about,
        )
        objects[200 + number] = descriptor(name)
        fonts += b"/G%d %d 0 R" % (number, 100 + number)
        content.append(b"BT /G%d 14 Tf 60 %d Td (%s) Tj ET" % (number, 790 - 42 * number, SENTENCE.encode("cp1252")))
    return pdf(b"\n".join(content), resources=b"/Font<<%s>>" % fonts, objects=objects)


def read(page: NDArray[np.bool_]) -> list[str]:
    """By tesseract: the lines."""
    out = io.BytesIO()
    Image.fromarray(~page).save(out, "PNG", dpi=(204, 196))
    command = ("tesseract", "-", "-", "-l", "deu", "--psm", "6")
    ran = subprocess.run(command, input=out.getvalue(), capture_output=True, check=True)
    return [line for line in ran.stdout.decode().splitlines() if line.strip()]


@pytest.mark.parametrize(("names", "kind"), [(STANDARD, b"Type1"), (OFFICE, b"TrueType")])
def test_german_is_read_in_every_face_that_a_document_does_not_bring_along(
    studio: Studio, names: tuple[str, ...], kind: bytes
) -> None:
    lines = read(drawn(studio, lines_in(names, kind)))
    assert len(lines) == len(names)
    wanted = "SchöneGrüßeausKöln,Ölfür5"  # tesseract loses a blank now and then
    wrong = [(name, line) for name, line in zip(names, lines, strict=True) if wanted not in "".join(line.split())]
    assert wrong == []


def test_bold_is_bold_and_even_width_is_even(studio: Studio) -> None:
    def ink(name: str) -> float:
        return float(drawn(studio, lines_in([name], b"TrueType")).sum())

    def reach(name: str, text: bytes) -> int:
        document = lines_in([name], b"TrueType").replace(SENTENCE.encode("cp1252"), text.ljust(len(SENTENCE)))
        return int(np.flatnonzero(drawn(studio, document).any(0))[-1])

    assert ink("Arial,Bold") > 1.2 * ink("Arial")
    assert ink("TimesNewRomanPS-BoldMT") > 1.1 * ink("TimesNewRomanPSMT")
    assert reach("CourierNew", b"iiiiiiiiiii.") == pytest.approx(reach("CourierNew", b"WWWWWWWWWWW."), abs=3)


SIZE = 36
"""Points of what is compared with letters that Pillow draws."""

LETTERS = {
    "Russian": ("ArialMT", "Прошу", "/afii10033/afii10082/afii10080/afii10090/afii10085"),
    "Greek": ("Helvetica", "Γειώδ", "/Gamma/epsilon/iota/omegatonos/delta"),
    "Polish and Czech": ("Arial", "Łżęčř", "/Lslash/zdotaccent/eogonek/ccaron/rcaron"),
    "Turkish": ("Helvetica", "ğşİĞ", "/gbreve/scedilla/Idotaccent/Gbreve"),
}


def far_apart(names: str) -> bytes:
    """Page content: the letters of object 100, each 70 points from the last one."""
    count = names.count("/")
    shown = b" ".join(b"(%c)" % (65 + number) for number in range(count))
    moves = (b"BT /G %d Tf %d 600 Td %s Tj ET" % (SIZE, 60 + 70 * n, one) for n, one in enumerate(shown.split()))
    return b"\n".join(moves)


@pytest.mark.parametrize(("name", "text", "glyphs"), LETTERS.values(), ids=LETTERS)
def test_letters_of_other_languages_are_not_left_out(studio: Studio, name: str, text: str, glyphs: str) -> None:
    font = (
        b"<</Type/Font/Subtype/TrueType/BaseFont/%s/FirstChar 65/LastChar %d/FontDescriptor 101 0 R"
        b"/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[65%s]>>>>"
        % (name.encode(), 64 + len(text), glyphs.encode())
    )
    objects = {100: font, 101: descriptor(name)}
    page = drawn(studio, pdf(far_apart(glyphs), resources=b"/Font<</G 100 0 R>>", objects=objects))
    assert shown(page, text, 70) == text


EASTERN = {
    "simplified Chinese": ("STSong-Light", "GB1", "UniGB-UCS2-H", "发票金额请付款"),
    "traditional Chinese": ("MSung-Light", "CNS1", "UniCNS-UCS2-H", "發票金額請付款"),
    "Japanese": ("HeiseiMin-W3", "Japan1", "UniJIS-UCS2-H", "請求書をカタナ"),
    "Korean": ("HYSMyeongJo-Medium", "Korea1", "UniKS-UCS2-H", "안녕하세요청구"),
}


@pytest.mark.parametrize(("name", "order", "coding", "text"), EASTERN.values(), ids=EASTERN)
def test_chinese_japanese_and_korean_are_not_left_out(
    studio: Studio, name: str, order: str, coding: str, text: str
) -> None:
    objects = {
        100: b"<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/%s/DescendantFonts[101 0 R]>>"
        % (name.encode(), coding.encode()),
        101: b"<</Type/Font/Subtype/CIDFontType0/BaseFont/%s/FontDescriptor 102 0 R/DW 1000"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)/Supplement 2>>>>" % (name.encode(), order.encode()),
        102: descriptor(name, 6),
    }
    moves = (
        b"BT /G %d Tf %d 600 Td <%s> Tj ET" % (SIZE, 60 + 70 * number, one.encode("utf-16-be").hex().encode())
        for number, one in enumerate(text)
    )
    page = drawn(studio, pdf(b"\n".join(moves), resources=b"/Font<</G 100 0 R>>", objects=objects))
    assert shown(page, text, 70) == text


def shown(page: NDArray[np.bool_], text: str, step: float) -> str:
    """For each letter on the page, `step` points apart, the one of `text` that it looks like; a blank if like none."""
    found = ""
    for number in range(len(text)):
        left = 20 + round((60 + step * number - 10) * X)
        cell = page[2292 - round((600 + SIZE) * Y) : 2292 - round((600 - SIZE / 2) * Y), left : left + round(60 * X)]
        alike = [likeness(cut(cell), cut(letter(one))) for one in text]
        found += text[int(np.argmax(alike))] if max(alike) > 0.7 else " "
    return found


def letter(character: str) -> NDArray[np.bool_]:
    """By Pillow, from the face that should stand in."""
    path = MICRO_HEI if character >= "\u3000" else LIBERATION
    image = Image.new("L", (300, 300))
    ImageDraw.Draw(image).text((80, 80), character, 255, ImageFont.truetype(path, round(SIZE * X)))
    return np.asarray(image) > 127


def cut(cell: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What is black, scaled to a square; nothing stays nothing."""
    rows, columns = np.flatnonzero(cell.any(1)), np.flatnonzero(cell.any(0))
    if not rows.size:
        return np.zeros((32, 32))
    box = cell[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.asarray(Image.fromarray(box).convert("L").resize((32, 32), Image.Resampling.BOX), float) / 255


def likeness(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Of two pictures, 1 for the same."""
    return float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]) if ours.any() else 0.0


def test_symbols_have_faces_of_their_own(studio: Studio) -> None:
    def ink(name: bytes) -> NDArray[np.bool_]:
        font = b"<</Type/Font/Subtype/Type1/BaseFont/%s>>" % name
        return drawn(
            studio, pdf(b"BT /G 36 Tf 60 600 Td (abc) Tj ET", resources=b"/Font<</G 100 0 R>>", objects={100: font})
        )

    pages = [ink(name) for name in (b"Symbol", b"ZapfDingbats", b"Helvetica")]
    assert all(page.any() for page in pages)
    assert not any(np.array_equal(one, other) for (a, one), (b, other) in product(enumerate(pages), repeat=2) if a < b)


@pytest.mark.parametrize(
    ("name", "charset", "family", "faces"),
    [
        ("Arial", 0, 0, ["Arial", "Liberation Sans", "Liberation Sans"]),
        ("Times New Roman", 204, 16, ["Times New Roman", "Liberation Serif", "Liberation Serif"]),
        ("Hausschrift", 0, 1, ["Hausschrift", "Liberation Mono"]),
        ("Hausschrift", 0, 0, ["Hausschrift", "Liberation Sans"]),
        ("Wingdings", 2, 0, ["Wingdings"]),
        ("SimSun", 134, 0, ["SimSun"]),
    ],
)
def test_the_face_itself_is_the_best_one(name: str, charset: int, family: int, faces: list[str]) -> None:
    assert candidates(name, charset, family) == faces
