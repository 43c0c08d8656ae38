"""What a line process leaves on disk about a call that it makes, so that its end does not leave us ignorant.

A file a call. It is made before the call is dialled, and says so when the call was taken: a call that was never taken
sent nothing, whoever died meanwhile. A page is sent five seconds after that at the earliest.
"""

import os
from enum import Enum
from pathlib import Path

_TAKEN = b"taken\n"


class Known(Enum):
    """What a file tells."""

    NOTHING = "there is no file"
    NOT_TAKEN = "the call was not taken"
    TAKEN = "the call was taken"


def open_note(path: Path) -> None:
    """Before the call is dialled; durable. Raises: OSError."""
    path.touch(mode=0o600)
    _sync(path)
    _sync(path.parent)


def note_taken(path: Path) -> None:
    """As soon as the call is taken; durable. Raises: OSError."""
    with path.open("ab") as file:
        file.write(_TAKEN)
        file.flush()
        os.fsync(file.fileno())


def known(path: Path) -> Known:
    """What is told of a call."""
    try:
        return Known.TAKEN if path.read_bytes() else Known.NOT_TAKEN
    except FileNotFoundError:
        return Known.NOTHING


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
