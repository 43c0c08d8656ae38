"""What a child of the conversion process gives up before it opens a stranger's document."""

import os
import resource
import signal
from math import ceil

from depesche.render.seccomp import check, forbid_processes, prctl
from depesche.render.wire import Request

OPEN_FILES = 64

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
"""prctl(2)."""


def seal() -> None:
    """No debugger of the same user may look in, no set-uid program gives rights; children inherit both.

    Raises: OSError: children could not be confined here.
    """
    check()
    prctl(_PR_SET_DUMPABLE, 0)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with(parent: int) -> None:
    """Be killed when the process `parent` ends, in whatever way."""
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def confine(request: Request) -> None:
    """Limit address space, processor time, written octets and open files, and forbid new processes, for good.

    Raises: OSError.
    """
    seconds = ceil(request.seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))  # SIGXCPU first, so that the reason can be told
    limits = {
        resource.RLIMIT_AS: request.memory,
        resource.RLIMIT_FSIZE: request.output,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    forbid_processes()
