"""Blobs: written once, read often, named by a key that nobody can guess.

A blob is first written, then (when the order that brought it is accepted) made durable with `Blobs.keep`: only then may
a database row name it. What was written and never kept is deleted by its writer, or swept after a crash.
"""

import asyncio
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

CHUNK = 1 << 20
"""Bytes in memory for each open writer or reader."""


class BlobError(Exception):
    """The place for blobs is full, gone or not readable."""


class TooLarge(Exception):
    """More bytes came than this blob may hold."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What a row keeps of a blob."""

    key: str
    size: int
    sha256: str


class BlobWriter:
    """Takes bytes as they come; `close` gives the `Blob`, leaving without it gives nothing and keeps nothing."""

    def __init__(self, store: ObjectStore, key: str, limit: int) -> None:
        self._store = store
        self._key = key
        self._limit = limit
        self._size = 0
        self._digest = hashlib.sha256()
        self._writer = obstore.open_writer_async(store, key, buffer_size=CHUNK)
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closed:
            await self.abort()

    async def write(self, data: bytes) -> None:
        """Raises: TooLarge, BlobError."""
        self._size += len(data)
        if self._size > self._limit:
            raise TooLarge(f"more than {self._limit} bytes")
        self._digest.update(data)
        try:
            await self._writer.write(data)
        except (BaseError, OSError) as error:
            raise BlobError(str(error)) from error

    async def close(self) -> Blob:
        """Raises: BlobError."""
        try:
            await self._writer.close()
        except (BaseError, OSError) as error:
            raise BlobError(str(error)) from error
        self._closed = True
        return Blob(self._key, self._size, self._digest.hexdigest())

    async def abort(self) -> None:
        """Forget what was written."""
        self._closed = True
        try:
            await self._writer.close()
            await obstore.delete_async(self._store, self._key)
        except (BaseError, OSError):
            return  # the sweep finds it


class Blobs:
    """All blobs of one installation."""

    def __init__(self, store: ObjectStore, scratch: Path, root: Path | None = None) -> None:
        """`scratch` holds short-lived local copies; `root` is the folder behind a local `store`."""
        self._store = store
        self._scratch = scratch
        self._root = root

    @classmethod
    def in_folder(cls, root: Path, scratch: Path) -> Self:
        """Blobs in a folder of this machine."""
        root.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(root), scratch, root)

    def writer(self, kind: str, limit: int) -> BlobWriter:
        """A new blob of at most `limit` bytes; `kind` is the first word of its key (``order``, ``inbound``)."""
        name = uuid.uuid4().hex
        return BlobWriter(self._store, f"{kind}/{name[:2]}/{name}", limit)

    async def put(self, kind: str, data: bytes) -> Blob:
        """Write `data` at once. Raises: BlobError."""
        async with self.writer(kind, len(data)) as writer:
            await writer.write(data)
            return await writer.close()

    async def put_file(self, kind: str, path: Path) -> Blob:
        """Copy a file in. Raises: BlobError."""
        with path.open("rb") as file:
            async with self.writer(kind, os.fstat(file.fileno()).st_size) as writer:
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    await writer.write(chunk)
                return await writer.close()

    async def keep(self, blobs: Iterable[Blob]) -> None:
        """Make them survive a power cut. Raises: BlobError."""
        if self._root is None:
            return  # S3 answers a put when it is durable
        paths = [self._root / blob.key for blob in blobs]
        if paths:
            try:
                await asyncio.to_thread(_sync, paths, self._root)
            except OSError as error:
                raise BlobError(str(error)) from error

    async def head(self, key: str, length: int) -> bytes:
        """The first `length` bytes (at least 1), or all if there are fewer. Raises: BlobError."""
        try:
            response = await obstore.get_async(self._store, key, options={"range": (0, length)})
            return bytes(await response.bytes_async())
        except (BaseError, OSError) as error:
            if await self._is_empty(key):
                return b""  # of nothing there is no range
            raise BlobError(f"blob {key} cannot be read: {error}") from error

    async def chunks(self, key: str) -> AsyncIterator[bytes]:
        """The bytes of a blob, piece by piece. Raises: BlobError."""
        try:
            response = await obstore.get_async(self._store, key)
            async for chunk in response.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)
        except (BaseError, OSError) as error:
            raise BlobError(f"blob {key} cannot be read: {error}") from error

    async def read(self, key: str) -> bytes:
        """The whole of a blob. Raises: BlobError."""
        return b"".join([chunk async for chunk in self.chunks(key)])

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """A readable file with the bytes of the blob, for as long as the context lasts. Raises: BlobError."""
        if self._root is not None:
            path = self._root / key
            if not path.is_file():
                raise BlobError(f"blob {key} is gone")
            yield path
            return
        async with self.workplace() as place:
            path = place / "blob"
            with path.open("wb") as file:
                async for chunk in self.chunks(key):
                    await asyncio.to_thread(file.write, chunk)
            yield path

    @asynccontextmanager
    async def workplace(self) -> AsyncIterator[Path]:
        """An empty folder of one's own, removed with all that is in it at the end of the context."""
        place = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            yield place
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    async def _is_empty(self, key: str) -> bool:
        try:
            return (await obstore.head_async(self._store, key))["size"] == 0
        except (BaseError, OSError):
            return False

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is there of them; a key that is gone already is no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                raise BlobError(str(error)) from error


def _sync(paths: list[Path], root: Path) -> None:
    """fsync the files, and each folder from theirs up to the root, which may have been made for them."""
    folders: set[Path] = set()
    for path in paths:
        _fsync(path)
        folders.update(parent for parent in path.parents if parent.is_relative_to(root))
    for folder in folders:
        _fsync(folder)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
