"""Whether an Office document is whole."""

import struct

import pytest

from depesche.render.container import check
from depesche.render.detect import Format
from depesche.render.errors import Damaged
from documents import file
from offices import bomb_docx, docx, ods, rtf, xlsx

MOST = 1 << 24


NONE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def compound(used: int, sectors: int, *, shift: int = 9, octets: int = 1 << 20, kind: int = 2) -> bytes:
    """A compound file that says that `used` sectors are, and has `sectors` of them.

    The first is the table, the second the directory, the others are those of one stream of so many octets.
    """
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, shift)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<II", header, 68, END, 0)
    struct.pack_into("<109I", header, 76, 0, *[NONE] * 108)
    followed = [TABLE, END, *range(3, used), END][:used]
    directory = bytearray(512)
    directory[66] = kind
    struct.pack_into("<II", directory, 116, 2, octets)
    table = struct.pack("<128I", *followed, *[NONE] * (128 - used))
    return (bytes(header) + table + bytes(directory) + bytes(512 * sectors))[: 512 * (sectors + 1)]


def spread(sectors: int) -> bytes:
    """A compound file whose tables are named by a list in a sector of its own: the second, with the table behind it."""
    data = bytearray(compound(sectors, sectors))
    struct.pack_into("<I", data, 68, 1)
    struct.pack_into("<109I", data, 76, *[NONE] * 109)
    data[1024 : 1024 + 512] = struct.pack("<128I", 0, *[NONE] * 126, END)
    return bytes(data)


@pytest.mark.parametrize(
    ("format_", "data"),
    [
        (Format.DOCX, docx("x")),
        (Format.XLSX, xlsx([["x"]])),
        (Format.ODS, ods(["x"])),
        (Format.RTF, rtf("x")),
        (Format.RTF, rtf("x") + b"\0\r\n"),
        (Format.DOC, compound(5, 5)),
        (Format.XLS, compound(5, 9)),
        (Format.DOC, compound(11, 11, octets=9 * 512 - 100)[:-100]),  # some programs end with their content
        (Format.DOC, compound(5, 5, octets=3 * 512 - 100, kind=5)[:-100]),
        (Format.XLS, spread(9)),
        (Format.CSV, b"x"),
    ],
)
def test_what_is_whole_passes(format_: Format, data: bytes) -> None:
    with file(data) as document:
        check(format_, document, MOST)


@pytest.mark.parametrize(
    ("format_", "data", "why"),
    [
        (Format.CSV, b"", "empty"),
        (Format.DOCX, docx("x")[:-30], "cut off"),
        (Format.DOCX, b"PK\x03\x04", "cut off"),
        (Format.DOCX, bomb_docx(0, declared=MOST), "memory"),
        (Format.DOCX, compound(1, 1), "encrypted"),
        (Format.RTF, rtf("x")[:-3], "cut off"),
        (Format.DOC, compound(5, 4), "cut off"),
        (Format.DOC, compound(11, 11, octets=9 * 512 - 100)[:-101], "cut off"),
        (Format.DOC, compound(5, 5, octets=3 * 512 - 100)[:-100], "cut off"),
        (Format.XLS, spread(9)[:-512], "cut off"),
        (Format.DOC, compound(1, 1)[:600], "cut off"),
        (Format.DOC, compound(1, 1)[:300], "cut off"),
        (Format.DOC, compound(1, 1, shift=3), "broken"),
        (Format.XLS, compound(2, 3) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    ],
)
def test_what_is_not_is_damaged(format_: Format, data: bytes, why: str) -> None:
    with file(data) as document, pytest.raises(Damaged, match=why):
        check(format_, document, MOST)
