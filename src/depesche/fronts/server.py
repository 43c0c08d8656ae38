"""The HTTP server under the fronts: uvicorn, an end to every wait for a client, and what old and new clients do.

uvicorn counts each open connection against its limit, and looks at the clock only between an answer and the next
request. Here a connection also ends if no head of a request comes, or none that is short enough; if it pipelines
without measure; and if its client does not read its answer. How fast a body has to come, the fronts say that read it.

It also loses the body of a request that offers to go on in another protocol, as Java does with each first one (HTTP/2),
and the answer to a client that closes its side of the connection once it has sent its request.
"""

import asyncio
import math
import resource
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from depesche.config import Settings

HEAD = 64 << 10
"""Bytes of the head of a request, and of whatever else is no body: trailers, chunk extensions, line feeds."""

PIPELINED = 16
"""Requests of a connection that wait for the answer to an earlier one."""

LOOK_SECONDS = 1.0
"""How often each connection is looked at."""

OPEN_FILES = 65_536
"""Descriptors that are enough: a socket and up to four blobs for each connection, calls, converters, the database."""

GRACE = 5
"""Seconds for the way back of an answer when the server stops."""

HEALTH, READY = "/healthz", "/readyz"
"""Paths of short questions that are answered however many connections there are: a node that has much to do is well."""

_ALWAYS = frozenset({HEALTH.encode(), READY.encode()})


class ServerConfig(uvicorn.Config):
    """How the application is served."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.web = settings.web
        self.waiting: dict[Connection, None] = {}
        """Connections that serve no request, the one that has waited longest first."""

        super().__init__(
            app,
            http=Connection,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,  # the fronts decide whom to believe
            limit_concurrency=settings.web.connections + 1,  # the first number that is too many
            timeout_keep_alive=settings.web.idle_seconds,
            timeout_graceful_shutdown=int(settings.soap.max_seconds) + GRACE,
        )


class Connection(HttpToolsProtocol):
    """A client's connection, which is given up when the client keeps it waiting for too long."""

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._web = config.web
        self._waiting = config.waiting
        self._timer: asyncio.TimerHandle | None = None
        self._head_by = math.inf
        """By the loop's clock: when there has to be a whole head; infinite while a request is served."""

        self._read_by = math.inf
        """When the client has to have read what is written; infinite while it takes everything at once."""

        self._no_body = 0
        """Bytes since a request began, or since the last ones of its body."""

        self._offers_upgrade = False
        """The head that was just read offers another protocol (RFC 9110 section 7.8)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self._web.connections:
            self._make_room()
        self._wait(self._web.head_seconds)
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._no_body += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self.send_400_response("This is no HTTP request.")
            return
        if self._no_body > HEAD:
            self._refuse()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio keeps the connection open for True
        """The client sends nothing any more; it may still wait for its answer."""
        if self._head_by != math.inf or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._no_body = 0
        if self._head_by != math.inf and self.cycle is not None:
            self._head_by = self.loop.time() + self._web.head_seconds

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED:
            raise ValueError  # the parser gives up, and the connection ends
        self._offers_upgrade = self.parser.should_upgrade()
        if self._offers_upgrade:
            if self.parser.get_method() == b"CONNECT":
                raise ValueError  # nobody is let through here
            return  # the parser takes what follows for the other protocol, and stops: `_parse` has it read again
        self.limit_concurrency = None if self.url in _ALWAYS else self.config.limit_concurrency
        super().on_headers_complete()
        self._head_by = math.inf
        self._waiting.pop(self, None)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._no_body = 0

    def on_message_complete(self) -> None:
        if not self._offers_upgrade:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait(self._web.idle_seconds)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_to_be_read()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._read_by = math.inf

    def _parse(self, data: bytes) -> None:
        """Raises: HttpParserError."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            head = self._head_without_offer()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            self._parse(head + data[stopped.args[0] :])

    def _head_without_offer(self) -> bytes:
        """The head that was just read, as if its client knew nothing but HTTP/1."""
        start = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join([start, *fields, b"", b""])

    def _wait(self, seconds: float) -> None:
        self._head_by = self.loop.time() + seconds
        self._waiting[self] = None

    def _expect_to_be_read(self) -> None:
        seconds = self._web.silence_seconds + self.transport.get_write_buffer_size() / self._web.pace
        self._read_by = self.loop.time() + seconds

    def _make_room(self) -> None:
        longest = next(iter(self._waiting), None)
        if longest is not None:
            del self._waiting[longest]
            self.connections.discard(longest)  # at once: the head of the new one may be read before that one is lost
            longest.transport.abort()

    def _refuse(self) -> None:
        if self._head_by == math.inf:
            self.transport.abort()  # its answer may have begun
        elif not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def _cut(self) -> None:
        """Let go of it all: the kernel, too, would go on for minutes with an answer that nobody reads (socket(7))."""
        raw: socket.socket = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _look(self) -> None:
        now = self.loop.time()
        if now > self._read_by:
            self._cut()
        elif self.transport.is_closing():
            if self._read_by == math.inf:
                self._expect_to_be_read()  # it is closed when the rest is read
        elif now > self._head_by:
            self.transport.close()
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look)


class _Beside(uvicorn.Server):
    """Leaves signals to the server that it stands beside."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, settings: Settings, listener: socket.socket) -> AsyncIterator[None]:
    """Serve a second application at a socket of its own, as long as the context lasts."""
    server = _Beside(ServerConfig(app, settings))
    task = asyncio.create_task(server.serve(sockets=[listener]), name="operations")
    try:
        yield
    finally:
        server.should_exit = True
        await task


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. It is made before anything is opened: a taken port is told at once. Raises: OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that asyncio recognises TCP and turns Nagle off: 40 ms an answer otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        notice_the_dead(listener)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def notice_the_dead(listener: socket.socket) -> None:
    """Connections that this socket accepts end two minutes after their client vanished without a word (tcp(7))."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)


def allow_open_files() -> int:
    """Let this process have as many files open as it may, at most `OPEN_FILES`; returns how many these are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return soft
