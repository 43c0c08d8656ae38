"""Blobs: written once, read often, named by a key that nobody can guess.

A blob is first written, then (when the order that brought it is accepted) made durable with `Blobs.keep`: only then may
a database row name it. What was written and never kept is deleted by whoever wrote it. A process that dies cannot do
so: what it left is found by `Blobs.keys` (who knows the rows deletes what none of them names) and
`Blobs.clear_scratch`.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

CHUNK = 1 << 20
"""Bytes in memory for each open writer or reader."""

LISTED = 500
"""Keys that `Blobs.keys` gives at once: each chunk is one question to the database."""

_HALF_WRITTEN = "#"
"""Stands in the name of a file of the folder that is no whole blob yet, and in no key of ours."""


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
    """Takes bytes as they come; `close` gives the `Blob`, leaving without it gives nothing and keeps nothing.

    A step that was begun goes on in other threads when its caller is cancelled: only after its end can be deleted what
    it wrote. So `abort` waits for that end, and is not cut short itself.
    """

    def __init__(self, store: ObjectStore, key: str, limit: int) -> None:
        self._store = store
        self._key = key
        self._limit = limit
        self._size = 0
        self._digest = hashlib.sha256()
        self._writer = obstore.open_writer_async(store, key, buffer_size=CHUNK)
        self._step: asyncio.Future[object] | None = None
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
        await self._take(self._writer.write(data))

    async def close(self) -> Blob:
        """Raises: BlobError."""
        await self._take(self._writer.close())
        self._closed = True
        return Blob(self._key, self._size, self._digest.hexdigest())

    async def abort(self) -> None:
        """Forget what was written, even if the caller is cancelled meanwhile."""
        self._closed = True
        await _to_its_end(self._undo())

    async def _take(self, step: Coroutine[object, object, object]) -> None:
        self._step = asyncio.ensure_future(step)
        try:
            await asyncio.shield(self._step)
        except (BaseError, OSError) as error:
            raise BlobError(str(error)) from error

    async def _undo(self) -> None:
        if self._step is not None:
            with suppress(BaseError, OSError):
                await self._step
        with suppress(BaseError, OSError):
            await self._writer.close()  # what is only half there goes with it; closing twice is an error
        with suppress(BaseError, OSError):  # nothing may have been written; what stays is unnamed, and found by `keys`
            await obstore.delete_async(self._store, self._key)


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
        is_new = not root.exists()
        root.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(parents=True, exist_ok=True)
        if is_new:
            _fsync(root.parent)  # `keep` goes up to the root, and the root itself has to survive as well
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
        """Copy a file in. Raises: BlobError; OSError if it cannot be read; TooLarge if it grows meanwhile."""
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
            try:
                with path.open("wb") as file:
                    async for chunk in self.chunks(key):
                        await asyncio.to_thread(file.write, chunk)
            except OSError as error:
                raise BlobError(f"there is no room for a copy of blob {key}: {error}") from error
            yield path

    @asynccontextmanager
    async def workplace(self) -> AsyncIterator[Path]:
        """An empty folder of one's own, removed with all that is in it at the end of the context. Raises: BlobError."""
        try:
            place, lock = _new_place(self._scratch)
        except OSError as error:
            raise BlobError(f"there is no room to work in: {error}") from error
        try:
            yield place
        finally:
            try:
                await _to_its_end(asyncio.to_thread(shutil.rmtree, place, ignore_errors=True))
            finally:
                os.close(lock)

    async def clear_scratch(self) -> int:
        """Empty the folder of short-lived copies; returns how many entries went. Raises: BlobError, if it is gone.

        Workplaces of living processes stay, whichever process it is. Everything else counts as left by a dead one: to
        be called before others than `workplace` put something there.
        """
        try:
            return await asyncio.to_thread(_clear, self._scratch)
        except OSError as error:
            raise BlobError(str(error)) from error

    async def keys(self, older_than: datetime) -> AsyncIterator[list[str]]:
        """Keys of what was written last before then, at most `LISTED` at once, in no order. Raises: BlobError.

        Among them is what never became a whole blob, where that can be seen; `delete` takes these keys, too. A request
        holds whole blobs that no row names yet for as long as the rest of it takes to arrive, which on a bad line is
        days: whoever deletes what no row names asks for what is older than that.
        """
        try:
            if self._root is None:
                async for found in obstore.list(self._store, chunk_size=LISTED):
                    if keys := [entry["path"] for entry in found if entry["last_modified"] < older_than]:
                        yield keys
            else:
                walk = _walk(self._root, older_than.timestamp())
                while further := await asyncio.to_thread(_further, walk):
                    yield further
        except (BaseError, OSError) as error:
            raise BlobError(str(error)) from error

    async def _is_empty(self, key: str) -> bool:
        try:
            return (await obstore.head_async(self._store, key))["size"] == 0
        except (BaseError, OSError):
            return False

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is there of them; a key that is gone already is no error.

        Raises: BlobError, after all were tried.
        """
        failed: Exception | None = None
        for key in keys:
            try:
                await self._delete(key)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                failed = error
        if failed is not None:
            raise BlobError(str(failed)) from failed

    async def _delete(self, key: str) -> None:
        if self._root is not None and _HALF_WRITTEN in key:
            await asyncio.to_thread((self._root / key).unlink)  # the store itself does not see it
        else:
            await obstore.delete_async(self._store, key)


async def _to_its_end(work: Coroutine[object, object, object]) -> None:
    """Carry `work` to its end; a cancellation that comes before is obeyed afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


def _walk(root: Path, older_than: float) -> Iterator[list[str]]:
    """Keys of the files under `root` that were changed last before `older_than` (seconds of the epoch), in chunks."""
    keys: list[str] = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            with suppress(FileNotFoundError):  # deleted meanwhile
                if path.stat().st_mtime < older_than:
                    keys.append(path.relative_to(root).as_posix())
            if len(keys) == LISTED:
                yield keys
                keys = []
    if keys:
        yield keys


def _further(walk: Iterator[list[str]]) -> list[str] | None:
    return next(walk, None)


def _new_place(scratch: Path) -> tuple[Path, int]:
    """A folder and the descriptor that holds its lock. Raises: OSError."""
    while True:
        place = Path(tempfile.mkdtemp(dir=scratch))
        lock = _lock(place)
        if lock is not None:
            return place, lock  # else another process cleared it away just now


def _clear(scratch: Path) -> int:
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
