"""Fax calls at once on one core: a line process that receives, beside Asterisk, with the same senders for both."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from PIL import Image

from bench.load import Untrue
from bench.t30 import drawn
from bench.table import Table
from bench.upload import memory
from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.process import LineProcess, ProcessLost
from depesche.fronts.server import allow_open_files
from depesche.model.lesson import PLAIN
from depesche.model.line import MOST_CHANNELS, T38, Caller, Line
from depesche.model.result import Result
from peers import ports
from peers.asterisk import Asterisk, Way

ROWS = 1528
"""Of the page: 40 kB, 22 seconds on the line, so that a run does not last for ever."""

STEP = 100
"""Calls more in each step."""

QUICK = 20
"""Calls, for a look."""

RAMP_SECONDS = 20.0
"""Until all calls have begun. They last for 40, so that all are there at once for half of that."""

BUSIEST_SECONDS = 10
"""For the use of a core: all calls are there."""

UP_SECONDS, CALL_SECONDS, LEFT_SECONDS = 30, 150, 15
"""Until a line is up; until a call must be over; until a receiver must have said the last."""

NOTES = (
    "A clean step: of every call both ends say that it is OK, and every picture element of the page is as it was sent.",
    "Steps go up by 100 until one is twice not clean; the first call that fails ends it. Each step begins anew.",
    "A step may fail where its core has room: there “ms” tells more than the ratio of the calls.",
    "Calls: one page of 40 kB, V.17 14400 with ECM, in real time; all begin within 20 s, and are there at once for 20.",
    "The receiver has a core for itself. Depesche: a line process, told what to do as by a node; Asterisk: ReceiveFAX.",
    "The T.30 engine is spandsp at all ends; signalling and packets are those of each. Loopback: nothing is lost.",
    "Senders: one line process of Depesche on the other core, for both. “Senders”: what they take of it.",
    "Where that nears 100, it is the senders that limit a step, and the receiver would carry more.",
    "Core: the receiver's CPU time in its busiest 10 seconds; ms: that of a whole step, for each second of a call.",
    "Late: the latest tick of 20 ms of receiver / senders. Memory: resident, the peak (VmHWM).",
    "T.38: calls begin in G.711 until the receiver asks for T.38; Depesche does after 1 second, Asterisk after 3.5.",
)


@dataclass(frozen=True, slots=True)
class Medium:
    """What carries the pages."""

    name: str
    t38: T38
    user: str
    """At Asterisk."""

    way: Way


AUDIO = Medium("G.711", T38.NO, "audio", Way.AUDIO)
PACKETS = Medium("T.38", T38.YES, "fax", Way.FAX)


_OFFSETS, _COUNTS = 273, 279
"""TIFF tags: where the strips begin, and how long they are."""

_PICTURES: dict[tuple[tuple[int, int], bytes], bytes] = {}


class Receiver(Protocol):
    """Who is measured."""

    @property
    def port(self) -> int:
        """For SIP."""

    @property
    def pid(self) -> int:
        """Of its only process."""

    @property
    def late(self) -> float:
        """Seconds that its latest tick came too late; 0 where nobody knows."""

    def files(self) -> dict[str, Path]:
        """What was received until now, by the number that was called."""


class _Node:
    """What a line process speaks with: takes every call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.up = asyncio.Event()
        self.received_files: dict[str, Path] = {}
        self._numbers: dict[int, str] = {}

    def line_is(self, line: str, *, up: bool, why: str) -> None:
        """See `process.Node`."""
        del line, why
        if up:
            self.up.set()

    async def called(self, call: wire.Called) -> wire.Take | wire.Refuse:
        """See `process.Node`."""
        self._numbers[call.call] = call.number
        return wire.Take(call.call, call.number, str(self._folder / f"{call.number}.tif"), str(call.call))

    async def received(self, take: wire.Take, received: wire.Received) -> None:
        """See `process.Node`."""
        if received.complete:
            self.received_files[self._numbers[take.call]] = Path(take.document)


@dataclass(frozen=True, slots=True)
class _Ours:
    """A line process."""

    port: int
    process: LineProcess
    node: _Node

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def late(self) -> float:
        return self.process.late

    def files(self) -> dict[str, Path]:
        """See `Receiver`."""
        return self.node.received_files


@dataclass(frozen=True, slots=True)
class _Theirs:
    """Asterisk."""

    asterisk: Asterisk
    late: float = 0.0

    @property
    def port(self) -> int:
        return self.asterisk.port

    @property
    def pid(self) -> int:
        return self.asterisk.pid

    def files(self) -> dict[str, Path]:
        """See `Receiver`."""
        return {call.called: call.file for call in self.asterisk.calls() if call.status == "SUCCESS"}


@dataclass(slots=True)
class Step:
    """So many calls at once."""

    calls: int
    failed: str = ""
    """What happened to the first that was not clean."""

    seconds: float = 0.0
    """Of all calls together."""

    cpu: float = 0.0
    """Seconds, of the receiver."""

    core: float = 0.0
    """Share of its core in the busiest seconds."""

    load: float = 0.0
    """The same of the senders."""

    late: float = 0.0
    load_late: float = 0.0
    memory: int = 0


