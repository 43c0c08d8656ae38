"""The fax file: a classic little-endian TIFF 6.0 of T.6 pages, class F (RFC 2306), one strip a page.

Only numbers that we have checked go into the structure: converters hand over bare strips, never a TIFF.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from depesche.render.grid import WIDTH, X_DPI, Resolution

HEADER = 8
"""Octets in front of the first strip."""

_SHORT, _LONG, _RATIONAL = 3, 4, 5
_ENTRY = struct.Struct("<HHII")
_ENTRIES = 18


@dataclass(frozen=True, slots=True)
class Strip:
    """One coded page."""

    rows: int
    octets: int


def begin(file: BinaryIO) -> None:
    """Leave room for the header; strips follow."""
    file.write(bytes(HEADER))


def finish(file: BinaryIO, strips: Sequence[Strip], resolution: Resolution) -> None:
    """Write the directories behind the strips, which lie one after the other behind the header, then the header.

    Raises: ValueError when the file does not hold exactly these strips, or is too long for a classic TIFF.
    """
    end = file.seek(0, 2)
    if end != HEADER + sum(strip.octets for strip in strips):
        raise ValueError("the strips are not what they are said to be")
    directories = end + end % 2
    length = 2 + _ENTRIES * _ENTRY.size + 4 + 16
    if directories + length * len(strips) >= 1 << 32:
        raise ValueError("too long for a TIFF")
    file.write(bytes(end % 2))
    offset = HEADER
    for number, strip in enumerate(strips):
        here = directories + number * length
        following = here + length if number + 1 < len(strips) else 0
        file.write(_directory(strip, offset, resolution, (number, len(strips)), here, following))
        offset += strip.octets
    file.seek(0)
    file.write(struct.pack("<2sHI", b"II", 42, directories))


def _directory(
    strip: Strip, offset: int, resolution: Resolution, page: tuple[int, int], here: int, following: int
) -> bytes:
    """One image file directory (TIFF 6.0 §2) with its two rational numbers behind it."""
    resolutions = here + 2 + _ENTRIES * _ENTRY.size + 4
    entries = (
        (254, _LONG, 1, 2),  # NewSubfileType: a page of several
        (256, _SHORT, 1, WIDTH),
        (257, _LONG, 1, strip.rows),
        (258, _SHORT, 1, 1),  # BitsPerSample
        (259, _SHORT, 1, 4),  # Compression: T.6
        (262, _SHORT, 1, 0),  # PhotometricInterpretation: WhiteIsZero
        (266, _SHORT, 1, 1),  # FillOrder: highest bit first
        (273, _LONG, 1, offset),  # StripOffsets
        (274, _SHORT, 1, 1),  # Orientation: top left
        (277, _SHORT, 1, 1),  # SamplesPerPixel
        (278, _LONG, 1, strip.rows),  # RowsPerStrip
        (279, _LONG, 1, strip.octets),  # StripByteCounts
        (282, _RATIONAL, 1, resolutions),
        (283, _RATIONAL, 1, resolutions + 8),
        (284, _SHORT, 1, 1),  # PlanarConfiguration
        (293, _LONG, 1, 0),  # T6Options
        (296, _SHORT, 1, 2),  # ResolutionUnit: inch
        (297, _SHORT, 2, page[0] | page[1] << 16),  # PageNumber
    )
    return b"".join(
        (
            struct.pack("<H", _ENTRIES),
            *(_ENTRY.pack(*entry) for entry in entries),
            struct.pack("<IIIII", following, X_DPI, 1, resolution.y_dpi, 1),
        )
    )
