"""The sockets that SIP messages pass: UDP, TCP and TLS (RFC 3261 §18)."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import cast

import structlog

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.flow import Address, Flow, Peer
from depesche.channels.fax.sip.framing import PING, PONG, Frames, KeepAlive
from depesche.channels.fax.sip.message import BadRequest, Request, Response, encode, glance, parse

CONNECT_SECONDS = 5.0

KEEP_ALIVE_SECONDS = 25.0
"""Between pings on a connection of ours; NATs forget it after 30 seconds at the earliest (RFC 5626 §4.4)."""

GONE_SECONDS = 20
"""After which a connection is dead whose far end confirms nothing, be it a ping."""

MOST_CONNECTIONS = 1000
"""That those whom we know may hold open at once."""

MOST_STRANGERS = 50
"""The same for all others: within a call the far end may speak from another address than the trunk's."""

_MOST_WAITING = 1 << 20
"""Octets that wait for a far end that does not read; then the connection is closed."""

_DISCARD = 9
"""The port that a route is asked for with; nothing is sent there."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Heard:
    """Whom what came is told to."""

    message: Callable[[Request | Response, Flow], None]
    broken: Callable[[Flow, str], None]
    """Nothing more can be sent by this flow, and why."""

    knows: Callable[[Flow], bool]
    """Whether somebody of ours is at the far end."""

    has_call: Callable[[str], bool]
    """Whether a call has this Call-ID: within one the far end may speak from another address than the trunk's."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What is needed for TLS; None: it is not to be had."""

    verifying: ssl.SSLContext | None = None
    """For connections of ours, where the far end has to show who it is."""

    trusting: ssl.SSLContext | None = None
    """The same where it does not."""

    server: ssl.SSLContext | None = None
    """For connections of others."""

    def client(self, peer: Peer) -> ssl.SSLContext | None:
        """For a connection of ours."""
        return self.verifying if peer.verified else self.trusting


@dataclass(frozen=True, slots=True)
class Ours:
    """Where we are to be reached."""

    host: str = ""
    """An address of this machine, IPv6 without brackets; empty: for each far end the one by which it is reached."""

    advertised: str = ""
    """The address that others see, behind a NAT."""

    port: int = 0
    """UDP and TCP; 0: any."""

    tls_port: int = 0


class NoWay(OSError):
    """This machine has no way to an address."""


@dataclass(slots=True)
class _Place:
    """The sockets at one address of this machine."""

    host: str
    udp: asyncio.DatagramTransport | None = None
    servers: list[asyncio.Server] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)

    def port(self, transport: str) -> int:
        return self.ports.get(transport, self.ports.get("UDP", 0))

    def close(self) -> None:
        for server in self.servers:
            server.close()
        if self.udp is not None:
            self.udp.close()


