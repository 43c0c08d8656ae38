"""One call's media, without a socket and without a clock: datagrams in, datagrams out at each tick of 20 ms."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self

from depesche.channels.fax.media import rtp, udptl
from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.sdp import T38
from depesche.channels.fax.t30.g711 import G711Terminal, Law
from depesche.channels.fax.t30.report import Report
from depesche.channels.fax.t30.session import Session, Station
from depesche.channels.fax.t30.spandsp import Spandsp
from depesche.channels.fax.t30.t38 import T38Terminal, modems_within

TICK_SECONDS = 0.02

STALL_SECONDS = 90.0
"""Seconds without progress after which a call may be given up: T.30's own timers end a silent one after 60 at most."""

_TICKS = 50
"""A second."""

_LONGEST_PAGE = 1800 * _TICKS
"""Ticks that image data may move without a T.30 frame: 500 kB at 2400 bit/s (as in `depesche.channels.fax.call`)."""

_SLOWEST = 2400
"""Bits a second of the slowest modem."""

_FILL_SECONDS = 0.04
"""A row without ECM takes at least so long where the far end is slow: fill bits (T.30 table 2, bits 21 to 23)."""

_EARLY = 16
"""Datagrams of T.38 that are kept if they come before we know that it is T.38 now."""


class TooLate(Exception):
    """A page is on the line: another terminal would begin from the start."""


@dataclass(slots=True)
class Counts:
    """What happened to the datagrams of a call."""

    received: int = 0
    sent: int = 0
    garbled: int = 0
    """Datagrams that were neither RTP nor UDPTL, or not what was expected."""

    late: int = 0
    """Came twice, or too late."""

    lost: int = 0
    """Packets that never came and could not be mended."""

    mended: int = 0
    """Packets that redundancy or FEC brought."""

    filled: int = 0
    """Samples of audio that were filled in."""


class _Leg(Protocol):
    """A terminal with its way over the network."""

    session: Session

    def receive(self, datagram: bytes) -> None: ...

    def tick(self) -> list[bytes]: ...

    def plausible(self, datagram: bytes) -> bool: ...

    def count(self, counts: Counts) -> None: ...

    def close(self) -> None: ...


