"""Reading an archive, from its beginning to its end, in memory that does not grow with it."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from depesche.archive import tar
from depesche.archive.manifest import DATABASE, LARGEST, MANIFEST, SUMS, Damaged, Manifest

CHUNK = 1 << 20

Told = Callable[[int], None]
"""Hears how many bytes were read so far."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part; its bytes can be read until the next one is asked for."""

    name: str
    size: int
    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """All of it, for small ones."""
        return b"".join(self.chunks)


class Reader:
    """An open archive. Every method raises Damaged, OSError."""

    def __init__(self, file: BufferedReader) -> None:
        self._file = file

    def parts(self) -> Iterator[Part]:
        """All parts, the sums the last; behind them is nothing."""
        name = ""
        while name != SUMS:
            try:
                name, size = tar.read_header(self._exactly(tar.BLOCK))
            except tar.NoHeader:
                raise Damaged(f"no part begins where one should, at octet {self._file.tell() - tar.BLOCK}") from None
            chunks = self._chunks(size)
            yield Part(name, size, chunks)
            deque(chunks, maxlen=0)  # what nobody wanted to read
            if any(self._exactly(tar.padding(size))):
                raise Damaged(f"{name} ends in something else")
        if self._file.read(len(tar.END) + 1) != tar.END:
            raise Damaged("it has no end, or more than one")

    def _chunks(self, size: int) -> Iterator[bytes]:
        left = size
        while left:
            chunk = self._exactly(min(left, CHUNK))
            left -= len(chunk)
            yield chunk

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise Damaged("it is cut off")
        return data


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Raises: OSError."""
    with path.open("rb") as file:
        yield Reader(file)


def verify(path: Path, told: Told) -> Manifest:
    """Read all of it and compare each part with its sum. Raises: NotReadable, OSError."""
    with opened(path) as archive:
        parts = archive.parts()
        first = next(parts)
        if first.name != MANIFEST or first.size > LARGEST:
            raise Damaged("it does not begin with a manifest")
        data = first.read()
        manifest = Manifest.from_json(data)
        sums = hashlib.sha256(_line(first.name, hashlib.sha256(data).hexdigest()))
        done = first.size
        for number, part in enumerate(parts):
            digest = hashlib.sha256()
            for chunk in part.chunks:
                digest.update(chunk)
                done += len(chunk)
                told(done)
            if part.name == SUMS:
                _same(digest.hexdigest(), sums.hexdigest())
            else:
                _expected(number, part, digest.hexdigest(), manifest)
                sums.update(_line(part.name, digest.hexdigest()))
    return manifest


def _line(name: str, digest: str) -> bytes:
    return f"{digest}  {name}\n".encode()


def _same(found: str, wanted: str) -> None:
    """Which part it is that changed cannot be said without keeping all sums."""
    if found != wanted:
        raise Damaged(f"what is in it does not agree with its {SUMS}: `sha256sum --check {SUMS}` says where")


def _expected(number: int, part: Part, digest: str, manifest: Manifest) -> None:
    if (number == 0) != (part.name == DATABASE):
        raise Damaged(f"{part.name} is not where it belongs")
    if number == 0 and (part.size, digest) != (manifest.database_size, manifest.database_sha256):
        raise Damaged("its database is not the one that was written")
