"""All loops of one node, started and stopped together."""

import asyncio
from collections.abc import Container
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import structlog

from depesche.config import WORK, Role
from depesche.dispatch.clear import Clearer
from depesche.dispatch.desk import Desk
from depesche.dispatch.expand import Expander
from depesche.dispatch.loop import Loop
from depesche.dispatch.notify import Notifier
from depesche.dispatch.prune import Pruner
from depesche.dispatch.reconcile import reconcile
from depesche.dispatch.rescue import rescue
from depesche.dispatch.send import Sender
from depesche.dispatch.stage import stage
from depesche.dispatch.sweep import Sweeper
from depesche.model.jobtype import Channel
from depesche.store import bell
from depesche.store.setback import set_back

log = structlog.get_logger(__name__)

GRACE_SECONDS = 20.0
"""What is under way gets this long to end by itself when the node is stopped."""

ENDING_SECONDS = 15.0
"""What had to be ended then gets this long to hang up and to have its outcome written."""

CALLBACK_SECONDS = 2.0
"""Calls of customers' programs get this long to end; they are made again otherwise."""


class Dispatcher:
    """Carries deliveries from waiting to final, as long as it runs."""

    def __init__(
        self,
        desk: Desk,
        notifier: Notifier | None = None,
        roles: Container[Role] = WORK,
        pruner: Pruner | None = None,
    ) -> None:
        """Without a `notifier` nobody is told what became of an order; without a `pruner` nothing is ever too old."""
        self._desk = desk
        self._notifier = notifier
        self._roles = roles
        settings = desk.settings
        self._senders = [
            Sender(desk, channel, settings.fax_calls if channel is Channel.FAX else settings.others)
            for channel in Channel
        ]
        self._beaten_at = monotonic()  # whatever is done to the clock, leases are kept
        self._seen: datetime | None = None
        """What the clock said when it was looked at last, to see whether it was set back."""

        self._cut_off: asyncio.TimerHandle | None = None
        self._stage = Loop("stage", partial(stage, desk), settings.poll_seconds)
        self._rescue = Loop("rescue", self._rescue_round, settings.lease_seconds / 6)
        self._beat = Loop("beat", self._beat_round, settings.poll_seconds)
        self._sweep = Sweeper(desk).loop
        self._clear = Clearer(desk).loop
        self._expander = Expander(desk)
        self._prune = None if pruner is None else pruner.loop

    def start(self) -> None:
        """Begin; only within a running event loop."""
        for loop in self._loops():
            loop.start()
        if Role.LINES in self._roles:
            for sender in self._senders:
                sender.measure()

    def hear(self, what: str) -> None:
        """Somebody rang, here or on another node (`depesche.store.bell`)."""
        if what == bell.DUE:
            self.wake()
        elif what == bell.LISTED:
            self._expander.loop.wake()
        elif what == bell.CANCELLED:
            self.hurry()
        for sender in self._senders:
            if what == bell.ready(sender.channel):
                sender.loop.wake()

    def drain(self, draining: bool) -> None:
        """Take nothing new, and carry what is under way to its end; or take again."""
        for sender in self._senders:
            sender.drain(draining)

    def wake(self) -> None:
        """Something may be due."""
        self._stage.wake()

    def hurry(self) -> None:
        """Somebody cancelled: tell the calls on the line at once."""
        self._beaten_at -= self._desk.settings.lease_seconds
        self._beat.wake()

    async def stop(self) -> int:
        """Take nothing new, let what is under way end, end what does not, then stop.

        Gives how many attempts a channel still carries, within `GRACE_SECONDS` and `ENDING_SECONDS`: as long as this
        process lives nobody else may take its folder over, for what it sends may still arrive.
        """
        await self._expander.stop()
        await self._stage.stop()
        left = await asyncio.gather(*(sender.stop(GRACE_SECONDS, ENDING_SECONDS) for sender in self._senders))
        await self._rescue.stop()
        await self._beat.stop()
        if self._cut_off is not None:
            self._cut_off.cancel()
        await self._sweep.stop()
        await self._clear.stop()
        if self._prune is not None:
            await self._prune.stop()
        if self._notifier is not None:
            await self._notifier.stop(CALLBACK_SECONDS)
        return sum(left)

    def _loops(self) -> list[Loop]:
        lines = [self._beat, self._clear, *(sender.loop for sender in self._senders)]
        office = [
            self._expander.loop,
            self._stage,
            self._rescue,
            self._sweep,
            *([self._notifier.loop] if self._notifier is not None else []),
            *([self._prune] if self._prune is not None else []),
        ]
        return [*(lines if Role.LINES in self._roles else []), *(office if Role.DISPATCH in self._roles else [])]

    async def _rescue_round(self) -> bool:
        now = self._desk.now()  # before the renewal: however long the machine sleeps, what is renewed runs out later
        await self._follow(now)
        await self._renew()
        if await rescue(self._desk, now) + await reconcile(self._desk, self._carried()):
            self.wake()
        return False

    async def _follow(self, now: datetime) -> None:
        """Go by the clock that was set back, now or before we began."""
        if self._seen is None or now < self._seen:
            longest = timedelta(minutes=max(self._desk.settings.retry_minutes))
            changed = await self._desk.database.run(lambda connection: set_back(connection, now, longest))
            if changed:
                log.warning("the clock was set back", deliveries=changed)
                self.wake()
        self._seen = now

    def _carried(self) -> set[int]:
        return {one for sender in self._senders for one in sender.carried()}

    async def _beat_round(self) -> bool:
        now = monotonic()
        if now - self._beaten_at >= self._desk.settings.lease_seconds / 3:
            beaten_at, self._beaten_at = self._beaten_at, now
            try:
                await self._renew()
            except BaseException:
                self._beaten_at = min(self._beaten_at, beaten_at)  # not done: neither leases nor cancellations wait
                raise
        return False

    async def _renew(self) -> None:
        for sender in self._senders:
            await sender.beat()
        if self._desk.shared:
            self._expect_next_renewal()

    def _expect_next_renewal(self) -> None:
        """When our leases cannot be kept others take our deliveries over: by then no call of ours is on the line."""
        if self._cut_off is not None:
            self._cut_off.cancel()
        loop = asyncio.get_running_loop()
        self._cut_off = loop.call_later(self._desk.settings.lease_seconds * 2 / 3, self._let_go)

    def _let_go(self) -> None:
        for sender in self._senders:
            sender.let_go()
