"""A file that nobody should touch, and who did."""

import ctypes
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_OPENED = 0x00000020 | 0x00000001
"""IN_OPEN and IN_ACCESS of sys/inotify.h."""

_HEAD = struct.Struct("iIII")


@contextmanager
def canaries(folder: Path) -> Iterator[Callable[[], list[str]]]:
    """The names of what was opened or read in the folder since the last time that one asked (inotify(7))."""
    libc = ctypes.CDLL(None, use_errno=True)
    watching = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if watching < 0 or libc.inotify_add_watch(watching, os.fsencode(folder), _OPENED) < 0:
        raise OSError(ctypes.get_errno(), "inotify")

    def touched() -> list[str]:
        names = []
        try:
            while data := os.read(watching, 1 << 16):
                names += list(_names(data))
        except BlockingIOError:
            return names
        return names

    try:
        yield touched
    finally:
        os.close(watching)


def _names(data: bytes) -> Iterator[str]:
    while data:
        _, _, _, length = _HEAD.unpack_from(data)
        yield data[_HEAD.size : _HEAD.size + length].rstrip(b"\0").decode()
        data = data[_HEAD.size + length :]
