"""Whether an Office document is whole, before anybody reads it: LibreOffice shows of a torn one what is left.

Only lengths and directories are looked at, nothing is unpacked.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """A compound file ([MS-CFB]): every sector that its tables say is used has to be there."""
    del most
    file.seek(0)
    header = file.read(_HEADER)
    if len(header) < _HEADER or not header.startswith(_OLE):
        raise Damaged("the document is broken or cut off")
    (shift,) = struct.unpack_from("<H", header, 30)
    if shift not in _SHIFTS:
        raise Damaged("the document is broken")
    sectors = _Sectors(file, 1 << shift)
    table = _table(sectors, header)
    last = max((number for number, entry in enumerate(table) if entry != _FREE), default=-1)
    if last > sectors.last or (last == sectors.last and sectors.missing and not _needless(sectors, header, table)):
        raise Damaged("the document is cut off")
    file.seek(0)
    if _KEY in file.read(_SEARCHED):
        raise Damaged("the document is encrypted")


_SEARCHED = 64 << 10
"""Octets in which the directory of a small compound file lies."""


class _Sectors:
    """Those of a compound file; its header takes the place of one."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        octets = os.fstat(file.fileno()).st_size
        self.size = size
        self.last = (octets - 1) // size - 1
        self.missing = -octets % size
        """Octets of the last one: some programs end where their content does."""
        self._file = file

    def whole(self, number: int) -> bytes:
        """Raises: Damaged: it is not there, or not all of it."""
        self._file.seek((number + 1) * self.size)
        if len(data := self._file.read(self.size)) < self.size:
            raise Damaged("the document is cut off")
        return data

    def numbers(self, number: int) -> tuple[int, ...]:
        return struct.unpack(f"<{self.size // 4}I", self.whole(number))


def _table(sectors: _Sectors, header: bytes) -> list[int]:
    """What follows each sector ([MS-CFB] 2.3); where its parts lie is said by the header and lists of their own."""
    parts = list(struct.unpack_from("<109I", header, 76))
    (following,) = struct.unpack_from("<I", header, 68)
    lists = 0
    while following <= _LAST_SECTOR and lists <= sectors.last:
        *more, following = sectors.numbers(following)
        parts += more
        lists += 1
    table: list[int] = []
    for part in parts:
        if part <= _LAST_SECTOR and len(table) <= sectors.last:
            table += sectors.numbers(part)
    return table


def _needless(sectors: _Sectors, header: bytes, table: Sequence[int]) -> bool:
    """Whether what is missing of the last sector lies behind the end of the content that it is for."""
    (directory,) = struct.unpack_from("<I", header, 48)
    for sector in _chain(directory, table):
        entries = sectors.whole(sector)
        for entry in range(0, sectors.size, _ENTRY):
            begins, octets = struct.unpack_from("<II", entries, entry + 116)
            if entries[entry + 66] == _ROOT or (entries[entry + 66] == _STREAM and octets >= _SMALL):
                for place, number in enumerate(_chain(begins, table)):
                    if number == sectors.last:
                        return bool(octets - place * sectors.size <= sectors.size - sectors.missing)
    return False


_ENTRY, _STREAM, _ROOT, _SMALL = 128, 2, 5, 4096
"""[MS-CFB] 2.6: octets of an entry of the directory; its types; smaller streams lie within that of the root."""


def _chain(number: int, table: Sequence[int]) -> Iterator[int]:
    for _ in table:
        if number >= len(table):
            return
        yield number
        number = table[number]


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
