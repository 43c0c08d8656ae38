"""What a child of the conversion process gives up before it opens a stranger's document."""

import ctypes
import os
import resource
import signal
from math import ceil

from depesche.render.wire import Request, Task

OPEN_FILES = 64

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
"""prctl(2)."""

_MAKES_THREADS = {Task.TEXT_PAGE, Task.PLAIN_TEXT}
"""Pango looks for fonts in a thread of its own."""


def seal() -> None:
    """No debugger of the same user may look in, no set-uid program gives rights; children inherit both."""
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with(parent: int) -> None:
    """Be killed when the process `parent` ends, in whatever way."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def confine(request: Request) -> None:
    """Limit address space, processor time, written octets, open files and processes for good."""
    seconds = ceil(request.seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # SIGXCPU first, so that the reason can be told
    limits = {
        resource.RLIMIT_AS: request.memory,
        resource.RLIMIT_FSIZE: request.output,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if request.task not in _MAKES_THREADS:
        limits[resource.RLIMIT_NPROC] = 0
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")
