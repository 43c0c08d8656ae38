"""Fax over SIP trunks, as the dispatcher sees it: `depesche.channels.base.Channel`."""

import asyncio
import dataclasses
import tempfile
import threading
import time
import zlib
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from depesche import metrics
from depesche.channels.base import Abandoned, Attempt, Delivery, Document, Limited
from depesche.channels.fax.header import HeaderLine, require_font
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.trunk import journal, wire
from depesche.channels.fax.trunk.arrivals import Arrivals
from depesche.channels.fax.trunk.journal import Known
from depesche.channels.fax.trunk.keeper import Keeper
from depesche.channels.fax.trunk.office import Office
from depesche.channels.fax.trunk.outgoing import Fax
from depesche.channels.fax.trunk.process import ProcessLost
from depesche.channels.fax.trunk.routing import LineState, is_fault, ways
from depesche.channels.fax.trunk.spool import left
from depesche.model.callrecord import CallRecord
from depesche.model.lesson import PLAIN, Lesson
from depesche.model.line import Line, Standing
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.station import station_id

LOOK_SECONDS = 2.0
"""Between two looks at what the operator changed."""

HOLD_SECONDS = 5.0
"""That a fax waits here for a free channel; after that it may be another node's."""

COMING_UP_SECONDS = 20.0
"""That a fax waits for a line to come up: a node has just started, or a line process."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trunks:
    """All lines of the installation."""

    lines: tuple[Line, ...] = ()
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class SipFax(Limited):
    """The channel. It starts when the first line is set up, and keeps line processes running."""

    def __init__(
        self,
        office: Office,
        *,
        scratch: Path,
        spool: Path,
        setups: Sequence[wire.Setup],
        timezone: str,
    ) -> None:
        """Check the engine and the header's face, so that a call cannot fail for them.

        Args:
            office: knows the lines, the numbers and what calls taught.
            scratch: an existing folder for files that live as long as a call.
            spool: a folder of this node for what has to outlive it: notes of calls, faxes on their way in.
            setups: where line processes work, each of them.
            timezone: zone of the time in the header line.

        Raises: EngineError, FontMissing, zoneinfo.ZoneInfoNotFoundError.
        """
        verified()
        require_font()
        self._office = office
        self._now = office.now
        self._scratch = scratch
        self._spool = spool
        self._keepers = [Keeper(setup, self, partial(self._ended, place)) for place, setup in enumerate(setups)]
        self._zone = ZoneInfo(timezone)
        self._clock = time.monotonic
        self._trunks = Trunks()
        self._looked = asyncio.Event()
        self._next_look = asyncio.Event()
        self._states: dict[str, LineState] = {}
        self._stood: list[Standing] = []
        self._held: dict[int, LineState] = {}
        self._arrivals = Arrivals(office, spool, self.state)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Look after the lines from now on."""
        await asyncio.to_thread(self._spool.mkdir, mode=0o700, parents=True, exist_ok=True)
        for arriving in await asyncio.to_thread(lambda: list(left(self._spool))):
            self._start(self._arrivals.hand_over(arriving))
        for keeper in self._keepers:
            keeper.start()
        self._start(self._look_on())

    async def stop(self) -> None:
        """Unregister, and end the line processes."""
        await asyncio.gather(*(keeper.stop() for keeper in self._keepers))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def hold(self, delivery: Delivery) -> bool:
        """See `channels.base.Limited`. Where no line comes up `deliver` says so."""
        await self._looked.wait()
        if not self._fitting(delivery.address):
            await self._next_look.wait()  # a line for it may just have been set up
        begun = self._clock()
        while fitting := self._fitting(delivery.address):
            up = [line for line in fitting if self.state(line.name).up]
            line = next((line for line in up if self._has_room(line)), None)
            if line is not None:
                self._held[delivery.id] = self.state(line.name)
                self._held[delivery.id].calls += 1
                break
            waited = self._clock() - begun
            if up and (waited > HOLD_SECONDS or not any(line.channels for line in up)):
                return False
            if waited > COMING_UP_SECONDS:
                break
            await asyncio.sleep(0.2)
        return True

    def let_go(self, delivery: Delivery) -> None:
        """See `channels.base.Limited`."""
        state = self._held.pop(delivery.id, None)
        if state is not None:
            state.calls -= 1

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """Carry one attempt to its end.

        Raises: Abandoned; ValueError unless `documents` is one TIFF of fax pages.
        """
        if len(documents) != 1:
            raise ValueError(f"a fax is one document, not {len(documents)}")
        outcome = await self._carried(delivery, documents[0], cancelled)
        return dataclasses.replace(outcome, pages=delivery.confirmed + outcome.pages)

    async def _carried(self, delivery: Delivery, document: Document, cancelled: threading.Event) -> Outcome:
        lines = self._ways(delivery.address, cancelled)
        if isinstance(lines, Outcome):
            return lines
        known = await self._lesson(delivery.address)
        with tempfile.TemporaryDirectory(prefix="fax-", dir=self._scratch) as folder:
            fax = Fax(document.path, Path(folder) / "sent.tif", self._header(delivery), known)
            if (failed := await fax.prepare()) is not None:
                return failed
            outcome = Outcome(Result.LINE_ERROR, retry=True, detail="all channels of its lines are taken")
            for line in lines:
                with self._channel(line, delivery) as free:
                    if not free:
                        continue
                    outcome = await self._by(line, delivery, fax, cancelled)
                self.state(line.name).ended(outcome, self._clock())
                if not is_fault(outcome) or cancelled.is_set():
                    break
        await self._learn(delivery.address, known, fax.lesson, outcome)
        return outcome

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        """What became of an attempt whose worker died: one that was never taken sent nothing."""
        note = self._note(attempt.delivery_id, attempt.number)
        if not attempt.here or journal.known(note) is not Known.NOT_TAKEN:
            return None
        note.unlink(missing_ok=True)
        return Outcome(Result.SEND_FAILED, retry=True, detail="the node ended before the call was taken")

    def state(self, line: str) -> LineState:
        """Of a line, on this node."""
        if line not in self._states:
            state = self._states[line] = LineState(since=self._now())
            metrics.TRUNK_CALLS.labels(line).set_function(lambda: state.calls)
        return self._states[line]

    # -- calls that we make ---------------------------------------------------------------------------------------

    def _fitting(self, number: str) -> list[Line]:
        """The lines that a number may go out on, the best first."""
        return ways(self._trunks.lines, self.state, number, self._clock())

    def _has_room(self, line: Line) -> bool:
        return self.state(line.name).calls < line.channels

    @contextmanager
    def _channel(self, line: Line, delivery: Delivery) -> Iterator[bool]:
        """One of the line for a call: that which is held for the delivery, or another one if there is one."""
        state = self.state(line.name)
        if self._held.get(delivery.id) is state:
            del self._held[delivery.id]
        elif not self._has_room(line):
            yield False
            return
        else:
            state.calls += 1
        try:
            yield True
        finally:
            state.calls -= 1

    def _ways(self, number: str, cancelled: threading.Event) -> list[Line] | Outcome:
        """The lines that a number may go out on and that are up, the best first."""
        fitting = self._fitting(number)
        up = [line for line in fitting if self.state(line.name).up]
        if cancelled.is_set():
            return Outcome(Result.CANCELED, detail="cancelled before it was dialled")
        if not fitting:
            return Outcome(Result.LINE_ERROR, detail="no line is set up that this number goes out on")
        down = "; ".join(f"line {line.name} is down: {self.state(line.name).why}" for line in fitting)
        return up or Outcome(Result.LINE_ERROR, retry=True, detail=down)

    async def _lesson(self, number: str) -> Lesson:
        try:
            return await self._office.lesson(number)
        except Exception:  # the database is not there: the fax may get through as most do
            log.exception("what is known of a number cannot be read")
            return PLAIN

    async def _learn(self, number: str, known: Lesson, lesson: Lesson, outcome: Outcome) -> None:
        """`known`: what was before the call; `lesson`: what the call was made by in the end."""
        learnt, through = lesson.after(outcome), outcome.result is Result.OK
        if learnt == known and not (through and learnt != PLAIN):
            return
        try:
            await self._office.learn(number, learnt, proven=through)
        except Exception:  # what became of the fax is known all the same
            log.exception("what is known of a number cannot be kept")

    async def _by(self, line: Line, delivery: Delivery, fax: Fax, cancelled: threading.Event) -> Outcome:
        """Send a fax by a line; again at once with fewer rows where the far machine takes no such pages."""
        while True:
            outcome = await self._dial(line, delivery, fax, cancelled)
            call = dataclasses.replace(
                outcome.call or CallRecord(), line=line.name, stamp=fax.stamp, first_page=delivery.confirmed
            )
            outcome = dataclasses.replace(outcome, call=call)
            lesson = fax.lesson.after(outcome)
            if lesson.finest is fax.lesson.finest or outcome.pages or cancelled.is_set():
                return outcome
            log.info("the far machine takes no such pages", number=delivery.address, finest=lesson.finest)
            fax.lesson = lesson
            if (failed := await fax.prepare()) is not None:
                return failed

    async def _dial(self, line: Line, delivery: Delivery, fax: Fax, cancelled: threading.Event) -> Outcome:
        process = self._keeper_of(line).process
        if process is None:
            return Outcome(Result.LINE_ERROR, retry=True, detail="the line process does not run")
        note = self._note(delivery.id, delivery.attempt)
        await asyncio.to_thread(journal.open_note, note)

        def make(number: int) -> wire.Dial:
            return wire.Dial(
                number,
                line.name,
                delivery.address,
                delivery.caller_number,
                station_id(delivery.station_id),
                str(fax.pages.absolute()),
                fax.stamp.prints.pages,
                delivery.confirmed,
                dataclasses.asdict(fax.lesson),
                str(note.absolute()),
            )

        try:
            done = await process.dial(make, _set(cancelled))
        except ProcessLost as lost:
            if lost.answered or journal.known(note) is not Known.NOT_TAKEN:
                raise Abandoned(str(lost)) from lost
            return Outcome(Result.SEND_FAILED, retry=True, detail=f"{lost}, before it was taken")
        note.unlink(missing_ok=True)
        return done.read()

    def _header(self, delivery: Delivery) -> HeaderLine:
        return HeaderLine(
            at=self._now().astimezone(self._zone),
            sender=delivery.station_id,
            note=delivery.fax_header or delivery.caller_number,
            recipient=delivery.address,
        )

    def _note(self, delivery_id: int, attempt: int) -> Path:
        return self._spool / f"call-{delivery_id}-{attempt}"

    # -- process.Node ---------------------------------------------------------------------------------------------

    def line_is(self, line: str, *, up: bool, why: str) -> None:
        """A line is up, or not."""
        state = self.state(line)
        if (state.up, state.why) != (up, why):
            log.info("line", line=line, up=up, why=why)
            state.since = self._now()
        state.up, state.why = up, why
        metrics.LINE_UP.labels(line).set(up)

    async def called(self, call: wire.Called) -> wire.Take | wire.Refuse:
        """Somebody calls."""
        return await self._arrivals.called(call)

    async def received(self, take: wire.Take, received: wire.Received) -> None:
        """What came of a call that was taken."""
        await self._arrivals.received(take, received)

    # -- the processes --------------------------------------------------------------------------------------------

    async def _look_on(self) -> None:
        while True:
            self._trunks = await self._wanted()
            self._looked.set()
            look, self._next_look = self._next_look, asyncio.Event()
            look.set()
            for keeper in self._keepers:
                keeper.set(self._said(keeper))
            await self._tell_standing()
            await asyncio.sleep(LOOK_SECONDS)

    async def _tell_standing(self) -> None:
        """Whoever asks the database sees how the lines stand here."""
        for name in self._states.keys() - {line.name for line in self._trunks.lines}:
            if not self._states[name].calls:
                del self._states[name]
                metrics.TRUNK_CALLS.remove(name)
                with suppress(KeyError):  # it never came up
                    metrics.LINE_UP.remove(name)
        states = {line.name: self.state(line.name) for line in self._trunks.lines if line.enabled}
        standing = [Standing(name, "", state.up, state.why, state.since) for name, state in states.items()]
        if standing == self._stood:
            return
        try:
            await self._office.stand(standing)
        except Exception:  # the next look tells it
            log.exception("how lines stand cannot be told")
        else:
            self._stood = standing

    async def _wanted(self) -> Trunks:
        try:
            found = await self._office.lines()
        except Exception:  # the database is not there: what was known holds
            log.exception("the lines cannot be read")
            return self._trunks
        return Trunks(tuple(line for line, _ in found), {line.name: secret for line, secret in found})

    def _said(self, keeper: Keeper) -> wire.Lines:
        lines = [line for line in self._trunks.lines if line.enabled and self._keeper_of(line) is keeper]
        secrets_ = {line.name: self._trunks.secrets.get(line.name, "") for line in lines}
        return wire.Lines({line.name: line.as_json() for line in lines}, secrets_)

    def _keeper_of(self, line: Line) -> Keeper:
        """All calls of a line are in one process: a registrar calls where it was registered from."""
        return self._keepers[zlib.crc32(line.name.encode()) % len(self._keepers)]

    def _ended(self, place: int) -> None:
        for line in self._trunks.lines:
            if self._keeper_of(line) is self._keepers[place]:
                self.line_is(line.name, up=False, why="the line process ended")

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _set(event: threading.Event, pause: float = 0.1) -> None:
    """Wait until it is."""
    while not event.is_set():  # noqa: ASYNC110  it belongs to threads
        await asyncio.sleep(pause)
