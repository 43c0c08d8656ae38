"""One line: known to its registrar whatever breaks, and sent on only to where no harm is done."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depesche.channels.fax.ending import End as Why
from depesche.channels.fax.media.ticker import Ticker
from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.ear import Ear, End
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.framing import Frames
from depesche.channels.fax.sip.layer import respond
from depesche.channels.fax.sip.message import Request, encode
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.trunk import trunk as subject
from depesche.channels.fax.trunk.endpoint import Endpoint
from depesche.channels.fax.trunk.faxcall import Bench, Carried, Told
from depesche.channels.fax.trunk.ports import Ports
from depesche.channels.fax.trunk.resolver import Resolver
from depesche.channels.fax.trunk.transports import Ours
from depesche.channels.fax.trunk.trunk import MOST_REDIRECTS, Errand, Trunk
from depesche.model.line import Line, Route, Transport
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from documents import fax_page, picture
from peers.nameserver import Nameserver

HOST = "127.0.0.1"


class Process:
    """What a line process is to a trunk."""

    def __init__(self) -> None:
        self.trunks: list[Trunk] = []
        self.told: list[tuple[bool, str]] = []
        self.changed = asyncio.Event()
        self.endpoint = Endpoint(
            Ours(),
            self,
            lambda flow: any(trunk.knows(flow) for trunk in self.trunks),
            self.broken,
            name="t",
            user="fax",
        )

    def called(self, call: Call, request: Request, flow: Flow) -> Ear | tuple[int, str]:
        return 486, "Busy Here"

    def broken(self, flow: Flow, why: str) -> None:
        for trunk in self.trunks:
            trunk.broken(flow, why)

    def tell(self, up: bool, why: str) -> None:
        self.told.append((up, why))
        self.changed.set()

    async def until_told(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self.changed.clear()
                await self.changed.wait()

    def trunk(self, nameserver: str = "", **values: Any) -> Trunk:
        line = Line("line", **{"host": HOST, "user": "20001"} | values)
        ports = Ports("")
        bench = Bench(verified(), Ticker(ports.incoming.read), ports, self.endpoint.flush, "")
        trunk = Trunk(self.endpoint, bench, Resolver(nameserver), line, "", self.tell)
        self.trunks.append(trunk)
        return trunk


class Streams:
    """Somebody by TCP who says the same to everybody."""

    def __init__(self, status: int = 200, reason: str = "OK") -> None:
        self.said = status, reason
        self.asked: list[Request] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        frames = Frames()
        while data := await reader.read(65536):
            for request in frames.feed(data):
                assert isinstance(request, Request)
                if request.method != "ACK":
                    self.asked.append(request)
                    writer.write(encode(respond(request, *self.said, "theirs")))
        writer.close()

    def break_off(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Process, Streams, int]]:
    process, registrar = Process(), Streams()
    server = await asyncio.start_server(registrar.take, HOST, 0)
    try:
        yield process, registrar, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        registrar.break_off()
        for trunk in process.trunks:
            await trunk.stop()
        await process.endpoint.close()
        await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(within())


def test_a_line_whose_connection_breaks_is_known_again_at_once() -> None:
    async def test() -> None:
        async with listening() as (process, registrar, port):
            line = process.trunk(port=port, transport=Transport.TCP)
            line.start()
            await process.until_told(1)
            registrar.break_off()
            await process.until_told(3)
            assert [up for up, _ in process.told] == [True, False, True]
            assert "connection" in process.told[1][1]
            assert len(registrar.asked) == 2
            assert registrar.asked[0].headers.get("Contact") == registrar.asked[1].headers.get("Contact")
            await line.stop()
            assert registrar.asked[-1].headers.get("Expires") == "0"

    run(test)


@pytest.mark.parametrize("register", [True, False])
def test_a_line_that_leads_nowhere_is_down_in_plain_words(register: bool) -> None:
    async def test() -> None:
        async with listening() as (process, _, port):
            for trunk in (
                process.trunk(port=port + 1, transport=Transport.TLS, register=register),
                process.trunk(host="nowhere.invalid", port=5060, register=register),
            ):
                told = len(process.told)
                trunk.start()
                await process.until_told(told + 1)
            assert process.told[0] == (False, "TLS is not set up")
            assert process.told[1][0] is False
            assert "nowhere.invalid" in process.told[1][1]

    run(test)


def test_a_line_without_registrar_is_up_when_it_answers() -> None:
    async def test() -> None:
        async with listening() as (process, registrar, port):
            process.trunk(port=port, transport=Transport.TCP, register=False).start()
            await process.until_told(1)
            assert process.told == [(True, "")]
            assert registrar.asked[0].method == "OPTIONS"

    run(test)


def test_a_call_goes_past_servers_that_do_not_take_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "PATIENCE", 0.3)

    async def call(process: Process, line: Trunk) -> Outcome:
        document = tmp_path / "page.tif"
        document.write_bytes(picture("TIFF", fax_page(), compression="group4", dpi=(204, 196)))
        errand = Errand("+493023125100", "", Station("1", send=document), 1, Told(), lambda _call: None)
        return await line.dial(errand)

    async def test() -> None:
        full, busy = Streams(503, "Service Unavailable"), Streams(486, "Busy Here")
        servers = [await asyncio.start_server(one.take, HOST, 0) for one in (full, busy)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        records = ["host-record=a.example,127.0.0.1"]
        with socket.socket() as gone, socket.socket() as silent:
            for one in (gone, silent):
                one.bind((HOST, 0))
            silent.listen()
            order = [gone.getsockname()[1], silent.getsockname()[1], *ports]
            records += [f"srv-host=_sip._tcp.c.example,a.example,{port},{place},1" for place, port in enumerate(order)]
            process = Process()
            with Nameserver.running(tmp_path, *records) as server:
                line = process.trunk(server.place, host="c.example", transport=Transport.TCP, register=False)
                assert (await call(process, line)).result is Result.BUSY
                assert [len(one.asked) for one in (full, busy)] == [1, 1]
                assert (await call(process, line)).result is Result.BUSY
                assert [len(one.asked) for one in (full, busy)] == [1, 2], "those that failed rest"
                busy.said = 503, "Service Unavailable"
                outcome = await call(process, line)
                assert (outcome.result, outcome.retry) == (Result.LINE_ERROR, True)
            await process.endpoint.close()
        for open_server, streams in zip(servers, (full, busy), strict=True):
            open_server.close()
            streams.break_off()
        await asyncio.sleep(0)

    run(test)


@pytest.mark.parametrize(
    ("contacts", "onward"),
    [
        (("<sip:+493023125200@127.0.0.1>",), "+493023125200"),
        (("<sip:03023125200@carrier.example;user=phone>",), "+493023125200"),
        (("<tel:+49-30-23125-200>",), "+493023125200"),
        (("<sip:+493023125201@127.0.0.1>;q=0.2", "<sip:+493023125202@127.0.0.1>;q=0.9"), "+493023125202"),
        (("nonsense<", "<sip:+493023125200@127.0.0.1>"), "+493023125200"),
        (("<sip:+493023125200@192.0.2.1>",), None),  # at another host
        (("<sip:+493023125100@127.0.0.1>",), None),  # in a circle
        (("<sip:+4990012345678@127.0.0.1>",), None),  # a premium number
        (("<sip:+498923125200@127.0.0.1>",), None),  # dearer
        (("<sip:+43123125200@127.0.0.1>",), None),  # abroad
        (("<sip:+1@127.0.0.1>", "<sip:bob@127.0.0.1>", "<mailto:a@b>"), None),
        ((), None),
    ],
)
def test_a_call_is_sent_on_only_to_where_no_harm_is_done(contacts: tuple[str, ...], onward: str | None) -> None:
    async def test() -> None:
        async with listening() as (process, _, port):
            routes = (Route("+49", "0.01"), Route("+4989", "0.02"), Route("+43", "0.01"))
            values: dict[str, Any] = {"port": port, "domain": "carrier.example", "routes": routes, "register": False}
            careless, strict = process.trunk(**values, follow_redirects=True), process.trunk(**values)
            for trunk in (careless, strict):
                await trunk._look()
            end = Carried(End(ours=False, status=302, contacts=contacts))
            ordered = "+493023125100"
            assert careless._onward(end, [ordered]) == onward
            assert strict._onward(end, [ordered]) is None
            assert careless._onward(end, [ordered, *map(str, range(MOST_REDIRECTS))]) is None

    run(test)


def test_a_telephone_that_rang_is_not_a_trunk_that_is_silent() -> None:
    silent = End(ours=False, status=408, reason="nobody answers", unheard=True)
    for carried, result in (
        (Carried(silent, rang=True, why=Why.RANG_OUT), Result.NO_ANSWER),
        (Carried(silent, why=Why.RANG_OUT), Result.LINE_ERROR),
        (Carried(replace(silent, unheard=False, status=487), why=Why.RANG_OUT), Result.NO_ANSWER),
    ):
        assert (subject._judged(carried, 1).result, subject._judged(carried, 1).retry) == (result, True)