@dataclass(slots=True)
class _Watch:
    """Looks at a process once a second."""

    process: Receiver | _Ours
    used: list[float] = field(default_factory=list)
    late: float = 0.0

    def look(self) -> None:
        self.used.append(_cpu(self.process.pid))
        self.late = max(self.late, self.process.late)

    @property
    def busiest(self) -> float:
        """Share of a core."""
        spans = zip(self.used, self.used[BUSIEST_SECONDS:], strict=False)
        return max((after - before for before, after in spans), default=0.0) / BUSIEST_SECONDS


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: Untrue: not even the first step is clean; OSError."""
    allow_open_files()
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        raise OSError("senders and receiver need a core each")
    measured, loading = max(cores), min(cores)
    page = drawn(folder / "page.tif", 1, ROWS)
    os.sched_setaffinity(0, {loading})
    try:
        with ports.block(2) as near:
            rows = asyncio.run(_Bench(folder, page, measured, near, quick).rows())
    finally:
        os.sched_setaffinity(0, cores)
    return Table(
        title="Fax calls at once",
        columns=("", "clean calls", "not clean", "core %", "ms a call second", "late ms", "memory MB", "senders %"),
        rows=rows,
        versions={"Asterisk": _version(), "spandsp": "0.0.6"},
        notes=NOTES,
    )


_Start = Callable[[Path, Medium, int], AbstractAsyncContextManager[Receiver]]
"""Starts one in a folder of its own, for so many calls."""


class _Bench:
    """All steps."""

    def __init__(self, folder: Path, page: Path, measured: int, near: Sequence[int], quick: bool) -> None:
        """`measured`: the receivers' core; `near`: ports for SIP, of our receiver and of the senders."""
        self._folder = folder
        self._page = page
        self._measured = measured
        self._near, self._far = near
        self._quick = quick
        self._names = itertools.count()

    async def rows(self) -> tuple[tuple[str, ...], ...]:
        """The table. Raises: Untrue."""
        rows = []
        for medium, theirs, ours in ((AUDIO, 200, 500), (PACKETS, 300, 700)):
            clean = []
            for name, receiver, first in (("Asterisk", self._asterisk, theirs), ("Depesche", self._depesche, ours)):
                best, broken = await self._most(medium, receiver, QUICK if self._quick else first)
                clean.append(best.calls)
                rows.append(_row(f"{medium.name}: {name}", best, broken))
            rows.append((f"{medium.name}: Depesche / Asterisk", f"{clean[1] / clean[0]:.1f}", *[""] * 6))
        return tuple(rows)

    async def _most(self, medium: Medium, receiver: _Start, first: int) -> tuple[Step, Step | None]:
        """The last clean step, and the first that was not: up from `first`, or down if that is too many.

        Raises: Untrue: not even the lowest is clean.
        """
        best: Step | None = None
        broken: Step | None = None
        calls = first
        while calls >= min(STEP, first) and (best is None or broken is None):
            step = await self._step(medium, receiver, calls)
            if step.failed:  # one call may fail by chance, on either side
                step = await self._step(medium, receiver, calls)
            if step.failed:
                broken = step
                calls -= STEP
            else:
                best = step
                calls += STEP
            if self._quick:
                break
        if best is None:
            raise Untrue(f"{medium.name}, {broken.calls if broken else 0} calls: {broken.failed if broken else 'none'}")
        return best, broken

    async def _step(self, medium: Medium, receiver: _Start, calls: int) -> Step:
        """One step, with a receiver and senders of its own."""
        folder = self._folder / f"step{next(self._names)}"
        folder.mkdir()
        async with receiver(folder, medium, calls) as measured, self._senders(folder, medium, measured.port) as load:
            step = Step(calls)
            watch, other = _Watch(measured), _Watch(load)
            watching = asyncio.create_task(_watch(watch, other))
            before = _cpu(measured.pid)
            try:
                await self._call(load, measured, medium, folder, step)
            finally:
                watching.cancel()
            step.cpu = _cpu(measured.pid) - before
            step.core, step.load = watch.busiest, other.busiest
            step.late, step.load_late = watch.late, other.late
            step.memory = memory(measured.pid, "VmHWM")
        return step

    async def _call(self, load: _Ours, measured: Receiver, medium: Medium, folder: Path, step: Step) -> None:
        """Make the calls, and judge them."""
        numbers = [f"+4930{number:05}{medium.way.value}" for number in range(step.calls)]
        give_up = asyncio.Event()
        calls = [
            asyncio.create_task(self._dial(load, number, medium, folder, place * RAMP_SECONDS / step.calls, give_up))
            for place, number in enumerate(numbers)
        ]
        for ended in asyncio.as_completed(calls):
            seconds, failed = await ended
            step.seconds += seconds
            if failed and not step.failed:
                step.failed = failed
                give_up.set()
        if not step.failed:
            step.failed = await self._compared(measured, numbers)

    async def _dial(
        self, load: _Ours, number: str, medium: Medium, folder: Path, after: float, give_up: asyncio.Event
    ) -> tuple[float, str]:
        """The call's seconds, and what was wrong with it."""
        await asyncio.sleep(after)
        if give_up.is_set():
            return 0.0, ""
        note = folder / f"note{number}"
        note.touch()

        def make(call: int) -> wire.Dial:
            return wire.Dial(
                id=call,
                line="bench",
                number=number,
                caller="+493023125000",
                station="+49 30 23125000",
                document=str(self._page),
                pages=1,
                first_page=0,
                lesson=asdict(PLAIN),
                note=str(note),
            )

        try:
            async with asyncio.timeout(CALL_SECONDS):
                outcome = (await load.process.dial(make, give_up.wait())).read()
        except TimeoutError:
            return float(CALL_SECONDS), f"{number} is not over"
        except ProcessLost as lost:
            raise Untrue(f"the senders are gone: {lost}") from lost
        failed = "" if outcome.result is Result.OK else f"{outcome.result.value}: {outcome.detail}"
        if outcome.call is not None and outcome.call.t38 is not (medium.t38 is not T38.NO):
            failed = failed or "another medium carried it"
        return float(outcome.seconds), failed

    async def _compared(self, measured: Receiver, numbers: Sequence[str]) -> str:
        """What is wrong with the pages."""
        deadline = time.monotonic() + LEFT_SECONDS
        while len(files := measured.files()) < len(numbers) and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        if missing := set(numbers) - files.keys():
            return f"{len(missing)} faxes are not there, or not complete"
        sent = _picture(self._page)
        wrong = sum(_picture(files[number]) != sent for number in numbers)
        return f"{wrong} pages differ" if wrong else ""

    @asynccontextmanager
    async def _asterisk(self, folder: Path, medium: Medium, calls: int) -> AsyncIterator[Receiver]:
        del folder, medium
        with _pinned(self._measured):
            running = Asterisk.running(calls=calls, verbose=0)
            asterisk = running.__enter__()
        try:
            yield _Theirs(asterisk)
        finally:
            running.__exit__(None, None, None)

    @asynccontextmanager
    async def _depesche(self, folder: Path, medium: Medium, calls: int) -> AsyncIterator[Receiver]:
        del calls
        with _pinned(self._measured):
            ours = await _line(folder, medium, self._near, self._far)
        try:
            yield ours
        finally:
            await ours.process.stop()

    @asynccontextmanager
    async def _senders(self, folder: Path, medium: Medium, port: int) -> AsyncIterator[_Ours]:
        ours = await _line(folder, medium, self._far, port)
        try:
            async with asyncio.timeout(UP_SECONDS):
                await ours.node.up.wait()
            yield ours
        finally:
            await ours.process.stop()


