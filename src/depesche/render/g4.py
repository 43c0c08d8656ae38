"""T.6 coding (Group 4, MMR) of one page, by libtiff: the library that spandsp stands on as well.

Pillow carries a libtiff too, but a page through it takes twice as long: it unpacks the bits and packs them again.
"""

import errno
import os
from functools import cache
from typing import Any

import numpy as np
from cffi import FFI

from depesche.render.raster import Bits

LIBRARY = "libtiff.so.6"

_HEADER = 8
"""Octets of a classic TIFF header; the first strip follows it."""

_FIXED_TAGS = {258: 1, 259: 4, 262: 0, 266: 1, 277: 1}
"""Of TIFF 6.0: bits per sample, compression T.6, white is zero, highest bit first, samples per pixel."""

_FFI = FFI()
_FFI.cdef(
    """
    typedef struct tiff TIFF;
    typedef void (*TIFFErrorHandler)(const char *, const char *, void *);
    TIFFErrorHandler TIFFSetErrorHandler(TIFFErrorHandler);
    TIFFErrorHandler TIFFSetWarningHandler(TIFFErrorHandler);
    TIFF *TIFFFdOpen(int, const char *, const char *);
    int TIFFSetField(TIFF *, uint32_t, ...);
    intptr_t TIFFWriteEncodedStrip(TIFF *, uint32_t, void *, intptr_t);
    void TIFFCleanup(TIFF *);
    """
)


def encode(page: Bits) -> bytes:
    """The page as one T.6 strip, most significant bit first, ended by EOFB.

    Raises: OSError: libtiff is missing, or the strip is larger than this process may write (RLIMIT_FSIZE).
    """
    rows, octets = page.shape
    data = np.ascontiguousarray(page).data
    drawer = os.memfd_create("strip")
    try:
        tiff = _library().TIFFFdOpen(drawer, b"strip", b"wl")
        if tiff == _FFI.NULL:
            raise OSError("libtiff cannot write to memory")
        _set_tags(tiff, octets * 8, rows)
        written = _library().TIFFWriteEncodedStrip(tiff, 0, _FFI.from_buffer(data), data.nbytes)
        size = os.fstat(drawer).st_size
        strip = os.pread(drawer, size - _HEADER, _HEADER)
        _library().TIFFCleanup(tiff)
    finally:
        os.close(drawer)
    if written != data.nbytes or not strip:
        raise OSError(errno.EFBIG, "a coded page is larger than this process may write")
    return strip


def _set_tags(tiff: Any, width: int, rows: int) -> None:
    size = {256: width, 257: rows, 278: rows}  # ImageWidth, ImageLength, RowsPerStrip
    for tag, value in (_FIXED_TAGS | size).items():
        _library().TIFFSetField(tiff, tag, _FFI.cast("uint32_t", value))


@cache
def _library() -> Any:
    try:
        library: Any = _FFI.dlopen(LIBRARY)
    except OSError as error:
        raise OSError("libtiff is not installed (Debian package libtiff6)") from error
    library.TIFFSetErrorHandler(_FFI.NULL)
    library.TIFFSetWarningHandler(_FFI.NULL)
    return library
