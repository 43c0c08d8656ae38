"""TIFF files of any kind, written by libtiff itself: its tools and ImageMagick write but some of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI
from numpy.typing import NDArray

from depesche.render.libtiff import LIBRARY

_ffi = FFI()
_ffi.cdef(
    """
    typedef struct tiff TIFF;
    TIFF *TIFFOpen(const char *, const char *);
    void TIFFClose(TIFF *);
    int TIFFSetField(TIFF *, uint32_t, ...);
    int64_t TIFFWriteEncodedStrip(TIFF *, uint32_t, void *, int64_t);
    int64_t TIFFWriteEncodedTile(TIFF *, uint32_t, void *, int64_t);
    """
)
_libtiff: Any = _ffi.dlopen(LIBRARY)

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, ORIENTATION = 256, 257, 258, 259, 262, 266, 274
SAMPLES, ROWS, X_RESOLUTION, Y_RESOLUTION, PLANAR, UNIT, PREDICTOR = 277, 278, 282, 283, 284, 296, 317
SUBFILE, OLD_SUBFILE, PALETTE, TILE_WIDTH, TILE_LENGTH, EXTRA, FORMAT = 254, 255, 320, 322, 323, 338, 339
SUBSAMPLING, JPEG_QUALITY, SGILOG_DATA = 530, 65537, 65560
"""Tags of TIFF 6.0, and libtiff's own."""

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
"""Sample formats."""

_FRACTIONS = {X_RESOLUTION, Y_RESOLUTION}
_LONGS = {WIDTH, LENGTH, ROWS, TILE_WIDTH, TILE_LENGTH, SUBFILE}


def tiff(
    path: Path,
    samples: NDArray[Any],
    bits: int,
    tags: Mapping[int, Any],
    *,
    mode: str = "w",
    tile: tuple[int, int] | None = None,
    rows: int = 7,
) -> bytes:
    """A file with one picture, or with one more (`mode` ``a``), of samples by rows, columns and colours.

    Numbers that are no floats are written in so many bits. `tile`: columns and rows; else there are strips of `rows`.
    """
    height, width, count = samples.shape
    file = _libtiff.TIFFOpen(str(path).encode(), mode.encode())
    assert file != _ffi.NULL
    given = {WIDTH: width, LENGTH: height, BITS: bits, SAMPLES: count, PLANAR: 1, **tags}
    given |= {TILE_WIDTH: tile[0], TILE_LENGTH: tile[1]} if tile else {ROWS: rows}
    for tag in sorted(given, key=lambda tag: (tag != COMPRESSION, tag)):  # a coding brings tags of its own
        assert _libtiff.TIFFSetField(file, tag, *_field(tag, given[tag])), tag
    planes = [samples] if given[PLANAR] == 1 else [samples[..., number, np.newaxis] for number in range(count)]
    across, down = tile or (width, rows)
    write = _libtiff.TIFFWriteEncodedTile if tile else _libtiff.TIFFWriteEncodedStrip
    number = 0
    for plane in planes:
        for top in range(0, height, down):
            for left in range(0, width, across):
                part = plane[top : top + down, left : left + across]
                if tile:
                    part = np.pad(part, ((0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0)))
                data = packed(part, bits)
                assert write(file, number, _ffi.from_buffer(data), len(data)) == len(data), number
                number += 1
    _libtiff.TIFFClose(file)
    return path.read_bytes()


def packed(samples: NDArray[Any], bits: int) -> bytearray:
    """As libtiff takes them: whole octets in the order of this machine, bits the highest first, rows filled."""
    if samples.dtype.kind == "f":
        return bytearray(samples.tobytes())
    if bits % 8 == 0:
        octets = np.ascontiguousarray(samples, "<i8").view(np.uint8).reshape(*samples.shape, 8)
        return bytearray(octets[..., : bits // 8].tobytes())
    spread = samples[..., np.newaxis].astype(np.int64) >> np.arange(bits - 1, -1, -1) & 1
    return bytearray(np.packbits(spread.reshape(len(samples), -1).astype(np.uint8), axis=1).tobytes())


def _field(tag: int, value: Any) -> Sequence[Any]:
    if tag == PALETTE:
        return [_ffi.new("uint16_t[]", [int(number) for number in column]) for column in value]
    if tag == EXTRA:
        return _ffi.cast("int", len(value)), _ffi.new("uint16_t[]", value)
    if tag == SUBSAMPLING:
        return [_ffi.cast("int", number) for number in value]
    kind = "double" if tag in _FRACTIONS else "uint32_t" if tag in _LONGS else "int"
    return [_ffi.cast(kind, value)]