async def _line(folder: Path, medium: Medium, port: int, far: int) -> _Ours:
    """A line process on `port`, with one line to another."""
    node = _Node(folder)
    with _printing_to(folder / f"{port}.log"):
        process = await LineProcess.start(wire.Setup("127.0.0.1", "", "", port, 0, 0, 0, "", "", ""), node)
    line = Line(
        "bench",
        "127.0.0.1",
        far,
        register=False,
        user=medium.user,
        numbers=("+49*",),
        channels=MOST_CHANNELS,
        t38=medium.t38,
        caller=Caller.ASSERTED,
    )
    process.set_lines(wire.Lines({line.name: line.as_json()}, {}))
    return _Ours(port, process, node)


@contextmanager
def _pinned(core: int) -> Iterator[None]:
    """What is started meanwhile stays on that core."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


@contextmanager
def _printing_to(log: Path) -> Iterator[None]:
    """What is started meanwhile prints there: a line process says why it declines what Asterisk offers in the end."""
    ours = os.dup(1)
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
        yield
    finally:
        os.dup2(ours, 1)
        os.close(ours)


async def _watch(*watches: _Watch) -> None:
    while True:
        for watch in watches:
            watch.look()
        await asyncio.sleep(1)


def _cpu(pid: int) -> float:
    """Seconds that a process has computed, with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _picture(tiff: Path) -> bytes:
    """The picture elements of a page. Most files of a step are coded alike: each code is read once."""
    with Image.open(tiff) as image:
        tags = image.tag_v2  # type: ignore[attr-defined]
        octets = tiff.read_bytes()
        strips = zip(tags[_OFFSETS], tags[_COUNTS], strict=True)
        key = image.size, b"".join(octets[start : start + count] for start, count in strips)
        if key not in _PICTURES:
            _PICTURES[key] = image.tobytes()
        return _PICTURES[key]


def _version() -> str:
    """Of Asterisk."""
    with Asterisk.running(calls=1, verbose=0) as asterisk:
        return asterisk.command("core show version").split()[1]


def _row(name: str, best: Step, broken: Step | None) -> tuple[str, ...]:
    return (
        name,
        str(best.calls),
        str(broken.calls) if broken else "",
        f"{100 * best.core:.0f}",
        f"{1000 * best.cpu / best.seconds:.2f}",
        f"{1000 * best.late:.0f} / {1000 * best.load_late:.0f}",
        f"{best.memory / 1e6:.0f}",
        f"{100 * best.load:.0f}",
    )
