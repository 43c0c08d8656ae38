"""Documents for tests of the renderer, made from their parts."""

import io
import os
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from depesche.render.raster import Bits

A4 = (595.276, 841.89)
"""Points."""

BLACK_SQUARE = b"0 g 100 100 200 200 re f"
"""Page content: from (100, 100) to (300, 300) points, counted from the lower left corner."""


def pdf_of(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A PDF document of numbered objects; object 1 is the catalogue."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    size = max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
    for number in range(1, size):
        line = b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
        out.write(line)
    out.write(b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start))
    return out.getvalue()


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), entries, data)


def pdf(
    *contents: bytes,
    size: tuple[float, float] = A4,
    page: bytes = b"",
    catalogue: bytes = b"",
    resources: bytes = b"",
    objects: Mapping[int, bytes] | None = None,
    trailer: bytes = b"",
) -> bytes:
    """A PDF document with one page for each content; text is in /F (Helvetica). `objects` are numbered from 100."""
    kids = b" ".join(b"%d 0 R" % (10 + 2 * number) for number in range(len(contents)))
    made: dict[int, bytes] = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue,
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(contents)),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    }
    for number, content in enumerate(contents):
        made[10 + 2 * number] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %f %f]/Resources<</Font<</F 3 0 R>>%s>>/Contents %d 0 R%s>>"
            % (*size, resources, 11 + 2 * number, page)
        )
        made[11 + 2 * number] = stream(content)
    return pdf_of(made | dict(objects or {}), trailer)


def words(text: str, size: float = 12, at: tuple[float, float] = (70, 750), grey: float = 0) -> bytes:
    """Page content: one line of text."""
    shown = text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F %f Tf %f g %f %f Td (%s) Tj ET" % (size, grey, *at, shown)


def printed(left: float, top: float, lines: Sequence[str], size: float = 10, pitch: float = 4.6) -> bytes:
    """Page content: lines of text below each other on A4; the first one's base line is `top` millimetres down."""
    return b"\n".join(
        words(line, size, (left * 72 / 25.4, (297 - top - number * pitch) * 72 / 25.4))
        for number, line in enumerate(lines)
    )


def address(top: float, left: float = 25) -> bytes:
    """Page content: an address as DIN 5008 wants it, in a field that begins `top` millimetres down."""
    return printed(left, top + 22, ("Frau", "Erika Muster", "Beispielweg 5", "20095 Hamburg"))


def encrypted_pdf() -> bytes:
    """A document that opens with a password only: its keys fit none."""
    key = b"<" + b"5A" * 32 + b">"
    return pdf(
        BLACK_SQUARE,
        objects={100: b"<</Filter/Standard/V 1/R 2/P -4/O%s/U%s>>" % (key, key)},
        trailer=b"/Encrypt 100 0 R/ID[<00><00>]",
    )


def endless_pdf() -> bytes:
    """A page that would take years: a pattern of billions of tiles."""
    tile = stream(b"0 g 0 0 1 1 re f", b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 300 300]"
                  b"/XStep .001/YStep .001/Resources<<>>")  # fmt: skip
    return pdf(b"/Pattern cs /P scn 0 0 595 842 re f", resources=b"/Pattern<</P 100 0 R>>", objects={100: tile})


def picture_object(width: int, height: int, data: bytes, colours: int = 3, entries: bytes = b"") -> bytes:
    """A picture of a PDF document: `colours` octets a pixel, 1 (grey) or 3; `data` is deflated."""
    space = {1: b"/DeviceGray", 3: b"/DeviceRGB"}[colours]
    head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace%s/Filter/FlateDecode"
    return stream(data, head % (width, height, space) + entries)


def pdf_with_picture(width: int, height: int, data: bytes) -> bytes:
    """A page with one picture of RGB pixels over half of it; `data` is deflated."""
    return pdf_showing({100: picture_object(width, height, data)})


def pdf_showing(objects: Mapping[int, bytes]) -> bytes:
    """A page with object 100 over half of it."""
    return pdf(b"500 0 0 400 50 50 cm /I Do", resources=b"/XObject<</I 100 0 R>>", objects=objects)


def pdf_with_stamp(look: bytes) -> bytes:
    """A page with a stamp from (100, 700) to (200, 750) points that shows a picture."""
    shown = stream(b"100 0 0 50 0 0 cm /I Do", b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]"
                   b"/Resources<</XObject<</I 100 0 R>>>>")  # fmt: skip
    note = b"<</Type/Annot/Subtype/Stamp/F 4/Rect[100 700 200 750]/AP<</N 101 0 R>>>>"
    return pdf(b"", page=b"/Annots[102 0 R]", objects={100: look, 101: shown, 102: note})


def pdf_with_forms(depth: int, inner: bytes, shown: bytes = b"null") -> bytes:
    """A page with forms in forms; the innermost of `depth` has the content `inner`, where /I is the object `shown`."""
    objects = {100: shown}
    for level in range(1, depth + 1):
        content = inner if level == depth else b"/X Do"
        resources = b"/Resources<</XObject<</X %d 0 R/I 100 0 R>>>>" % (201 + level)
        objects[200 + level] = stream(content, b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]" + resources)
    return pdf(b"/X Do", resources=b"/XObject<</X 201 0 R>>", objects=objects)


def picture(kind: str, image: Image.Image, **options: Any) -> bytes:
    """An image as a file; `kind` and `options` are Pillow's."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def fax_page(rows: int = 2292, seed: int = 1) -> Image.Image:
    """A page of 1728 picture elements a row, of random rectangles, black and white."""
    random = np.random.default_rng(seed)
    black = np.zeros((rows, 1728), bool)
    for left, top, width, height in random.integers((0, 0, 1, 1), (1728, rows, 300, 200), (60, 4)):
        black[top : top + height, left : left + width] ^= True
    return Image.fromarray(~black)


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few octets that says it has this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + bytes((1, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


def huge_tiff(width: int, height: int) -> bytes:
    """A TIFF of a few octets that says it has this size."""
    entries = ((256, 4, width), (257, 4, height), (258, 3, 1), (259, 3, 4), (262, 3, 0), (273, 4, 8), (277, 3, 1),
               (278, 4, height), (279, 4, 4))  # fmt: skip
    directory = len(entries).to_bytes(2, "little") + b"".join(
        tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little") + value.to_bytes(4, "little")
        for tag, kind, value in entries
    )
    return b"II*\0" + (12).to_bytes(4, "little") + b"\0\x10\0\x10" + directory + bytes(4)


def file(data: bytes) -> BinaryIO:
    """The octets as an open file that has a descriptor."""
    made = os.fdopen(os.memfd_create("document"), "r+b", buffering=0)
    made.write(data)
    made.seek(0)
    return made


def black(page: Bits) -> NDArray[np.bool_]:
    """Picture elements of a page, true where they are black."""
    return np.unpackbits(page, axis=1).astype(bool)


def extent(page: Bits) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is black, the latter two exclusive."""
    rows, columns = np.flatnonzero(black(page).any(1)), np.flatnonzero(black(page).any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def tiff_pages(data: bytes | BinaryIO) -> list[NDArray[np.bool_]]:
    """The pages of a fax file, true where they are black."""
    pages = []
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pages.append(~np.asarray(image))
    return pages
