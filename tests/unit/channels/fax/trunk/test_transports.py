"""Sockets: streams in pieces, connections used again, lost and too many, TLS with who is not whom he should be."""

import asyncio
import contextlib
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest

from depesche.channels.fax.sip.flow import Flow, Peer
from depesche.channels.fax.sip.message import Request, Response
from depesche.channels.fax.trunk import transports as subject
from depesche.channels.fax.trunk.transports import Heard, NoWay, Ours, Tls, Transports
from peers import certificates, ports
from peers.certificates import Certificate

HOST = "127.0.0.1"

Message = Request | Response


class Ear:
    """Hears everything, and lets a test wait for it."""

    def __init__(self) -> None:
        self.messages: list[tuple[Message, Flow]] = []
        self.broken: list[tuple[Flow, str]] = []
        self.known = True
        self.call_ids: set[str] = set()
        self.changed = asyncio.Event()

    @property
    def heard(self) -> Heard:
        return Heard(self._message, self._broken, lambda _flow: self.known, self.call_ids.__contains__)

    def _message(self, message: Message, flow: Flow) -> None:
        self.messages.append((message, flow))
        self.changed.set()

    def _broken(self, flow: Flow, why: str) -> None:
        self.broken.append((flow, why))
        self.changed.set()

    def has_lost(self, flow: Flow) -> bool:
        return any(broken == flow for broken, _ in self.broken)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def opened(tls: Tls | None = None, host: str = HOST, far: str = HOST) -> AsyncIterator[tuple[Transports, Ear]]:
    ear = Ear()
    transports = Transports(Ours(host), ear.heard, tls)
    await transports.reach(far)
    try:
        yield transports, ear
    finally:
        await transports.close()