class Media:
    """The media of one call: nothing, audio, T.38; what `report` says covers all of them.

    A context manager: leaving it hangs up and frees the engines; `report` is still there. A T.38 re-INVITE that is
    refused needs no word to it: audio goes on.
    """

    def __init__(
        self, spandsp: Spandsp, station: Station, *, calling: bool, chance: random.Random | None = None
    ) -> None:
        """`chance` chooses what RTP wants random; the machine's own source unless given."""
        self._spandsp = spandsp
        self._station = replace(station, watched=True)
        self._calling = calling
        self._chance = chance or random.SystemRandom()
        self._leg: _Leg | None = None
        self._past: list[Report] = []
        self._past_frames = self._past_confirmed = 0
        self._past_counts = Counts()
        self._early: deque[bytes] = deque(maxlen=_EARLY)
        self._hung_up = False
        self._ticks = self._pulse_at = self._moved_at = 0
        self._pulse = (0, 0)
        self._octets = 0
        self._page_ticks = 0.0
        self._received = self._sent = self._garbled = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hung_up = True
        self._put_away()

    @property
    def active(self) -> bool:
        """Whether the call goes on: until T.30 came to its end, or somebody hung up."""
        return not self._hung_up and (self._leg is None or self._leg.session.active)

    @property
    def is_t38(self) -> bool:
        return isinstance(self._leg, _T38Leg)

    @property
    def seconds(self) -> float:
        """Line time so far, in ticks."""
        return self._ticks * TICK_SECONDS

    @property
    def frames(self) -> int:
        """T.30 frames so far, both ways."""
        return self._past_frames + (self._leg.session.frames if self._leg else 0)

    @property
    def confirmed(self) -> int:
        """Pages that the receiver took so far."""
        return self._past_confirmed + (self._leg.session.confirmed if self._leg else 0)

    @property
    def page_begun(self) -> bool:
        """Training was confirmed: from there on a page is on the line, and the kind of media cannot change."""
        return self._leg is not None and self._leg.session.page_begun

    @property
    def idle(self) -> float:
        """Seconds without a T.30 frame, a page, or image data that moves; exact to a second.

        A page without ECM has no frames. Its receiver sees octets coming; its sender knows how long it will take.
        Neither is believed for longer than a long page lasts: noise is taken for image data as well.
        """
        quiet = self._ticks - self._pulse_at
        moving = self._ticks - self._moved_at
        if quiet - moving < _LONGEST_PAGE:
            quiet = moving
        return max(0.0, quiet - self._page_ticks) * TICK_SECONDS

    def stalled(self, seconds: float = STALL_SECONDS) -> bool:
        """Whether the call makes no progress."""
        return self._ticks - self._pulse_at > seconds * _TICKS and self.idle > seconds

    def to_audio(self, law: Law) -> None:
        """Speak RTP with this law from now on. Audio that is there goes on; a T.38 terminal gives way.

        Raises: TooLate.
        """
        if isinstance(self._leg, _AudioLeg):
            self._leg.speak(law)
            return
        self._make_room()
        terminal = G711Terminal(self._spandsp, self._station, calling=self._calling)
        self._leg = _AudioLeg(terminal, law, self._chance)

    def to_t38(self, agreed: T38) -> None:
        """Speak T.38 from now on, as it was agreed with the far end. What came of it before is taken now.

        T.38 that is there goes on as it is.

        Raises: TooLate.
        """
        if isinstance(self._leg, _T38Leg):
            return
        self._make_room()
        modems = modems_within(agreed.max_bit_rate, self._station.modems)
        station = replace(self._station, modems=modems)
        self._leg = _T38Leg(self._spandsp, station, self._calling, agreed)
        early, self._early = self._early, deque(maxlen=_EARLY)
        for datagram in early:
            self._take(datagram)

    def mute(self, *, muted: bool) -> None:
        """Whether the far end wants no packets (it said ``a=sendonly`` or ``a=inactive``): the call is held."""
        if isinstance(self._leg, _AudioLeg):
            self._leg.muted = muted

    def plausible(self, datagram: bytes) -> bool:
        """Whether a datagram from an unknown address may be this call's media: the address may be latched onto."""
        return self._leg is not None and self._leg.plausible(datagram)

    def receive(self, datagram: bytes) -> None:
        """Take what came in; whatever it is, it does no harm."""
        self._received += 1
        if not self._hung_up:
            self._take(datagram)

    def tick(self) -> list[bytes]:
        """20 ms have passed: what is to be sent now."""
        self._ticks += 1
        leg = self._leg
        if leg is None or self._hung_up:
            return []
        made = leg.tick()
        self._sent += len(made)
        if self._ticks % _TICKS == 0:
            self._watch(leg.session)
        return made

    def hang_up(self) -> None:
        """The connection is gone, whoever ended it."""
        self._hung_up = True
        if self._leg:
            self._leg.session.terminate()

    def report(self) -> Report:
        """All that is known by now, over all terminals of the call. How it ended is what the last of them says."""
        reports = [*self._past, self._leg.session.report()] if self._leg else self._past
        return Report(
            completion=reports[-1].completion if reports else None,
            phases_b=tuple(frame for report in reports for frame in report.phases_b),
            page_begun=any(report.page_begun for report in reports),
            pages=tuple(page for report in reports for page in report.pages),
            remote_id=next((report.remote_id for report in reversed(reports) if report.remote_id), ""),
            subaddress=next((report.subaddress for report in reversed(reports) if report.subaddress), ""),
        )

    def counts(self) -> Counts:
        """What happened to the datagrams so far."""
        counts = replace(self._past_counts, received=self._received, sent=self._sent)
        counts.garbled += self._garbled
        if self._leg:
            self._leg.count(counts)
        return counts

    def _take(self, datagram: bytes) -> None:
        leg = self._leg
        if leg is None:
            self._keep(datagram)
            return
        try:
            leg.receive(datagram)
        except Garbled:
            self._garbled += 1
            self._keep(datagram)

    def _keep(self, datagram: bytes) -> None:
        """UDPTL may overtake the answer to our offer."""
        if not self.is_t38 and udptl.plausible(datagram):
            self._early.append(datagram)

    def _make_room(self) -> None:
        if self.page_begun:
            raise TooLate("a page is on the line")
        self._put_away()
        self._pulse_at = self._moved_at = self._ticks
        self._page_ticks = 0.0

    def _put_away(self) -> None:
        leg = self._leg
        if leg is None:
            return
        leg.session.terminate()
        self._past.append(leg.session.report())
        self._past_frames += leg.session.frames
        self._past_confirmed += leg.session.confirmed
        leg.count(self._past_counts)
        self._leg = None
        leg.close()

    def _watch(self, session: Session) -> None:
        """Once a second: has anything moved?"""
        pulse = self.frames, self.confirmed
        if pulse != self._pulse:
            self._pulse = pulse
            self._pulse_at = self._moved_at = self._ticks
        statistics = session.statistics()
        octets = int(statistics.image_size)
        if self._station.send is None:
            if octets != self._octets:
                self._octets, self._moved_at = octets, self._ticks
        elif octets and not statistics.error_correcting_mode:
            seconds = 8 * octets / max(statistics.bit_rate, _SLOWEST) + _FILL_SECONDS * statistics.length
            self._page_ticks = min(seconds * _TICKS, _LONGEST_PAGE)
        else:
            self._page_ticks = 0.0


