"""A folder as the last metre: what a sandbox channel sends lies there, for people and programs to look at."""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

CHUNK = 500
"""Files looked at at once."""

HALF_WRITTEN = re.compile(r"\.[0-9a-f]{32}")
HALF_WRITTEN_SECONDS = 86_400
"""After so long nobody writes it any more."""

NOBODYS = 0
"""No delivery has this id."""


@dataclass(frozen=True, slots=True)
class Special:
    """An address of a sandbox with a fate of its own; the reference page is made from these."""

    address: str
    english: str
    german: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A file that was deposited."""

    path: Path
    delivery_id: int
    """`NOBODYS`: a process died while it was written."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of the outbox."""

    folder: Path
    names: re.Pattern[str]
    """How its files are named; the group is the id of the delivery."""

    def pieces(self) -> Iterator[Piece]:
        """What lies on it; what others put there is left out. Raises: OSError."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                if found := self.names.match(entry.name):
                    yield Piece(Path(entry.path), int(found[1]))
                elif HALF_WRITTEN.fullmatch(entry.name) and _age(entry) > HALF_WRITTEN_SECONDS:
                    yield Piece(Path(entry.path), NOBODYS)


def further(walk: Iterator[Piece]) -> list[Piece]:
    """The next `CHUNK` of them; fewer: there are no more."""
    return list(islice(walk, CHUNK))


def remove(pieces: Iterable[Piece]) -> None:
    """Delete these files. Raises: OSError."""
    for piece in pieces:
        piece.path.unlink(missing_ok=True)


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


def _age(entry: os.DirEntry[str]) -> float:
    """Seconds since it was written last; none if it is gone."""
    try:
        return time.time() - entry.stat().st_mtime
    except FileNotFoundError:
        return 0


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
