"""A T.30 terminal that is spoken to in the octets of a telephone network (ITU-T G.711)."""

from enum import IntEnum
from typing import Any

from depesche.channels.fax.t30.audio import AudioTerminal
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp

FRAME = 160
"""Octets that are sent at once: 20 ms."""

MOST_OCTETS = 1920
"""Octets that are taken at once: 240 ms, more than any gateway puts into one packet."""


class Law(IntEnum):
    """How a sample becomes an octet; the values are RTP's payload types (RFC 3551 table 4)."""

    PCMU = 0
    PCMA = 8


_MODES = {Law.PCMA: 0, Law.PCMU: 1}
"""``G711_ALAW`` and ``G711_ULAW``."""


class G711Terminal(AudioTerminal):
    """An `AudioTerminal` of which both directions are coded, without a copy in between."""

    def __init__(self, spandsp: Spandsp, station: Station, *, calling: bool) -> None:
        """It speaks the A-law until it is told otherwise; both laws are understood.

        Raises: ValueError for a station id or file name that spandsp cannot take; MemoryError.
        """
        super().__init__(spandsp, station, calling=calling)
        ffi, lib = self._ffi, self._lib
        self._coders = {one: _coder(spandsp, mode) for one, mode in _MODES.items()}
        self._ours = self._coders[Law.PCMA]
        self._outgoing = ffi.new("int16_t[]", FRAME)
        self._incoming = ffi.new("int16_t[]", MOST_OCTETS)
        self._fax_tx, self._fax_rx, self._fax_rx_fillin = lib.fax_tx, lib.fax_rx, lib.fax_rx_fillin
        self._encode, self._decode = lib.g711_encode, lib.g711_decode

    def speak(self, law: Law) -> None:
        """From now on by this law."""
        self._ours = self._coders[law]

    def pointer(self, octets: bytearray, start: int) -> Any:
        """Where `transmit_coded` is to write: `FRAME` octets of a buffer from `start` on. It keeps the buffer."""
        return self._ffi.from_buffer("uint8_t[]", memoryview(octets)[start : start + FRAME], require_writable=True)

    def transmit_coded(self, target: Any) -> None:
        """Write what goes out next to a place that `pointer` gave."""
        made = self._fax_tx(self._state, self._outgoing, FRAME)
        if made < FRAME:  # the call is over, and nobody may hear the last block again
            self._ffi.memmove(self._outgoing + made, bytes(2 * (FRAME - made)), 2 * (FRAME - made))
        self._encode(self._ours, target, self._outgoing, FRAME)
        self.session.check()

    def receive_coded(self, octets: bytes, law: Law) -> None:
        """Take what came in, at most `MOST_OCTETS`."""
        incoming, count = self._incoming, len(octets)
        count = min(count, MOST_OCTETS)
        self._fax_rx(self._state, incoming, self._decode(self._coders[law], incoming, octets, count))
        self.session.check()


def _coder(spandsp: Spandsp, mode: int) -> Any:
    state = spandsp.lib.g711_init(spandsp.ffi.NULL, mode)
    if not state:
        raise MemoryError("no memory for a G.711 coder")
    return spandsp.ffi.gc(state, spandsp.lib.g711_free)
