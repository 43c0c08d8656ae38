"""The T.30 session inside a terminal, whatever carries it: audio now, T.38 by the same calls."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depesche.channels.fax.t30.report import Page, Report
from depesche.channels.fax.t30.spandsp import MAX_PATH, RESOLUTIONS, SIZES, SUBADDRESSING, Coded, Coding, Modem, Spandsp

_OK = 0
"""``T30_ERR_OK``: go on."""

_FCF = 2
"""Where the facsimile control field stands in a frame (T.30 §5.3.6.1)."""


@dataclass(frozen=True, slots=True)
class Station:
    """What one end is and can do."""

    ident: str
    """TSI or CSI; as `depesche.model.station.station_id` makes it."""

    send: Path | None = None
    """TIFF to send."""

    first_page: int = 0
    """Of the TIFF, from 0, to begin with."""

    receive: Path | None = None
    """TIFF to write, coded T.6; it exists afterwards if a page came."""

    ecm: bool = True
    modems: Modem = Modem.ALL
    codings: Coded = Coded.ALL
    watched: bool = False
    """Frames are counted though nothing is sent: a watchdog wants to know."""


class Session:
    """Sets a T.30 context up and collects what it reports.

    spandsp calls back in the middle of its own work. Nothing raised there may reach C: it is kept, and `check`,
    called by the terminal after each block, raises it.
    """

    def __init__(self, spandsp: Spandsp, context: Any, station: Station) -> None:
        """Raises: ValueError for a station id or file name that spandsp cannot take."""
        self._spandsp = spandsp
        self._context = context
        self._stats = spandsp.ffi.new("t30_stats_t *")
        self._error: BaseException | None = None
        self._completion: int | None = None
        self._phases_b: list[str] = []
        self._pages: list[Page] = []
        self._page_begun = False
        self.active = True
        """Whether the call goes on: until phase E."""

        self.confirmed = 0
        """Pages that the receiver took so far."""

        self.frames = 0
        """T.30 frames so far, both ways: the pulse of the call. Counted at the sender, and where it is watched."""

        self._configure(station)
        self._callbacks = self._listen(station)  # a callback that nobody holds is freed, and C would jump into it

    @property
    def bit_rate(self) -> int:
        """Bits a second that the image modem is set to at this moment."""
        return int(self.statistics().bit_rate)

    @property
    def page_begun(self) -> bool:
        """Training was confirmed (CFR), as far as frames are counted."""
        return self._page_begun

    def terminate(self) -> None:
        """The call is over: the far end hung up, or we do."""
        self._spandsp.lib.t30_terminate(self._context)
        self.check()

    def close(self) -> None:
        """End the call and let go of the context, which is about to be freed."""
        try:
            self.terminate()
        finally:
            self._context = None

    def keep(self, _kind: object, error: BaseException, _trace: object) -> None:
        """Take what a callback raised; cffi's ``onerror``."""
        self._error = self._error or error

    def check(self) -> None:
        """Raise what went wrong in a callback, once."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def report(self) -> Report:
        """All that is known by now."""
        return Report(
            completion=self._completion,
            phases_b=tuple(self._phases_b),
            page_begun=self._page_begun,
            pages=tuple(self._pages),
            remote_id=self._spandsp.text(self._spandsp.lib.t30_get_rx_ident(self._context)),
            subaddress=self._spandsp.text(self._spandsp.lib.t30_get_rx_sub_address(self._context)),
        )

    def statistics(self) -> Any:
        """``t30_stats_t`` of this moment.

        Its page figures are final in phase D. While a page is on the line, ``length`` and ``image_size`` are the rows
        and octets that were received so far, without ECM; at the sender those of the whole page.
        """
        self._spandsp.lib.t30_get_transfer_statistics(self._context, self._stats)
        return self._stats

    def _configure(self, station: Station) -> None:
        lib, context = self._spandsp.lib, self._context
        if lib.t30_set_tx_ident(context, station.ident.encode("ascii")) != _OK:
            raise ValueError(f"a station id has at most 20 characters: {station.ident!r}")
        lib.t30_set_ecm_capability(context, station.ecm)
        lib.t30_set_supported_modems(context, station.modems)
        lib.t30_set_supported_compressions(context, station.codings)
        lib.t30_set_supported_resolutions(context, RESOLUTIONS)
        lib.t30_set_supported_image_sizes(context, SIZES)
        if station.send is not None:
            lib.t30_set_tx_file(context, _name(station.send), station.first_page, -1)
        if station.receive is not None:
            lib.t30_set_rx_file(context, _name(station.receive), -1)
            lib.t30_set_rx_encoding(context, Coding.MMR)
            lib.t30_set_supported_t30_features(context, SUBADDRESSING)

    def _listen(self, station: Station) -> list[Any]:
        lib = self._spandsp.lib
        callbacks = [
            self._register(lib.t30_set_phase_b_handler, "t30_phase_b_handler_t", self._on_phase_b),
            self._register(lib.t30_set_phase_d_handler, "t30_phase_d_handler_t", self._on_phase_d),
            self._register(lib.t30_set_phase_e_handler, "t30_phase_e_handler_t", self._on_phase_e),
        ]
        if station.send is not None or station.watched:  # every ECM frame calls this one: not where nobody needs it
            setter = lib.t30_set_real_time_frame_handler
            callbacks.append(self._register(setter, "t30_real_time_frame_handler_t", self._on_frame))
        return callbacks

    def _register(self, setter: Any, signature: str, method: Callable[..., Any]) -> Any:
        callback = self._spandsp.ffi.callback(signature, method, onerror=self.keep)
        setter(self._context, callback, self._spandsp.ffi.NULL)
        return callback

    def _on_phase_b(self, _context: Any, _user: Any, frame: int) -> int:
        self._phases_b.append(self._frame_name(frame))
        return _OK

    def _on_phase_d(self, _context: Any, _user: Any, frame: int) -> int:
        stats = self.statistics()
        confirmed = stats.pages_tx + stats.pages_rx
        self._pages.append(_page(stats, self._frame_name(frame), confirmed > self.confirmed))
        self.confirmed = confirmed
        return _OK

    def _on_phase_e(self, _context: Any, _user: Any, completion: int) -> None:
        self._completion = completion
        self.active = False

    def _on_frame(self, _context: Any, _user: Any, _incoming: int, frame: Any, length: int) -> None:
        self.frames += 1
        if length > _FCF and self._frame_name(frame[_FCF]) == "CFR":
            self._page_begun = True

    def _frame_name(self, fcf: int) -> str:
        return self._spandsp.text(self._spandsp.lib.t30_frametype(fcf))


def _page(stats: Any, frame: str, confirmed: bool) -> Page:
    return Page(
        frame=frame,
        confirmed=confirmed,
        bit_rate=stats.bit_rate,
        coding=Coding(stats.encoding),
        ecm=bool(stats.error_correcting_mode),
        width=stats.width,
        rows=stats.length,
        x_resolution=stats.x_resolution,
        y_resolution=stats.y_resolution,
        coded_bytes=stats.image_size,
        bad_rows=stats.bad_rows,
        ecm_retries=stats.error_correcting_mode_retries,
    )


def _name(path: Path) -> bytes:
    name = os.fsencode(path)
    if len(name) > MAX_PATH:
        raise ValueError(f"the fax engine takes file names of at most {MAX_PATH} bytes: {path}")
    return name
