"""Ports for media: one socket a call."""

import asyncio
import random
from collections.abc import Callable
from typing import cast

from depesche.channels.fax.sip.flow import Address

_TRIES = 50


class NoPort(Exception):
    """All ports of the range are taken."""


class MediaSocket(asyncio.DatagramProtocol):
    """The socket of one call. It sends to where media came from, once something plausible did (symmetric RTP)."""

    def __init__(self, plausible: Callable[[bytes], bool], receive: Callable[[bytes], None]) -> None:
        self._plausible = plausible
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None
        self._told: Address | None = None
        self._far: Address | None = None
        self._latched = False

    @property
    def port(self) -> int:
        """Ours."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def aim(self, far: Address) -> None:
        """Send there, as the far end says; another address is latched onto when media come from it."""
        if far != self._told:
            self._told = self._far = far
            self._latched = False

    def send(self, datagram: bytes) -> None:
        """Send one, if it is known where to."""
        if self._far is not None and self._transport is not None:
            self._transport.sendto(datagram, self._far)

    def close(self) -> None:
        """No more."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        far = addr[:2]  # of IPv6 there is more
        if far != self._far:
            if self._latched or not self._plausible(data):
                return
            self._far = far
        self._latched = True
        self._receive(data)

    def error_received(self, exc: Exception) -> None:
        """ICMP: the far end is not there yet, or any more; the signalling tells."""


class Ports:
    """A range of them on one address; the machine chooses where there is none."""

    def __init__(self, host: str, first: int = 0, last: int = 0) -> None:
        self.host = host
        self._range = range(first, last + 1, 2) if first else None

    def at(self, host: str) -> "Ports":
        """The same range on another address."""
        other = Ports(host)
        other._range = self._range
        return other

    async def open(self, plausible: Callable[[bytes], bool], receive: Callable[[bytes], None]) -> MediaSocket:
        """A socket for a call. Raises: NoPort."""
        loop = asyncio.get_running_loop()
        for port in random.sample(self._range, min(_TRIES, len(self._range))) if self._range else (0,):
            try:
                _, protocol = await loop.create_datagram_endpoint(
                    lambda: MediaSocket(plausible, receive), local_addr=(self.host, port)
                )
            except OSError:
                continue
            return protocol
        raise NoPort(f"no free port for media on {self.host}")
