"""Expand: what a long list holds becomes deliveries, chunk by chunk, behind the answer to its order."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from depesche.blobs.store import BlobError
from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.model.roll import Entry
from depesche.store import bell, expansions
from depesche.store.expansions import Expansion
from depesche.store.roll import kept

CHUNK = 500
"""Recipients in one transaction: a single order that comes meanwhile waits as long."""

AT_A_TIME = 80
"""Chunks of one list, then it is another's turn."""

PAUSE = timedelta(minutes=1)
"""For a list that cannot be read."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Opened:
    """The list that is worked on, and where it can be read."""

    one: Expansion
    path: Path
    hold: AsyncExitStack
    chunks: int = 0


class Expander:
    """Works on one list at a time; lists take turns."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lease = timedelta(seconds=desk.settings.lease_seconds)
        self._opened: _Opened | None = None
        self.loop = Loop("expand", self.expand, desk.settings.poll_seconds)

    async def stop(self) -> None:
        """End after the chunk that is under way, and leave the list to others."""
        await self.loop.stop()
        if self._opened is not None:
            await self._put_down(self._opened, timedelta(0))

    async def expand(self) -> bool:
        """One round: one chunk. True if there may be another.

        Raises: sqlalchemy.exc.DBAPIError.
        """
        opened = self._opened or await self._open()
        if opened is None:
            return False
        try:
            entries = await self._read(opened)
        except (BlobError, sqlite3.Error) as error:
            self._cannot(opened.one, error)
            await self._put_down(opened, PAUSE)
            return True
        try:
            written = await self._write(opened.one, entries)
        except BaseException:
            await self._close(opened)  # nobody knows how far it is: it is claimed anew
            raise
        await self._go_on(opened, written)
        return True

    async def _open(self) -> _Opened | None:
        now = self._desk.now()
        one = await self._desk.database.run(
            lambda connection: expansions.claim(connection, self._desk.worker, now, now + self._lease)
        )
        if one is None:
            return None
        hold = AsyncExitStack()
        try:
            path = await hold.enter_async_context(self._desk.blobs.local(one.key))
        except BlobError as error:
            self._cannot(one, error)
            await self._desk.database.run(lambda connection: expansions.put_down(connection, one, now + PAUSE))
            return None
        self._opened = _Opened(one, path, hold)
        return self._opened

    async def _read(self, opened: _Opened) -> list[Entry]:
        one = opened.one
        entries = await asyncio.to_thread(kept, opened.path, one.next, CHUNK)
        if len(entries) != min(CHUNK, one.rows - one.next):
            raise BlobError(f"{one.rows} rows were put away, and from {one.next} on there are {len(entries)}")
        return entries

    async def _write(self, one: Expansion, entries: list[Entry]) -> Expansion | None:
        now = self._desk.now()
        return await self._desk.database.run(
            lambda connection: expansions.write(connection, one, entries, now, now + self._lease)
        )

    async def _go_on(self, opened: _Opened, written: Expansion | None) -> None:
        if written is None:
            log.warning("list was taken over", job=opened.one.common.job_id)
            await self._close(opened)
        elif written.is_done:
            self._desk.ring(bell.DUE)  # what came before is found by the loop, which is never idle for long
            await self._close(opened)
            await self._forget(written)
        else:
            opened.one, opened.chunks = written, opened.chunks + 1
            if opened.chunks % AT_A_TIME == 0 and await self._others_wait():
                await self._put_down(opened, timedelta(0))

    async def _others_wait(self) -> bool:
        now = self._desk.now()
        return await self._desk.database.read(lambda connection: expansions.others_wait(connection, now))

    async def _put_down(self, opened: _Opened, pause: timedelta) -> None:
        await self._close(opened)
        until = self._desk.now() + pause
        await self._desk.database.run(lambda connection: expansions.put_down(connection, opened.one, until))

    async def _close(self, opened: _Opened) -> None:
        self._opened = None
        await opened.hold.aclose()

    async def _forget(self, one: Expansion) -> None:
        log.info("list written", job=one.common.job_id, rows=one.rows)
        try:
            await self._desk.blobs.delete([one.key])
        except BlobError as error:  # no row names it any more: it is swept
            log.warning("blobs left behind", error=str(error))

    def _cannot(self, one: Expansion, error: Exception) -> None:
        log.error("list cannot be read", job=one.common.job_id, next=one.next, error=str(error))
