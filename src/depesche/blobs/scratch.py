"""Places to work in: folders of this machine that live no longer than their process."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


def new_place(scratch: Path) -> tuple[Path, int]:
    """A folder and the descriptor that holds its lock. Raises: OSError."""
    while True:
        place = Path(tempfile.mkdtemp(dir=scratch))
        lock = _lock(place)
        if lock is not None:
            return place, lock  # else another process cleared it away just now


def clear(scratch: Path) -> int:
    """Delete what no living process works in; gives how many entries went. Raises: OSError."""
    return sum(_clear_entry(entry) for entry in list(scratch.iterdir()))


def _clear_entry(entry: Path) -> bool:
    """Whether it is gone; what cannot be deleted stays for the operator to see, and so does what is in use."""
    with suppress(OSError):
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
        elif (lock := _lock(entry)) is not None:
            shutil.rmtree(entry, ignore_errors=True)
            os.close(lock)
    return not os.path.lexists(entry)


def _lock(place: Path) -> int | None:
    """A descriptor that locks the folder until it is closed, at the latest by the end of the process.

    None: another one has the lock, or the folder is gone. Raises: OSError.
    """
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not place.exists():
        os.close(descriptor)
        return None
    return descriptor
