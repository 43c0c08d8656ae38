"""The line process: the calls of all lines of a node, or of some of them, in a loop of their own.

Started by `process.LineProcess`, with one end of a socket as its standard input. It ends when the other end closes.
"""

import asyncio
import gc
import os
import socket
import ssl
import sys
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path

import structlog
import uvloop

from depesche import __version__
from depesche.channels.fax.ending import End as Why
from depesche.channels.fax.media.ticker import Ticker
from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.ear import Deaf, Ear, End
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.message import Request
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Modem
from depesche.channels.fax.trunk import journal, wire
from depesche.channels.fax.trunk.endpoint import Endpoint
from depesche.channels.fax.trunk.faxcall import Bench, Carried, FaxCall, Told
from depesche.channels.fax.trunk.ports import Ports
from depesche.channels.fax.trunk.resolver import Resolver
from depesche.channels.fax.trunk.talk import Talk
from depesche.channels.fax.trunk.transports import Ours, Tls
from depesche.channels.fax.trunk.trunk import Errand, Trunk
from depesche.model.lesson import Lesson
from depesche.model.line import Line
from depesche.model.outcome import Outcome
from depesche.model.result import Result

log = structlog.get_logger()

_DECISION_SECONDS = 5.0
"""That a node may take to say whether a call is taken."""

_MOST_ARRIVALS = 2000
"""Calls of others at once, over all lines: more than a core carries."""

_BEAT_SECONDS = 5.0
"""Between two words on how the calls keep time."""


class Arrival(Deaf):
    """A call of somebody, until it is decided whether it is taken. Hears it end before that."""

    def __init__(self, call: Call, request: Request, trunk: Trunk) -> None:
        self.call = call
        self.request = request
        self.trunk = trunk
        self.gone = False

    def over(self, end: End) -> None:
        """The caller did not wait."""
        del end
        self.gone = True