class _AudioLeg:
    """A terminal with modems, over RTP."""

    def __init__(self, terminal: G711Terminal, law: Law, chance: random.Random) -> None:
        self._terminal = terminal
        self._law = law
        self.session = terminal.session
        source, number, stamp = (chance.getrandbits(bits) for bits in (32, 16, 32))
        self._sender = rtp.Sender(terminal, law, source=source, number=number, stamp=stamp)
        self._receiver = rtp.Receiver(terminal)
        self.receive = self._receiver.receive
        self.muted = False

    def speak(self, law: Law) -> None:
        if law is not self._law:  # the mark of a new talk may move a far end's jitter buffer: fatal for a modem
            self._law = law
            self._sender.speak(law)

    def tick(self) -> list[bytes]:
        self._receiver.tick()
        if self.muted:
            self._sender.skip()
            return []
        return [self._sender.packet()]

    def plausible(self, datagram: bytes) -> bool:
        return rtp.plausible(datagram)

    def count(self, counts: Counts) -> None:
        counts.late += self._receiver.late
        counts.lost += self._receiver.lost
        counts.filled += self._receiver.filled

    def close(self) -> None:
        self._terminal.__exit__(None, None, None)


class _T38Leg:
    """A terminal without modems, over UDPTL."""

    def __init__(self, spandsp: Spandsp, station: Station, calling: bool, agreed: T38) -> None:
        self._sender = udptl.Sender(agreed.correction, agreed.max_datagram)
        self._receiver = udptl.Receiver()
        self._terminal = T38Terminal(
            spandsp,
            station,
            calling=calling,
            send=self._send,
            version=agreed.version,
            max_bit_rate=agreed.max_bit_rate,
        )
        self.session = self._terminal.session
        self._made: list[bytes] = []
        self._bad = 0

    def receive(self, datagram: bytes) -> None:
        self._hand_over(self._receiver.receive(datagram))

    def tick(self) -> list[bytes]:
        self._hand_over(self._receiver.tick())
        self._terminal.tick()
        made, self._made = self._made, []
        return made

    def plausible(self, datagram: bytes) -> bool:
        return udptl.plausible(datagram)

    def count(self, counts: Counts) -> None:
        counts.late += self._receiver.late
        counts.lost += self._receiver.lost
        counts.mended += self._receiver.mended
        counts.garbled += self._bad

    def close(self) -> None:
        self._terminal.__exit__(None, None, None)

    def _hand_over(self, packets: Sequence[udptl.Numbered]) -> None:
        for number, ifp in packets:
            if not self._terminal.receive(ifp, number):
                self._bad += 1

    def _send(self, ifp: bytes, count: int) -> None:
        datagram = self._sender.datagram(ifp)
        self._made += [datagram] * count
