"""Send: claim what is ready, say that it starts, carry it out, write how it ended.

The order is the point. What the attempt needs is fetched while nothing has begun. `sending` is committed before the
channel may do anything that cannot be undone; from then on only a known outcome, or a person, decides. A known outcome
is kept until the database takes it. A worker that dies leaves a lease behind, and `rescue` finds it.
"""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bind_contextvars

from depesche import metrics
from depesche.blobs.store import BlobError, BlobGone
from depesche.channels.base import Abandoned, Delivery, Document, Limited
from depesche.channels.base import Channel as Way
from depesche.dispatch.batch import Batch
from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.dispatch.retry import CUT_SHORT, put_off_until, retry_at
from depesche.model.job import StoredFile
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import deliveries, jobs
from depesche.store.database import DatabaseClosed
from depesche.store.deliveries import CAN_BE_ENDED, Claimed, Ended

log = structlog.get_logger(__name__)

FIRST_PAUSE = 0.5
"""Seconds before an outcome that the database did not take is written again; each further pause is twice as long."""

LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class _Running:
    """One attempt under way."""

    claimed: Claimed
    cancelled: threading.Event = field(default_factory=threading.Event)
    on_the_way: bool = False
    """The channel has it in hand."""

    stopped: bool = False
    """It was told to end because the node stops, whatever the customer wants."""


