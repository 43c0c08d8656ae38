"""The shape of every loop: a round, soon again while there is more, else a wait to be woken."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from depesche import metrics

log = structlog.get_logger(__name__)

BREATH = 0.02
"""Seconds between two rounds at least: under load one then serves many, for the price of one. After a rest that was
longer whoever wakes is served at once."""

LONGEST_REST = 1.0
"""Seconds between two rounds while there is more to do: as long as the first took, for everybody else's sake."""

LONGEST_PAUSE = 30.0
"""Seconds between rounds while every round fails."""

MOST_DOUBLINGS = 10
"""Of the pause; a failure that lasts for days must not outgrow a float."""


class Loop:
    """Runs `round_` again and again until stopped; a round that fails is logged and tried again, ever more slowly."""

    def __init__(self, name: str, round_: Callable[[], Awaitable[bool]], poll_seconds: float) -> None:
        """`round_` tells whether there is more to do."""
        self.name = name
        self._round = round_
        self._poll = poll_seconds
        self._failed = metrics.LOOP_FAILURES.labels(name)
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    def start(self) -> None:
        """Begin; only within a running event loop."""
        self._task = asyncio.create_task(self._run(), name=f"loop-{self.name}")

    async def stop(self) -> None:
        """End after the round that is under way."""
        if self._task is None:
            return
        task, self._task = self._task, None
        self.wake()
        await task

    async def _run(self) -> None:
        failures = 0
        clock = asyncio.get_running_loop().time
        while self._task is not None:
            self._woken.clear()
            begun = clock()
            try:
                more = await self._round()
                failures = 0
            except Exception:
                failures += 1
                self._failed.inc()
                log.exception("loop failed", loop=self.name, failures=failures)
                more = False
            if more:
                await self._rest(min(clock() - begun, LONGEST_REST), breath=0)
            else:
                pause = min(self._poll * 2 ** min(failures, MOST_DOUBLINGS), max(self._poll, LONGEST_PAUSE))
                await self._rest(pause, breath=BREATH)

    async def _rest(self, seconds: float, breath: float) -> None:
        if self._task is None:
            return
        clock = asyncio.get_running_loop().time
        rested = clock() + breath
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
                await asyncio.sleep(rested - clock())
        except TimeoutError:
            return
