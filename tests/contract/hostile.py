"""Files made to do harm, and what may be said of each: the codes, or the pages that it has."""

import io
import random
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from documents import (
    BLACK_SQUARE,
    encrypted_pdf,
    endless_pdf,
    fax_page,
    huge_png,
    huge_tiff,
    pdf,
    pdf_of,
    pdf_with_forms,
    pdf_with_picture,
    picture,
    stream,
    words,
)
from offices import bomb_docx, docx, endless_xlsx, linking, macro_ods, ods, odt, rtf, saved_as, xlsx

DAMAGED, NOT_WHOLE, CRASHED = -7, -14, 58
ANOTHER = -6
"""Too little is left to know a format by."""

PLACES = 50
"""At which a good file is cut off."""

FONTS = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file."""

    name: str
    data: bytes
    codes: frozenset[int]
    """What SendJob may answer."""

    pages: int = 0
    """If it is accepted, it has so many."""


def bombs() -> Iterator[Hostile]:
    """What is small, and wants to be large."""
    yield _refused("riese.tif", huge_tiff(60_000, 60_000), DAMAGED)
    yield _refused("riese.png", huge_png(60_000, 60_000), DAMAGED)
    yield _refused("bild.pdf", pdf_with_picture(60_000, 60_000, _deflated(1 << 20)), DAMAGED)
    yield _refused("rahmen.tif", _many_frames(), NOT_WHOLE)
    yield _refused("strom.pdf", _deflate_bomb(), DAMAGED, CRASHED)
    yield _refused("viele.pdf", pdf(*[BLACK_SQUARE] * 10_000), NOT_WHOLE)
    yield _any("gezaehlt.pdf", _claims_pages(2**31 - 1), 1)
    yield _refused("endlos.pdf", endless_pdf(), CRASHED)
    yield _refused("lang.txt", b"Zeile\r\n" * 2_000_000, NOT_WHOLE, DAMAGED)
    yield _refused("breit.txt", b"x" * 14_000_000, NOT_WHOLE, DAMAGED, CRASHED)


def loops() -> Iterator[Hostile]:
    """What refers to itself."""
    form = stream(b"q /X Do Q", b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Resources<</XObject<</X 100 0 R>>>>")
    yield _any("formular.pdf", pdf(b"/X Do", resources=b"/XObject<</X 100 0 R>>", objects={100: form}), 1)
    yield _any("formulare.pdf", pdf_with_forms(2000, BLACK_SQUARE), 1)
    catalogue = b"<</Type/Catalog/Pages 2 0 R>>"
    yield _any("baum.pdf", pdf_of({1: catalogue, 2: b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"}), 0)
    yield _any("eltern.pdf", pdf_of({1: catalogue, 2: b"<</Type/Pages/Parent 2 0 R/Kids[3 0 R]/Count 1>>",
                                     3: b"<</Type/Page/Parent 2 0 R>>"}), 1)  # fmt: skip
    whole = pdf(BLACK_SQUARE)
    start = int(re.findall(rb"startxref\n(\d+)", whole)[0])
    yield _any("vorgaenger.pdf", pdf(BLACK_SQUARE, trailer=b"/Prev %d" % start), 1)
    yield _any("laenge.pdf", pdf(BLACK_SQUARE, objects={100: b"<</Length 100 0 R>>\nstream\nx\nendstream"}), 1)
    yield _any("verschachtelt.pdf", pdf(b"[" * 500_000), 1)
    yield _any("tief.pdf", pdf(BLACK_SQUARE, catalogue=b"/X " + b"[" * 200_000 + b"]" * 200_000), 1)


def liars() -> Iterator[Hostile]:
    """What says that it is something else, or elsewhere."""
    yield _refused("geheim.pdf", encrypted_pdf(), DAMAGED)
    yield _refused("nichts.pdf", b"%PDF-", DAMAGED)
    yield _refused("null.tif", bytes(10_000), DAMAGED)
    outside = b"/Type/XObject/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceGray/F(/etc/passwd)"
    yield _any("datei.pdf", pdf(b"/I Do", resources=b"/XObject<</I 100 0 R>>", objects={100: stream(b"", outside)}), 1)
    actions = b"/OpenAction<</S/Launch/F(/bin/sh)>>/AA<</WC<</S/JavaScript/JS(app.alert(1))>>>>"
    yield _any("aktion.pdf", pdf(BLACK_SQUARE, catalogue=actions), 1)
    yield _any("schleife.tif", _tiff_whose_directory_follows_itself(), 1)


def fonts() -> Iterator[Hostile]:
    """A good TrueType face with octets of chance in it, as PDF documents embed it."""
    face = next(FONTS.rglob("LiberationSans-Regular.ttf")).read_bytes()
    for seed in range(20):
        chance = random.Random(seed)
        broken = bytearray(face)
        for _ in range(chance.choice((20, 200, 2000))):
            broken[chance.randrange(12, len(broken))] = chance.randrange(256)
        yield _any(f"schrift-{seed}.pdf", _pdf_in(bytes(broken)), 1)
    yield _any("schrift-kurz.pdf", _pdf_in(face[: len(face) // 2]), 1)


def truncated() -> Iterator[Hostile]:
    """Good files of each kind, cut off at each of many places: never a part of them for the whole."""
    for name, data in _good().items():
        pages = 2 if name.endswith(("pdf", "tif")) else 1
        for place in range(PLACES):
            yield _any(f"{place}-{name}", _cut(data, place), pages)


def office(folder: Path, port: int) -> Iterator[Hostile]:
    """Office documents. `folder`: where macros would write, and links read; `port`: of a server of this machine."""
    yield _refused("bombe.docx", bomb_docx(0, declared=3 << 30), DAMAGED)
    yield _refused("bombe-echt.docx", bomb_docx(120 << 20), DAMAGED, CRASHED)
    yield _refused("bombe-luegt.docx", bomb_docx(8 << 20, declared=1000), DAMAGED)
    yield _refused("seiten.docx", docx(*["Seite"] * 1200), NOT_WHOLE, CRASHED)
    yield _refused("ecke.xlsx", xlsx([["links oben"]], corner=True), NOT_WHOLE, DAMAGED, CRASHED)
    yield _refused("endlos.xlsx", endless_xlsx(), CRASHED)
    yield _any(
        "tief.docx", docx("Text", body="<w:sdt><w:sdtContent>" * 100_000 + "</w:sdtContent></w:sdt>" * 100_000), 1
    )
    yield _any("tief.rtf", b"{\\rtf1 " + b"{" * 500_000 + b"x" + b"}" * 500_000 + b"}", 1)
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    for name, declared, named in (
        ("lachen.odt", f'<!ENTITY e0 "haha">{laughs}', "&e11;"),
        ("wesen.odt", f'<!ENTITY e SYSTEM "{(folder / "kanarie.txt").as_uri()}">', "&e;"),
        ("netz.odt", f'<!ENTITY e SYSTEM "http://127.0.0.1:{port}/x">', "&e;"),
    ):
        yield _any(name, odt(body=f"<text:p>{named}</text:p>", doctype=f"<!DOCTYPE d [{declared}]>"), 1)
    for target in (f"http://127.0.0.1:{port}/x.png", (folder / "kanarie.odt").as_uri()):
        for way, (format_, data) in linking(target, f"Text und {target}").items():
            yield Hostile(f"{way}.{format_.name.lower()}", data, frozenset({0}), 1)
    yield Hostile("makro.ods", macro_ods(folder / "geschrieben", "Text"), frozenset({0}), 1)
    for name, data in _good_office(folder).items():
        yield Hostile(name, data, frozenset({0}), 1)
        for place in range(PLACES):
            yield _refused(f"{place}-{name}", _cut(data, place), DAMAGED, ANOTHER)


def _refused(name: str, data: bytes, *codes: int) -> Hostile:
    return Hostile(name, data, frozenset(codes))


def _any(name: str, data: bytes, pages: int) -> Hostile:
    """It may be good enough after all."""
    return Hostile(name, data, frozenset({0, DAMAGED, NOT_WHOLE, CRASHED}), pages)


def _good() -> Mapping[str, bytes]:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8))
    frames = picture("TIFF", fax_page(), compression="group4", save_all=True, append_images=[fax_page(seed=2)])
    return {
        "gut.pdf": pdf(words("Seite 1"), words("Seite 2")),
        "gut.tif": frames,
        "gut.png": picture("PNG", noise),
        "gut.jpg": picture("JPEG", noise),
        "gut.bmp": picture("BMP", noise),
    }


def _good_office(folder: Path) -> Mapping[str, bytes]:
    text, table = odt("Text " * 400), ods(["Text", "14,90"])
    return {
        "gut.docx": docx("Text " * 400),
        "gut.rtf": rtf("Text " * 400),
        "gut.odt": text,
        "gut.doc": saved_as(folder, text, "gut.odt", "doc", "MS Word 97"),
        "gut.xlsx": xlsx([["Text", 14.9]]),
        "gut.ods": table,
        "gut.xls": saved_as(folder, table, "gut.ods", "xls", "MS Excel 97"),
    }


def _cut(data: bytes, place: int) -> bytes:
    return data[: len(data) * (2 * place + 1) // (2 * PLACES)]


def _deflated(size: int, piece: bytes = bytes(1 << 20)) -> bytes:
    """So many MiB, deflated."""
    press = zlib.compressobj(9)
    return b"".join(press.compress(piece) for _ in range(size >> 20)) + press.flush()


def _deflate_bomb() -> bytes:
    """Content of a gigabyte in a few kilobytes: deflated twice."""
    data = zlib.compress(_deflated(1 << 30, b" " * (1 << 20)), 9)
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        4: stream(data, b"/Filter[/FlateDecode/FlateDecode]"),
    }
    return pdf_of(objects)


def _claims_pages(number: int) -> bytes:
    return pdf(BLACK_SQUARE).replace(b"/Count 1", b"/Count %d" % number)


def _many_frames() -> bytes:
    """A TIFF of 5,000 frames of one pixel."""
    out = io.BytesIO()
    out.write(b"II*\0" + struct.pack("<I", 8))
    entries = ((256, 3, 1), (257, 3, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 4), (278, 3, 1), (279, 4, 1))
    for number in range(5000):
        follows = 8 + (number + 1) * (2 + 12 * len(entries) + 4) if number < 4999 else 0
        out.write(struct.pack("<H", len(entries)))
        for tag, kind, value in entries:
            out.write(struct.pack("<HHII", tag, kind, 1, value))
        out.write(struct.pack("<I", follows))
    return out.getvalue()


def _tiff_whose_directory_follows_itself() -> bytes:
    data = bytearray(picture("TIFF", fax_page(100), compression="group4"))
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    struct.pack_into("<I", data, directory + 2 + 12 * entries, directory)
    return bytes(data)


def _pdf_in(face: bytes) -> bytes:
    """A page of words in this embedded face."""
    descriptor = (b"<</Type/FontDescriptor/FontName/Fremd/Flags 32/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 900"
                  b"/Descent -200/CapHeight 700/StemV 80/FontFile2 102 0 R>>")  # fmt: skip
    widths = b" ".join([b"556"] * 224)
    font = (b"<</Type/Font/Subtype/TrueType/BaseFont/Fremd/FirstChar 32/LastChar 255/Widths[%s]"
            b"/FontDescriptor 101 0 R/Encoding/WinAnsiEncoding>>" % widths)  # fmt: skip
    text = b"BT /G 12 Tf 70 700 Td (Franz jagt im komplett verwahrlosten Taxi quer durch Bayern 0123456789) Tj ET"
    packed = stream(zlib.compress(face), b"/Filter/FlateDecode/Length1 %d" % len(face))
    return pdf(text, resources=b"/Font<</G 100 0 R>>", objects={100: font, 101: descriptor, 102: packed})
