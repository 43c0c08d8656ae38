"""The sockets that SIP messages pass: UDP, TCP and TLS (RFC 3261 §18)."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import cast

import structlog

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.flow import Address, Flow
from depesche.channels.fax.sip.framing import PING, PONG, Frames, KeepAlive
from depesche.channels.fax.sip.message import BadRequest, Request, Response, encode, parse

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 25.0
"""Between pings on a connection of ours; NATs forget it after 30 seconds at the earliest (RFC 5626 §4.4)."""

_MOST_CONNECTIONS = 1000
"""That others may hold open at once."""

_MOST_WAITING = 1 << 20
"""Octets that wait for a far end that does not read; then the connection is closed."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heard:
    """Whom what came is told to."""

    message: Callable[[Request | Response, Flow], None]
    broken: Callable[[Flow], None]
    """Nothing more can be sent by this flow."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What is needed for TLS."""

    client: ssl.SSLContext | None = None
    server: ssl.SSLContext | None = None


class Transports:
    """All sockets of one endpoint. Connections are made when something is to be sent, and used in both directions."""

    def __init__(self, host: str, heard: Heard, tls: Tls | None = None, advertised: str = "") -> None:
        """`host`: an address of this machine, IPv6 without brackets; `advertised`: that others see, behind a NAT."""
        self._host = host
        self._heard = heard
        self._tls = Tls() if tls is None else tls
        self._advertised = advertised or host
        self._ports: dict[str, int] = {}
        self._udp: asyncio.DatagramTransport | None = None
        self._servers: list[asyncio.Server] = []
        self._numbers = count(1)
        self._by_number: dict[int, _Connection] = {}
        self._by_place: dict[tuple[str, Address], _Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, transport: str, port: int = 0) -> int:
        """Listen there. Returns: the port. Raises: OSError."""
        loop = asyncio.get_running_loop()
        if transport == "UDP":
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(self._host, port))
            port = self._udp.get_extra_info("sockname")[1]
        else:
            context = self._tls.server if transport == "TLS" else None
            if transport == "TLS" and context is None:
                raise ValueError("TLS needs a certificate of ours to listen")
            server = await loop.create_server(
                lambda: _Connection(self, transport, next(self._numbers), None), self._host, port, ssl=context
            )
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
        self._ports[transport] = port
        return port

    async def close(self) -> None:
        """Close them all."""
        for server in self._servers:
            server.close()
        for connection in list(self._by_number.values()):
            connection.abort()
        if self._udp is not None:
            self._udp.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def flow(self, transport: str, remote: Address) -> Flow:
        """The way to a far end."""
        return Flow(transport, (self._advertised, self._ports.get(transport, self._ports.get("UDP", 0))), remote)

    def send(self, flow: Flow, data: bytes) -> None:
        """Send, or begin to; what fails is told by `Heard.broken`, later."""
        if flow.transport == "UDP":
            if self._udp is None or self._udp.is_closing():
                self._soon_broken(flow)
            else:
                self._udp.sendto(data, flow.remote)
            return
        connection = self._by_number.get(flow.connection) or self._by_place.get((flow.transport, flow.remote))
        if connection is None:
            connection = self._connect(flow)
        connection.send(flow, data)

    def ping(self, flow: Flow) -> None:
        """Keep a way open through NATs."""
        if flow.transport == "UDP" and self._udp is not None:
            self._udp.sendto(PONG, flow.remote)  # two octets that nobody answers
        elif (connection := self._by_place.get((flow.transport, flow.remote))) is not None:
            connection.ping()

    # -- of the protocols -----------------------------------------------------------------------------------------

    def datagram(self, data: bytes, remote: Address) -> None:
        if not data.strip(b"\r\n\0 "):
            return  # a keep-alive
        flow = self.flow("UDP", remote)
        try:
            message = parse(data)
        except BadRequest as error:
            self.send(flow, encode(error.response))
        except Malformed as error:
            log.debug("not SIP", why=error.reason)
        else:
            self._heard.message(message, flow)

    def connected(self, connection: "_Connection") -> None:
        if connection.theirs and len(self._by_number) >= _MOST_CONNECTIONS:
            connection.abort()
            return
        self._by_number[connection.number] = connection
        self._by_place[connection.transport, connection.remote] = connection

    def lost(self, connection: "_Connection") -> None:
        self._by_number.pop(connection.number, None)
        place = connection.transport, connection.remote
        if self._by_place.get(place) is connection:
            del self._by_place[place]
        for flow in connection.flows:
            self._heard.broken(flow)

    def frame(self, connection: "_Connection", message: Request | Response) -> None:
        local = self._advertised, self._ports.get(connection.transport, 0)
        self._heard.message(message, Flow(connection.transport, local, connection.remote, connection.number))

    def _connect(self, flow: Flow) -> "_Connection":
        connection = _Connection(self, flow.transport, next(self._numbers), flow.remote)
        self._by_number[connection.number] = connection
        self._by_place[flow.transport, flow.remote] = connection
        task = asyncio.get_running_loop().create_task(self._open(connection, flow))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return connection

    async def _open(self, connection: "_Connection", flow: Flow) -> None:
        host, port = flow.remote
        context = None
        if flow.transport == "TLS":
            context = self._tls.client or ssl.create_default_context()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection,
                    host,
                    port,
                    ssl=context,
                    server_hostname=(connection.name or host) if context is not None else None,
                    local_addr=(self._host, 0),
                )
        except (OSError, TimeoutError, ssl.SSLError) as error:
            log.warning("no connection", transport=flow.transport, host=host, port=port, why=str(error) or "no answer")
            connection.failed()

    def _soon_broken(self, flow: Flow) -> None:
        asyncio.get_running_loop().call_soon(self._heard.broken, flow)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, transports: Transports) -> None:
        self._transports = transports

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._transports.datagram(data, addr[:2])

    def error_received(self, _exc: Exception) -> None:
        """An ICMP message, of whomever: transactions have timers of their own."""


