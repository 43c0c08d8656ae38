"""Whether an Office document is whole."""

import struct

import pytest

from depesche.render.container import check
from depesche.render.detect import Format
from depesche.render.errors import Damaged
from documents import file
from offices import bomb_docx, docx, ods, rtf, xlsx

MOST = 1 << 24


def compound(used: int, sectors: int, *, shift: int = 9) -> bytes:
    """A compound file of one table that says that `used` sectors are, and has `sectors` of them."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, shift)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", *[1] * used, *[0xFFFFFFFF] * (128 - used))
    return bytes(header) + table + bytes(512 * (sectors - 1))


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
        (Format.DOC, compound(5, 5)[:-100]),  # the last sector may be shorter
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
        (Format.DOC, compound(1, 1)[:600], "cut off"),
        (Format.DOC, compound(1, 1)[:300], "cut off"),
        (Format.DOC, compound(1, 1, shift=3), "broken"),
        (Format.XLS, compound(2, 3) + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    ],
)
def test_what_is_not_is_damaged(format_: Format, data: bytes, why: str) -> None:
    with file(data) as document, pytest.raises(Damaged, match=why):
        check(format_, document, MOST)
