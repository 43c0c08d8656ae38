"""A T.30 terminal on a telephone line: samples in, samples out."""

from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depesche.channels.fax.t30.session import Session, Station
from depesche.channels.fax.t30.spandsp import Spandsp

RATE = 8000
"""Samples a second."""

Samples: TypeAlias = NDArray[np.int16]
"""A block of one direction: contiguous, linear, 16 bit, `RATE` a second."""


class AudioTerminal:
    """A fax machine with the V.17, V.29, V.27ter and V.21 modems.

    A context manager: leaving it hangs up and frees the engine, and takes the session with it. Its clock is the samples
    it is given: without `receive` and `fill_in` its timers stand still.
    """

    def __init__(self, spandsp: Spandsp, station: Station, *, calling: bool) -> None:
        """Raises: ValueError for a station id or file name that spandsp cannot take; MemoryError."""
        self._ffi, self._lib = spandsp.ffi, spandsp.lib
        state = self._lib.fax_init(self._ffi.NULL, calling)
        if not state:
            raise MemoryError("no memory for a fax engine")
        self._state: Any = self._ffi.gc(state, self._lib.fax_free)  # freed even if nobody ever leaves the context
        self._lib.fax_set_transmit_on_idle(self._state, True)
        self.session = Session(spandsp, self._lib.fax_get_t30_state(self._state), station)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, self._state = self._state, None
        try:
            self.session.close()  # first: fax_free alone would keep what the far end's NSF took
        finally:
            self._ffi.release(state)

    @property
    def active(self) -> bool:
        """Whether the call goes on."""
        return self.session.active

    def transmit(self, samples: Samples) -> None:
        """Fill the block with what goes out next."""
        self._lib.fax_tx(self._state, self._pointer(samples), len(samples))
        self.session.check()

    def receive(self, samples: Samples) -> None:
        """Take the block that came in; it is overwritten."""
        self._lib.fax_rx(self._state, self._pointer(samples), len(samples))
        self.session.check()

    def fill_in(self, samples: int) -> None:
        """So many samples were lost on their way: the modems keep their beat, and the timers go on."""
        self._lib.fax_rx_fillin(self._state, samples)
        self.session.check()

    def hang_up(self) -> None:
        """The connection is gone, whoever ended it."""
        self.session.terminate()

    def _pointer(self, samples: Samples) -> Any:
        return self._ffi.from_buffer("int16_t[]", samples.data, require_writable=True)