class Transports:
    """All sockets of an agent. Connections are made when something is to be sent, and used in both directions."""

    def __init__(self, ours: Ours, heard: Heard, tls: Tls | None = None) -> None:
        self._ours = ours
        self._heard = heard
        self._tls = Tls() if tls is None else tls
        self._places: dict[str, _Place] = {}
        self._opening = asyncio.Lock()
        self._numbers = count(1)
        self._by_number: dict[int, _Connection] = {}
        self._by_place: dict[tuple[str, Address, Peer | None], _Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def reach(self, remote: str) -> str:
        """Listen at the address by which a far end is reached, if we do not yet.

        Returns: that address. Raises: NoWay; OSError: its port is taken.
        """
        host = self.local(remote)
        async with self._opening:
            if host not in self._places:
                place = _Place(host)
                try:
                    await self._listen(place)
                except OSError:
                    place.close()
                    raise
                self._places[host] = place
        return host

    async def _listen(self, place: _Place) -> None:
        loop = asyncio.get_running_loop()
        port = self._ours.port
        place.udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self, place), local_addr=(place.host, port)
        )
        place.ports["UDP"] = place.udp.get_extra_info("sockname")[1]
        streams: list[tuple[str, int, ssl.SSLContext | None]] = [("TCP", port, None)]
        if self._tls.server is not None:
            streams.append(("TLS", self._ours.tls_port, self._tls.server))
        for transport, at, context in streams:
            server = await loop.create_server(
                partial(self._accept, place, transport),
                place.host,
                at,
                ssl=context,
                ssl_handshake_timeout=None if context is None else CONNECT_SECONDS,
            )
            place.servers.append(server)
            place.ports[transport] = server.sockets[0].getsockname()[1]

    def _accept(self, place: _Place, transport: str) -> "_Connection":
        return _Connection(self, place, transport, next(self._numbers))

    async def close(self) -> None:
        """Close them all."""
        for place in self._places.values():
            place.close()
        for connection in list(self._by_number.values()):
            connection.abort("we end")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def local(self, remote: str) -> str:
        """The address of ours by which a far end is reached. Raises: NoWay."""
        return _local_address(remote, self._ours.host)

    def shown(self, host: str, remote: str) -> str:
        """How a far end sees that address: the advertised one, unless it is on our side of the NAT."""
        advertised = self._ours.advertised
        return advertised if advertised and _is_beyond(advertised, host, remote) else host

    def flow(self, transport: str, remote: Address, peer: Peer | None = None) -> Flow:
        """The way to a far end; `reach` comes first."""
        try:
            host = self.local(remote[0])
        except NoWay:
            host = self._ours.host
        place = self._places.get(host) or _Place(host)
        return self._flow(place, transport, remote, peer=peer)

    def _flow(
        self, place: _Place, transport: str, remote: Address, connection: int = 0, peer: Peer | None = None
    ) -> Flow:
        local = self.shown(place.host, remote[0]), place.port(transport)
        return Flow(transport, local, remote, connection, peer)

    def _place(self, flow: Flow) -> _Place | None:
        """Whose local address a flow has; of several that look alike from without, the one that the route takes."""
        fitting = [
            place
            for place in self._places.values()
            if (self.shown(place.host, flow.remote[0]), place.port(flow.transport)) == flow.local
        ]
        if len(fitting) > 1:
            host = self.local(flow.remote[0])
            return next((place for place in fitting if place.host == host), fitting[0])
        return fitting[0] if fitting else None

    def send(self, flow: Flow, data: bytes) -> None:
        """Send, or begin to; what fails is told by `Heard.broken`, later."""
        if flow.transport == "UDP":
            place = self._place(flow)
            if place is None or place.udp is None or place.udp.is_closing():
                self._soon_broken(flow, f"there is no way to {flow.remote[0]}")
            else:
                place.udp.sendto(data, flow.remote)
            return
        connection = self._connection(flow)
        if connection is None:
            place = self._place(flow)
            if place is None:
                self._soon_broken(flow, f"there is no way to {flow.remote[0]}")
                return
            connection = self._connect(place, flow)
        connection.send(flow, data)

    def is_theirs(self, flow: Flow) -> bool:
        """Whether the far end made the connection of a flow, and it stands: then it is at no port of its own."""
        connection = self._by_number.get(flow.connection)
        return connection is not None and connection.theirs

    def ping(self, flow: Flow) -> None:
        """Keep a way by UDP open through NATs; connections keep themselves."""
        place = self._place(flow)
        if flow.transport == "UDP" and place is not None and place.udp is not None:
            place.udp.sendto(PING, flow.remote)  # that nobody answers

    def _connection(self, flow: Flow) -> "_Connection | None":
        return self._by_number.get(flow.connection) or self._by_place.get((flow.transport, flow.remote, flow.peer))

    # -- of the protocols -----------------------------------------------------------------------------------------

    def datagram(self, place: _Place, data: bytes, remote: Address) -> None:
        if not data.strip(b"\r\n\0 "):
            return  # a keep-alive
        flow = self._flow(place, "UDP", remote)
        known = self._heard.knows(flow)
        if not known and (call_id := glance(data)) is not None and not self._heard.has_call(call_id):
            return  # whoever floods us costs next to nothing
        try:
            message = parse(data)
        except BadRequest as error:
            if known:
                self.send(flow, encode(error.response))
        except Malformed as error:
            log.debug("not SIP", why=error.reason)
        else:
            self._heard.message(message, flow)

    def connected(self, connection: "_Connection") -> None:
        """One of theirs is there. Those who were silent longest make room."""
        known = connection.known = self._heard.knows(self.of(connection))
        others = [one for one in self._by_number.values() if one.theirs and one.known is known]
        if len(others) >= (MOST_CONNECTIONS if known else MOST_STRANGERS):
            min(others, key=lambda one: one.heard_at).abort("there are too many connections")
        self._by_number[connection.number] = connection
        self._by_place[connection.transport, connection.remote, None] = connection

    def lost(self, connection: "_Connection", why: str) -> None:
        self._by_number.pop(connection.number, None)
        place = connection.transport, connection.remote, connection.peer
        if self._by_place.get(place) is connection:
            del self._by_place[place]
        for flow in connection.flows:
            self._heard.broken(flow, why)

    def frame(self, connection: "_Connection", message: Request | Response) -> None:
        self._heard.message(message, self.of(connection))

    def of(self, connection: "_Connection") -> Flow:
        """By which its messages come."""
        return self._flow(connection.place, connection.transport, connection.remote, connection.number, connection.peer)

    def _connect(self, place: _Place, flow: Flow) -> "_Connection":
        connection = _Connection(self, place, flow.transport, next(self._numbers), flow)
        self._by_number[connection.number] = connection
        self._by_place[flow.transport, flow.remote, flow.peer] = connection
        task = asyncio.get_running_loop().create_task(self._open(connection, flow))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return connection

    async def _open(self, connection: "_Connection", flow: Flow) -> None:
        host, port = flow.remote
        peer = flow.peer or Peer(host)
        context = self._tls.client(peer) if flow.transport == "TLS" else None
        if flow.transport == "TLS" and context is None:
            connection.failed("TLS is not set up")
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.get_running_loop().create_connection(
                    lambda: connection,
                    host,
                    port,
                    ssl=context,
                    server_hostname=peer.name if context is not None else None,
                    local_addr=(connection.place.host, 0),
                )
        except (OSError, TimeoutError) as error:
            why = f"no connection to {host} port {port}: {plain(error, peer.name)}"
            log.warning("no connection", transport=flow.transport, why=why)
            connection.failed(why)

    def _soon_broken(self, flow: Flow, why: str) -> None:
        asyncio.get_running_loop().call_soon(self._heard.broken, flow, why)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, transports: Transports, place: _Place) -> None:
        self._transports = transports
        self._place = place

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._transports.datagram(self._place, data, addr[:2])

    def error_received(self, _exc: Exception) -> None:
        """An ICMP message, of whomever: transactions have timers of their own."""


