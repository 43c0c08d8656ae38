"""A letter in black and white: nothing in it is coloured any more, and text stays text."""

import io
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from PIL import Image

from depesche.render.detect import Format
from depesche.render.html import html_document
from depesche.render.image import PicturePages
from depesche.render.letter import PART, Letter
from depesche.render.pdf import open_pdf
from documents import file, pdf, pdf_of, picture, stream, words

Pixels = NDArray[np.float64]

RAMP = np.zeros((100, 200, 3), np.uint8)
RAMP[..., 0], RAMP[..., 2] = np.arange(200), 255 - np.arange(200)
NOISE = np.random.default_rng(1).integers(0, 255, (40, 60, 3), dtype=np.uint8)
SPOT = b"[/Separation/HKS#2043/DeviceCMYK<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[1 .6 0 .1]/N 1>>]"
WHITE_POINT = b"<</WhitePoint[.95 1 1.09]>>"
TWO = b"<</FunctionType 2/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>"
FOUR = b"<</FunctionType 2/Domain[0 1]/C0[1 0 0 0]/C1[0 1 0 .5]/N 1>>"
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]"


def letter(document: bytes, *, colour: bool = False) -> bytes:
    made, out = Letter(colour=colour), io.BytesIO()
    with file(document) as source:
        made.add_pdf(open_pdf(source))
    made.save(out)
    return out.getvalue()


def shown(octets: bytes, space: bytes, coding: bytes, size: tuple[int, int] = (200, 100), more: bytes = b"") -> bytes:
    """A page with a picture."""
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace%s/Filter/%s%s"
    return pdf(
        b"200 0 0 100 50 50 cm /I Do",
        resources=b"/XObject<</I 100 0 R>>",
        objects={
            100: stream(octets, head % (*size, space, coding, more)),
            101: stream(bytes(range(0, 240, 4)) * 40, b"/Subtype/Image/Width 60/Height 40/BitsPerComponent 8"
                        b"/ColorSpace/DeviceGray"),
        },
    )  # fmt: skip


def drawn(form: bytes, content: bytes = b"/X Do", entries: bytes = b"/Resources<<>>") -> bytes:
    """A page with a form."""
    return pdf(content, resources=b"/XObject<</X 100 0 R>>", objects={100: stream(form, FORM + entries)})


def shaded(shading: bytes) -> bytes:
    return pdf(
        b"q 100 100 300 300 re W n /S sh Q /Pattern cs /P scn 100 500 300 100 re f",
        resources=b"/Shading<</S 100 0 R>>/Pattern<</P<</PatternType 2/Shading 100 0 R>>>>",
        objects={100: shading},
    )