class Sender:
    """Carries the deliveries of one channel, so many at once."""

    def __init__(self, desk: Desk, channel: Channel, at_once: int) -> None:
        self._desk = desk
        self.channel = channel
        self._at_once = at_once
        self._running: dict[asyncio.Task[None], _Running] = {}
        self._closing = asyncio.Event()
        self._draining = False
        self._given_up = asyncio.Event()
        self._begin = Batch[Claimed](self._begin_all)
        self._end = Batch[Ended](self._end_all)
        self.loop = Loop(f"send-{channel.value}", self.claim, desk.settings.poll_seconds)

    async def claim(self) -> bool:
        """One round: fill the free places. Never more to do at once.

        Either nothing more is ready, and `stage` wakes the loop, or every place is taken, and `_ended` does.
        """
        free = self._at_once - len(self._running)
        if free <= 0 or self._closing.is_set() or self._draining:
            return False
        claimed = await self._desk.database.run(
            lambda connection: deliveries.claim(connection, self._desk.worker, self.channel, free, self._lease())
        )
        for one in claimed:
            self._start(one)
        return False

    async def beat(self) -> None:
        """Keep the leases of what is under way, and hear of cancellations."""
        running = {one.claimed.id: one for one in self._running.values()}
        if not running:
            return
        flagged = await self._desk.database.run(
            lambda connection: deliveries.renew(connection, self._desk.worker, list(running), self._lease())
        )
        for delivery_id in flagged:
            running[delivery_id].cancelled.set()

    def measure(self) -> None:
        """Let the metrics tell how many places there are, and how many of them are taken."""
        metrics.PLACES.labels(self.channel.value).set(self._at_once)
        metrics.CALLS.labels(self.channel.value).set_function(lambda: len(self._running))

    def carried(self) -> set[int]:
        """Ids of the deliveries that are under way here, whatever the database thinks of them."""
        return {one.claimed.id for one in self._running.values()}

    def drain(self, draining: bool) -> None:
        """Claim no more, or claim again; what is under way goes on."""
        self._draining = draining
        self.loop.wake()

    def let_go(self) -> None:
        """End the calls that are on the line: our leases run out, and others will make them again."""
        for running in self._running.values():
            running.stopped = True
            running.cancelled.set()
        if self._running:
            log.error("leases cannot be kept: calls are ended", channel=self.channel.value, calls=len(self._running))

    async def stop(self, grace_seconds: float, ending_seconds: float) -> int:
        """Claim no more, and give what is under way the grace to end by itself. Then end it, and write how it ended.

        Gives how many attempts a channel still carries after that: `unknown` will be what became of them.
        """
        self._closing.set()
        await self.loop.stop()
        await self._ended_within(grace_seconds)
        for running in self._running.values():
            running.stopped = True
            running.cancelled.set()
        await self._ended_within(ending_seconds)
        self._given_up.set()
        left = [running.claimed.id for running in self._running.values() if running.on_the_way]
        if left:
            log.error("attempts do not end", channel=self.channel.value, deliveries=left)
        return len(left)

    async def _ended_within(self, seconds: float) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    def _start(self, claimed: Claimed) -> None:
        running = _Running(claimed)
        task = asyncio.create_task(self._carry(running), name=f"delivery-{claimed.id}")
        self._running[task] = running
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        running = self._running.pop(task)
        if not task.cancelled() and task.exception() is not None:
            claimed, error = running.claimed, task.exception()
            log.error("attempt left to its lease", delivery=claimed.id, job=claimed.job_id, exc_info=error)
        self.loop.wake()

    async def _carry(self, running: _Running) -> None:
        _name_lines(running.claimed)
        outcome = await self._attempt(running)
        if outcome is not None:
            await self._finish(running, outcome)

    async def _attempt(self, running: _Running) -> Outcome | None:
        """None: it was not begun, or nobody knows how it ended."""
        claimed = running.claimed
        way = self._desk.way(self.channel, sandbox=claimed.sandbox)
        delivery = _delivery(claimed, resume=self._desk.settings.resume_faxes)
        async with AsyncExitStack() as stack:
            try:
                documents = await self._documents(claimed, stack)
            except (BlobError, OSError) as error:
                log.warning("documents cannot be had", why=str(error))
                await self._put_off(claimed)
                return None
            if isinstance(way, Limited):
                stack.callback(way.let_go, delivery)
                if not await self._hold(way, delivery):
                    await self._put_off(claimed)
                    return None
            if self._closing.is_set():
                await self._desk.database.run(lambda connection: deliveries.release(connection, claimed))
                return None
            if not await self._begin.add(claimed.id, claimed):
                return None
            if isinstance(documents, Outcome):
                return documents
            return await self._deliver(running, way, delivery, documents)

    async def _hold(self, way: Limited, delivery: Delivery) -> bool:
        """Whether the way has a place for it; once the node stops that is of no interest any more."""
        held, over = asyncio.ensure_future(way.hold(delivery)), asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait((held, over), return_when=asyncio.FIRST_COMPLETED)
            return self._closing.is_set() or held.result()
        finally:
            held.cancel()
            over.cancel()

    async def _documents(self, claimed: Claimed, stack: AsyncExitStack) -> list[Document] | Outcome:
        """An outcome where one is gone: an attempt like any other, so that it is on record and not for ever.

        Raises: BlobError, OSError: they cannot be had now, for the store's fault and not the order's.
        """
        if self.channel is Channel.SMS:
            return []
        files = await self._desk.database.read(lambda connection: jobs.files(connection, claimed.job_id))
        try:
            return [
                Document(await stack.enter_async_context(self._desk.blobs.local(file.key)), file.filename, file.pages)
                for file in _outgoing(self.channel, files)
            ]
        except BlobGone as error:
            return Outcome(Result.SEND_FAILED, retry=True, detail=str(error))

    async def _put_off(self, claimed: Claimed) -> None:
        again = put_off_until(claimed, self._desk.now())
        log.info("put off", again_at=again)
        await self._desk.database.run(lambda connection: deliveries.put_off(connection, claimed, again))

    async def _begin_all(self, claimed: Sequence[Claimed]) -> set[int]:
        return await self._desk.database.run(
            lambda connection: deliveries.begin(connection, claimed, self._desk.now(), self._lease())
        )

    async def _end_all(self, ended: Sequence[Ended]) -> set[int]:
        return await self._desk.database.run(lambda connection: deliveries.finish(connection, ended))

    async def _deliver(
        self, running: _Running, way: Way, delivery: Delivery, documents: list[Document]
    ) -> Outcome | None:
        running.on_the_way = True
        try:
            return await way.deliver(delivery, documents, running.cancelled)
        except Abandoned:
            log.warning("attempt abandoned", delivery=delivery.id, job=delivery.job_id)
            return None
        finally:
            running.on_the_way = False

    async def _finish(self, running: _Running, outcome: Outcome) -> None:
        now = self._desk.now()
        outcome, again = self._judged(running, outcome, now)
        told = {
            "delivery": running.claimed.id,
            "job": running.claimed.job_id,
            "attempt": running.claimed.attempts + 1,
            "result": outcome.result.value,
            "retry_at": again,
        }
        pause = FIRST_PAUSE
        while True:
            try:
                kept = await self._end.add(running.claimed.id, Ended(running.claimed, outcome, now, again))
            except Exception as error:
                log.exception("outcome not written", **told, detail=outcome.detail)  # it stands nowhere else
                if isinstance(error, DatabaseClosed) or await self._gives_up(pause):
                    raise
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                log.info("attempt ended", **told, kept=kept)
                if kept:
                    metrics.ATTEMPTS.labels(self.channel.value, outcome.result.value).inc()
                return

    def _judged(self, running: _Running, outcome: Outcome, now: datetime) -> tuple[Outcome, datetime | None]:
        """The outcome for the record, and when to try again. An attempt that we ended ourselves is never the last."""
        claimed = running.claimed
        attempts, repeats = claimed.attempts + 1, claimed.repeats
        if running.stopped and self.channel in CAN_BE_ENDED and outcome.result in CUT_SHORT:
            outcome = replace(outcome, retry=True, detail=f"the node was stopped: {outcome.detail}")
            repeats = max(repeats, attempts)
        settings, sandbox = self._desk.settings, claimed.sandbox
        return outcome, retry_at(settings, outcome, attempts=attempts, repeats=repeats, sandbox=sandbox, now=now)

    async def _gives_up(self, seconds: float) -> bool:
        """Wait that long. True, and at once, when the node does not wait any longer."""
        try:
            async with asyncio.timeout(seconds):
                return await self._given_up.wait()
        except TimeoutError:
            return False

    def _lease(self) -> datetime:
        """Reckoned in the transaction that writes it: while it waited for its turn, the lease could have run out."""
        return self._desk.now() + timedelta(seconds=self._desk.settings.lease_seconds)


def _name_lines(claimed: Claimed) -> None:
    """All lines of this task say whose they are, whoever writes them: by numbers, for the log is told no addresses."""
    bind_contextvars(
        account=claimed.account_number, job=claimed.job_id, delivery=claimed.id, attempt=claimed.attempts + 1
    )


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


def _delivery(claimed: Claimed, *, resume: bool) -> Delivery:
    sending = claimed.sending
    return Delivery(
        id=claimed.id,
        job_id=claimed.job_id,
        attempt=claimed.attempts + 1,
        account=claimed.account_number,
        job_type=claimed.type,
        address=claimed.address,
        pages=claimed.pages,
        confirmed=claimed.confirmed if resume else 0,
        text=claimed.text,
        subject=sending.subject,
        caller_number=sending.caller_number,
        station_id=sending.station_id,
        fax_header=sending.fax_header,
        sender=sending.sender,
        flash=sending.flash,
        duplex=sending.duplex,
    )
