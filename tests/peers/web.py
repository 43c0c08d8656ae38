"""Web servers as customers have them, good and bad: real sockets, in the event loop of the test."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    """What a call brought."""

    target: str
    """Path and query as they came."""

    headers: dict[str, str]
    """By lower-case name."""

    connection: int
    """Which of the connections it came on, from 1."""


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


class Web:
    """Answers each request with the next of its answers, the last one again and again."""

    def __init__(self, *answers: Answer, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None):
        self.requests: list[Request] = []
        self.connections = 0
        self.most_at_once = 0
        self.answers: Sequence[Answer] = answers or (status(200),)
        self._at_once = 0
        self.port = port
        self._host, self._tls = host, tls
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def targets(self) -> list[str]:
        """Of all requests."""
        return [request.target for request in self.requests]

    def url(self, target: str = "/", host: str | None = None) -> str:
        """An address here; `host` is another way to write where this is."""
        name = host or (f"[{self._host}]" if ":" in self._host else self._host)
        return f"{'https' if self._tls else 'http'}://{name}:{self.port}{target}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                await self._serve_one(reader, writer, number)
        self._serving.discard(task)
        writer.transport.abort() if task.cancelling() else writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")[:-2]
        method, target, version = line.split(" ")
        assert (method, version) == ("GET", "HTTP/1.1")
        names = (field.partition(":") for field in fields)
        request = Request(target, {name.lower(): value.strip() for name, _, value in names}, number)
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await answer(request, writer)
            await writer.drain()
        finally:
            self._at_once -= 1


def raw(octets: bytes) -> Answer:
    """Exactly this, and the connection is closed."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()
        writer.close()

    return answer


def status(code: int, *fields: str, body: bytes = b"ok", after: float = 0) -> Answer:
    """A plain answer, so many seconds later."""
    head = "\r\n".join([f"HTTP/1.1 {code} Word", f"Content-Length: {len(body)}", *fields, "", ""])

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(after)
        writer.write(head.encode("latin-1") + body)

    return answer


def redirect(to: str, code: int = 302) -> Answer:
    """Somewhere else."""
    return status(code, f"Location: {to}")


async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
    """Never a word."""
    await asyncio.sleep(3600)


async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
    """A head that comes octet by octet, and never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
    """A good head, and a body without end, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def dripping_body(request: Request, writer: asyncio.StreamWriter) -> None:
    """A good head, and a body that comes octet by octet."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def slam(request: Request, writer: asyncio.StreamWriter) -> None:
    """The connection ends without an answer."""
    writer.close()