COLOURED = {
    "RGB": pdf(b"1 0 0 rg 0 0 1 RG 5 w 100 100 200 200 re B q 0 1 0 rg 50 600 50 50 re f Q 50 50 10 10 re f"),
    "RGB by name": pdf(b"/DeviceRGB cs 1 0 0 sc /DeviceRGB CS 0 .5 1 SC 9 w 100 100 200 200 re B"),
    "CMYK": pdf(b"1 0 0 0 k 0 1 0 0 K 5 w 100 100 200 200 re B 0 0 0 1 k 400 400 50 50 re f"),
    "a spot colour": pdf(b"/S cs 1 scn 100 100 200 200 re f /S CS .5 SCN 9 w 100 400 m 300 400 l S",
                         resources=b"/ColorSpace<</S %s>>" % SPOT),
    "measured colours": pdf(b"/L cs 60 50 -30 sc 350 100 100 100 re f /I cs 1 sc 350 300 100 100 re f "
                            b"/C cs .2 .9 .1 scn 350 500 50 50 re f",
                            resources=b"/ColorSpace<</L[/Lab%s]/C[/CalRGB%s]/I[/Indexed/DeviceRGB 1<FF000000FF00>]>>"
                            % (WHITE_POINT, WHITE_POINT)),
    "coloured text": pdf(words("Ware (1) \\ 5 %") + b" 1 0 0 rg BT /F 20 Tf 70 600 Td (rot\\)) Tj <726F74> Tj ET"),
    "a photo": shown(picture("JPEG", Image.fromarray(RAMP)), b"/DeviceRGB", b"DCTDecode"),
    "a photo in CMYK": shown(picture("JPEG", Image.fromarray(RAMP).convert("CMYK")), b"/DeviceCMYK", b"DCTDecode",
                             more=b"/Decode[1 0 1 0 1 0 1 0]"),
    "a picture with a soft edge": shown(zlib.compress(NOISE.tobytes()), b"/DeviceRGB", b"FlateDecode", (60, 40),
                                        b"/SMask 101 0 R"),
    "a picture in a spot colour": shown(zlib.compress(NOISE[..., 0].tobytes()), SPOT, b"FlateDecode", (60, 40)),
    "an inline picture": pdf(b"q 200 0 0 100 50 50 cm BI /W 2 /H 2 /BPC 8 /CS /RGB /F /AHx ID FF000000FF000000FFFF"
                             b"FF00> EI Q 1 0 0 rg 0 0 9 9 re f q 50 0 0 50 300 300 cm BI /W 8 /H 2 /IM true"
                             b" ID \xaa\x55 EI Q"),
    "a gradient along a line": shaded(b"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[100 100 400 400]"
                                      b"/Extend[true true]/Function %s>>" % TWO),
    "a gradient between circles": shaded(b"<</ShadingType 3/ColorSpace/DeviceCMYK/Coords[250 550 0 250 550 200]/Extend"
                                         b"[true true]/Function<</FunctionType 3/Domain[0 1]/Bounds[.5]/Encode[0 1 1 0]"
                                         b"/Functions[%s%s]>>>>" % (FOUR, FOUR)),
    "tiles": pdf(b"/Pattern cs /P scn 100 100 300 300 re f /U cs 0 0 1 /Q scn 100 500 200 200 re f",
                 resources=b"/ColorSpace<</U[/Pattern/DeviceRGB]>>/Pattern<</P 100 0 R/Q 101 0 R>>",
                 objects={number: stream(content, b"/PatternType 1/PaintType %d/TilingType 1/BBox[0 0 10 10]/XStep 10"
                                         b"/YStep 10/Resources<<>>" % kind)
                          for number, kind, content in ((100, 1, b"1 0 0 rg 0 0 5 5 re f"),
                                                        (101, 2, b"0 0 5 5 re f"))}),
    "a form": drawn(b"1 .5 0 rg 10 10 100 100 re f", b"/X Do q 1 0 0 1 200 200 cm /X Do Q"),
    "a form in the colour of its page": drawn(b"10 10 100 100 re f", b"1 0 0 rg /X Do"),
    "a group": drawn(b"1 .5 0 rg 10 10 100 100 re f", entries=b"/Resources<<>>/Group<</S/Transparency/CS/DeviceRGB>>"),
    "what shows through": pdf(b"1 0 0 rg 100 100 200 200 re f /G gs 0 0 1 rg 200 200 200 200 re f",
                              resources=b"/ExtGState<</G<</ca .5/BM/Multiply>>>>"),
    "a mask of colours": pdf(b"/G gs 0 0 1 rg 100 100 300 300 re f",
                             resources=b"/ExtGState<</G<</SMask<</S/Luminosity/G 100 0 R/BC[0 0 0]>>>>>>",
                             objects={100: stream(b"1 1 0 rg 150 150 100 100 re f", FORM + b"/Resources<<>>"
                                                  b"/Group<</S/Transparency/CS/DeviceRGB>>")}),
    "drawn letters": pdf(b"1 0 0 rg BT /T 100 Tf 100 100 Td (ab) Tj ET", resources=b"/Font<</T 100 0 R>>",
                         objects={100: b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1000 1000]"
                                       b"/FontMatrix[.001 0 0 .001 0 0]"
                                       b"/FirstChar 97/LastChar 98/Widths[1000 1000]/Encoding<</Differences[97/a/b]>>"
                                       b"/CharProcs<</a 101 0 R/b 102 0 R>>/Resources<<>>>>",
                                  101: stream(b"1000 0 d0 0 1 0 rg 0 0 800 800 re f"),
                                  102: stream(b"1000 0 0 0 1000 1000 d1 0 0 800 800 re f")}),
    "a web page": html_document(
        b"<h1 style='color:#c01c28'>Titel</h1><div style='background:linear-gradient(45deg,red,blue 40%,lime)'>x</div>"
        b"<p style='color:rgba(0,0,255,.5)'>halb</p><div style='border:3px dashed green'>Rahmen</div>", 5, 10**6).pdf,
}  # fmt: skip

UNWRITABLE = {
    "a mesh of colours": pdf(
        b"/S sh " + words("Netz"),
        resources=b"/Shading<</S 100 0 R>>",
        objects={100: stream(bytes((0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0, 0, 128, 255, 0, 0, 255)),
                             b"/ShadingType 4/ColorSpace/DeviceRGB/BitsPerCoordinate 8/BitsPerComponent 8/BitsPerFlag 8"
                             b"/Decode[0 500 0 500 0 1 0 1 0 1]")},
    ),
    "a colour that shows through": shown(zlib.compress(NOISE.tobytes()), b"/DeviceRGB", b"FlateDecode", (60, 40),
                                         b"/Mask[0 120 0 120 0 120]"),
    "a form that begins in the colour space of its page": drawn(
        b"0 1 0 sc 10 10 100 100 re f", b"/DeviceRGB cs /X Do"
    ),
    "a blend that only colours have": pdf(
        b"1 0 0 rg 100 100 200 200 re f /G gs 0 1 0 rg 100 100 200 200 re f",
        resources=b"/ExtGState<</G<</BM/Exclusion>>>>",
    ),
}  # fmt: skip