class _Connection(asyncio.Protocol):
    """One stream."""

    name = ""

    def __init__(self, transports: Transports, transport: str, number: int, remote: Address | None) -> None:
        self._transports = transports
        self.transport = transport
        self.number = number
        self.theirs = remote is None
        self.remote: Address = remote or ("", 0)
        self.flows: dict[Flow, None] = {}
        self._frames = Frames()
        self._stream: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._over = False
        self._keep_alive: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast("asyncio.Transport", transport)
        if self.theirs:
            self.remote = transport.get_extra_info("peername")[:2]
        self._transports.connected(self)
        if not self.theirs:
            self._stream.write(bytes(self._waiting))
            self._waiting.clear()
            self._later()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._end()

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if isinstance(frame, Request | Response):
                self._transports.frame(self, frame)
            elif frame is KeepAlive.PING:
                self._write(PONG)
            elif isinstance(frame, BadRequest):
                self._write(encode(frame.response))
        if self._frames.broken:
            self.abort()

    def send(self, flow: Flow, data: bytes) -> None:
        self.flows[flow] = None
        if self._stream is None and not self._over:
            self._waiting += data
        else:
            self._write(data)

    def ping(self) -> None:
        if self._stream is not None:
            self._frames.pinged()
            self._write(PING)

    def failed(self) -> None:
        """It never came about."""
        self._end()

    def abort(self) -> None:
        if self._stream is not None:
            self._stream.abort()
        self._end()

    def _write(self, data: bytes) -> None:
        if self._stream is None or self._over:
            return
        self._stream.write(data)
        if self._stream.get_write_buffer_size() > _MOST_WAITING:
            self.abort()

    def _later(self) -> None:
        self._keep_alive = asyncio.get_running_loop().call_later(KEEP_ALIVE_SECONDS, self._tick)

    def _tick(self) -> None:
        if not self._over:
            self.ping()
            self._later()

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        self._transports.lost(self)
