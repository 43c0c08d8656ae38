"""A name server (RFC 1035) that answers what a test tells it to, and may change its mind between two questions."""

import asyncio
import struct
from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import cast

A = 1
AAAA = 28

Addresses = Sequence[str]

NO_SUCH_NAME = 3
"""RCODE, §4.1.1."""


class Names(asyncio.DatagramProtocol):
    """Knows for each name the answers to the first question, the second and so on; the last one holds on.

    A name that is ``None`` is never answered at all.
    """

    def __init__(self, known: dict[str, Sequence[Addresses] | None]) -> None:
        self.asked: Counter[tuple[str, int]] = Counter()
        """How often, by name and type."""

        self._known = known
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # not in name, before Python 3.12

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        name, kind, question = _question(data)
        number = self.asked[name, kind]
        self.asked[name, kind] += 1
        answers = self._known.get(name, ())
        if answers is None:
            return
        addresses = answers[min(number, len(answers) - 1)] if answers else ()
        fitting = [one.packed for one in map(ip_address, addresses) if _kind(one) == kind]
        flags = 0x8580 | (0 if name in self._known else NO_SUCH_NAME)
        head = data[:2] + struct.pack(">HHHHH", flags, 1, len(fitting), 0, 0)
        assert self._transport is not None
        self._transport.sendto(head + question + b"".join(map(_record, fitting)), addr)


def _question(data: bytes) -> tuple[str, int, bytes]:
    """Name, type, and the octets of the only question."""
    labels, at = [], 12
    while length := data[at]:
        labels.append(data[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), int.from_bytes(data[at + 1 : at + 3], "big"), data[12 : at + 5]


def _kind(address: IPv4Address | IPv6Address) -> int:
    return A if address.version == 4 else AAAA


def _record(packed: bytes) -> bytes:
    """An address of the name in question, not to be remembered (TTL 0)."""
    return struct.pack(">HHHIH", 0xC00C, A if len(packed) == 4 else AAAA, 1, 0, len(packed)) + packed
