"""Blobs: written once, read often, named by a key that nobody can guess.

A blob is first written, then (when the order that brought it is accepted) made durable with `Blobs.keep`: only then may
a database row name it. What was written and never kept is deleted by whoever wrote it. A process that dies cannot do
so: what it left is found by `Blobs.keys` (who knows the rows deletes what none of them names) and
`Blobs.clear_scratch`.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from depesche.blobs.bucket import open_bucket
from depesche.blobs.folder import Staged, fsync, further, reach, sync, walk
from depesche.blobs.key import HALF_WRITTEN, is_key, new_key
from depesche.blobs.scratch import clear, new_place
from depesche.blobs.upload import Upload
from depesche.config import Blobs as Place

if TYPE_CHECKING:  # it exists nowhere else
    from obstore import ObjectMeta

T = TypeVar("T")

CHUNK = 1 << 20
"""Bytes that are read or written at once."""

LISTED = 500
"""Keys that `Blobs.keys` gives at once: each chunk is one question to the database."""

CLEARING = 1.0
"""Seconds for which a caller waits until S3 has deleted what came to nothing: its own answer is in a hurry."""

BULK = 1000
"""Keys that S3 deletes at once."""

LONGEST_REASON = 300
"""Characters of what a store says about an error."""


class BlobError(Exception):
    """The place for blobs is full, gone or not readable."""


class BlobGone(BlobError):
    """The place for blobs is there, and has no blob of this key."""


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
    it wrote. So `abort` waits for that end, and is not cut short itself; S3 is waited for no longer than `CLEARING`,
    and what is left to do then is done behind the caller's back.
    """

    def __init__(self, target: Staged | Upload, key: str, limit: int, seconds: float | None) -> None:
        """`seconds` is the time for a step, if there is a limit."""
        self._target = target
        self._key = key
        self._limit = limit
        self._seconds = seconds
        self._size = 0
        self._digest = hashlib.sha256()
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
        await self._take(self._target.write(data))

    async def close(self) -> Blob:
        """Raises: BlobError."""
        await self._take(self._target.close())
        self._closed = True
        return Blob(self._key, self._size, self._digest.hexdigest())

    async def abort(self) -> None:
        """Forget what was written, even if the caller is cancelled meanwhile."""
        self._closed = True
        await _to_its_end(self._undo(), None if self._seconds is None else CLEARING)

    async def _take(self, step: Coroutine[object, object, object]) -> None:
        self._step = asyncio.ensure_future(step)
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.shield(self._step)
        except (BaseError, OSError) as error:
            raise BlobError(_said(error)) from error

    async def _undo(self) -> None:
        self._target.stop()
        if self._step is not None:
            with suppress(BaseError, OSError):
                await self._step
        await self._target.abort()


