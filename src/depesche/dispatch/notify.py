"""Notify: call the STATURL of what is final, one given row of a job after the other.

A call is made first and written down afterwards: who dies in between leaves a lease behind, and the call is made once
more. At least once, then; never lost, and never before the one before it.
"""

import asyncio
from datetime import datetime, timedelta, tzinfo

import structlog

from depesche import metrics
from depesche.callbacks.caller import BODY_SECONDS, Called, Caller
from depesche.callbacks.pauses import next_call
from depesche.callbacks.places import Places
from depesche.config import Callbacks
from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.model import statusurl
from depesche.store import callbacks
from depesche.store.callbacks import Callback

log = structlog.get_logger(__name__)

BATCH = 50
"""Calls for one job before others have their turn."""

BATCH_SECONDS = 5.0
"""A batch ends after the call that passes this time."""

LEASE_MARGIN = 20.0
"""Seconds that a lease is longer than a call may be."""


class Notifier:
    """Makes the calls of all jobs, so many at once."""

    def __init__(self, desk: Desk, settings: Callbacks, zone: tzinfo, caller: Caller | None = None) -> None:
        """`zone`: of the times that customers are told."""
        self._desk = desk
        self._settings = settings
        self._zone = zone
        self._caller = caller or Caller(settings)
        self._places = Places(settings.at_once)
        self._running: dict[asyncio.Task[None], Callback] = {}
        self._closing = False
        self.loop = Loop("notify", self.notify, desk.settings.poll_seconds)

    async def notify(self) -> bool:
        """One round: fill the free places. True if there may be more to do."""
        free = self._settings.at_once - len(self._running)
        if free <= 0 or self._closing:
            return False
        now = self._desk.now()
        lease = self._lease(now)
        claimed = await self._desk.database.run(lambda connection: callbacks.claim(connection, now, lease, free))
        crowded = [one for one in claimed if not self._start(one)]
        if crowded:
            await self._send_away(crowded, now)
        return len(claimed) == free

    async def stop(self, grace_seconds: float) -> None:
        """Claim no more, and give the calls under way this long to end. What does not is called again."""
        self._closing = True
        await self.loop.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=grace_seconds)
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._caller.aclose()

    def _start(self, one: Callback) -> bool:
        if not self._places.take(one):
            return False
        task = asyncio.create_task(self._tell(one), name=f"callback-{one.id}")
        self._running[task] = one
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        one = self._running.pop(task)
        self._places.give(one)
        if not task.cancelled() and task.exception() is not None:
            log.error("callback left to its lease", job=one.job_id, row=one.position, exc_info=task.exception())
        self.loop.wake()

    async def _send_away(self, crowded: list[Callback], now: datetime) -> None:
        due = [self._places.come_back(one, now) for one in crowded]
        await self._desk.database.run(
            lambda connection: [callbacks.put_back(connection, one, at) for one, at in zip(crowded, due, strict=True)]
        )

    async def _tell(self, first: Callback) -> None:
        """A batch of one job, in order."""
        batch = _Batch()
        one: Callback | None = first
        try:
            while one is not None and not self._closing:
                called = await self._call(one)
                one = await self._note(one, called, go_on=batch.goes_on())
        except asyncio.CancelledError:  # the node stops: the next start need not wait for the lease
            await self._give_back(one)
            raise
        await self._give_back(one)

    async def _call(self, one: Callback) -> Called | None:
        """None: the given row is gone, there is nothing to tell of it."""
        told = await self._desk.database.read(lambda connection: callbacks.told(connection, one.job_id, one.position))
        if told is None:
            return None
        clock = asyncio.get_running_loop().time
        begun = clock()
        called = await self._caller.call(statusurl.fill(one.url, statusurl.values(told, self._zone)))
        self._places.learn(one, called, clock() - begun)
        return called

    async def _note(self, one: Callback, called: Called | None, *, go_on: bool) -> Callback | None:
        """Write how the call ended; gives what this worker goes on with."""
        now = self._desk.now()
        due = self._lease(now) if go_on else now
        if called is None:
            following = await self._give_up(one, "the given row is gone", now, due)
        elif called.ok:
            metrics.CALLBACKS.labels("ok").inc()
            following = await self._desk.database.run(lambda connection: callbacks.advance(connection, one, now, due))
        else:
            following = await self._fail(one, called, now, due)
        if called is not None:
            log.info(
                "status url called", job=one.job_id, row=one.position, status=called.status, failure=called.failure
            )
        return following if go_on else None

    async def _fail(self, one: Callback, called: Called, now: datetime, due: datetime) -> Callback | None:
        again = next_call(one.attempts + 1, one.since, now, self._settings.hours)
        metrics.CALLBACKS.labels("given_up" if again is None else "failed").inc()
        if again is None:
            return await self._give_up(one, called.failure, now, due)
        await self._desk.database.run(lambda connection: callbacks.postpone(connection, one, again))
        return None

    async def _give_up(self, one: Callback, reason: str, now: datetime, due: datetime) -> Callback | None:
        log.warning("status url given up", job=one.job_id, row=one.position, calls=one.attempts + 1, reason=reason)
        return await self._desk.database.run(lambda connection: callbacks.give_up(connection, one, reason, now, due))

    async def _give_back(self, one: Callback | None) -> None:
        if one is not None:
            now = self._desk.now()
            await self._desk.database.run(lambda connection: callbacks.put_back(connection, one, now))

    def _lease(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._settings.seconds + BODY_SECONDS + LEASE_MARGIN)


class _Batch:
    """Counts the calls and the time of one claim."""

    def __init__(self) -> None:
        self._left = BATCH
        self._clock = asyncio.get_running_loop().time
        self._end = self._clock() + BATCH_SECONDS

    def goes_on(self) -> bool:
        """After another call: whether there may be one more."""
        self._left -= 1
        return self._left > 0 and self._clock() < self._end
