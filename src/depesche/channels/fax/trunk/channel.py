"""Fax over SIP trunks, as the dispatcher sees it: `depesche.channels.base.Channel`."""

import asyncio
import dataclasses
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from depesche.channels.base import Abandoned, Attempt, Delivery, Document
from depesche.channels.fax.header import BadDocument, HeaderLine, require_font, stamp
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.trunk import journal, wire
from depesche.channels.fax.trunk.journal import Known
from depesche.channels.fax.trunk.process import LineProcess, ProcessLost
from depesche.channels.fax.trunk.routing import LineState, is_fault, ways
from depesche.model.callrecord import CallRecord
from depesche.model.line import Line
from depesche.model.outcome import Outcome
from depesche.model.reception import Reception
from depesche.model.result import Result
from depesche.model.station import station_id

LOOK_SECONDS = 2.0
"""Between two looks at what the operator changed."""

FIRST_REST, LONGEST_REST = 1.0, 60.0
"""Seconds until a line process that ended is started again; twice as long each time that it does not last."""

_LASTED_SECONDS = 300.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Trunks:
    """All lines of the installation."""

    lines: tuple[Line, ...] = ()
    secrets: dict[str, str] = field(default_factory=dict, repr=False)


class SipFax:
    """The channel. It starts when the first line is set up, and keeps line processes running."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        scratch: Path,
        spool: Path,
        setup: wire.Setup,
        lines: Callable[[], Awaitable[Trunks]],
        station: Callable[[str], Awaitable[str | None]],
        receive: Callable[[Reception], Awaitable[None]],
        timezone: str,
    ) -> None:
        """Check the engine and the header's face, so that a call cannot fail for them.

        Args:
            now: the clock, UTC.
            scratch: an existing folder for files that live as long as a call.
            spool: a folder of this node for what has to outlive it: notes of calls, faxes on their way in.
            setup: where line processes work.
            lines: what the operator set up, as it is now.
            station: the station id of whoever owns an E.164 number; None: nobody does.
            receive: keeps a fax for its inbox.
            timezone: zone of the time in the header line.

        Raises: EngineError, FontMissing, zoneinfo.ZoneInfoNotFoundError.
        """
        verified()
        require_font()
        self._now = now
        self._scratch = scratch
        self._spool = spool
        self._setup = setup
        self._look = lines
        self._station = station
        self._receive = receive
        self._zone = ZoneInfo(timezone)
        self._clock = time.monotonic
        self._trunks = Trunks()
        self._states: dict[str, LineState] = {}
        self._process: LineProcess | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look after the lines from now on."""
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        await self._hand_over_what_is_left()
        self._task = asyncio.create_task(self._keep(), name="lines")

    async def stop(self) -> None:
        """Unregister, and end the line processes."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._process is not None:
            await self._process.stop()

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """Carry one attempt to its end.

        Raises: Abandoned; ValueError unless `documents` is one TIFF of fax pages.
        """
        if len(documents) != 1:
            raise ValueError(f"a fax is one document, not {len(documents)}")
        process = self._process
        lines = ways(self._trunks.lines, self.state, delivery.address, self._clock())
        if not lines or process is None:
            why = "the line process does not run" if lines else "no line is set up that this number goes out on"
            return Outcome(Result.LINE_ERROR, retry=bool(lines), detail=why)
        with tempfile.TemporaryDirectory(prefix="fax-", dir=self._scratch) as folder:
            pages = Path(folder) / "sent.tif"
            header = self._header(delivery)
            try:
                prints = await asyncio.to_thread(stamp, documents[0].path, pages, header)
            except BadDocument as error:
                return Outcome(Result.LINE_ERROR, detail=f"the document cannot be sent: {error}")
            except OSError as error:
                return Outcome(Result.LINE_ERROR, retry=True, detail=f"the pages cannot be prepared: {error}")
            for line in lines:
                outcome = await self._dial(process, line, delivery, pages, prints.pages, cancelled)
                call = dataclasses.replace(outcome.call or CallRecord(), line=line.name, stamp=header.stamp(prints))
                outcome = dataclasses.replace(outcome, call=call)
                self.state(line.name).ended(outcome, self._clock())
                if not is_fault(outcome) or cancelled.is_set():
                    break
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
        return self._states.setdefault(line, LineState())

    # -- calls that we make ---------------------------------------------------------------------------------------

    async def _dial(
        self, process: LineProcess, line: Line, delivery: Delivery, pages: Path, count: int, cancelled: threading.Event
    ) -> Outcome:
        note = self._note(delivery.id, delivery.attempt)
        await asyncio.to_thread(journal.open_note, note)

        def make(number: int) -> wire.Dial:
            return wire.Dial(
                number,
                line.name,
                delivery.address,
                delivery.caller_number,
                station_id(delivery.station_id),
                str(pages.absolute()),
                count,
                str(note.absolute()),
            )

        state = self.state(line.name)
        state.calls += 1
        try:
            done = await process.dial(make, _set(cancelled))
        except ProcessLost as lost:
            if lost.answered or journal.known(note) is not Known.NOT_TAKEN:
                raise Abandoned(str(lost)) from lost
            return Outcome(Result.SEND_FAILED, retry=True, detail=f"{lost}, before it was taken")
        finally:
            state.calls -= 1
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
        state.up, state.why = up, why

    async def called(self, call: wire.Called) -> wire.Take | wire.Refuse:
        """Somebody calls."""
        try:
            station = await self._station(call.number)
        except Exception:  # the database is not there: whoever calls may try again
            log.exception("nobody knows whose number is called", number=call.number)
            return wire.Refuse(call.call, 503, "Service Unavailable")
        if station is None:
            return wire.Refuse(call.call, 404, "Not Found")
        source = f"sip:{self._now():%Y%m%dT%H%M%S%f}:{call.call}"
        return wire.Take(call.call, station_id(station), str((self._spool / f"fax-{source}.tif").absolute()))

    async def received(self, call: wire.Called, take: wire.Take, received: wire.Received) -> None:
        """What came of a call that was taken: into its inbox, if there is a page."""
        tiff = Path(take.document)
        log.info("call ended", line=call.line, pages=received.pages, complete=received.complete, why=received.detail)
        if received.pages:
            reception = Reception(
                source=tiff.stem.removeprefix("fax-"),
                called_number=call.number,
                received_at=self._now(),
                originator=call.caller,
                remote_id=received.remote_id,
                pages=received.pages,
                tiff=tiff,
                complete=received.complete,
                bad_rows=tuple(received.bad_rows),
            )
            await self._receive(reception)
        await asyncio.to_thread(tiff.unlink, missing_ok=True)

    async def _hand_over_what_is_left(self) -> None:
        """Faxes that were on their way in when this node ended."""

    # -- the processes --------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        rest = FIRST_REST
        loop = asyncio.get_running_loop()
        while True:
            trunks = await self._wanted()
            if trunks != self._trunks:
                self._trunks = trunks
                if self._process is not None:
                    self._process.set_lines(self._said())
            if self._process is None and trunks.lines:
                began = loop.time()
                try:
                    self._process = await LineProcess.start(self._setup, self)
                except (OSError, ProcessLost):
                    log.exception("no line process starts")
                else:
                    self._process.set_lines(self._said())
            if self._process is None:
                await asyncio.sleep(LOOK_SECONDS if not trunks.lines else rest)
                rest = min(2 * rest, LONGEST_REST)
                continue
            if await self._ends_within(self._process, LOOK_SECONDS):
                log.error("a line process ended", pid=self._process.pid)
                await self._process.stop()
                self._process = None
                for state in self._states.values():
                    state.up, state.why = False, "the line process ended"
                rest = FIRST_REST if loop.time() - began > _LASTED_SECONDS else min(2 * rest, LONGEST_REST)
                await asyncio.sleep(rest)

    async def _wanted(self) -> Trunks:
        try:
            return await self._look()
        except Exception:  # the database is not there: what was known holds
            log.exception("the lines cannot be read")
            return self._trunks

    def _said(self) -> wire.Lines:
        enabled = [line for line in self._trunks.lines if line.enabled]
        return wire.Lines({line.name: line.as_json() for line in enabled}, dict(self._trunks.secrets))

    @staticmethod
    async def _ends_within(process: LineProcess, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await process.ended.wait()
        except TimeoutError:
            return False
        return True


async def _set(event: threading.Event, pause: float = 0.1) -> None:
    """Wait until it is."""
    while not event.is_set():
        await asyncio.sleep(pause)