def inks(document: bytes, folder: Path) -> list[tuple[float, ...]]:
    """Shares of the sheets that cyan, magenta, yellow and black are on, as Ghostscript counts them."""
    (folder / "a.pdf").write_bytes(document)
    command = ["gs", "-q", "-dSAFER", "-o", "-", "-sDEVICE=inkcov", str(folder / "a.pdf")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [tuple(map(float, line.split()[:4])) for line in told.splitlines() if "CMYK" in line]


def seen(document: bytes, index: int = 0) -> Pixels:
    """Grey values of a page."""
    with pdfium.PdfDocument(document) as opened:
        pixels = opened[index].render(scale=0.5).to_numpy()[:, :, :3]
    grey: Pixels = pixels @ np.array((0.11, 0.59, 0.30))
    return grey


def pictures_only(document: bytes) -> bool:
    with pdfium.PdfDocument(document) as opened:
        return [one.type for one in opened[0].get_objects()] == [pdfium.raw.FPDF_PAGEOBJ_IMAGE]


@pytest.mark.parametrize("document", COLOURED.values(), ids=COLOURED)
def test_what_is_coloured_becomes_the_grey_of_it_and_stays_what_it_was(document: bytes, tmp_path: Path) -> None:
    made = letter(document)
    assert [ink[:3] for ink in inks(made, tmp_path)] == [(0, 0, 0)]
    assert inks(made, tmp_path)[0][3] > 0
    assert np.abs(seen(made) - seen(letter(document, colour=True))).max() < 60
    assert any(sum(ink[:3]) for ink in inks(letter(document, colour=True), tmp_path))
    assert not pictures_only(made) or b"/Subtype/Image" in document.replace(b" ", b"")
    assert len(made) < 1.3 * len(letter(document, colour=True)) + 1500


@pytest.mark.parametrize("document", UNWRITABLE.values(), ids=UNWRITABLE)
def test_a_page_that_cannot_be_rewritten_becomes_a_picture_of_itself(document: bytes, tmp_path: Path) -> None:
    made = letter(document)
    assert pictures_only(made)
    assert [ink[:3] for ink in inks(made, tmp_path)] == [(0, 0, 0)]
    assert np.abs(seen(made) - seen(letter(document, colour=True))).mean() < 2


def test_a_letter_in_colour_keeps_its_colours(tmp_path: Path) -> None:
    assert inks(letter(COLOURED["CMYK"], colour=True), tmp_path)[0][0] > 0


def test_text_stays_text_and_a_long_letter_small() -> None:
    pages = [words(f"Seite {number}") + b" 1 0 0 rg 0 0 9 9 re f" for number in range(PART + 5)]
    made = letter(pdf(*pages))
    with pdfium.PdfDocument(made) as opened:
        texts = [page.get_textpage().get_text_range().strip() for page in opened]
    assert texts == [f"Seite {number}" for number in range(PART + 5)]
    assert len(made) < 1.5 * len(letter(pdf(*pages), colour=True))


def test_a_coloured_picture_file_becomes_grey(tmp_path: Path) -> None:
    out, made = io.BytesIO(), Letter(colour=False)
    with file(picture("PNG", Image.fromarray(RAMP), dpi=(100, 100))) as source:
        made.add_pictures(PicturePages(source, Format.PNG, 10**6, 5))
    made.save(out)
    assert [ink[:3] for ink in inks(out.getvalue(), tmp_path)] == [(0, 0, 0)]


def test_pages_that_share_what_they_name_are_all_grey(tmp_path: Path) -> None:
    """The first one cannot be rewritten, for a colour shows through; that is no reason to leave out the second one."""
    head = b"/Type/XObject/Subtype/Image/Width 60/Height 40/BitsPerComponent 8/ColorSpace/DeviceRGB"
    content = b"200 0 0 100 50 50 cm /%s Do"
    document = pdf_of(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 595.276 841.89]/Resources 5 0 R>>",
            3: b"<</Type/Page/Parent 2 0 R/Contents 6 0 R>>",
            4: b"<</Type/Page/Parent 2 0 R/Contents 7 0 R>>",
            5: b"<</XObject<</A 8 0 R/B 9 0 R>>>>",
            6: stream(content % b"A"),
            7: stream(content % b"B"),
            8: stream(NOISE.tobytes(), head + b"/Mask[0 120 0 120 0 120]"),
            9: stream(NOISE.tobytes(), head),
        }
    )
    made = letter(document)
    assert [cyan + magenta + yellow for cyan, magenta, yellow, _ in inks(made, tmp_path)] == [0, 0]
    for index in (0, 1):
        assert seen(made, index).min() < 200