class Worker:
    """All that a line process does."""

    def __init__(self, control: socket.socket, setup: wire.Setup) -> None:
        self._setup = setup
        self._spandsp = verified()
        self._ports = Ports(setup.host, setup.media_first, setup.media_last)
        self._ticker = Ticker(self._ports.incoming.read)
        self._trunks: dict[str, Trunk] = {}
        self._calls: dict[int, FaxCall] = {}
        self._unwanted: set[int] = set()
        self._arrivals: dict[int, Arrival] = {}
        self._numbers = iter(range(1, sys.maxsize))
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._talk = Talk(control, self._hear, self._over.set)
        self._endpoint: Endpoint
        self._resolver: Resolver
        self._bench: Bench

    async def run(self) -> None:
        """Until the node goes, or tells us to."""
        setup = self._setup
        ours = Ours(setup.host, setup.advertised, setup.port, setup.tls_port)
        tls = Tls(_client(setup, verify=True), _client(setup, verify=False), _server(setup))
        self._endpoint = Endpoint(
            ours, self, self.knows, self.broken, name=f"Depesche/{__version__}", user="fax", tls=tls
        )
        self._resolver = Resolver(setup.nameserver)
        self._bench = Bench(self._spandsp, self._ticker, self._ports, self._endpoint.flush, setup.host)
        self.say(wire.Ready())
        self._start(self._tell_beat())
        await self._over.wait()
        for faxcall in self._calls.values():
            faxcall.hang_up(Why.CANCELLED)
        await self._leave(self._trunks.values())
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        await self._endpoint.close()

    def say(self, message: wire.Message) -> None:
        """To the node."""
        self._talk.say(message)

    async def _tell_beat(self) -> None:
        told = 0
        while not self._over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), _BEAT_SECONDS)
            if self._ticker.ticks != told:
                told = self._ticker.ticks
                self.say(wire.Beat(self._ticker.worst_seconds()))

    @staticmethod
    async def _leave(trunks: Iterable[Trunk]) -> None:
        """Unregister them."""
        await asyncio.gather(*(trunk.stop() for trunk in trunks))

    def broken(self, flow: Flow, why: str) -> None:
        """Nothing can be sent by a flow any more."""
        for trunk in self._trunks.values():
            trunk.broken(flow, why)

    def knows(self, flow: Flow) -> bool:
        """Whether there is a line to where something came from."""
        return any(trunk.knows(flow) for trunk in self._trunks.values())

    # -- agent.Switchboard ----------------------------------------------------------------------------------------

    def called(self, call: Call, request: Request, flow: Flow) -> Ear | tuple[int, str]:
        """Somebody calls: those who are on no line of ours are sent away, else the node decides."""
        trunk = next((trunk for trunk in self._trunks.values() if trunk.knows(flow)), None)
        if trunk is None:
            return 403, "Forbidden"
        number = trunk.called_number(request)
        among = [one for one in self._trunks.values() if one.knows(flow) and one.line.has(number)]
        if not among:
            return 404, "Not Found"
        caller = trunk.caller(request)
        among = [one for one in among if one.line.takes(caller)]
        if not among:
            return 603, "Decline"
        trunk = next((one for one in among if not one.busy), None)
        if trunk is None or len(self._arrivals) >= _MOST_ARRIVALS:
            return 486, "Busy Here"
        arrival, name = Arrival(call, request, trunk), next(self._numbers)
        self._arrivals[name] = arrival
        trunk.calls += 1
        self.say(wire.Called(name, trunk.line.name, number, caller))
        asyncio.get_running_loop().call_later(_DECISION_SECONDS, self._undecided, name)
        call.ring()
        return arrival

    def _undecided(self, name: int) -> None:
        arrival = self._arrivals.get(name)
        if arrival is not None and arrival.call.ear is arrival:
            self._refuse(wire.Refuse(name, 503, "Service Unavailable"))

    # -- what the node says ---------------------------------------------------------------------------------------

    def _hear(self, message: wire.Message) -> None:
        match message:
            case wire.Lines():
                self._start(self._set_lines(message))
            case wire.Dial():
                self._start(self._dial(message))
            case wire.HangUp(number):
                self._unwanted.add(number)
                if number in self._calls:
                    self._calls[number].hang_up(Why.CANCELLED)
            case wire.Take():
                self._start(self._take(message))
            case wire.Refuse():
                self._refuse(message)
            case _:
                log.error("the node says what it should not", message=type(message).__name__)

    async def _set_lines(self, message: wire.Lines) -> None:
        wanted = {name: Line.of_json(name, values) for name, values in message.lines.items()}
        gone = [
            name
            for name, trunk in self._trunks.items()
            if name not in wanted or not trunk.becomes(wanted[name], message.secrets.get(name, ""))
        ]
        await self._leave([self._trunks.pop(name) for name in gone])
        for name, line in wanted.items():
            if name not in self._trunks:
                told = self._told(name)
                secret = message.secrets.get(name, "")
                trunk = self._trunks[name] = Trunk(self._endpoint, self._bench, self._resolver, line, secret, told)
                trunk.start()

    def _told(self, name: str) -> Callable[[bool, str], None]:
        return lambda up, why: self.say(wire.State(name, up, why))

    async def _dial(self, dial: wire.Dial) -> None:
        self.say(wire.Done.of(dial.id, await self._dialled(dial)))

    async def _dialled(self, dial: wire.Dial) -> Outcome:
        trunk = self._trunks.get(dial.line)
        if trunk is None:
            return Outcome(Result.LINE_ERROR, retry=True, detail=f"line {dial.line} is not there any more")
        if dial.id in self._unwanted:
            self._unwanted.discard(dial.id)
            return Outcome(Result.CANCELED, detail="cancelled before it was dialled")

        def answered() -> None:
            journal.note_taken(Path(dial.note))
            self.say(wire.Answered(dial.id))

        def begun(faxcall: FaxCall) -> None:
            self._calls[dial.id] = faxcall

        lesson = Lesson(**dial.lesson)
        station = Station(
            dial.station,
            send=Path(dial.document),
            first_page=dial.first_page,
            modems=Modem.ALL if lesson.v17 else Modem.V29 | Modem.V27TER,
        )
        left = dial.pages - dial.first_page
        errand = Errand(dial.number, dial.caller, station, left, Told(answered=answered), begun, t38=lesson.t38)
        trunk.calls += 1
        try:
            return await trunk.dial(errand)
        finally:
            trunk.calls -= 1
            self._calls.pop(dial.id, None)
            self._unwanted.discard(dial.id)

    async def _take(self, take: wire.Take) -> None:
        arrival = self._arrivals.get(take.call)
        if arrival is None:  # it was too late
            self.say(_received(take.call, None))
            return
        carried = None
        if not arrival.gone:
            station = Station(take.station, receive=Path(take.document))
            loop, path = asyncio.get_running_loop(), Path(take.document)

            def page(_confirmed: int) -> None:
                loop.run_in_executor(None, _make_durable, path)

            carried = await arrival.trunk.take(arrival.call, arrival.request, station, Told(page=page))
        self._let_go(take.call)
        self.say(_received(take.call, carried))

    def _refuse(self, refuse: wire.Refuse) -> None:
        arrival = self._arrivals.get(refuse.call)
        if arrival is not None:
            self._endpoint.do(lambda: arrival.call.refuse(refuse.status, refuse.reason))
            self._let_go(refuse.call)

    def _let_go(self, name: int) -> None:
        arrival = self._arrivals.pop(name, None)
        if arrival is not None:
            arrival.trunk.calls -= 1

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a call is lost", exc_info=error)
            self._over.set()  # what is left to its end here would be told wrong: the node starts another process


def _make_durable(path: Path) -> None:
    """A page that is about to be confirmed, onto the disk: the confirmation is on the line for a second."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _received(name: int, carried: Carried | None) -> wire.Received:
    if carried is None or carried.report is None or carried.ending is None:
        detail = "the caller did not wait" if carried is None else carried.end.reason
        return wire.Received(name, 0, False, "", 0, detail)
    report = carried.report
    seconds = int(carried.ending.seconds + 0.999)
    bad_rows = tuple(page.bad_rows for page in report.confirmed)
    why = carried.ending.end.value
    pages = len(report.confirmed)
    return wire.Received(name, pages, report.whole, report.remote_id, seconds, why, bad_rows, report.subaddress)


def _client(setup: wire.Setup, *, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=setup.authorities or None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if setup.certificate:
        context.load_cert_chain(setup.certificate, setup.key or None)
    return context


def _server(setup: wire.Setup) -> ssl.SSLContext | None:
    if not setup.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(setup.certificate, setup.key or None)
    return context


def main() -> None:
    """Be a line process."""
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    first = wire.unpack(control.recv(wire.PACKET))
    if not isinstance(first, wire.Setup):
        raise SystemExit("a line process is told its settings first")
    gc.collect()
    gc.freeze()  # what was loaded is looked through no more: that takes longer than a tick
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(control, first))


async def _work(control: socket.socket, setup: wire.Setup) -> None:
    await Worker(control, setup).run()


if __name__ == "__main__":
    main()
