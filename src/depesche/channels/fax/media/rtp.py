"""RTP with G.711: samples of a terminal in packets, and packets put in order for it (RFC 3550, RFC 3551)."""

import struct

from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.t30.g711 import FRAME, MOST_OCTETS, G711Terminal, Law

_HEADER = struct.Struct(">BBHII")
"""Version and flags, marker and payload type, number, timestamp, source (RFC 3550 §5.1)."""

_MOVING = struct.Struct(">HI")
"""Number and timestamp, which change with each packet."""

_EXTENSION = struct.Struct(">HH")

_VERSION = 0x80
_VERSION_BITS = 0xC0
_PADDED = 0x20
_EXTENDED = 0x10
_CONTRIBUTORS = 0x0F
_MARKER = 0x80
_TYPE = 0x7F

_RTCP = range(64, 96)
"""Payload types that RTCP's packet types look like (RFC 5761 §4)."""

_LAWS = {law.value: law for law in Law}

_NUMBERS = 0x10000
_STAMPS = 0x100000000

WINDOW = 3
"""Packets, and ticks, that a missing one is waited for."""

_MOST_LATE = 100
_MOST_MISSING = 3000
"""Packets behind and ahead that belong to the same stream (``MAX_MISORDER``, ``MAX_DROPOUT`` of RFC 3550 §A.1)."""

_MOST_FILLED = 2 * 8000
"""Samples; if the timestamp jumps further, the sender's clock was set."""

_PATIENCE = 10
"""Ticks without a packet: from then on time is filled in."""


def plausible(datagram: bytes) -> bool:
    """Whether this can be a packet of audio, comfort noise or telephone events, and nothing else."""
    if len(datagram) < _HEADER.size or datagram[0] & _VERSION_BITS != _VERSION:
        return False
    return datagram[1] & _TYPE not in _RTCP


class Sender:
    """One direction of a call: a packet each 20 ms."""

    def __init__(self, terminal: G711Terminal, law: Law, *, source: int, number: int, stamp: int) -> None:
        """The three figures are those of the first packet, chosen by chance (RFC 3550 §5.1)."""
        self._terminal = terminal
        self._packet = bytearray(_HEADER.size + FRAME)
        self._source = source
        self._number, self._stamp = number, stamp
        self._target = terminal.pointer(self._packet, _HEADER.size)
        self.speak(law)

    def speak(self, law: Law) -> None:
        """From now on by this law. The packet that comes next is marked as the begin of a talk."""
        self._terminal.speak(law)
        _HEADER.pack_into(self._packet, 0, _VERSION, _MARKER | law.value, 0, 0, self._source)

    def packet(self) -> bytes:
        """The next one."""
        packet = self._packet
        _MOVING.pack_into(packet, 2, self._number, self._stamp)
        self._number = self._number + 1 & 0xFFFF
        self._stamp = self._stamp + FRAME & 0xFFFFFFFF
        self._terminal.transmit_coded(self._target)
        made = bytes(packet)
        packet[1] &= _TYPE
        return made

    def skip(self) -> None:
        """20 ms in which nothing is sent: the terminal's clock goes on."""
        self._stamp = self._stamp + FRAME & 0xFFFFFFFF
        self._terminal.transmit_coded(self._target)
        self._packet[1] |= _MARKER


