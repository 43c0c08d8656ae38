"""Agents with sockets: what is long takes a stream, what broke is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.ear import Ear
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.layer import respond
from depesche.channels.fax.sip.message import Request, Response, encode, parse
from depesche.channels.fax.sip.uri import NameAddr, Uri
from depesche.channels.fax.trunk.endpoint import Endpoint
from depesche.channels.fax.trunk.transports import Ours

HOST = "127.0.0.1"


class Side:
    """One end."""

    def __init__(self) -> None:
        self.known = True
        self.broken: list[tuple[Flow, str]] = []
        self.endpoint = Endpoint(
            Ours(HOST),
            self,
            lambda _flow: self.known,
            lambda flow, why: self.broken.append((flow, why)),
            name="test",
            user="fax",
        )

    def called(self, call: Call, request: Request, flow: Flow) -> Ear | tuple[int, str]:
        return 486, "Busy Here"

    async def options(self, to: tuple[str, int], size: int = 0) -> Response:
        """Ask by UDP."""
        there = Uri("sip", to[0], "fax", to[1])
        request = self.endpoint.agent.request("OPTIONS", there, NameAddr(Uri("sip", HOST, "me")), NameAddr(there))
        request.headers.add("Subject", "x" * size)
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        flow = self.endpoint.transports.flow("UDP", to)
        self.endpoint.do(lambda: self.endpoint.agent.ask(request, flow, answer.set_result))
        async with asyncio.timeout(20):
            return await answer


@asynccontextmanager
async def sides() -> AsyncIterator[tuple[Side, Side]]:
    one, other = Side(), Side()
    for side in (one, other):
        await side.endpoint.transports.reach(HOST)
    try:
        yield one, other
    finally:
        for side in (one, other):
            await side.endpoint.close()


class Datagrams(asyncio.DatagramProtocol):
    """Somebody who knows no streams."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse(data)
        assert isinstance(message, Request)
        self.asked.append(message)
        self.transport.sendto(encode(respond(message, 200, "OK", "theirs")), addr)


def test_what_is_long_takes_a_stream_if_there_is_one() -> None:
    async def test() -> None:
        async with sides() as (one, other):
            to = other.endpoint.transports.flow("UDP", (HOST, 9)).local
            tcp = other.endpoint.transports.flow("TCP", (HOST, 9)).local
            assert (await one.options(to)).via.transport == "UDP"
            if to == tcp:  # any port that was free for datagrams; for streams it may be another one
                assert (await one.options(to, 2000)).via.transport == "TCP"
        async with sides() as (one, _):
            transport, far = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=(HOST, 0))
            to = transport.get_extra_info("sockname")
            for _ in range(2):
                answer = await one.options(to, 2000)
                assert (answer.status, answer.via.transport) == (200, "UDP")
            assert [why for _, why in one.broken] == [f"no connection to {HOST} port {to[1]}: nobody listens there"]
            assert len(far.asked) == 2
            transport.close()
            await asyncio.sleep(0)  # the loop closes its socket

    asyncio.run(test())


def test_strangers_get_no_answer() -> None:
    async def test() -> None:
        async with sides() as (one, other):
            to = other.endpoint.transports.flow("UDP", (HOST, 9)).local
            other.known = False
            asking = asyncio.create_task(one.options(to))
            await asyncio.sleep(0.2)
            assert not asking.done()
            other.known = True  # the repetition is answered
            assert (await asking).status == 200

    asyncio.run(test())
