"""Letters as people write them: nothing is wrong with them, printed or scanned."""

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image

from depesche.render.detect import Format
from depesche.render.html import html_document
from depesche.render.image import PicturePages
from depesche.render.letter import Letter
from depesche.render.pdf import open_pdf
from depesche.render.wire import LetterFault, Paper
from documents import file, picture

PAPER = Paper(margin=4)
FOUR = "Frau<br>Erika Musterfrau<br>Beispielweg 5<br>20095 Hamburg"
SIX = (
    "Firma<br>Muster &amp; Söhne GmbH<br>Abteilung Einkauf<br>z. Hd. Frau Dr. Erika Musterfrau<br>Beispielweg 5<br>"
    "20095 Hamburg"
)
RIGHT_TO_LEFT = "<span dir=rtl>السيد محمد عبد الله</span><br>מר ישראל ישראלי<br>Beispielweg 5<br>20095 Hamburg"
LOGO = (
    "<div style='left:120mm;top:8mm;width:80mm;height:25mm;background:#1a5fb4'></div>"
    "<div style='left:0;top:0;width:210mm;height:6mm;background:#c01c28'></div>"
)
TINT = "<div style='left:0;top:0;width:210mm;height:297mm;background:#fafae8;z-index:-1'></div>"


def written(top: float = 45, to: str = FOUR, more: str = "", size: str = "A4") -> bytes:
    """A letter with a line of the sender, a block of information, fold marks and a foot."""
    fold = 105 if top == 45 else 87
    body = "anbei erhalten Sie die gewünschten Unterlagen zu Ihrer Akte. Wir bitten um Prüfung und Rückmeldung. " * 14
    return html_document(
        f"""<style>@page{{size:{size};margin:0}}body{{margin:0;font:10pt sans-serif}}div{{position:absolute}}</style>
        <div style="left:25mm;top:{top + 12.7}mm;font-size:6.5pt;text-decoration:underline;white-space:nowrap">
          Praxis Dr. Weiß · Hauptstraße 1 · 10115 Berlin</div>
        <div style="left:25mm;top:{top + 17.7}mm;width:80mm;line-height:4.5mm">{to}</div>
        <div style="left:125mm;top:{top + 5}mm;line-height:5mm">Ihr Zeichen: 12<br>Telefon: 030 123<br>1.12.2026</div>
        <div style="left:25mm;top:{top + 58}mm;width:165mm;line-height:5mm"><b>Ihre Unterlagen</b><p>{body}</div>
        <div style="left:4mm;top:{fold}mm;width:4mm;border-top:0.2mm solid"></div>
        <div style="left:4mm;top:148.5mm;width:6mm;border-top:0.2mm solid"></div>
        <div style="left:25mm;top:270mm;font-size:6.5pt">Bank: DE12 3456 · Steuernr. 12/345</div>{more}""".encode(),
        1, 10**6,
    ).pdf  # fmt: skip


LETTERS = {
    "form A": written(27),
    "form B": written(),
    "with a logo and a stripe": written(more=LOGO),
    "form A with a logo": written(27, more=LOGO),
    "on a tint": written(more=TINT),
    "six lines": written(to=SIX),
    "names from right to left": written(to=RIGHT_TO_LEFT),
    "on a sheet of Letter size": written(size="Letter"),
}


def scanned(document: bytes, angle: float, grain: float, dpi: int) -> bytes:
    """As a scanner with a dusty glass sees it, its lid a little open on the left."""
    with pdfium.PdfDocument(document) as opened:
        page = opened[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    random = np.random.default_rng(1)
    seen = np.asarray(page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)) * 0.92
    seen = seen + random.normal(0, grain, seen.shape)
    seen[random.random(seen.shape) < 0.0008] = 40
    seen[:, :6] = 30
    return picture("JPEG", Image.fromarray(seen.clip(0, 255).astype(np.uint8)), quality=70, dpi=(dpi, dpi))


@pytest.mark.parametrize("document", LETTERS.values(), ids=LETTERS)
def test_nothing_is_wrong_with_a_letter_as_people_write_them(document: bytes) -> None:
    letter = Letter()
    with file(document) as source:
        letter.add_pdf(open_pdf(source))
    assert letter.findings(PAPER) == ()


def looked_at(scan: bytes) -> list[LetterFault]:
    letter = Letter()
    with file(scan) as source:
        letter.add_pictures(PicturePages(source, Format.JPEG, 50_000_000, 5))
    return [finding.fault for finding in letter.findings(PAPER)]


@pytest.mark.parametrize(
    ("name", "angle", "grain", "dpi"), [("form A", 1, 8, 150), ("form B", -1, 14, 200), ("six lines", 0.5, 10, 150)]
)
def test_nor_with_one_that_was_scanned_aslant(name: str, angle: float, grain: float, dpi: int) -> None:
    assert looked_at(scanned(LETTERS[name], angle, grain, dpi)) == []


def test_grain_is_no_address() -> None:
    nothing = html_document(b"<style>@page{size:A4}</style><p>&nbsp;", 1, 1).pdf
    assert looked_at(scanned(nothing, 1, 8, 150)) == [LetterFault.EMPTY]
