"""Pages that are hard on a fax, ways to make them black and white, and how much of them tesseract can still read."""

import base64
import io
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import weasyprint  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from depesche.model.resolution import MM_PER_INCH, WIDTH, X_DPI, Resolution
from depesche.render.html import set_html

Y_DPI, A4_ROWS = Resolution.FINE.y_dpi, Resolution.FINE.a4_rows

Black = NDArray[np.bool_]
"""A page, true where it is black."""

LAYOUTS = (4, 6, 11)
"""Ways in which tesseract looks for lines: a column, a block, anywhere."""

MARGIN = 20
"""Of a page, in millimetres."""

SENTENCES = (
    "Die Rechnung über 1.234,56 EUR ist bis zum Monatsende fällig.",
    "Bitte überweisen Sie den Betrag auf unser Konto in Köln.",
    "Öffnungszeiten: Montag bis Freitag von 8 bis 17 Uhr.",
    "Für Rückfragen erreichen Sie uns unter 0221 4711 815.",
    "Größere Mengen liefern wir nach Vereinbarung frei Haus.",
    "Gerichtsstand ist Hamburg, es gilt deutsches Recht.",
    "Änderungen und Irrtümer bleiben ausdrücklich vorbehalten.",
    "Befund: Kein Hinweis auf frische Blutung, Übelkeit seit gestern.",
    "Verordnung: Ramipril 2,5 mg morgens, Jodid 100 mg abends.",
    "Lieferung am 12. März 2026 an das Lager in Gießen.",
    "Schlüsselübergabe erfolgt jährlich durch den Eigentümer.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Deich.",
)


FACES = ("Liberation Sans", "Liberation Serif", "DejaVu Sans", "DejaVu Serif")
"""By the number of a setting."""

TILLS = tuple(
    f"/usr/share/fonts/truetype/{face}.ttf"
    for face in ("dejavu/DejaVuSansMono", "liberation/LiberationMono-Regular", "dejavu/DejaVuSansMono-Bold")
)
"""Faces of receipts, likewise."""

SETTINGS = range(3)
"""Of each kind of page: other sentences in another face. The raster was tuned on 0 and has never seen the others."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A page of one kind."""

    name: str
    pdf: bytes
    text: str
    """What is on it from `top` on, line by line."""

    top: float = 0
    """Millimetres; what is above is not read."""


def small_grey(setting: int = 0) -> Sample:
    """7 points, from dark to light grey."""
    greys = ("#555", "#666", "#777", "#888", "#999", "#aaa")
    return _lines("small grey text", [(f"font-size:7pt;color:{grey}", 4) for grey in greys], setting)


def six_points(setting: int = 0) -> Sample:
    """Small print, black, with serifs and without."""
    faces = [FACES[(number + setting) % len(FACES)] for number in (0, 1, 2, 0)]
    sizes = ("6pt", "6pt", "6pt", "5.5pt")
    styles = [f"font-family:{face};font-size:{size}" for face, size in zip(faces, sizes, strict=True)]
    return _lines("6-point print", [(style, 6) for style in styles], setting)


def umlauts(setting: int = 0) -> Sample:
    """Ordinary text in which dots count."""
    words = (
        "Äpfel Öfen Übung ärgern öffnen übel Maß Straße Gruß süß",
        "Bär Bar Hör Hor Mütter Mutter schön schon drücken drucken",
        "Gespräch, Löhne, Gebühr, Fuß, Ärztin, Österreich, Überweisung",
        "müßte mußte fällen fallen zählen zahlen Bäcker Backer Tür Tor",
        "Köln, Düsseldorf, Würzburg, Göttingen, Nürnberg, Gießen, Lübeck",
        "Jürgen Müller, Björn Schäfer, Käthe Größ, Götz Weiß, Änne Kühn",
    )
    lines = words[setting:] + words[:setting]
    faces = [FACES[(number + setting) % len(FACES)] for number in (1, 0, 1)]
    styles = [f"font:{size} {face}" for size, face in zip(("9pt", "9pt", "7pt"), faces, strict=True)]
    body = "".join(f"<div style='{style}'>{line}</div>" for style in styles for line in lines)
    return Sample("German umlauts", _pdf(body), "\n".join(lines * len(styles)))


