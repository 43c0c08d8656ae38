"""A folder as the last metre: what a sandbox channel sends lies there, for people and programs to look at."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Special:
    """An address of a sandbox with a fate of its own; the reference page is made from these."""

    address: str
    english: str
    german: str


def deposit(folder: Path, name: str, pieces: Iterable[bytes]) -> Path:
    """Write `name` so that it is there whole and for good, or not at all. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    write_whole(target, pieces, mode=0o600)
    return target


def write_whole(target: Path, pieces: Iterable[bytes], *, mode: int) -> None:
    """Write a file, new or in place of an old one, so that it is there whole and for good, or as it was before.

    `mode` is that of the file, less what the umask takes away. Raises: OSError.
    """
    temporary = target.with_name(f".{secrets.token_hex(16)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):  # interrupted when it had its name already
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
