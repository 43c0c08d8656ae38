"""A folder as the last metre: what a sandbox channel sends lies there, for people and programs to look at."""

import os
import tempfile
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
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".")
    target = folder / name
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink()
        raise
    _sync_folder(folder)
    return target


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
