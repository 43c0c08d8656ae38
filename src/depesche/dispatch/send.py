"""Send: claim what is ready, say that it starts, carry it out, write how it ended.

The order is the point. `sending` is committed before the channel may do anything that cannot be undone; from then on
only a known outcome, or a person, decides. A worker that dies leaves a lease behind, and `rescue` finds it.
"""

import asyncio
import threading
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from depesche.blobs.store import BlobError
from depesche.channels.base import Abandoned, Delivery, Document
from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.dispatch.retry import retry_at
from depesche.model.job import StoredFile
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import deliveries, jobs
from depesche.store.deliveries import Claimed

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Running:
    """One attempt under way."""

    claimed: Claimed
    cancelled: threading.Event = field(default_factory=threading.Event)


class Sender:
    """Carries the deliveries of one channel, so many at once."""

    def __init__(self, desk: Desk, channel: Channel, at_once: int) -> None:
        self._desk = desk
        self.channel = channel
        self._at_once = at_once
        self._running: dict[asyncio.Task[None], _Running] = {}
        self._closing = False
        self.loop = Loop(f"send-{channel.value}", self.claim, desk.settings.poll_seconds)

    async def claim(self) -> bool:
        """One round: fill the free places. True if there may be more to do at once."""
        free = self._at_once - len(self._running)
        if free <= 0 or self._closing:
            return False
        lease = self._lease()
        claimed = await self._desk.database.run(
            lambda connection: deliveries.claim(connection, self._desk.worker, self.channel, free, lease)
        )
        for one in claimed:
            self._start(one)
        return False

    async def beat(self) -> None:
        """Keep the leases of what is under way, and hear of cancellations."""
        running = {one.claimed.id: one for one in self._running.values()}
        if not running:
            return
        lease, ids = self._lease(), list(running)
        flagged = await self._desk.database.run(
            lambda connection: deliveries.renew(connection, self._desk.worker, ids, lease)
        )
        for delivery_id in flagged:
            running[delivery_id].cancelled.set()

    async def stop(self, grace_seconds: float) -> None:
        """Claim no more, and give what is under way this long to end. What does not is found by its lease."""
        self._closing = True
        await self.loop.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=grace_seconds)

    def _start(self, claimed: Claimed) -> None:
        running = _Running(claimed)
        task = asyncio.create_task(self._carry(running), name=f"delivery-{claimed.id}")
        self._running[task] = running
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        running = self._running.pop(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("attempt left to its lease", delivery=running.claimed.id, exc_info=task.exception())
        self.loop.wake()

    async def _carry(self, running: _Running) -> None:
        claimed = running.claimed
        if self._closing:
            await self._desk.database.run(lambda connection: deliveries.release(connection, claimed))
            return
        now, lease = self._desk.now(), self._lease()
        if not await self._desk.database.run(lambda connection: deliveries.begin(connection, claimed, now, lease)):
            return
        try:
            outcome = await self._deliver(running)
        except Abandoned:
            log.warning("attempt abandoned", delivery=claimed.id, job=claimed.job_id)
            return
        await self._finish(claimed, outcome)

    async def _deliver(self, running: _Running) -> Outcome:
        async with AsyncExitStack() as stack:
            try:
                documents = await self._documents(running.claimed, stack)
            except BlobError as error:
                return Outcome(Result.SEND_FAILED, retry=True, detail=str(error))
            way = self._desk.way(self.channel, sandbox=running.claimed.sandbox)
            return await way.deliver(_delivery(running.claimed), documents, running.cancelled)

    async def _documents(self, claimed: Claimed, stack: AsyncExitStack) -> list[Document]:
        if self.channel is Channel.SMS:
            return []
        files = await self._desk.database.read(lambda connection: jobs.files(connection, claimed.job_id))
        return [
            Document(await stack.enter_async_context(self._desk.blobs.local(file.key)), file.filename, file.pages)
            for file in _outgoing(self.channel, files)
        ]

    async def _finish(self, claimed: Claimed, outcome: Outcome) -> None:
        now = self._desk.now()
        again = retry_at(
            self._desk.settings,
            outcome,
            attempts=claimed.attempts + 1,
            repeats=claimed.repeats,
            sandbox=claimed.sandbox,
            now=now,
        )
        kept = await self._desk.database.run(
            lambda connection: deliveries.finish(connection, claimed, outcome, now, again)
        )
        log.info(
            "attempt ended",
            delivery=claimed.id,
            job=claimed.job_id,
            attempt=claimed.attempts + 1,
            result=outcome.result.value,
            detail=outcome.detail,
            retry_at=again,
            kept=kept,
        )

    def _lease(self) -> datetime:
        return self._desk.now() + timedelta(seconds=self._desk.settings.lease_seconds)


def _outgoing(channel: Channel, files: list[StoredFile]) -> list[StoredFile]:
    """Our pages for fax and letter, the given files for a mail, for QSign our PDF in place of the invoice."""
    pages = [file for file in files if file.role == "pages"]
    sources = [file for file in files if file.role == "source"]
    match channel:
        case Channel.FAX | Channel.LETTER:
            return pages
        case Channel.QSIGN if pages:
            return pages + sources[1:]
        case _:
            return sources


def _delivery(claimed: Claimed) -> Delivery:
    sending = claimed.sending
    return Delivery(
        id=claimed.id,
        job_id=claimed.job_id,
        attempt=claimed.attempts + 1,
        account=claimed.account_number,
        job_type=claimed.type,
        address=claimed.address,
        pages=claimed.pages,
        text=claimed.text,
        subject=sending.subject,
        caller_number=sending.caller_number,
        station_id=sending.station_id,
        fax_header=sending.fax_header,
        sender=sending.sender,
        flash=sending.flash,
    )
