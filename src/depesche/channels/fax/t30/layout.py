"""Is the loaded library the one that the binding describes?

In ABI mode nothing compares our declarations with the library: a field that moved would be read from the wrong place in
silence. So once in each process we look where the statistics are written, and send a page of known make through two
engines, by audio and by T.38: every field and every function that the binding uses has then given a value known
beforehand.
"""

import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from depesche.channels.fax.t30.audio import RATE, AudioTerminal
from depesche.channels.fax.t30.completion import COMPLETIONS
from depesche.channels.fax.t30.errors import WrongLayout
from depesche.channels.fax.t30.g711 import FRAME, G711Terminal, Law
from depesche.channels.fax.t30.report import OK, Page, Report
from depesche.channels.fax.t30.session import Session, Station
from depesche.channels.fax.t30.spandsp import SONAME, STATS_INTS, Coding, Modem, Spandsp, load
from depesche.channels.fax.t30.t38 import TICK, T38Terminal

_BLOCK = 800
_LIMIT = 60 * RATE
"""Samples of the call; it needs 15 seconds."""

_SENTINEL = 0x5A5A5A5A
_CALLER = "+49 30 1"
_ANSWERER = "+49 30 2"
_SILENCE = {Law.PCMA: 0xD5, Law.PCMU: 0xFF}
"""The octet of no voltage (G.711 tables 1a and 2a)."""

_T0_SECONDS = 61
"""The caller gives up after so long."""

_T0_EXPIRED = 2
_BIT_RATE = 7200
"""Of no modem that would be taken without being told."""

_MOST_BYTES = 200
"""The page is 24 rows: three dozen bytes on the line."""

_SENT = Page(
    frame="MCF",
    confirmed=True,
    bit_rate=9600,
    coding=Coding.MMR,
    ecm=True,
    width=1728,
    rows=24,
    x_resolution=8031,
    y_resolution=3850,
    coded_bytes=0,
    bad_rows=0,
    ecm_retries=0,
)
"""What the sender has to report; no two figures are alike that could be taken for each other."""


@cache
def verified() -> Spandsp:
    """The library, opened and found to be what the binding says: some 70 ms of the processor once in each process.

    Raises: LibraryMissing, WrongLayout.
    """
    spandsp = load()
    verify(spandsp)
    return spandsp


def verify(spandsp: Spandsp) -> None:
    """Compare the library with the declarations.

    Raises: WrongLayout.
    """
    _verify_functions(spandsp)
    _verify_size(spandsp)
    _verify_coders(spandsp)
    _verify_clock(spandsp)
    _verify_call(spandsp, _by_audio)
    _verify_call(spandsp, _by_t38)


def _verify_functions(spandsp: Spandsp) -> None:
    missing = [name for name in dir(spandsp.lib) if not hasattr(spandsp.lib, name)]
    if missing:
        raise _wrong(f"it lacks {', '.join(missing)}")


def _verify_size(spandsp: Spandsp) -> None:
    ffi, lib = spandsp.ffi, spandsp.lib
    state = ffi.gc(lib.fax_init(ffi.NULL, True), lib.fax_free)
    stats = ffi.new("t30_stats_t *")
    ints = ffi.cast("int *", stats)
    count = ffi.sizeof("t30_stats_t") // ffi.sizeof("int")
    for index in range(count):
        ints[index] = _SENTINEL
    lib.t30_get_transfer_statistics(lib.fax_get_t30_state(state), stats)
    written = [index for index in range(count) if ints[index] != _SENTINEL]
    if written != list(range(STATS_INTS)):
        raise _wrong(f"t30_stats_t has {len(written)} ints, not {STATS_INTS}")


def _verify_coders(spandsp: Spandsp) -> None:
    with G711Terminal(spandsp, Station("1"), calling=False) as terminal:
        for law, silence in _SILENCE.items():
            coded = bytearray(FRAME)
            terminal.speak(law)
            terminal.transmit_coded(terminal.pointer(coded, 0))  # an answerer waits before its tone
            if coded != bytes([silence]) * FRAME:
                raise _wrong(f"{law.name}: silence is {coded[:4].hex()}, not {silence:02x}")