class Receiver:
    """The other direction: takes packets in any order, and gives the terminal what was said in the order it was said.

    A missing packet is waited for as long as `WINDOW` says; then its time is filled in. Comfort noise and telephone
    events are times in which nothing was said. Packets of 10 to 240 ms are taken, of either law.
    """

    def __init__(self, terminal: G711Terminal) -> None:
        self._terminal = terminal
        self._source = -1
        self._former = -1
        self._next = -1
        self._stamp = 0
        self._held: dict[int, tuple[int, int, bytes]] = {}  # payload type, timestamp and octets by number
        self._age = 0
        self._silent = 0
        self._filled_by_tick = 0
        self._restart = -1
        self.late = 0
        """Packets that came twice, or too late."""

        self.lost = 0
        """Packets that never came."""

        self.filled = 0
        """Samples that were filled in."""

    def receive(self, packet: bytes) -> None:
        """Take a packet.

        Raises: Garbled.
        """
        try:
            first, kind, number, stamp, source = _HEADER.unpack_from(packet)
        except struct.error:
            raise Garbled(f"an RTP packet of {len(packet)} octets") from None
        kind &= _TYPE
        if first == _VERSION and number == self._next and source == self._source and stamp == self._stamp:
            law = _LAWS.get(kind)
            if law is not None and not self._held and len(packet) <= _HEADER.size + MOST_OCTETS:
                self._next = number + 1 & 0xFFFF
                self._play(law, stamp, packet[_HEADER.size :])
                return
        self._out_of_order(kind, number, stamp, source, _payload(packet, first, kind))

    def tick(self) -> None:
        """20 ms have passed: packets that have waited long enough are played, and silence takes its time."""
        self._silent += 1
        if self._held:
            self._age += 1
            if self._age > WINDOW:
                self._release()
        elif self._silent > _PATIENCE:
            self._filled_by_tick += FRAME
            self._fill_in(FRAME)

    def _out_of_order(self, kind: int, number: int, stamp: int, source: int, payload: bytes) -> None:
        if source != self._source:
            if source == self._former and self._silent < WINDOW:
                self.late += 1
                return
            self._begin(number, stamp, source)
        ahead = number - self._next & 0xFFFF
        if _MOST_MISSING < ahead < _NUMBERS - _MOST_LATE:
            expected, self._restart = self._restart, number + 1 & 0xFFFF
            if number != expected:
                return  # it is believed when its successor comes (RFC 3550 §A.1)
            self._begin(number, stamp, source)
        elif ahead >= _NUMBERS - _MOST_LATE or number in self._held:
            self.late += 1
            return
        self._restart = -1
        self._held[number] = kind, stamp, payload
        self._play_in_order()
        if len(self._held) >= WINDOW:
            self._release()

    def _begin(self, number: int, stamp: int, source: int) -> None:
        """A stream begins, the first one or another."""
        while self._held:
            self._release()
        if source != self._source:
            self._former, self._source = self._source, source
        self._next, self._stamp = number, stamp

    def _play_in_order(self) -> None:
        while self._held and (there := self._held.pop(self._next, None)) is not None:
            self._next = self._next + 1 & 0xFFFF
            kind, stamp, payload = there
            law = _LAWS.get(kind)
            if law is not None:
                self._bridge(stamp - self._stamp & 0xFFFFFFFF)
                self._play(law, stamp, payload)
        self._age = 0

    def _release(self) -> None:
        """What waits, up to the next gap: the packets before it are given up."""
        gap = min(number - self._next & 0xFFFF for number in self._held)
        self.lost += gap
        self._next = self._next + gap & 0xFFFF
        self._play_in_order()

    def _play(self, law: Law, stamp: int, octets: bytes) -> None:
        self._stamp = stamp + len(octets) & 0xFFFFFFFF
        self._silent = self._filled_by_tick = 0
        self._terminal.receive_coded(octets, law)

    def _bridge(self, gap: int) -> None:
        """Fill in what is missing before the packet that is played next, unless the ticks did."""
        if gap <= _MOST_FILLED:
            owed = gap - self._filled_by_tick
            if owed > 0:
                self._fill_in(owed)

    def _fill_in(self, samples: int) -> None:
        self.filled += samples
        self._terminal.fill_in(samples)


def _payload(packet: bytes, first: int, kind: int) -> bytes:
    """What is behind the header, without padding.

    Raises: Garbled.
    """
    if first & _VERSION_BITS != _VERSION:
        raise Garbled(f"a packet of RTP version {first >> 6}")
    if kind in _RTCP:
        raise Garbled("RTCP where RTP should be")
    start, end = _HEADER.size + 4 * (first & _CONTRIBUTORS), len(packet)
    if first & _EXTENDED:
        if start + _EXTENSION.size > end:
            raise Garbled("an RTP packet that ends in its header")
        start += _EXTENSION.size + 4 * _EXTENSION.unpack_from(packet, start)[1]
    if first & _PADDED:
        end -= packet[-1]
        if end == len(packet):
            raise Garbled("an RTP packet with padding of no octets")
    if start > end:
        raise Garbled("an RTP packet that ends in its header")
    if end - start > MOST_OCTETS:
        raise Garbled(f"an RTP packet of {end - start} octets")
    return packet[start:end]
