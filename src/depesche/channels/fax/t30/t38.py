"""A T.30 terminal on an IP network: the packets of ITU-T T.38 in and out, no modem in between."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from depesche.channels.fax.t30.ifp import measured
from depesche.channels.fax.t30.session import Session, Station
from depesche.channels.fax.t30.spandsp import Modem, Spandsp

TICK = 160
"""Samples of 20 ms: the unit of spandsp's clock, here too."""

VERSION = 0
"""T38FaxVersion that spandsp speaks best: later ones add V.34, which it has not."""

MAX_BIT_RATE = 14400

_TRANSFERRED_TCF = 2
"""``T38_DATA_RATE_MANAGEMENT_TRANSFERRED_TCF``: the training goes over the network, as T.38 wants it over UDP."""

_OK = 0

Send = Callable[[bytes, int], None]
"""Takes an IFP packet, and how many times it is to be sent."""


class T38Terminal:
    """A fax machine that is an endpoint of T.38 itself.

    A context manager, as `AudioTerminal` is. Its clock is `tick`.
    """

    def __init__(
        self,
        spandsp: Spandsp,
        station: Station,
        *,
        calling: bool,
        send: Send,
        version: int = VERSION,
        max_bit_rate: int = MAX_BIT_RATE,
    ) -> None:
        """`send` is called during `tick`; what it raises, `tick` raises.

        Raises: ValueError for a station id or file name that spandsp cannot take; MemoryError.
        """
        self._ffi, self._lib = spandsp.ffi, spandsp.lib
        self._send = send
        self._version = version
        self._handler = spandsp.ffi.callback("t38_tx_packet_handler_t", self._on_packet, onerror=self._keep)
        state = self._lib.t38_terminal_init(self._ffi.NULL, calling, self._handler, self._ffi.NULL)
        if not state:
            raise MemoryError("no memory for a fax engine")
        self._state: Any = self._ffi.gc(state, self._lib.t38_terminal_free)
        self._core: Any = self._lib.t38_terminal_get_t38_core_state(self._state)
        self._lib.t38_set_t38_version(self._core, version)
        self._lib.t38_set_data_rate_management_method(self._core, _TRANSFERRED_TCF)
        self._lib.t38_set_fastest_image_data_rate(self._core, max_bit_rate)
        self._send_timeout, self._rx_ifp_packet = self._lib.t38_terminal_send_timeout, self._lib.t38_core_rx_ifp_packet
        self.session = Session(spandsp, self._lib.t38_terminal_get_t30_state(self._state), station)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, self._state, self._core = self._state, None, None
        try:
            self.session.close()
        finally:
            self._ffi.release(state)

    @property
    def active(self) -> bool:
        """Whether the call goes on."""
        return self.session.active

    @property
    def max_bit_rate(self) -> int:
        """Bits a second that both networks carry."""
        return int(self._lib.t38_get_fastest_image_data_rate(self._core))

    def tick(self) -> None:
        """20 ms have passed: timers go on, and what is due is sent."""
        self._send_timeout(self._state, TICK)
        self.session.check()

    def receive(self, ifp: bytes, sequence: int) -> bool:
        """Take a packet, in order: from a gap in the numbers (16 bit) the engine sees that some are lost.

        Returns: whether it is one; spandsp never sees those that are not.
        """
        length = measured(ifp, self._version)
        if length == 0:
            return False
        self._rx_ifp_packet(self._core, ifp, length, sequence)
        self.session.check()
        return True

    def hang_up(self) -> None:
        """The connection is gone, whoever ended it."""
        self.session.terminate()

    def _on_packet(self, _core: Any, _user: Any, ifp: Any, length: int, count: int) -> int:
        self._send(self._ffi.buffer(ifp, length)[:], count)
        return _OK

    def _keep(self, kind: object, error: BaseException, trace: object) -> None:
        self.session.keep(kind, error, trace)


def modems_within(bit_rate: int, modems: Modem) -> Modem:
    """Those of the modems that never go faster; V.27ter goes everywhere."""
    fastest = {Modem.V17: 14400, Modem.V29: 9600, Modem.V27TER: 0}
    within = Modem(0)
    for modem, speed in fastest.items():
        if modem in modems and speed <= bit_rate:
            within |= modem
    return within or Modem.V27TER
