"""One line: known to its registrar whatever breaks, and sent on only to where no harm is done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from depesche.channels.fax.sip.call import Call, Ear, End
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.framing import Frames
from depesche.channels.fax.sip.layer import respond
from depesche.channels.fax.sip.message import Request, encode
from depesche.channels.fax.trunk.endpoint import Endpoint
from depesche.channels.fax.trunk.faxcall import Bench, Carried
from depesche.channels.fax.trunk.resolver import Resolver
from depesche.channels.fax.trunk.transports import Ours
from depesche.channels.fax.trunk.trunk import MOST_REDIRECTS, Trunk
from depesche.model.line import Line, Route, Transport

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

    def trunk(self, **values: Any) -> Trunk:
        line = Line("line", **{"host": HOST, "user": "20001"} | values)
        trunk = Trunk(self.endpoint, cast("Bench", None), Resolver(), line, "", self.tell)
        self.trunks.append(trunk)
        return trunk


class Streams:
    """A registrar by TCP that takes everybody."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        frames = Frames()
        while data := await reader.read(65536):
            for request in frames.feed(data):
                assert isinstance(request, Request)
                self.asked.append(request)
                writer.write(encode(respond(request, 200, "OK", "theirs")))
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
            trunk = process.trunk(port=port, transport=Transport.TCP)
            trunk.start()
            await process.until_told(1)
            registrar.break_off()
            await process.until_told(3)
            assert [up for up, _ in process.told] == [True, False, True]
            assert "connection" in process.told[1][1]
            assert len(registrar.asked) == 2
            assert registrar.asked[0].headers.get("Contact") == registrar.asked[1].headers.get("Contact")
            await trunk.stop()
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
            values = {"port": port, "domain": "carrier.example", "routes": routes, "register": False}
            careless, strict = process.trunk(**values, follow_redirects=True), process.trunk(**values)
            for trunk in (careless, strict):
                await trunk._look()
            end = Carried(End(ours=False, status=302, contacts=contacts))
            ordered = "+493023125100"
            assert careless._onward(end, [ordered]) == onward
            assert strict._onward(end, [ordered]) is None
            assert careless._onward(end, [ordered, *map(str, range(MOST_REDIRECTS))]) is None

    run(test)
