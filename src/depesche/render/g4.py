"""T.6 coding (Group 4, MMR) of one page, by spandsp: it counts runs where libtiff looks at bits, and is twice as fast.

Its encoder is part of what sends TIFF files, and has no door of its own: it is given a file that has the width and one
row, and a handler that reads the rows of ours in its place. The handler is read(2), with a file of the page: rows
through Python would take longer than the coding.
"""

import errno
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cffi import FFI

from depesche.render.grid import WIDTH
from depesche.render.raster import Bits

LIBRARY = "libspandsp.so.2"

_T6 = 3
"""T4_COMPRESSION_ITU_T6."""

_ROW = Path(__file__).with_name("row.tif")
"""One white row of 1728 picture elements."""

_CHUNK = 1 << 17

_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8), bitorder="little").reshape(-1, 8), axis=1)[:, 0]
"""Octets, each with its first bit last: lines send the lowest bit first, a TIFF has the highest first."""

_FFI = FFI()
_FFI.cdef(
    """
    typedef struct t4_state_s t4_tx_state_t;
    typedef int (*t4_row_read_handler_t)(void *, uint8_t [], size_t);
    t4_tx_state_t *t4_tx_init(t4_tx_state_t *, const char *, int, int);
    void t4_tx_set_tx_encoding(t4_tx_state_t *, int);
    int t4_tx_set_row_read_handler(t4_tx_state_t *, t4_row_read_handler_t, void *);
    int t4_tx_start_page(t4_tx_state_t *);
    int t4_tx_get_chunk(t4_tx_state_t *, uint8_t [], int);
    int t4_tx_free(t4_tx_state_t *);
    ssize_t read(int, void *, size_t);
    """
)


def encode(page: Bits) -> bytes:
    """The page, 1728 picture elements wide, as one T.6 strip, most significant bit first, ended by EOFB.

    Raises: OSError: spandsp is missing, or the page is larger than this process may write (RLIMIT_FSIZE).
    """
    drawer = os.memfd_create("page")
    try:
        if os.write(drawer, np.ascontiguousarray(page).data) < page.nbytes:
            raise OSError(errno.EFBIG, "a page is larger than this process may write")
        os.lseek(drawer, 0, os.SEEK_SET)
        strip = _coded(drawer)
        if page.shape[1] * 8 != WIDTH or os.lseek(drawer, 0, os.SEEK_CUR) != page.nbytes or not strip:
            raise OSError("spandsp did not code the whole page")
    finally:
        os.close(drawer)
    return _REVERSED[np.frombuffer(strip, np.uint8)].tobytes()


def _coded(drawer: int) -> bytes:
    """What it makes of the rows in a file."""
    spandsp = _library()
    sender = spandsp.t4_tx_init(_FFI.NULL, bytes(_ROW), 0, 0)
    if sender == _FFI.NULL:
        raise OSError(f"spandsp cannot read {_ROW.name}")
    try:
        spandsp.t4_tx_set_tx_encoding(sender, _T6)
        spandsp.t4_tx_set_row_read_handler(sender, _reader(), _FFI.cast("void *", drawer))
        if spandsp.t4_tx_start_page(sender):
            raise OSError("spandsp cannot code a page")
        return b"".join(iter(lambda: _chunk(sender), b""))
    finally:
        spandsp.t4_tx_free(sender)


def _chunk(sender: Any) -> bytes:
    chunk = _FFI.new("uint8_t []", _CHUNK)
    return bytes(_FFI.buffer(chunk, max(0, _library().t4_tx_get_chunk(sender, chunk, _CHUNK))))


@cache
def _reader() -> Any:
    """read(2): a handler is called with whatever it was given, a buffer, and the octets of a row, and tells how many
    it put there, none at the end.
    """
    libc: Any = _FFI.dlopen(None)
    return _FFI.cast("t4_row_read_handler_t", _FFI.addressof(libc, "read"))


@cache
def _library() -> Any:
    try:
        library: Any = _FFI.dlopen(LIBRARY)
    except OSError as error:
        raise OSError("spandsp is not installed (Debian package libspandsp2 or libspandsp2t64)") from error
    return library
