"""The way out for calls to addresses that strangers chose: a network backend of httpcore2.

A customer names the host, and so decides where this machine connects to: to its own loopback, to the router's page, to
the cloud's metadata, if nobody looks (server-side request forgery). Judging a name is worth nothing, for the next
lookup may answer otherwise. So the name is looked up here, once; each address is judged; and the connection is made
to an address that was judged, by its number. However an address is written (`0x7f.1`, `2130706433`), the lookup makes
a number of it.

This machine's own addresses are closed though they be public: a connection to one of them never passes the firewall
that stands before it.
"""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import httpcore2

from depesche.callbacks.networks import Address, Network, allowed, closed, plain

MOST_ADDRESSES = 8
"""Of one host that are tried."""

HEAD_START = 0.25
"""Seconds that an address has before the next is tried beside it (RFC 8305 §5)."""

MOST_LOOKUPS = 128
"""Under way at once, those counted that nobody waits for any more: the system's resolver cannot be interrupted."""

RTM_NEWROUTE, RTM_GETROUTE, NLM_F_REQUEST, RTA_DST, RTN_LOCAL = 24, 26, 1, 1, 2
"""Of linux/rtnetlink.h and linux/netlink.h."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class Closed(Exception):
    """The host has an address that must not be called. The text says which, and why."""


class TooManyLookups(Exception):
    """The resolver hangs; this lookup was not begun."""


class Guard(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses of other machines, and to those in `allow`."""

    def __init__(
        self, allow: Sequence[Network], resolve: Resolve | None = None, own: Callable[[Address], bool] | None = None
    ) -> None:
        """`resolve` gives the addresses of a host, by default those that the system knows.

        `own` tells which addresses are this machine's, by default those that its kernel takes for such.
        """
        self._allow = allow
        self._own = own or is_own
        self._resolve = resolve or Lookups().addresses
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the signature is httpcore2's
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises: Closed, TooManyLookups, OSError, httpcore2.ConnectError, httpcore2.ConnectTimeout."""
        addresses = await self._judged(host, port)

        def connect(address: Address) -> Awaitable[httpcore2.AsyncNetworkStream]:
            return self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)

        return _Stream(await _first(connect, addresses))

    async def sleep(self, seconds: float) -> None:
        """Between tries, of which httpcore2 is asked to make none."""
        await asyncio.sleep(seconds)

    async def _judged(self, host: str, port: int) -> list[Address]:
        """All must be open: a host that has an inner address beside a public one is a trap, or a mistake to hear of."""
        found = list(dict.fromkeys(plain(address) for address in await self._resolve(host, port)))
        for address in found:
            if what := closed(address, self._allow):
                raise Closed(f"{address} is {what}")
            if not allowed(address, self._allow) and self._own(address):
                raise Closed(f"{address} is this machine's own")
        if not found:
            raise Closed("the host has no address")
        return found[:MOST_ADDRESSES]


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is given up; httpcore2 2.16 forgets it then, open."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  as above
        """Raises: httpcore2.ReadError, httpcore2.ReadTimeout."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  as above
        """Raises: httpcore2.WriteError, httpcore2.WriteTimeout."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        """What httpcore2 wants to know of it."""
        return self._stream.get_extra_info(info)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as above
    ) -> httpcore2.AsyncNetworkStream:
        """Raises: httpcore2.ConnectError, httpcore2.ConnectTimeout."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise


def is_own(address: Address) -> bool:
    """Whether this machine keeps for itself what is sent there. Raises: OSError, if the kernel does not tell.

    That is asked of the kernel's routes (rtnetlink(7)). The source that it would take for a socket tells less: for the
    second address of a network that is the first.
    """
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    wanted = struct.pack("=BB10x", family, address.max_prefixlen)
    wanted += struct.pack("=HH", 4 + len(address.packed), RTA_DST) + address.packed
    head = struct.pack("=IHHII", 16 + len(wanted), RTM_GETROUTE, NLM_F_REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as kernel:
        kernel.send(head + wanted)
        answer = kernel.recv(4096)
    (kind,) = struct.unpack_from("=H", answer, 4)
    return kind == RTM_NEWROUTE and answer[16 + 7] == RTN_LOCAL  # else an error: it cannot be reached at all


class Lookups:
    """Asks the system's resolver, each time in a thread of its own.

    The event loop's own threads are few, and serve others: four names whose servers do not answer would stop them
    all. And they are waited for at the end; these are not.
    """

    def __init__(self) -> None:
        self._under_way = 0

    async def addresses(self, host: str, port: int) -> list[Address]:
        """In the order in which to try them (RFC 6724). Raises: OSError (socket.gaierror), TooManyLookups."""
        if self._under_way >= MOST_LOOKUPS:
            raise TooManyLookups
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()

        def settle(found: list[Address] | OSError) -> None:
            self._under_way -= 1
            if answer.done():
                return  # given up in the meantime
            if isinstance(found, OSError):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def work() -> None:
            found = _look_up(host, port)
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(settle, found)

        threading.Thread(target=work, name="callback-lookup", daemon=True).start()
        self._under_way += 1
        return await answer


def _look_up(host: str, port: int) -> list[Address] | OSError:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except OSError as error:
        return error
    except UnicodeError:  # a label too long for DNS
        return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [ip_address(address[0]) for *_, address in found]


async def _first(
    connect: Callable[[Address], Awaitable[httpcore2.AsyncNetworkStream]], addresses: Sequence[Address]
) -> httpcore2.AsyncNetworkStream:
    """The first connection that stands, each address getting a head start before the next (RFC 8305)."""
    trying: set[asyncio.Future[httpcore2.AsyncNetworkStream]] = set()
    left = list(addresses)
    error: BaseException | None = None
    try:
        while left or trying:
            if left:
                trying.add(asyncio.ensure_future(connect(left.pop(0))))
            ended, trying = await asyncio.wait(
                trying, timeout=HEAD_START if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for one in ended:
                if one.exception() is None:
                    trying |= ended - {one}
                    return one.result()
                error = error or one.exception()
    finally:
        await _abandon(trying)
    assert error is not None
    raise error


async def _abandon(trying: Iterable[asyncio.Future[httpcore2.AsyncNetworkStream]]) -> None:
    """Let go of what is not needed; a connection may stand already."""
    for one in trying:
        one.cancel()
    for ended in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(ended, httpcore2.AsyncNetworkStream):
            await ended.aclose()
