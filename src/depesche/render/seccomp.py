"""A filter for system calls, by which a process and all it may ever start lose some of them for good (seccomp(2)).

Limits of processes (RLIMIT_NPROC) do not hold for root, and count what else the user runs. This one holds for
everybody, needs no right, and nothing takes it off again. What cannot fork leaves nothing behind when it is killed.
"""

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_RET_KILL_PROCESS, _RET_ERRNO, _RET_ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
"""linux/prctl.h, linux/seccomp.h."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""linux/bpf_common.h: load a word; jump if it is equal, at least, has one of the bits; return."""

_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data; each argument has two words, the lower one first on both machines."""

_CLONE_THREAD = 0x00010000
"""A thread is no process: it ends with the others."""

_X32 = 0x40000000
"""x86 calls from this number on are those of the x32 interface."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """A processor's numbers of the system calls that matter."""

    audit: int
    """AUDIT_ARCH of linux/audit.h."""

    clone: int
    forbidden: tuple[int, ...]
    """fork, vfork, setrlimit."""

    prlimit: int
    socket: int


_CLONE3, _IO_URING_SETUP = 435, 425
_MACHINES: Mapping[str, _Machine] = {
    "x86_64": _Machine(0xC000003E, clone=56, forbidden=(57, 58, 160), prlimit=302, socket=41),
    "aarch64": _Machine(0xC00000B7, clone=220, forbidden=(164,), prlimit=261, socket=198),
}


class _Instruction(ctypes.Structure):
    """struct sock_filter."""

    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def check() -> None:
    """Raises: OSError: this kernel has no such filters, or nobody wrote the numbers of this processor down."""
    _machine()
    try:
        prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, None)
    except OSError as error:
        if error.errno != errno.EFAULT:  # what a kernel that can do it says to a missing program
            raise OSError(errno.ENOSYS, "this kernel cannot filter system calls (seccomp)") from error


def forbid_processes() -> None:
    """No new process from now on, no higher limits, no network; threads are allowed. PR_SET_NO_NEW_PRIVS has to be set.

    Raises: OSError.
    """
    instructions = list(_filter(_machine()))
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))


def prctl(option: int, first: int, second: object = None) -> None:
    """prctl(2). Raises: OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(first), second, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")


def _machine() -> _Machine:
    name = os.uname().machine
    if name not in _MACHINES or sys.maxsize < 1 << 32:
        raise OSError(errno.ENOSYS, f"documents are not converted on {name}: its system calls are not known")
    return _MACHINES[name]


def _filter(machine: _Machine) -> Iterator[_Instruction]:
    """The program; `yes` and `no` are the instructions to skip."""
    yield _Instruction(_LOAD, k=_MACHINE)
    yield _Instruction(_EQUAL, 1, 0, machine.audit)
    yield _Instruction(_RETURN, k=_RET_KILL_PROCESS)  # 32-bit calls have other numbers
    yield _Instruction(_LOAD, k=_NUMBER)
    yield from _answer(_AT_LEAST, _X32, errno.EPERM)
    yield from _answer(_EQUAL, _CLONE3, errno.ENOSYS)  # its flags cannot be seen; the C library asks with clone then
    yield from _answer(_EQUAL, _IO_URING_SETUP, errno.ENOSYS)  # a way round this filter
    for number in machine.forbidden:
        yield from _answer(_EQUAL, number, errno.EPERM)
    yield from _only_threads(machine.clone)
    yield from _only_unix(machine.socket)
    yield from _only_reading(machine.prlimit)
    yield _Instruction(_RETURN, k=_RET_ALLOW)


def _answer(test: int, number: int, error: int) -> Iterator[_Instruction]:
    yield _Instruction(test, 0, 1, number)
    yield _Instruction(_RETURN, k=_RET_ERRNO | error)


def _only_threads(clone: int) -> Iterator[_Instruction]:
    """Of clone(2), the first argument: flags."""
    yield _Instruction(_EQUAL, 0, 4, clone)
    yield _Instruction(_LOAD, k=_ARGUMENTS)
    yield _Instruction(_ANY_BIT, 1, 0, _CLONE_THREAD)
    yield _Instruction(_RETURN, k=_RET_ERRNO | errno.EPERM)
    yield _Instruction(_RETURN, k=_RET_ALLOW)


def _only_unix(call: int) -> Iterator[_Instruction]:
    """Of socket(2), the first argument: the family. What is left ends on this machine, at a file of ours."""
    yield _Instruction(_EQUAL, 0, 4, call)
    yield _Instruction(_LOAD, k=_ARGUMENTS)
    yield _Instruction(_EQUAL, 1, 0, socket.AF_UNIX)
    yield _Instruction(_RETURN, k=_RET_ERRNO | errno.EACCES)
    yield _Instruction(_RETURN, k=_RET_ALLOW)


def _only_reading(prlimit: int) -> Iterator[_Instruction]:
    """Of prlimit(2), the third argument: where the new limits are, or NULL."""
    lower = _ARGUMENTS + 2 * 8
    yield _Instruction(_EQUAL, 0, 5, prlimit)
    yield _Instruction(_LOAD, k=lower)
    yield _Instruction(_EQUAL, 0, 2, 0)
    yield _Instruction(_LOAD, k=lower + 4)
    yield _Instruction(_EQUAL, 1, 0, 0)
    yield _Instruction(_RETURN, k=_RET_ERRNO | errno.EPERM)
