"""The shape of every loop: a round, at once again while there is more, else a wait to be woken."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from depesche import metrics

log = structlog.get_logger(__name__)

BREATH = 0.02
"""Seconds between a wake and the round that follows: under load one round then serves many, for the price of one."""

LONGEST_PAUSE = 30.0
"""Seconds between rounds while every round fails."""

MOST_DOUBLINGS = 10
"""Of the pause; a failure that lasts for days must not outgrow a float."""


class Loop:
    """Runs `round_` again and again until stopped; a round that fails is logged and tried again, ever more slowly."""

    def __init__(self, name: str, round_: Callable[[], Awaitable[bool]], poll_seconds: float) -> None:
        """`round_` tells whether there is more to do at once."""
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
        while self._task is not None:
            self._woken.clear()
            try:
                more = await self._round()
                failures = 0
            except Exception:
                failures += 1
                self._failed.inc()
                log.exception("loop failed", loop=self.name, failures=failures)
                more = False
            if not more:
                await self._rest(min(self._poll * 2 ** min(failures, MOST_DOUBLINGS), max(self._poll, LONGEST_PAUSE)))

    async def _rest(self, seconds: float) -> None:
        if self._task is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
                await asyncio.sleep(BREATH)
        except TimeoutError:
            return
