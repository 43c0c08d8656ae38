"""All loops of one node, started and stopped together."""

import asyncio
from datetime import timedelta

from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.dispatch.reconcile import reconcile
from depesche.dispatch.rescue import rescue
from depesche.dispatch.send import Sender
from depesche.dispatch.stage import CHUNK, stage
from depesche.model.jobtype import Channel

GRACE_SECONDS = 20.0
"""What is under way gets this long to end when the node is stopped."""


class Dispatcher:
    """Carries deliveries from waiting to final, as long as it runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        settings = desk.settings
        self._senders = [
            Sender(desk, channel, settings.fax_calls if channel is Channel.FAX else settings.others)
            for channel in Channel
        ]
        self._beaten_at = desk.now()
        self._stage = Loop("stage", self._stage_round, settings.poll_seconds)
        self._rescue = Loop("rescue", self._rescue_round, settings.lease_seconds / 6)
        self._beat = Loop("beat", self._beat_round, settings.poll_seconds)

    def start(self) -> None:
        """Begin; only within a running event loop."""
        for loop in self._loops():
            loop.start()

    def wake(self) -> None:
        """Something may be due."""
        self._stage.wake()

    def hurry(self) -> None:
        """Somebody cancelled: tell the calls on the line at once."""
        self._beaten_at -= timedelta(seconds=self._desk.settings.lease_seconds)
        self._beat.wake()

    async def stop(self) -> None:
        """Take nothing new, let what is under way end, then stop."""
        await self._stage.stop()
        await asyncio.gather(*(sender.stop(GRACE_SECONDS) for sender in self._senders))
        await self._rescue.stop()
        await self._beat.stop()

    def _loops(self) -> list[Loop]:
        return [self._stage, self._rescue, self._beat, *(sender.loop for sender in self._senders)]

    async def _stage_round(self) -> bool:
        staged = await stage(self._desk)
        for sender in self._senders:
            if staged[sender.channel.value]:
                sender.loop.wake()
        return staged.total() == CHUNK

    async def _rescue_round(self) -> bool:
        await self._renew()  # the machine may have slept: what this process still carries is not lost
        if await rescue(self._desk) + await reconcile(self._desk):
            self.wake()
        return False

    async def _beat_round(self) -> bool:
        now = self._desk.now()
        if now - self._beaten_at >= timedelta(seconds=self._desk.settings.lease_seconds / 3):
            self._beaten_at = now
            await self._renew()
        return False

    async def _renew(self) -> None:
        for sender in self._senders:
            await sender.beat()
