"""A fence around files: a process and all it starts reach what is inside, and nothing else, for good (landlock(7)).

bubblewrap shows LibreOffice no file of the host. This one holds where namespaces are not allowed as well, for any user
and without any right, on kernels from 5.13 on that have it switched on.
"""

import ctypes
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System calls; they have these numbers on every processor."""

_VERSION, _PATH_BENEATH = 1, 1
"""linux/landlock.h: LANDLOCK_CREATE_RULESET_VERSION, LANDLOCK_RULE_PATH_BENEATH."""

_FILE = 0b111 | 1 << 14
"""Rights that a file can have, and no folder needs: execute, write, read; truncate."""

READ = 0b1101
"""Execute, read a file, read a folder."""

REMOVE_FOLDER, REMOVE_FILE, MAKE_SOCKET = 1 << 4, 1 << 5, 1 << 9

_FIRST = (1 << 13) - 1
"""All rights of the first version."""

_MOVE, _TRUNCATE = 1 << 13, 1 << 14
"""Rights that the second and the third version know."""

ALL = _FIRST | _MOVE | _TRUNCATE


class _Ruleset(ctypes.Structure):
    """struct landlock_ruleset_attr, as the first version has it."""

    _fields_ = (("handled", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    """struct landlock_path_beneath_attr."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """What this kernel's fence can do; 0 or less if it has none."""
    return _call(_CREATE_RULESET, None, 0, _VERSION)


def confine(allowed: Mapping[Path, int]) -> bool:
    """Reach no files but those in (or at) these places, with these rights; PR_SET_NO_NEW_PRIVS has to be set.

    What does not exist is left out. Returns: False, and nothing was changed, where the kernel has no such fence.
    Raises: OSError.
    """
    known = version()
    if known < 1:
        return False
    handled = _FIRST | (_MOVE if known > 1 else 0) | (_TRUNCATE if known > 2 else 0)
    ruleset = _checked(_call(_CREATE_RULESET, ctypes.byref(_Ruleset(handled)), ctypes.sizeof(_Ruleset), 0))
    try:
        for path, rights in allowed.items():
            with suppress(FileNotFoundError):
                _allow(ruleset, path, rights & handled)
        _checked(_call(_RESTRICT_SELF, ruleset, 0, 0))
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Beneath(rights if path.is_dir() else rights & _FILE, place)
        _checked(_call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    """The result; -1 where it failed."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    words = (ctypes.c_long(word) if isinstance(word, int) else word for word in arguments)
    return int(libc.syscall(ctypes.c_long(number), *words))


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    return result
