"""T.6 coding (Group 4, MMR) of one page, by libtiff.

Pillow carries a libtiff too, but a page through it takes twice as long: it unpacks the bits and packs them again.
"""

import errno
import os
from typing import Any

import numpy as np

from depesche.render import libtiff
from depesche.render.raster import Bits

_HEADER = 8
"""Octets of a classic TIFF header; the first strip follows it."""

_FIXED_TAGS = {258: 1, 259: 4, 262: 0, 266: 1, 277: 1}
"""Of TIFF 6.0: bits per sample, compression T.6, white is zero, highest bit first, samples per pixel."""


def encode(page: Bits) -> bytes:
    """The page as one T.6 strip, most significant bit first, ended by EOFB.

    Raises: OSError: libtiff is missing, or the strip is larger than this process may write (RLIMIT_FSIZE).
    """
    rows, octets = page.shape
    data = np.ascontiguousarray(page).data
    drawer = os.memfd_create("strip")
    try:
        tiff = libtiff.library().TIFFFdOpen(drawer, b"strip", b"wl")
        if tiff == libtiff.ffi.NULL:
            raise OSError("libtiff cannot write to memory")
        _set_tags(tiff, octets * 8, rows)
        written = libtiff.library().TIFFWriteEncodedStrip(tiff, 0, libtiff.ffi.from_buffer(data), data.nbytes)
        size = os.fstat(drawer).st_size
        strip = os.pread(drawer, size - _HEADER, _HEADER)
        libtiff.library().TIFFCleanup(tiff)
    finally:
        os.close(drawer)
    if written != data.nbytes or not strip:
        raise OSError(errno.EFBIG, "a coded page is larger than this process may write")
    return strip


def _set_tags(tiff: Any, width: int, rows: int) -> None:
    size = {256: width, 257: rows, 278: rows}  # ImageWidth, ImageLength, RowsPerStrip
    for tag, value in (_FIXED_TAGS | size).items():
        libtiff.library().TIFFSetField(tiff, tag, libtiff.ffi.cast("uint32_t", value))
