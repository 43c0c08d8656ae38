"""A recipient file on this machine's disk: read from the beginning as often as wanted, never whole in memory."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from depesche.model.recipients import Given, encoding_of, from_lines

PIECE = 1 << 16
"""Octets read at once."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file that has been read through once."""

    path: Path
    encoding: str
    rows: int
    fingerprint: str
    """As `fingerprint` of its rows."""

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[Given]:
        return _rows(self.path, self.encoding)


def read_list(path: Path) -> ListFile:
    """Read it through: can it be read at all, how many rows has it, which? Raises: NoList, OSError."""
    with path.open("rb") as file:
        encoding = encoding_of(iter(lambda: file.read(PIECE), b""))
    digest, rows = hashlib.sha256(), 0
    for given in _rows(path, encoding):
        digest.update(_words(given))
        rows += 1
    return ListFile(path, encoding, rows, digest.hexdigest())


def fingerprint(rows: Iterable[Given]) -> str:
    """Equal for the same addresses with the same reference ids in the same order."""
    digest = hashlib.sha256()
    for given in rows:
        digest.update(_words(given))
    return digest.hexdigest()


def _rows(path: Path, encoding: str) -> Iterator[Given]:
    with path.open(encoding=encoding, newline="") as lines:
        yield from from_lines(lines)


def _words(given: Given) -> bytes:
    return f"{given.address}\0{given.reference}\0".encode("utf-8", "surrogatepass")
