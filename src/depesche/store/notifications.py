"""The bell of nodes that share a PostgreSQL database: LISTEN and NOTIFY.

It has a connection to hear and one to ring, made again whenever they are lost.
"""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import structlog

from depesche.store.bell import ALL, Hear

log = structlog.get_logger(__name__)

NAME = "depesche"
"""Of the notifications."""

GATHER_SECONDS = 0.01
"""Between a ring and its going out: what is rung meanwhile goes out with it."""

LAST_SECONDS = 1.0
"""For what is rung just before the end."""

CONNECT_SECONDS = 5
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two attempts to reach a server that does not answer; the pause doubles."""

_Use = Callable[[psycopg.AsyncConnection], Awaitable[None]]


class PostgresBell:
    """`depesche.store.bell.Bell` of one node."""

    def __init__(self, url: str, hear: Hear) -> None:
        self._url = url
        self._hear = hear
        self._rung: set[str] = set()
        self._something = asyncio.Event()
        self._nothing = asyncio.Event()
        self._nothing.set()
        self._ringing = 0
        """Our connection that rings, by the number of its process in the server: what it rings was heard already."""

        self._tasks: list[asyncio.Task[None]] = []

    def ring(self, what: str) -> None:
        self._hear(what)
        self._rung.add(what)
        self._nothing.clear()
        self._something.set()

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._connected(use)) for use in (self._listen, self._send)]

    async def stop(self) -> None:
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self._nothing.wait()
        except TimeoutError:
            log.warning("other nodes were not told", what=sorted(self._rung))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, use: _Use) -> None:
        """For ever."""
        pause = FIRST_PAUSE
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="depesche-bell"
                ) as line:
                    pause = FIRST_PAUSE
                    await use(line)
            except (psycopg.Error, OSError) as error:
                log.warning("other nodes are not heard", why=str(error).strip(), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _listen(self, line: psycopg.AsyncConnection) -> None:
        await line.execute(f"LISTEN {NAME}")
        for what in ALL:
            self._hear(what)
        async for note in line.notifies():
            if note.pid != self._ringing:
                self._hear(note.payload)

    async def _send(self, line: psycopg.AsyncConnection) -> None:
        self._ringing = line.info.backend_pid
        if self._rung:  # and it did not go out on the line before
            self._something.set()
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._something.clear()
            for what in tuple(self._rung):
                await line.execute("SELECT pg_notify(%s, %s)", (NAME, what))
                self._rung.discard(what)
            if not self._rung:
                self._nothing.set()