def coloured(setting: int = 0) -> Sample:
    """Coloured text on tinted boxes."""
    pairs = (
        ("#c00000", "#fde9d9"), ("#0000c0", "#dce6f1"), ("#006000", "#d8e4bc"), ("#7030a0", "#e4dfec"),
        ("#c55a11", "#ededed"), ("#000000", "#9bc2e6"), ("#1f3864", "#a9d08e"), ("#833c0b", "#ffd966"),
    )  # fmt: skip
    return _lines(
        "coloured text on tinted boxes",
        [(f"font-size:9pt;padding:2mm;color:{ink};background:{box}", 3) for ink, box in pairs],
        setting,
    )


def white_on_grey(setting: int = 0) -> Sample:
    """White text on grey and coloured boxes."""
    boxes = ("#404040", "#606060", "#808080", "#909090", "#a0a0a0", "#4472c4", "#70ad47", "#ed7d31")
    styles = [(f"font-size:9pt;padding:2mm;color:#fff;background:{box}", 3) for box in boxes]
    return _lines("white text on grey", styles, setting)


def tinted_table(setting: int = 0) -> Sample:
    """A table with a dark head and tinted rows."""
    head = "Position Bezeichnung Menge Betrag"
    tints = ("#ffffff", "#d9d9d9", "#ffffff", "#bfbfbf", "#d9e1f2", "#c6e0b4", "#ffe699", "#f8cbad")
    goods = ("Schläuche", "Kabelbinder", "Gehäuse", "Dübel", "Prüfgerät", "Fräser", "Bügelsäge", "Lötzinn")
    rows = [
        (tint, (str(number), name, f"{number % 17} Stück", f"{number // 7},{number % 90 + 10} EUR"))
        for turn in range(2)
        for number, (tint, name) in enumerate(zip(tints, goods, strict=True), 100 + 411 * turn + 37 * setting)
    ]
    cells = "".join(
        f"<tr style='background:{tint}'>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for tint, row in rows
    )
    heads = "".join(f"<th>{word}</th>" for word in head.split())
    body = (
        "<table style='width:100%;border-collapse:collapse;font-size:8pt'>"
        f"<tr style='background:#44546a;color:#fff'>{heads}</tr>{cells}</table>"
        "<style>td,th{text-align:left;padding:1.2mm 2mm}</style>"
    )
    return Sample("tinted table", _pdf(body, FACES[setting]), "\n".join([head, *(" ".join(row) for _, row in rows)]))


def captioned(setting: int = 0) -> Sample:
    """A photograph with grey text under it, which alone is read."""
    lines = _sentences(9, setting)
    photograph = f"<img src='{_data(_photograph())}' style='position:absolute;left:0;top:0;width:160mm;height:90mm'>"
    captions = (
        f"<div style='position:absolute;top:{95 + number * 6}mm;font-size:8pt;color:{colour}'>{line}</div>"
        for number, (line, colour) in enumerate(zip(lines, ("#333", "#666", "#888") * 3, strict=True))
    )
    body = "".join((photograph, *captions))
    return Sample("photograph with caption", _pdf(body, FACES[setting]), "\n".join(lines), top=MARGIN + 93)