class Blobs:
    """All blobs of one installation."""

    def __init__(
        self, store: ObjectStore, scratch: Path, root: Path | None = None, seconds: float | None = None
    ) -> None:
        """`scratch` holds short-lived local copies; `root` is the folder behind a local `store`.

        No step with the store takes longer than `seconds`.
        """
        self._store = store
        self._scratch = scratch
        self._root = root
        self._seconds = seconds

    @classmethod
    def at(cls, place: Place, root: Path, scratch: Path) -> Self:
        """Where the settings say; `root` is the folder for those that name no bucket."""
        return cls.in_bucket(place, scratch) if place.url else cls.in_folder(root, scratch)

    @classmethod
    def in_folder(cls, root: Path, scratch: Path) -> Self:
        """Blobs in a folder of this machine."""
        is_new = not root.exists()
        root.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(parents=True, exist_ok=True)
        if is_new:
            fsync(root.parent)  # `keep` goes up to the root, and the root itself has to survive as well
        return cls(LocalStore(root), scratch, root)

    @classmethod
    def in_bucket(cls, place: Place, scratch: Path) -> Self:
        """Blobs in S3; nobody is asked yet whether it answers."""
        scratch.mkdir(parents=True, exist_ok=True)
        return cls(open_bucket(place), scratch, seconds=place.seconds)

    async def reach(self) -> None:
        """See whether the place for blobs is there, and answers. Raises: BlobError."""
        try:
            if self._root is None:
                await self._in_time(obstore.list_with_delimiter_async(self._store))
            else:
                await asyncio.to_thread(reach, self._root)
        except (BaseError, OSError) as error:
            raise BlobError(_said(error)) from error

    def writer(self, kind: str, limit: int) -> BlobWriter:
        """A new blob of at most `limit` bytes; `kind` is the first word of its key (``order``, ``inbound``)."""
        return self.writer_at(new_key(kind), limit)

    def writer_at(self, key: str, limit: int) -> BlobWriter:
        """The same for a blob that has its key already, in another place; what lies here under it is replaced."""
        target = Upload(self._store, key) if self._root is None else Staged(self._store, key)
        return BlobWriter(target, key, limit, self._seconds)

    async def put(self, kind: str, data: bytes) -> Blob:
        """Write `data` at once. Raises: BlobError."""
        async with self.writer(kind, len(data)) as writer:
            for begin in range(0, len(data), CHUNK):
                await writer.write(data[begin : begin + CHUNK])
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
                await asyncio.to_thread(sync, paths, self._root)
            except OSError as error:
                raise BlobError(str(error)) from error

    async def head(self, key: str, length: int) -> bytes:
        """The first `length` bytes (at least 1), or all if there are fewer. Raises: BlobError."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._head(key, length)
        except (BaseError, OSError) as error:
            raise BlobError(f"blob {key} cannot be read: {_said(error)}") from error

    async def _head(self, key: str, length: int) -> bytes:
        try:
            response = await obstore.get_async(self._store, key, options={"range": (0, length)})
            return bytes(await response.bytes_async())
        except (BaseError, OSError):
            if await self._is_empty(key):
                return b""  # of nothing there is no range
            raise

    async def chunks(self, key: str) -> AsyncIterator[bytes]:
        """The bytes of a blob, piece by piece. Raises: BlobGone, BlobError."""
        try:
            response = await self._in_time(obstore.get_async(self._store, key))
            pieces = aiter(response.stream(min_chunk_size=CHUNK))
            while piece := await self._in_time(anext(pieces, b"")):
                yield bytes(piece)
        except FileNotFoundError as error:
            await self.reach()  # with the whole place gone nothing is known of the blob
            raise BlobGone(f"blob {key} is gone") from error
        except (BaseError, OSError) as error:
            raise BlobError(f"blob {key} cannot be read: {_said(error)}") from error

    async def _in_time(self, step: Awaitable[T]) -> T:
        async with asyncio.timeout(self._seconds):
            return await step

    async def read(self, key: str) -> bytes:
        """The whole of a blob. Raises: BlobError."""
        return b"".join([chunk async for chunk in self.chunks(key)])

    @asynccontextmanager
    async def local(self, key: str) -> AsyncIterator[Path]:
        """A readable file with the bytes of the blob, for as long as the context lasts. Raises: BlobGone, BlobError."""
        if self._root is not None:
            path = self._root / key
            if not path.is_file():
                await self.reach()
                raise BlobGone(f"blob {key} is gone")
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
            place, lock = new_place(self._scratch)
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
            return await asyncio.to_thread(clear, self._scratch)
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
                listing = aiter(obstore.list(self._store, chunk_size=LISTED))
                while found := await self._in_time(anext(listing, [])):
                    if keys := [entry["path"] for entry in found if _is_old(entry, older_than)]:
                        yield keys
            else:
                files = walk(self._root, older_than.timestamp(), LISTED)
                while some := await asyncio.to_thread(further, files):
                    yield some
        except (BaseError, OSError) as error:
            raise BlobError(_said(error)) from error

    async def _is_empty(self, key: str) -> bool:
        try:
            return (await obstore.head_async(self._store, key))["size"] == 0
        except (BaseError, OSError):
            return False

    async def delete(self, keys: Iterable[str], seconds: float | None = None) -> None:
        """Delete what is there of them; a key that is gone already is no error.

        S3 gets so many `seconds` for each `BULK` of keys, or `CLEARING`. Raises: BlobError, after all were tried.
        """
        failed: Exception | None = None
        steps = iter(keys)
        while some := list(islice(steps, BULK if self._root is None else 1)):
            try:
                async with asyncio.timeout(None if self._seconds is None else seconds or CLEARING):
                    await self._delete(some)
            except FileNotFoundError:
                continue
            except (BaseError, OSError) as error:
                failed = error
        if failed is not None:
            raise BlobError(_said(failed)) from failed

    async def _delete(self, keys: list[str]) -> None:
        if self._root is not None and HALF_WRITTEN in keys[0]:
            await asyncio.to_thread((self._root / keys[0]).unlink)  # the store itself does not see it
        else:
            await obstore.delete_async(self._store, keys)


async def _to_its_end(work: Coroutine[object, object, object], seconds: float | None = None) -> None:
    """Carry `work` to its end; a cancellation that comes before is obeyed afterwards.

    After so many `seconds` nobody waits for it any more, and it goes on alone: its errors are nobody's then.
    """
    task = asyncio.ensure_future(work)
    clock = asyncio.get_running_loop().time
    until = None if seconds is None else clock() + seconds
    cancelled: asyncio.CancelledError | None = None
    while not task.done() and (until is None or clock() < until):
        try:
            await asyncio.wait([task], timeout=None if until is None else until - clock())
        except asyncio.CancelledError as error:
            cancelled = error
    if task.done():
        task.result()
    else:
        _going_on.add(task)
        task.add_done_callback(_going_on.discard)
    if cancelled is not None:
        raise cancelled


_going_on: set[asyncio.Future[object]] = set()
"""The event loop itself would forget them."""


def _said(error: Exception) -> str:
    """In one line; S3 tells stories."""
    words = " ".join(str(error).partition("\n\nDebug source")[0].split())
    return words[:LONGEST_REASON] or "no answer in time"


def _is_old(entry: "ObjectMeta", older_than: datetime) -> bool:
    return entry["last_modified"] < older_than and is_key(entry["path"])
