"""Memory that C code asked for and did not get: it may go on without, and leave out of a page what it was for."""

import ctypes
import errno
from collections.abc import Iterator
from contextlib import contextmanager

_where = ctypes.CDLL(None)["__errno_location"]
_where.restype = ctypes.POINTER(ctypes.c_int)
"""Where a thread's errno is; ctypes itself has but copies of it."""


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