def receipt(setting: int = 0) -> Sample:
    """A till receipt that was photographed: grey paper that grows darker, pale ink, noise."""
    rows = (
        ("Bäckerei Müller Köln", ""), ("Brötchen 6 Stück", "2,70"), ("Käsekuchen", "3,45"), ("Kaffee groß", "2,90"),
        ("Nussschnecke", "1,95"), ("Apfelschorle", "2,40"), ("Körnerbrot", "4,25"), ("Summe EUR", "17,65"),
        ("Gegeben bar", "20,00"), ("Rückgeld", "2,35"), ("MwSt 7 Prozent", "1,15"), ("Beleg Nr 004711", ""),
        ("12.03.2026 08:15 Uhr", ""), ("Vielen Dank für Ihren Einkauf", ""),
    )  # fmt: skip
    width, height = 630, 900  # 80 mm at 200 dpi
    random = np.random.default_rng(1 + setting)
    paper = np.linspace(236, 176, height)[:, None] - np.linspace(0, 18, width)[None, :]
    drawn = Image.new("L", (width, height), 0)
    draw, font = ImageDraw.Draw(drawn), ImageFont.truetype(TILLS[setting], 26)
    for number, (left, right) in enumerate(rows):
        draw.text((40, 40 + number * 58), left, 255, font)
        draw.text((width - 40, 40 + number * 58), right, 255, font, anchor="ra")
    ink = np.asarray(drawn.filter(ImageFilter.GaussianBlur(0.7))) / 255
    grey = paper - ink * 95 + random.normal(0, 4, (height, width))
    picture = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    size = f"@page{{size:{width / 200 * 25.4}mm {height / 200 * 25.4}mm;margin:0}}img{{display:block;width:100%}}"
    pdf = weasyprint.HTML(string=f"<style>{size}</style><img src='{_data(picture)}'>").write_pdf()
    return Sample("receipt", bytes(pdf), "\n".join(" ".join(filter(None, row)) for row in rows))


def print_of(points: float, face: str = "Liberation Sans", lines: int = 24) -> Sample:
    """Black text of this size."""
    return _lines(f"{points}-point print", [(f"font-family:{face};font-size:{points}pt", lines)], 0)


def one_line(points: float, colour: str = "#000") -> Sample:
    """A heading, and under it a single line, as the product sets them."""
    line = "Zahlbar innerhalb von 14 Tagen ohne Abzug, danach fallen Zinsen an."
    html = f"<h1>Rechnung 4711</h1><p style='font-size:{points}pt;color:{colour}'>{line}</p>"
    return Sample(f"a {points}-point line", set_html(html, 1, 0).pdf, line, top=MARGIN + 15)


def scanned(make: Callable[[], Sample], degrees: float, dpi: int = 300) -> Sample:
    """Its first page as it lay askew on a scanner: on paper that is not quite white, with grain."""
    sample = make()
    with pdfium.PdfDocument(sample.pdf) as document:
        level = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
    turned = np.asarray(level.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255))
    grain = np.random.default_rng(1).normal(0, 2.5, turned.shape)
    grey = Image.fromarray(np.clip(turned * 0.85 + 32 + grain, 0, 255).astype(np.uint8))
    out = io.BytesIO()
    grey.filter(ImageFilter.GaussianBlur(0.7)).save(out, "PDF", resolution=dpi, quality=80)
    return replace(sample, name=f"{sample.name}, scanned", pdf=out.getvalue())


def pale(colour: str, box: str = "#fff") -> Sample:
    """Light text on paper, or on a box of nearly the same colour."""
    return _lines("pale text", [(f"font-size:9pt;padding:2mm;color:{colour};background:{box}", 12)], 0)