class _Connection(asyncio.Protocol):
    """One stream. A `flow` that it is opened for makes it ours."""

    def __init__(
        self, transports: Transports, place: _Place, transport: str, number: int, flow: Flow | None = None
    ) -> None:
        self._transports = transports
        self.place = place
        self.transport = transport
        self.number = number
        self.theirs = flow is None
        self.known = not self.theirs
        self.remote: Address = ("", 0) if flow is None else flow.remote
        self.peer = None if flow is None else flow.peer
        self.flows: dict[Flow, None] = {}
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self._frames = Frames()
        self._stream: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._over = False
        self._keep_alive: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._stream = cast("asyncio.Transport", transport)
        if self._over:
            self._stream.abort()
            return
        _end_when_gone(transport.get_extra_info("socket"))
        if self.theirs:
            self.remote = transport.get_extra_info("peername")[:2]
            self._transports.connected(self)
        else:
            self._stream.write(bytes(self._waiting))
            self._waiting.clear()
            self._later()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection was closed" if exc is None else f"the connection broke: {plain(exc)}")

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        for frame in self._frames.feed(data):
            if isinstance(frame, Request | Response):
                self._transports.frame(self, frame)
            elif frame is KeepAlive.PING:
                self._write(PONG)
            elif isinstance(frame, BadRequest):
                self._write(encode(frame.response))
        if self._frames.broken:
            self.abort("what came is not SIP")

    def send(self, flow: Flow, data: bytes) -> None:
        self.flows[flow] = None
        if self._stream is None and not self._over:
            self._waiting += data
        else:
            self._write(data)

    def failed(self, why: str) -> None:
        """It never came about."""
        self._end(why)

    def abort(self, why: str) -> None:
        if self._stream is not None:
            self._stream.abort()
        self._end(why)

    def _write(self, data: bytes) -> None:
        if self._stream is None or self._over:
            return
        self._stream.write(data)
        if self._stream.get_write_buffer_size() > _MOST_WAITING:
            self.abort("the far end does not read")

    def _later(self) -> None:
        self._keep_alive = self._loop.call_later(KEEP_ALIVE_SECONDS, self._tick)

    def _tick(self) -> None:
        if not self._over:
            self._frames.pinged()
            self._write(PING)
            self._later()

    def _end(self, why: str) -> None:
        if self._over:
            return
        self._over = True
        if self._keep_alive is not None:
            self._keep_alive.cancel()
        self._transports.lost(self, why)


