"""A blob on its way into S3: one request while it is small, else parts of one upload.

S3 takes no part below 5 MiB but the last, and what was begun in parts stays there, unseen and paid for, until it is
completed or given up. So the parts are read by obstore from here: where they end with an error, it gives the upload up.
"""

import asyncio
from contextlib import suppress
from typing import Self

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

PIECE = 1 << 20
"""Bytes that are handed to obstore at once; it makes parts of them."""

PART = 5 << 20
"""Bytes of one part, and of what is held before the first is sent."""

PARTS_AT_ONCE = 2
"""On the way at the same time; a third is filled meanwhile."""


class _GivenUp(ConnectionAbortedError):
    """Nobody wants it any more."""


class Upload:
    """Takes bytes as they come; after an error of `write` or `close` there is only `abort`."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self._held: list[bytes] = []
        self._size = 0
        """Bytes in `_held`."""

        self._parts: _Parts | None = None
        self._closing = False

    async def write(self, data: bytes) -> None:
        """Raises: obstore's errors, OSError."""
        self._held.append(data)
        self._size += len(data)
        if self._parts is None and self._size > PART:
            self._parts = _Parts(self._store, self._key)
        if self._parts is not None and self._size >= PIECE:
            await self._parts.give(self._let_go())

    async def close(self) -> None:
        """It is there when this returns. Raises: obstore's errors, OSError."""
        self._closing = True
        if self._parts is None:
            await obstore.put_async(self._store, self._key, self._let_go(), use_multipart=False)
        else:
            await self._parts.give(self._let_go())
            await self._parts.end()

    def stop(self) -> None:
        """Nobody wants it any more: a step under way ends, if need be with an error."""
        if self._parts is not None:
            self._parts.stop()

    async def abort(self) -> None:
        """Nothing of it is there when this returns, as far as S3 answers. Call it after the end of the last step."""
        self._held.clear()
        if self._parts is not None:
            await self._parts.ended()
        if self._closing:
            with suppress(BaseError, OSError):
                await obstore.delete_async(self._store, self._key)

    def _let_go(self) -> bytes:
        held, self._held, self._size = b"".join(self._held), [], 0
        return held


class _Parts:
    """The bytes of one upload: handed over here, fetched by obstore when it has room for them."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._next: asyncio.Queue[bytes | _GivenUp | None] = asyncio.Queue(1)
        put = obstore.put_async(store, key, self, chunk_size=PART, max_concurrency=PARTS_AT_ONCE)
        self._work = asyncio.ensure_future(put)

    async def give(self, data: bytes | None) -> None:
        """Waits for room; None is the end. Raises: what the upload failed with."""
        giving = asyncio.ensure_future(self._next.put(data))
        await asyncio.wait({giving, self._work}, return_when=asyncio.FIRST_COMPLETED)
        if self._work.done():
            giving.cancel()
            self._work.result()

    async def end(self) -> None:
        """That was all of it; returns when the upload is complete. Raises: what it failed with."""
        await self.give(None)
        await asyncio.wait({self._work})
        self._work.result()

    def stop(self) -> None:
        while not self._next.empty():
            self._next.get_nowait()
        self._next.put_nowait(_GivenUp())

    async def ended(self) -> None:
        """Returns when the upload has ended, one way or the other."""
        with suppress(BaseError, OSError):
            await self._work

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        data = await self._next.get()
        if self._work.done():
            return b""  # nobody listens any more, to errors either
        if data is None:
            raise StopAsyncIteration
        if isinstance(data, _GivenUp):
            raise data
        return data