def _verify_clock(spandsp: Spandsp) -> None:
    with AudioTerminal(spandsp, Station("1"), calling=True) as terminal:
        terminal.fill_in(_T0_SECONDS * RATE)
        if (completion := terminal.session.report().completion) != _T0_EXPIRED:
            raise _wrong(f"{_T0_SECONDS} seconds without a sound end with {completion}")
    with T38Terminal(spandsp, Station("1"), calling=True, send=lambda *_: None, max_bit_rate=_BIT_RATE) as terminal:
        if terminal.max_bit_rate != _BIT_RATE:
            raise _wrong(f"T.38 at {terminal.max_bit_rate} bit/s, not {_BIT_RATE}")


_Carry = Callable[[Spandsp, Station, Station], tuple[Report, Report, tuple[int, int]]]


def _verify_call(spandsp: Spandsp, carry: _Carry) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            sent, received, counted = _call(spandsp, Path(folder), carry)
    except ValueError as error:
        raise _wrong(f"a figure that cannot be ({error})") from error
    expected = (
        ("completion", sent.completion, OK),
        ("phrase", spandsp.text(spandsp.lib.t30_completion_code_to_str(49)), COMPLETIONS[49].phrase),
        ("phase B", (sent.phases_b, received.phases_b), (("DIS",), ("DCS",))),
        ("CFR", sent.page_begun, True),
        ("TSI and CSI", (received.remote_id, sent.remote_id), (_CALLER, _ANSWERER)),
        ("pages", counted, (1, 1)),
        ("the sender's pages", _known(sent), (_SENT,)),
        ("the receiver's pages", _known(received), (replace(_SENT, frame="EOP"),)),
    )
    for what, found, right in expected:
        if found != right:
            raise _wrong(f"{what}: {found!r}, not {right!r}")


def _call(spandsp: Spandsp, folder: Path, carry: _Carry) -> tuple[Report, Report, tuple[int, int]]:
    page = folder / "page.tif"
    image = Image.new("1", (_SENT.width, _SENT.rows), 1)
    image.paste(0, (100, 8, 900, 16))
    image.save(page, compression="group4", dpi=(204, 98))
    sender = Station(_CALLER, send=page, modems=Modem.V29)
    return carry(spandsp, sender, Station(_ANSWERER, receive=folder / "received.tif"))


def _by_audio(spandsp: Spandsp, sender: Station, receiver: Station) -> tuple[Report, Report, tuple[int, int]]:
    with (
        AudioTerminal(spandsp, sender, calling=True) as caller,
        AudioTerminal(spandsp, receiver, calling=False) as answerer,
    ):
        forward, back = np.zeros(_BLOCK, np.int16), np.zeros(_BLOCK, np.int16)
        for _ in range(0, _LIMIT, _BLOCK):
            caller.transmit(forward)
            answerer.receive(forward)
            answerer.transmit(back)
            caller.receive(back)
            if not (caller.active or answerer.active):
                break
        return _seen(caller.session, answerer.session)


def _by_t38(spandsp: Spandsp, sender: Station, receiver: Station) -> tuple[Report, Report, tuple[int, int]]:
    forward, back = deque[bytes](), deque[bytes]()
    with (
        T38Terminal(spandsp, sender, calling=True, send=lambda packet, _count: forward.append(packet)) as caller,
        T38Terminal(spandsp, receiver, calling=False, send=lambda packet, _count: back.append(packet)) as answerer,
    ):
        numbers = count(), count()
        for _ in range(0, _LIMIT, TICK):
            caller.tick()
            answerer.tick()
            for packets, number, terminal in ((forward, numbers[0], answerer), (back, numbers[1], caller)):
                while packets:
                    terminal.receive(packets.popleft(), next(number))
            if not (caller.active or answerer.active):
                break
        return _seen(caller.session, answerer.session)


def _seen(caller: Session, answerer: Session) -> tuple[Report, Report, tuple[int, int]]:
    return caller.report(), answerer.report(), (caller.confirmed, answerer.confirmed)


def _known(report: Report) -> tuple[Page, ...]:
    """The pages, without the one figure that depends on how well the library codes."""
    return tuple(replace(page, coded_bytes=0) if 0 < page.coded_bytes < _MOST_BYTES else page for page in report.pages)


def _wrong(what: str) -> WrongLayout:
    return WrongLayout(
        f"{SONAME} is not the spandsp 0.0.6 that this program knows: {what}. Install the distribution's own: "
        "apt-get install libspandsp2 (Debian 12) or libspandsp2t64 (Debian 13, Ubuntu 24.04)."
    )