def on_photograph(colour: str, darkest: int = 0, lightest: int = 110) -> Sample:
    """Text on a photograph, a dark one if nothing else is said, of blotches as large as letters."""
    random = np.random.default_rng(7)
    blotches = Image.fromarray(random.integers(darkest, lightest, (90, 160), np.uint8))
    ground = blotches.resize((960, 540), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    lines = [SENTENCES[number % len(SENTENCES)] for number in range(14)]
    body = (
        f"<img src='{_data(ground)}' style='position:absolute;left:0;top:0;width:170mm;height:100mm'>"
        f"<div style='position:absolute;top:5mm;left:5mm;color:{colour}'>{'<br>'.join(lines)}</div>"
    )
    return Sample("text on a photograph", _pdf(body), "\n".join(lines))


def photograph() -> Sample:
    """Nothing but a picture."""
    return Sample("photograph", _pdf(f"<img src='{_data(_photograph())}' style='width:160mm'>"), "")


KINDS: tuple[Callable[[int], Sample], ...] = (
    small_grey, tinted_table, captioned, receipt, umlauts, six_points, coloured, white_on_grey,
)  # fmt: skip
"""A page of each kind, A4 or smaller."""


def ghostscript(pdf: Path, folder: Path) -> Black:
    """The first page, by ``tiffg4``."""
    out = folder / "gs.tif"
    size = ["-r204x196", f"-g{WIDTH}x{A4_ROWS}"]
    quiet = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE"]
    _run("gs", *quiet, "-sDEVICE=tiffg4", *size, "-dLastPage=1", f"-sOutputFile={out}", str(pdf))
    return _picture(out)


def poppler(pdf: Path, folder: Path) -> Black:
    """The first page, by ``pdftoppm -mono``."""
    _run("pdftoppm", "-mono", "-rx", str(X_DPI), "-ry", str(Y_DPI), "-singlefile", str(pdf), str(folder / "poppler"))
    return _picture(folder / "poppler.pbm")


def cairo(pdf: Path, folder: Path) -> Black:
    """The first page, by ``pdftocairo -mono``."""
    resolution = ["-rx", str(X_DPI), "-ry", str(Y_DPI)]
    _run("pdftocairo", "-png", "-mono", *resolution, "-singlefile", str(pdf), str(folder / "cairo"))
    return _picture(folder / "cairo.png")


def accuracy(page: Black, sample: Sample) -> float:
    """Share of the characters of `sample` that tesseract (deu) reads on `page`: 1 less the edits that they lack.

    Where lines are is not the question: the best of several ways to look for them counts.
    """
    wanted = " ".join(sample.text.split())
    fewest = min(edits(" ".join(read(page, sample.top, layout).split()), wanted) for layout in LAYOUTS)
    return max(0.0, 1 - fewest / len(wanted))


def read(page: Black, top: float, layout: int) -> str:
    """What tesseract reads from `top` millimetres on; `layout`: its ``--psm``."""
    shown = io.BytesIO()
    Image.fromarray(~page[round(top / MM_PER_INCH * Y_DPI) :]).save(shown, "PNG", dpi=(X_DPI, Y_DPI))
    command = ["tesseract", "-", "-", "-l", "deu", "--psm", str(layout), "--dpi", "200"]
    one_thread = os.environ | {"OMP_THREAD_LIMIT": "1"}
    done = subprocess.run(command, input=shown.getvalue(), capture_output=True, check=True, env=one_thread)
    return done.stdout.decode()


def edits(found: str, wanted: str) -> int:
    """Characters to insert, delete or replace (Levenshtein)."""
    letters = np.frombuffer(wanted.encode("utf-32-le"), np.uint32)
    steps = np.arange(len(letters) + 1)
    row = steps
    for number, letter in enumerate(found, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        whole = np.concatenate(([number], best)) - steps
        row = np.minimum.accumulate(whole) + steps
    return int(row[-1])


def _lines(name: str, styles: Sequence[tuple[str, int]], setting: int) -> Sample:
    """Each style has so many lines, of different sentences."""
    texts = _sentences(sum(lines for _, lines in styles), setting)
    rest = iter(texts)
    boxes = (
        f"<div style='{style}'>{''.join(f'<div>{next(rest)}</div>' for _ in range(lines))}</div>"
        for style, lines in styles
    )
    return Sample(name, _pdf("".join(boxes), FACES[setting]), "\n".join(texts))


def _sentences(count: int, setting: int) -> list[str]:
    return [SENTENCES[(number + 5 * setting) % len(SENTENCES)] for number in range(count)]


def _pdf(body: str, face: str = FACES[0]) -> bytes:
    style = f"@page{{size:A4;margin:{MARGIN}mm}}body{{font:9pt {face};line-height:1.7;position:relative;margin:0}}"
    return bytes(weasyprint.HTML(string=f"<style>{style}</style>{body}").write_pdf())


@cache
def _photograph() -> Image.Image:
    """Something with the tones of one: soft shapes, edges, grain."""
    random = np.random.default_rng(7)
    grain = Image.fromarray(random.integers(0, 256, (54, 96), np.uint8)).resize((960, 540), Image.Resampling.BICUBIC)
    drawn = ImageDraw.Draw(grain)
    drawn.ellipse((120, 90, 420, 390), fill=210)
    drawn.polygon([(500, 500), (650, 120), (900, 520)], fill=70)
    return grain.filter(ImageFilter.GaussianBlur(2))


def _data(picture: Image.Image) -> str:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


def _picture(path: Path) -> Black:
    with Image.open(path) as image:
        black: Black = ~np.asarray(image.convert("1"))
    return black


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=120)
