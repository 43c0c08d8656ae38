"""UDPTL: IFP packets in datagrams, and what makes up for those that are lost (ITU-T T.38 §9.1, annex A).

A datagram is ``UDPTLPacket`` in aligned PER: the number of the packet in 16 bits, the packet itself behind its length,
then either the packets before it once more (redundancy), or parities of some before it (FEC).

FEC has `entries` parities over `span` packets each. With datagram number *n*, parity *m* is the exclusive or of the
packets ``n + m - k * entries``, *k* from 1 to `span`. Neighbours are in different parities, so as many losses in a row
as there are entries can be mended.
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from itertools import islice

from depesche.channels.fax.media.errors import Garbled


class Correction(Enum):
    """What makes up for losses; the values are those of the attribute T38FaxUdpEC."""

    NONE = ""
    REDUNDANCY = "t38UDPRedundancy"
    FEC = "t38UDPFEC"


Numbered = tuple[int, bytes]
"""An IFP packet behind its number."""

REDUNDANCY = 3
"""Packets that are sent once more with each; less if the datagram is not to get so long."""

ENTRIES = 3
SPAN = 3
"""Our parities, and the packets that each goes over."""

MAX_DATAGRAM = 400
"""Octets of a datagram if the far end does not tell how many it takes."""

LONGEST = 4096
"""Octets of a datagram that is looked at."""

_NUMBER = struct.Struct(">H")
_NUMBERS = 0x10000
_FEC = 0x80
"""Behind the primary packet: which choice follows."""

_ALL_PARITIES = bytes((_FEC, 1, SPAN, ENTRIES))

_HISTORY = 64
"""Packets that are kept for parities; it divides `_NUMBERS`."""

_NEAR = 128
"""A number that is further off than this many packets is not believed before its successor came too."""

_WINDOW = 3
"""Packets, and ticks, that a missing one is waited for."""


def plausible(datagram: bytes) -> bool:
    """Whether this is a datagram of UDPTL from its first octet to its last."""
    try:
        _, end = _extent(datagram, 2)
        parities = datagram[end] & _FEC
        if parities:
            end = _extent(datagram, end + 1)[1] - 1
        return _end_of_strings(datagram, end + 1) == len(datagram)
    except (Garbled, IndexError):
        return False


class Sender:
    """One direction of a call: makes the datagrams. Numbers begin with 0, as T.38 wants it."""

    def __init__(self, correction: Correction, max_datagram: int = MAX_DATAGRAM) -> None:
        """`max_datagram`: octets that the far end takes. A packet that is longer by itself goes all the same."""
        self._max = max_datagram
        self._count = 0
        self._build = {
            Correction.NONE: self._bare,
            Correction.REDUNDANCY: self._redundant,
            Correction.FEC: self._protected,
        }[correction]
        self._recent: deque[bytes] = deque(maxlen=REDUNDANCY)  # with their lengths, the youngest first
        self._values: deque[tuple[int, int]] = deque(maxlen=ENTRIES * SPAN)  # as number and octets, the youngest first
        self._parities = [b""] * ENTRIES  # each over the youngest three of every third packet

    def datagram(self, ifp: bytes) -> bytes:
        """The next datagram."""
        number = _NUMBER.pack(self._count & 0xFFFF)
        sized = _length(len(ifp)) + ifp
        made = self._build(number, sized, ifp)
        self._count += 1
        return made

    def _bare(self, number: bytes, sized: bytes, _ifp: bytes) -> bytes:
        return number + sized + b"\0\0"

    def _redundant(self, number: bytes, sized: bytes, _ifp: bytes) -> bytes:
        recent = self._recent
        room = self._max - len(sized) - 4
        count = 0
        for old in recent:
            room -= len(old)
            if room < 0:
                break
            count += 1
        kept = recent if count == len(recent) else islice(recent, count)
        made = b"".join((number, sized, b"\0", count.to_bytes(1, "big"), *kept))
        recent.appendleft(sized)
        return made

    def _protected(self, number: bytes, sized: bytes, ifp: bytes) -> bytes:
        values, parities = self._values, self._parities
        entries = min(ENTRIES, len(values) // SPAN)
        if entries == ENTRIES:
            first = 0 if self._count == ENTRIES * SPAN else ENTRIES - 1  # the others are those of the last datagram
            for entry in range(first, ENTRIES):
                parities[(self._count + entry) % ENTRIES] = _parity(values, ENTRIES, entry)
            turn = self._count % ENTRIES
            made = b"".join((number, sized, _ALL_PARITIES, *parities[turn:], *parities[:turn]))
        else:
            begun = [_parity(values, entries, entry) for entry in range(entries)]
            made = b"".join((number, sized, b"\x80\1", bytes((SPAN if entries else 0, entries)), *begun))
        values.appendleft((int.from_bytes(ifp, "little"), len(ifp)))
        # Fewer entries would mean other packets: a datagram that has no room for all goes without any.
        return made if len(made) <= self._max else number + sized + b"\x80\1\0\0"


def _parity(values: Sequence[tuple[int, int]], entries: int, entry: int) -> bytes:
    """One parity with its length; `values` begins with the packet before the one that is being sent."""
    parity = longest = 0
    for back in range(entries - entry - 1, SPAN * entries - entry, entries):
        value, size = values[back]
        parity ^= value
        longest = max(longest, size)
    return _length(longest) + parity.to_bytes(longest, "little")


class Receiver:
    """The other direction: takes datagrams in any order, gives each packet once, in order.

    A missing packet is waited for as long as `_WINDOW` says. A number far from the expected one is believed when its
    successor has come: else a late packet of RTP, which looks like number 32776, would end the call (T.38 begins at 0).
    """

    def __init__(self) -> None:
        self._next = 0
        self._held: dict[int, bytes] = {}
        self._age = 0
        self._stray: Numbered | None = None
        self._history: list[Numbered] = [(-1, b"")] * _HISTORY
        self.late = 0
        """Datagrams that came twice, or too late."""

        self.lost = 0
        """Packets that never came."""

        self.mended = 0
        """Packets that were taken from redundancy or FEC."""

    def receive(self, datagram: bytes) -> Sequence[Numbered]:
        """The packets that are there now.

        Raises: Garbled.
        """
        if len(datagram) > LONGEST:
            raise Garbled(f"a UDPTL packet of {len(datagram)} octets")
        try:
            number, first = _NUMBER.unpack_from(datagram)[0], datagram[2]
            if first < 0x80:
                end = 3 + first
                ifp = datagram[3:end]
            else:
                start, end = _extent(datagram, 2)
                ifp = datagram[start:end]
        except (IndexError, struct.error):
            raise Garbled("a UDPTL packet of less than four octets") from None
        if end >= len(datagram):
            raise Garbled("a UDPTL packet that ends too early")
        if number == self._next and not self._held:
            self._stray = None
            self._next = number + 1 & 0xFFFF
            self._history[number % _HISTORY] = given = number, ifp
            return (given,)
        return self._out_of_order(datagram, number, ifp, end)

    def tick(self) -> Sequence[Numbered]:
        """20 ms have passed: packets that have waited long enough for those before them."""
        if not self._held:
            return ()
        self._age += 1
        return self._released() if self._age > _WINDOW else ()

    def _out_of_order(self, datagram: bytes, number: int, ifp: bytes, end: int) -> Sequence[Numbered]:
        ahead = number - self._next & 0xFFFF
        if ahead >= _NUMBERS - _NEAR:
            self.late += 1
            return ()
        if ahead > _NEAR:
            return self._strayed(number, ifp)
        self._stray = None
        for lost, mended in _recovered(datagram, end, number, self._packet):
            if lost - self._next & 0xFFFF < ahead and lost not in self._held:
                self._held[lost] = mended
                self.mended += 1
        if number in self._held:
            self.late += 1
        self._held[number] = ifp
        in_order = self._in_order()
        return in_order if len(self._held) < _WINDOW else [*in_order, *self._released()]

    def _strayed(self, number: int, ifp: bytes) -> Sequence[Numbered]:
        before, self._stray = self._stray, (number, ifp)
        if before is None or before[0] != number - 1 & 0xFFFF:
            return ()
        self._stray = None
        self._held = {before[0]: before[1], number: ifp}
        self._next = before[0]
        return self._in_order()

    def _packet(self, number: int) -> bytes | None:
        """One that is there, whether it was given already or waits."""
        found, ifp = self._history[number % _HISTORY]
        return ifp if found == number else self._held.get(number)

    def _in_order(self) -> list[Numbered]:
        """What has nothing missing before it."""
        given: list[Numbered] = []
        while self._held and (ifp := self._held.pop(self._next, None)) is not None:
            self._history[self._next % _HISTORY] = self._next, ifp
            given.append((self._next, ifp))
            self._next = self._next + 1 & 0xFFFF
        self._age = 0
        return given

    def _released(self) -> list[Numbered]:
        """What waits, up to the next gap: the packets before it are given up."""
        if not self._held:
            return []
        gap = min(number - self._next & 0xFFFF for number in self._held)
        self.lost += gap
        self._next = self._next + gap & 0xFFFF
        return self._in_order()


def _length(size: int) -> bytes:
    """A length determinant (X.691 §10.9.3)."""
    if size < 0x80:
        return size.to_bytes(1, "big")
    if size < 0x4000:
        return (size | 0x8000).to_bytes(2, "big")
    raise ValueError(f"{size} octets do not fit into one packet")


def _extent(datagram: bytes, position: int) -> tuple[int, int]:
    """Where an open type or octet string begins and ends, if its length is at `position`.

    Raises: Garbled.
    """
    start, size = _determinant(datagram, position)
    if start + size > len(datagram):
        raise Garbled("a UDPTL packet that ends too early")
    return start, start + size


def _determinant(datagram: bytes, position: int) -> tuple[int, int]:
    """A length determinant: what is behind it, and the length.

    Raises: Garbled.
    """
    try:
        first = datagram[position]
        if first < 0x80:
            return position + 1, first
        second = datagram[position + 1]
    except IndexError:
        raise Garbled("a UDPTL packet that ends too early") from None
    if first >= 0xC0:
        raise Garbled("a UDPTL packet in fragments")  # of 16 KiB and more
    return position + 2, (first & 0x3F) << 8 | second


def _strings(datagram: bytes, position: int) -> list[bytes]:
    """A sequence of open types or octet strings.

    Raises: Garbled.
    """
    end, count = _determinant(datagram, position)
    strings = []
    for _ in range(count):
        start, end = _extent(datagram, end)
        strings.append(datagram[start:end])
    return strings


def _end_of_strings(datagram: bytes, position: int) -> int:
    end, count = _determinant(datagram, position)
    for _ in range(count):
        _, end = _extent(datagram, end)
    return end


def _recovered(
    datagram: bytes, position: int, number: int, packet: Callable[[int], bytes | None]
) -> Iterator[Numbered]:
    """What a datagram says of packets before its own. `packet` looks up one that is there already.

    Raises: Garbled.
    """
    if datagram[position] & _FEC:
        yield from _from_parities(datagram, position + 1, number, packet)
    else:
        for back, ifp in enumerate(_strings(datagram, position + 1), 1):
            yield number - back & 0xFFFF, ifp


def _from_parities(
    datagram: bytes, position: int, number: int, packet: Callable[[int], bytes | None]
) -> Iterator[Numbered]:
    start, end = _extent(datagram, position)
    span = int.from_bytes(datagram[start:end], "big", signed=True)
    parities = _strings(datagram, end)
    entries = len(parities)
    if not 0 <= span * entries <= _HISTORY:
        raise Garbled(f"parities over {span} times {entries} packets")
    for entry, parity in enumerate(parities):
        covered = [number + entry - back * entries & 0xFFFF for back in range(1, span + 1)]
        missing = [one for one in covered if packet(one) is None]
        if len(missing) == 1:
            value = int.from_bytes(parity, "little")
            for one in covered:
                value ^= int.from_bytes(packet(one) or b"", "little")
            yield missing[0], (value & (1 << 8 * len(parity)) - 1).to_bytes(len(parity), "little")
