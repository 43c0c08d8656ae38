"""Blobs as files of a folder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from depesche.blobs.key import is_key

BUFFER = 1 << 20
"""Bytes in memory for each blob that is written."""


class Staged:
    """A blob on its way into the folder: a file beside it, which takes its name when it is whole."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self._writer = obstore.open_writer_async(store, key, buffer_size=BUFFER)

    async def write(self, data: bytes) -> None:
        await self._writer.write(data)

    async def close(self) -> None:
        await self._writer.close()

    def stop(self) -> None:
        """A step here ends by itself."""

    async def abort(self) -> None:
        with suppress(BaseError, OSError):
            await self._writer.close()  # what is only half there goes with it; closing twice is an error
        with suppress(BaseError, OSError):  # nothing may have been written; what stays is unnamed, and found by `keys`
            await obstore.delete_async(self._store, self._key)


def walk(root: Path, older_than: float, most: int) -> Iterator[list[str]]:
    """Keys of the files under `root` that were changed last before `older_than` (seconds of the epoch).

    At most so many at once; what is half-written counts, too.
    """
    keys: list[str] = []
    start = len(f"{root}/")
    for folder, _, names in os.walk(root):
        for name in names:
            path = f"{folder}/{name}"
            with suppress(FileNotFoundError):  # deleted meanwhile
                if is_key(path[start:]) and os.stat(path).st_mtime < older_than:  # noqa: PTH116  there may be millions
                    keys.append(path[start:])
            if len(keys) == most:
                yield keys
                keys = []
    if keys:
        yield keys


def further(walk: Iterator[list[str]]) -> list[str] | None:
    """The next of them, for a thread of its own; None: that was all."""
    return next(walk, None)


def reach(root: Path) -> None:
    """See whether it is there and can be written. Raises: OSError."""
    with tempfile.TemporaryFile(dir=root):
        pass


def sync(paths: list[Path], root: Path) -> None:
    """fsync the files, and each folder from theirs up to the root, which may have been made for them."""
    folders: set[Path] = set()
    for path in paths:
        fsync(path)
        folders.update(parent for parent in path.parents if parent.is_relative_to(root))
    for folder in folders:
        fsync(folder)


def fsync(path: Path) -> None:
    """A file, or a folder with the names in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
