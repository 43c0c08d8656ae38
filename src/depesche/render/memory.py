"""Memory of C code: what it holds, and what it asked for and did not get; then it may leave something out of a page."""

import ctypes
import errno
from collections.abc import Iterator
from contextlib import contextmanager

_where = ctypes.CDLL(None)["__errno_location"]
_where.restype = ctypes.POINTER(ctypes.c_int)
"""Where a thread's errno is; ctypes itself has but copies of it."""


class _Info(ctypes.Structure):
    """mallinfo2(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


_mallinfo = ctypes.CDLL(None)["mallinfo2"]
_mallinfo.restype = _Info


def in_use() -> int:
    """Octets that C code of this process has asked for and not given back; to ask takes 20 µs."""
    info = _mallinfo()
    return int(info.uordblks + info.hblkhd)


@contextmanager
def enough() -> Iterator[None]:
    """Around calls of C code of this thread that does nothing else meanwhile.

    The C library leaves ENOMEM in errno when it refuses memory, and whatever succeeds later leaves it there.

    Raises: MemoryError: somebody inside was refused memory, even if nothing else tells of it.
    """
    error = _where().contents
    error.value = 0
    yield
    if error.value == errno.ENOMEM:
        raise MemoryError