class Far:
    """Somebody who takes connections, and what came by each."""

    def __init__(self) -> None:
        self.came: list[bytearray] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.changed = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came = bytearray()
        self.came.append(came)
        self.writers.append(writer)
        self.changed.set()
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                came += data
                self.changed.set()
        writer.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    @asynccontextmanager
    async def listening(self, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.take, HOST, 0, ssl=context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for writer in self.writers:
                writer.transport.abort()
            await asyncio.sleep(0)


def options(number: int = 1, transport: str = "TCP", more: str = "") -> bytes:
    return (
        f"OPTIONS sip:fax@{HOST} SIP/2.0\r\nVia: SIP/2.0/{transport} {HOST}:9;branch=z9hG4bK{number}\r\n"
        f"From: <sip:a@b>;tag=1\r\nTo: <sip:fax@{HOST}>\r\nCall-ID: {number}\r\nCSeq: {number} OPTIONS\r\n"
        f"{more}Content-Length: 4\r\n\r\nbody"
    ).encode()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(within())


def test_messages_come_out_of_a_stream_however_it_is_split() -> None:
    async def test() -> None:
        async with opened() as (transports, ear):
            local = transports.flow("TCP", (HOST, 9)).local
            stream = b"".join(options(number) for number in range(1, 8)) + b"\r\n\r\n"
            for step in (1, 7, 100, len(stream)):
                ear.messages.clear()
                reader, writer = await asyncio.open_connection(*local)
                for start in range(0, len(stream), step):
                    writer.write(stream[start : start + step])
                    await writer.drain()
                    await asyncio.sleep(0)
                await ear.until(lambda: len(ear.messages) == 7)
                assert [message.cseq.number for message, _ in ear.messages] == list(range(1, 8))
                assert {message.body for message, _ in ear.messages} == {b"body"}
                assert await reader.readexactly(2) == b"\r\n"  # the ping is answered
                flow = ear.messages[0][1]
                transports.send(flow, b"by the same connection")
                assert await reader.readexactly(22) == b"by the same connection"
                writer.close()
                await ear.until(partial(ear.has_lost, flow))

    run(test)


def test_what_cannot_be_read_is_answered_and_what_never_can_ends_the_connection() -> None:
    async def test() -> None:
        async with opened() as (transports, ear):
            local = transports.flow("TCP", (HOST, 9)).local
            reader, writer = await asyncio.open_connection(*local)
            writer.write(options(1, more="Max-Forwards: many\r\n").replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 BYE"))
            writer.write(options(2))
            await ear.until(lambda: bool(ear.messages))
            assert (await reader.readline()).startswith(b"SIP/2.0 400")
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.read()
            writer.close()

    run(test)


def test_a_connection_is_used_again_and_made_anew_when_it_broke() -> None:
    async def test() -> None:
        far = Far()
        async with opened() as (transports, ear), far.listening() as port:
            flow = transports.flow("TCP", (HOST, port))
            for word in (b"one ", b"two ", b"three"):  # the first before the connection stands
                transports.send(flow, word)
            await far.until(lambda: bool(far.came) and far.came[0] == b"one two three")
            far.writers[0].write(options())
            await ear.until(lambda: bool(ear.messages))
            assert ear.messages[0][1].remote == (HOST, port)
            far.writers[0].transport.abort()
            await ear.until(lambda: bool(ear.broken))
            assert ear.broken[0][0] == flow
            assert "connection" in ear.broken[0][1]
            transports.send(flow, b"again")
            await far.until(lambda: len(far.came) == 2 and far.came[1] == b"again")

    run(test)


def test_a_connection_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "KEEP_ALIVE_SECONDS", 0.05)

    async def test() -> None:
        far = Far()
        async with opened() as (transports, ear), far.listening() as port:
            transports.send(transports.flow("TCP", (HOST, port)), b"x")
            await far.until(lambda: bool(far.came) and far.came[0].startswith(b"x\r\n\r\n\r\n\r\n"))
            far.writers[0].write(b"\r\n\r\n")
            far.writers[0].write(options())
            await ear.until(lambda: bool(ear.messages))
            assert not ear.broken

    run(test)


def test_who_does_not_read_is_given_up() -> None:
    async def test() -> None:
        far = Far()

        async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far.writers.append(writer)
            await asyncio.sleep(30)

        server = await asyncio.start_server(deaf, HOST, 0, limit=1)
        async with opened() as (transports, ear):
            flow = transports.flow("TCP", (HOST, server.sockets[0].getsockname()[1]))
            for _ in range(400):
                transports.send(flow, bytes(65536))
                await asyncio.sleep(0)
                if ear.broken:
                    break
            assert ear.broken == [(flow, "the far end does not read")]
        server.close()
        for writer in far.writers:
            writer.transport.abort()

    run(test)


def test_nobody_there_is_told_in_plain_words() -> None:
    async def test() -> None:
        async with opened() as (transports, ear):
            with socket.socket() as bound:
                bound.bind((HOST, 0))
                flow = transports.flow("TCP", (HOST, bound.getsockname()[1]))
                transports.send(flow, b"x")
                await ear.until(lambda: bool(ear.broken))
                assert ear.broken[0][0] == flow
                assert ear.broken[0][1].endswith("nobody listens there")

    run(test)


def test_a_flood_of_connections_does_not_keep_out_those_whom_we_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_STRANGERS", 10)

    async def test() -> None:
        async with opened() as (transports, ear):
            local = transports.flow("TCP", (HOST, 9)).local
            known = await asyncio.open_connection(*local)
            known[1].write(options(1))
            await ear.until(lambda: bool(ear.messages))
            ear.known = False
            flood = [await asyncio.open_connection(*local) for _ in range(200)]
            flood[-1][1].write(options(2))
            await ear.until(lambda: len(ear.messages) == 2)
            standing = [one for one in transports._by_number.values() if one.theirs]
            assert len(standing) <= 11
            ear.known = True
            known[1].write(options(3))
            await ear.until(lambda: len(ear.messages) == 3)
            for _, writer in (*flood, known):
                writer.transport.abort()

    run(test)


def test_strangers_are_heard_within_calls_alone() -> None:
    async def test() -> None:
        async with opened() as (transports, ear):
            ear.known = False
            ear.call_ids.add("2")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
                far.bind((HOST, 0))
                far.connect(transports.flow("UDP", (HOST, 9)).local)
                for number in (1, 2):
                    far.send(options(number, "UDP"))
                far.send(options(3, "UDP").replace(b"Call-ID", b"Nothing"))
                await ear.until(lambda: bool(ear.messages))
                far.send(options(2, "UDP"))
                await ear.until(lambda: len(ear.messages) == 2)
            assert [message.call_id for message, _ in ear.messages] == ["2", "2"]

    run(test)


def test_each_far_end_is_reached_from_an_address_of_ours() -> None:
    async def test() -> None:
        async with opened(host="") as (transports, ear):
            assert await transports.reach("::1") == "::1"
            assert await transports.reach("127.0.0.9") == HOST
            four, six = transports.flow("UDP", (HOST, 9)), transports.flow("UDP", ("::1", 9))
            assert (four.local[0], six.local[0]) == (HOST, "::1")
            transports.send(Flow("UDP", four.local, six.local), options(1, "UDP"))  # an address of the wrong family
            transports.send(transports.flow("UDP", six.local), options(2, "UDP"))
            transports.send(transports.flow("UDP", four.local), options(3, "UDP"))
            transports.send(transports.flow("TCP", transports.flow("TCP", ("::1", 9)).local), options(4))
            await ear.until(lambda: len(ear.messages) == 3)
            assert {message.cseq.number: flow.local[0] for message, flow in ear.messages} == {
                2: "::1",
                3: HOST,
                4: "::1",
            }
        bound = Transports(Ours(HOST), Ear().heard)
        with pytest.raises(NoWay, match=re.escape("no way from 127.0.0.1 to ::1")):
            await bound.reach("::1")

    run(test)


@pytest.mark.parametrize(
    ("advertised", "host", "remote", "shown"),
    [
        ("", "10.0.0.2", "192.0.2.1", "10.0.0.2"),
        ("8.8.4.4", "10.0.0.2", "8.8.8.8", "8.8.4.4"),
        ("8.8.4.4", "10.0.0.2", "10.0.0.7", "10.0.0.2"),
        ("192.168.1.5", "172.17.0.2", "192.168.1.1", "192.168.1.5"),
        ("8.8.4.4", "2001:db8::2", "2001:db8::1", "2001:db8::2"),
        ("8.8.4.4", "127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("fax.example.net", "10.0.0.2", "8.8.8.8", "fax.example.net"),
    ],
)
def test_behind_a_nat_others_see_another_address(advertised: str, host: str, remote: str, shown: str) -> None:
    async def test() -> None:
        assert Transports(Ours("", advertised), Ear().heard).shown(host, remote) == shown

    run(test)


# TLS


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("right"), "DNS:carrier.example", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("expired"), "DNS:carrier.example", days_ago=30)


@contextlib.contextmanager
def s_server(certificate: Certificate, *arguments: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """``openssl s_server``; gives its port, and what it reads and writes."""
    with ports.block(1) as block:
        command = ["openssl", "s_server", "-accept", f"{HOST}:{block[0]}", *arguments]
        command += ["-cert", str(certificate.file), "-key", str(certificate.key)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
            try:
                line_with(process, b"ACCEPT")
                yield block[0], process
            finally:
                process.kill()


def line_with(process: "subprocess.Popen[bytes]", what: bytes) -> None:
    """Wait for it."""
    assert process.stdout is not None
    while what not in (line := process.stdout.readline()):
        assert line, f"no {what!r} came"


def trusting(*authorities: Certificate) -> Tls:
    context = ssl.create_default_context()
    for one in authorities:
        context.load_verify_locations(one.file)
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    return Tls(context, careless)


def test_a_far_end_has_to_be_who_it_should_be(right: Certificate, expired: Certificate) -> None:
    async def why(port: int, tls: Tls, peer: Peer) -> str:
        async with opened(tls) as (transports, ear):
            transports.send(transports.flow("TLS", (HOST, port), peer), options())
            await ear.until(lambda: bool(ear.broken))
            return ear.broken[0][1].partition(f"port {port}: ")[2]

    async def test() -> None:
        with s_server(right) as (port, _):
            assert (
                await why(port, trusting(right), Peer("other.example"))
                == "the certificate that is shown is not for other.example"
            )
            assert (
                await why(port, trusting(right), Peer("127.0.0.2"))
                == "the certificate that is shown is not for the address 127.0.0.2"
            )
            assert "signed by itself" in await why(port, trusting(), Peer("carrier.example"))
        with s_server(expired) as (port, _):
            assert (
                await why(port, trusting(expired), Peer("carrier.example"))
                == "the certificate of carrier.example has expired"
            )
        with s_server(right, "-no_tls1_3", "-no_tls1_2") as (port, _):
            assert (await why(port, trusting(right), Peer("carrier.example"))).startswith("no TLS is agreed on")

    run(test)


@pytest.mark.parametrize("peer", [Peer("carrier.example"), Peer(HOST), Peer("other.example", verified=False)])
def test_tls_carries_messages_to_who_shows_the_right_certificate(right: Certificate, peer: Peer) -> None:
    async def test() -> None:
        with s_server(right) as (port, process):
            async with opened(trusting(right)) as (transports, ear):
                transports.send(transports.flow("TLS", (HOST, port), peer), options())
                await asyncio.to_thread(line_with, process, b"OPTIONS sip:")
                assert process.stdin is not None
                process.stdin.write(options(7))
                process.stdin.flush()
                await ear.until(lambda: bool(ear.messages))
                assert ear.messages[0][1].peer == peer

    run(test)


def test_others_may_come_by_tls(right: Certificate) -> None:
    async def test() -> None:
        async with opened(Tls(server=right.server)) as (transports, ear):
            port = transports.flow("TLS", (HOST, 9)).local[1]
            command = ["openssl", "s_client", "-connect", f"{HOST}:{port}", "-quiet", "-servername", "carrier.example"]
            command += ["-verify_return_error", "-CAfile", str(right.file)]
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(options())
            await ear.until(lambda: bool(ear.messages))
            transports.send(ear.messages[0][1], b"answer")
            assert await process.stdout.readexactly(6) == b"answer"
            process.kill()
            await process.wait()

    run(test)
