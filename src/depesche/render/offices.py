"""Warm LibreOffices: one for each order that needs one, kept for the next."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from depesche.render.detect import Format
from depesche.render.keeper import Keeper


class Offices:
    """LibreOffice converts one document at a time, so each order has one to itself.

    The first is started with the first document: what never gets one needs no memory for it. How many there are at
    once follows from the turns of the `Renderer`; `kept` of them stay when nobody needs them.
    """

    def __init__(self, command: Sequence[str], kept: int, lacking: Collection[Format] = ()) -> None:
        """`lacking`: what cannot be converted here."""
        self.lacking = lacking
        self._command = command
        self._kept = kept
        self._idle: list[Keeper] = []
        self._all: set[Keeper] = set()
        self._endings: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Keeper]:
        """One that nobody else uses. If it does not outlive that, another one is started at once."""
        keeper = self._idle.pop() if self._idle else self._start()
        try:
            yield keeper
        finally:
            if keeper in self._all:  # else all are being closed
                self._take_back(keeper)

    async def close(self) -> None:
        """End them all."""
        keepers, self._all = self._all, set()
        self._idle.clear()
        await asyncio.gather(*(keeper.close() for keeper in keepers), *self._endings)

    def _start(self) -> Keeper:
        keeper = Keeper(self._command)
        self._all.add(keeper)
        return keeper

    def _take_back(self, keeper: Keeper) -> None:
        if not keeper.sound:
            self._end(keeper)
            keeper = self._start()
        if len(self._idle) < self._kept:
            self._idle.append(keeper)
        else:
            self._end(keeper)

    def _end(self, keeper: Keeper) -> None:
        """Without waiting for it."""
        self._all.discard(keeper)
        ending = asyncio.create_task(keeper.close())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
