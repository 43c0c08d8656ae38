"""Documents as people send them, each written to a file; what is given is the number of pages."""

import base64
import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import weasyprint  # type: ignore[import-untyped]
from PIL import Image, ImageFilter

TEXT_PAGES, LINES = 100, 60
BROCHURE_PAGES = 20
SCANS, SCAN_DPI = 50, 300

SENTENCE = (
    "Sehr geehrte Damen und Herren die Rechnung über den Betrag von Euro ist bis zum Ende des Monats auf unser Konto "
    "zu überweisen Lieferung Vertrag Kunde Nummer Straße Zustelldienst nimmt Auftrag prüft wandelt Seiten meldet"
)

_COLOURS = ("#c00000", "#1f3864", "#548235", "#7030a0")


def text(path: Path) -> int:
    """Dense pages, no two lines alike."""
    chance = random.Random(1)
    lines = ("".join(f"<div>{number:02d} {_line(chance)}</div>" for number in range(LINES)) for _ in range(TEXT_PAGES))
    style = "@page{size:A4;margin:15mm}div{font:9pt sans-serif;line-height:4.4mm;white-space:nowrap;overflow:hidden}"
    return _written(path, style, lines)


def brochure(path: Path) -> int:
    """Photographs, gradients, columns, coloured text on tinted boxes."""
    return _written(path, "@page{size:A4;margin:12mm}div{font:9pt serif}", map(_leaf, range(BROCHURE_PAGES)))


def scans(path: Path) -> int:
    """Pages of text as a scanner delivers them: a grey JPEG each, with grain, on paper that is not quite white."""
    source = path.with_name("source.pdf")
    text(source)
    with pdfium.PdfDocument(source) as document:
        pages = (_scan(document[number], number) for number in range(SCANS))
        first = next(pages)
        first.save(path, "PDF", save_all=True, append_images=pages, resolution=SCAN_DPI, quality=75)
    return SCANS


PAPERS: dict[str, Callable[[Path], int]] = {
    f"{TEXT_PAGES} pages of dense text": text,
    f"{BROCHURE_PAGES} pages of a colour brochure": brochure,
    f"{SCANS} pages scanned at {SCAN_DPI} dpi": scans,
}


def _leaf(number: int) -> str:
    chance, colour = random.Random(number), _COLOURS[number % len(_COLOURS)]
    column = " ".join(_line(chance) for _ in range(12))
    return (
        f"<div style='background:linear-gradient({colour},#fff);height:35mm;color:#fff;font-size:24pt'>Angebot</div>"
        f"<img src='{_photograph(number, 1600, 900)}' style='width:180mm;height:85mm'>"
        f"<div style='columns:2'>{column}</div>"
        f"<div style='background:#fde9d9;color:{colour};padding:4mm'>{_line(chance)}</div>"
        f"<img src='{_photograph(100 + number, 800, 450)}' style='width:80mm'>"
        f"<div style='background:#4472c4;color:#fff;padding:3mm'>{_line(chance)}</div>"
    )


def _photograph(seed: int, width: int, height: int) -> str:
    """As an address that holds it."""
    chance = np.random.default_rng(seed)
    shapes = Image.fromarray(chance.integers(0, 256, (height // 60, width // 60, 3), np.uint8))
    soft = np.asarray(shapes.resize((width, height), Image.Resampling.BICUBIC))
    grain = chance.normal(0, 5, soft.shape)
    out = io.BytesIO()
    Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


def _scan(page: pdfium.PdfPage, seed: int) -> Image.Image:
    drawn = np.asarray(page.render(scale=SCAN_DPI / 72, grayscale=True).to_pil())
    grain = np.random.default_rng(seed).normal(0, 2.5, drawn.shape)
    grey = np.clip(drawn * 0.85 + 32 + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).filter(ImageFilter.GaussianBlur(0.7))


def _line(chance: random.Random) -> str:
    return " ".join(chance.choice(SENTENCE.split()) for _ in range(15))


def _written(path: Path, style: str, pages: Iterator[str]) -> int:
    sections = [f"<section style='break-after:page'>{page}</section>" for page in pages]
    weasyprint.HTML(string=f"<style>{style}</style>{''.join(sections)}").write_pdf(path)
    with pdfium.PdfDocument(path) as document:
        return len(document)