_WRONG = {
    9: "the certificate of {name} is not valid yet",
    10: "the certificate of {name} has expired",
    18: "the certificate of {name} is signed by itself, and not among the [lines] authorities",
    19: "the certificate of {name} is signed by an authority that is not among the [lines] authorities",
    20: "the certificate of {name} is signed by an authority that is not among the [lines] authorities",
    21: "the certificate of {name} is signed by an authority that is not among the [lines] authorities",
    23: "the certificate of {name} has been revoked",
    62: "the certificate that is shown is not for {name}",
    64: "the certificate that is shown is not for the address {name}",
}
"""What openssl-verification-options(1) calls X509_V_ERR; what else there is says OpenSSL in its own words."""


def plain(error: Exception, name: str = "") -> str:
    """Why there is no connection, in plain words; `name` is that of the far end."""
    if isinstance(error, ssl.SSLCertVerificationError):
        words = _WRONG.get(error.verify_code)
        return words.format(name=name) if words else f"the certificate of {name} is wrong: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").replace("_", " ").lower()
        return f"no TLS is agreed on: {reason or error}"
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _end_when_gone(stream: socket.socket | None) -> None:
    """Have the kernel find out that the far end is not there any more: what is not confirmed ends the connection."""
    if stream is not None:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_SECONDS * 1000)


def _local_address(remote: str, host: str = "") -> str:
    """The address of ours, `host` if that is given, by which another one is reached. Raises: NoWay."""
    family = socket.AF_INET6 if ":" in remote else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            if host:
                probe.bind((host, 0))
            probe.connect((remote, _DISCARD))  # of UDP: nothing is sent
            return str(probe.getsockname()[0])
    except OSError as error:
        raise NoWay(error.errno, f"there is no way from {host or 'here'} to {remote}") from error


def _is_beyond(advertised: str, host: str, remote: str) -> bool:
    """Whether a far end sees the advertised address in place of `host`: that one is of the same family, and private
    addresses are on our side of a NAT whose outer address is a public one."""
    try:
        outer, inner, far = map(ipaddress.ip_address, (advertised, host, remote))
    except ValueError:
        return True  # a name
    if outer.version != inner.version or far.is_loopback:
        return False
    return not (outer.is_global and far.is_private)
