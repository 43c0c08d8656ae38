"""Whether an Office document is whole, before anybody reads it: LibreOffice shows of a torn one what is left.

Only lengths and directories are looked at, nothing is unpacked.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import BinaryIO

from depesche.render.detect import Format
from depesche.render.errors import Damaged

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = 512
_FREE, _LAST_SECTOR = 0xFFFFFFFF, 0xFFFFFFFA
"""[MS-CFB] 2.1: an entry for a sector that is not used; the highest number of a sector."""

_SHIFTS = {9, 12}
"""[MS-CFB] 2.2: sectors have 512 or 4096 octets."""

_TAIL = 64
"""Octets at the end of an RTF document in which its last brace has to be; some programs add a NUL or line ends."""

_KEY = "EncryptedPackage".encode("utf-16-le")
_MANIFEST, _MOST_MANIFEST = "META-INF/manifest.xml", 1 << 20
"""Of an OpenDocument package: it lists what is encrypted (ODF 1.3 part 2 §4.4); octets of it that are read."""


def check(format_: Format, file: BinaryIO, most: int) -> None:
    """`most`: octets that the parts of a package may have together when they are unpacked.

    Raises: Damaged: empty, cut off, encrypted, or a package that would become larger than allowed.
    """
    if not os.fstat(file.fileno()).st_size:
        raise Damaged("the document is empty")
    if format_ in _CHECKS:
        _CHECKS[format_](file, most)


def _package(file: BinaryIO, most: int) -> None:
    """A ZIP file; its directory is at its end."""
    file.seek(0)
    if file.read(len(_OLE)) == _OLE:
        raise Damaged("the document is encrypted")  # [MS-OFFCRYPTO] 1.3: a package in a compound file
    try:
        with zipfile.ZipFile(file) as package:
            parts = package.infolist()
            if _MANIFEST in package.namelist():
                with package.open(_MANIFEST) as manifest:
                    encrypted = b"encryption-data" in manifest.read(_MOST_MANIFEST)
            else:
                encrypted = False
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Damaged("the document is broken or cut off") from error
    if encrypted or any(part.flag_bits & 1 for part in parts):
        raise Damaged("the document is encrypted")
    if sum(part.file_size for part in parts) > most:
        raise Damaged("the document takes more memory than allowed")


def _compound(file: BinaryIO, most: int) -> None:
    """A compound file ([MS-CFB]): every sector that its table says is used has to be there."""
    del most
    file.seek(0)
    header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(_OLE):
        raise Damaged("the document is broken or cut off")
    (shift,) = struct.unpack_from("<H", header, 30)
    if shift not in _SHIFTS:
        raise Damaged("the document is broken")
    sector = 1 << shift
    there = (os.fstat(file.fileno()).st_size - 1) // sector  # the last one may be shorter
    for number, table in enumerate(struct.unpack_from("<109I", header, 76)):
        if table > _LAST_SECTOR:
            break
        if table >= there:
            raise Damaged("the document is cut off")
        file.seek((table + 1) * sector)
        _used_are_there(file.read(sector), number * (sector // 4), there)
    file.seek(0)
    if _KEY in file.read(_SEARCHED):
        raise Damaged("the document is encrypted")


_SEARCHED = 64 << 10
"""Octets in which the directory of a small compound file lies."""


def _used_are_there(table: bytes, first: int, there: int) -> None:
    """`table`: the entries of the sectors from `first` on."""
    if len(table) % 512:
        raise Damaged("the document is cut off")
    entries = struct.unpack(f"<{len(table) // 4}I", table)
    last = max((number for number, entry in enumerate(entries) if entry != _FREE), default=-1)
    if last >= 0 and first + last >= there:
        raise Damaged("the document is cut off")


def _rtf(file: BinaryIO, most: int) -> None:
    del most
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - _TAIL))
    if not file.read().rstrip(b"\0 \t\r\n\x1a").endswith(b"}"):
        raise Damaged("the document is cut off")


_CHECKS: Mapping[Format, Callable[[BinaryIO, int], None]] = {
    **dict.fromkeys((Format.DOCX, Format.XLSX, Format.ODT, Format.ODS), _package),
    **dict.fromkeys((Format.DOC, Format.XLS), _compound),
    Format.RTF: _rtf,
}
