"""The header line at the top of every page.

spandsp could write one, but with English months and without the number of pages, and over the picture.
"""

import hashlib
import struct
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, TiffImagePlugin

from depesche.model.callrecord import Prints, Stamp
from depesche.model.resolution import WIDTH, X_DPI, Resolution, nearest

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")

_SIZES = (26, 24, 22, 20, 18, 16)
_MARGIN = 24
_GAP = 36
_WHITE = 1
_BLACK = 0
_ALL_WHITE = (255, 255)
_ONLY_WHITE = [0] * 255 + [255]
_BASELINE = 30
_MAX_ROWS = 20_000
"""2.6 m: what one page may take in memory, 35 MB."""

_ROWS_PER_STRIP = 278
"""TIFF tag."""

UNREADABLE = (
    OSError,
    EOFError,
    SyntaxError,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    struct.error,
    Image.DecompressionBombError,
)
"""What Pillow raises for files that are damaged, half-written or not there, or that would not fit into memory."""


class FontMissing(Exception):
    """The face of the header line is not installed."""


class BadDocument(Exception):
    """The file is no TIFF of fax pages."""


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """What the line says."""

    at: datetime
    """Time of sending, in the zone that it is printed in."""

    sender: str
    """Station id or name; 20 characters are shown."""

    note: str = ""
    """FAXHEADER, or the sender's fax number; 30 characters are shown."""

    recipient: str = ""
    """Number called; 20 characters are shown."""

    def stamp(self, prints: Prints, finest: Resolution = Resolution.SUPERFINE) -> Stamp:
        """For the record, with what the pages were that got it."""
        return Stamp(self.at, self.sender, self.note, self.recipient, prints, finest)

    @property
    def left(self) -> tuple[str, ...]:
        """The parts from the left, without the empty ones."""
        sender, note, recipient = _shown(self.sender, 20), _shown(self.note, 30), _shown(self.recipient, 20)
        to = f"an {recipient}" if recipient else ""
        return tuple(filter(None, (f"{self.at:%d.%m.%Y %H:%M}", sender, note, to)))


def stamp(source: Path, target: Path, line: HeaderLine, finest: Resolution = Resolution.SUPERFINE) -> Prints:
    """Write `source` anew with `line` on every page, and tell by what it will be known again.

    Where the top `header_rows` of a page's resolution are blank, they take the line; else the page grows by as much at
    its top. No pixel of the page is ever covered. One page at a time is in memory. Of a page whose rows are closer than
    `finest` two or four become one, black where one of them is.

    Args:
        source: multi-page TIFF, 1 bit, `WIDTH` pixels wide, each page of one of the three resolutions.
        target: multi-page TIFF of the same kind, coded T.6, one strip a page.

    Raises: BadDocument, FontMissing, OSError (target cannot be written).
    """
    document_print = hashlib.sha256()
    first_page, first_resolution = "", Resolution.FINE
    with _opened(source) as document, TiffImagePlugin.AppendingTiffWriter(str(target), new=True) as out:
        pages = document.n_frames
        for number in range(1, pages + 1):
            bare = _page(document, number)
            drawn = nearest(bare.info["dpi"][1]) if "dpi" in bare.info else Resolution.FINE
            resolution = min(drawn, finest, key=lambda one: one.rows)
            page = _with_line(_joined(bare, drawn.rows // resolution.rows), _strip(line, number, pages, resolution))
            document_print.update(_pbm(page))
            if number == 1:
                first_page, first_resolution = document_print.hexdigest(), resolution
            dpi = X_DPI, resolution.y_dpi
            page.save(out, format="TIFF", compression="group4", dpi=dpi, tiffinfo={_ROWS_PER_STRIP: page.height})
            out.newFrame()
    return Prints(pages, document_print.hexdigest(), first_page, first_resolution)


def _pbm(page: Image.Image) -> bytes:
    return f"P4\n{page.width} {page.height}\n".encode() + page.tobytes("raw", "1;I")


def _opened(source: Path) -> TiffImagePlugin.TiffImageFile:
    try:
        document = Image.open(source, formats=["TIFF"])
    except UNREADABLE as error:
        raise BadDocument(f"no TIFF: {error}") from error
    assert isinstance(document, TiffImagePlugin.TiffImageFile)
    return document


def _page(document: TiffImagePlugin.TiffImageFile, number: int) -> Image.Image:
    try:
        document.seek(number - 1)
        if document.mode != "1" or document.width != WIDTH or document.height > _MAX_ROWS:
            raise BadDocument(f"page {number} is no fax page: {document.mode} {document.width}x{document.height}")
        document.load()
    except UNREADABLE as error:
        raise BadDocument(f"page {number} cannot be read: {error}") from error
    return document


def _joined(page: Image.Image, rows: int) -> Image.Image:
    """So many rows become one; the last is filled up with white."""
    if rows == 1:
        return page
    height = -(-page.height // rows)
    whole = Image.new("1", (WIDTH, height * rows), _WHITE)
    whole.paste(page, (0, 0))
    return whole.convert("L").resize((WIDTH, height), Image.Resampling.BOX).point(_ONLY_WHITE, "1")


def _with_line(page: Image.Image, strip: Image.Image) -> Image.Image:
    if page.crop((0, 0, *strip.size)).getextrema() == _ALL_WHITE:  # what a low page lacks comes out black
        page.paste(strip, (0, 0))
        return page
    longer = Image.new("1", (WIDTH, strip.height + page.height))
    longer.paste(strip, (0, 0))
    longer.paste(page, (0, strip.height))
    return longer


def _strip(line: HeaderLine, number: int, pages: int, resolution: Resolution) -> Image.Image:
    """The line as it looks on a fine page; rows are doubled, or two are joined, where others are wanted."""
    strip = Image.new("1", (WIDTH, Resolution.FINE.header_rows), _WHITE)
    draw = ImageDraw.Draw(strip)
    draw.fontmode = "1"  # hinted for black and white; grey edges would come out ragged
    right = f"Seite {number}/{pages}"
    font = _fitting((*line.left, right))
    across = float(_MARGIN)
    for part in line.left:
        draw.text((across, _BASELINE), part, _BLACK, font, anchor="ls")
        across += font.getlength(part) + _GAP
    draw.text((WIDTH - _MARGIN, _BASELINE), right, _BLACK, font, anchor="rs")
    scaled = strip.convert("L").resize((WIDTH, resolution.header_rows), Image.Resampling.BOX)
    return scaled.point(_ONLY_WHITE, "1")


def _fitting(parts: tuple[str, ...]) -> ImageFont.FreeTypeFont:
    """The largest face in which `parts` stand side by side; at the smallest, 20, 30 and 20 wide letters do."""
    room = WIDTH - 2 * _MARGIN - _GAP * (len(parts) - 1)
    fonts = (_font(size) for size in _SIZES)
    return next((font for font in fonts if sum(map(font.getlength, parts)) <= room), _font(_SIZES[-1]))


def _shown(text: str, length: int) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:length]


def require_font() -> None:
    """Load the face of the line.

    Raises: FontMissing.
    """
    for size in _SIZES:
        _font(size)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(str(FONT), size)
    except OSError as error:
        raise FontMissing(f"{FONT} is missing: apt-get install fonts-dejavu-core") from error
