"""One fax over a SIP call: signalling, media and T.30 together, from the INVITE to the BYE."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from depesche.channels.fax.ending import End as Why
from depesche.channels.fax.ending import Ending
from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.media import Counts, Media, TooLate
from depesche.channels.fax.media.sdp import Agreed, AgreedAudio, AgreedT38, Negotiation, Refused
from depesche.channels.fax.media.ticker import Ticker
from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.callstate import CallState
from depesche.channels.fax.sip.ear import End
from depesche.channels.fax.sip.layer import SILENT
from depesche.channels.fax.t30.g711 import Law
from depesche.channels.fax.t30.report import Report
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp
from depesche.channels.fax.trunk.ports import MediaSocket, Ports

LINGER_SECONDS = 0.3
"""From the end of T.30 until we hang up: its last frame is still on its way."""

T38_AFTER_SECONDS = 1.0
"""From the answer until we, who were called, propose T.38: by then the caller's first audio has come."""

T38_CALLING_SECONDS = 5.0
"""The same where we called: who is called has to propose it first (T.38 D.2.2.4)."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Way:
    """How a line carries faxes."""

    laws: tuple[Law, ...] = (Law.PCMA, Law.PCMU)
    t38: bool = True
    """Accept it, and propose it where we are called."""

    propose_t38: bool = False
    """Propose it where we call as well."""

    ring_seconds: float = 60.0
    """How long we let it ring."""

    patience: float = 0.0
    """Seconds without any answer after which it is let go, for another hop may answer; 0: as long as SIP says."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A call that is over."""

    end: End
    """Of the signalling."""

    report: Report | None = None
    """Of T.30; None: the call was never taken."""

    ending: Ending | None = None
    t38: bool = False
    counts: Counts | None = None
    rang: bool = False
    why: Why | None = None
    """Why we hung up, if we did."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of what happens on the way."""

    ringing: Callable[[int], None] = lambda _status: None
    answered: Callable[[], None] = lambda: None
    page: Callable[[int], None] = lambda _confirmed: None
    """So many pages are confirmed; of a call that we take, about to be: a second before the far end hears of it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all calls of a process share."""

    spandsp: Spandsp
    ticker: Ticker
    ports: Ports
    flush: Callable[[], None]
    """Send what the agent has to say."""

    advertised: str
    """Our address as others see it."""


class FaxCall:
    """One; the ear of a `Call`."""

    def __init__(self, bench: Bench, station: Station, way: Way, *, calling: bool, told: Told | None = None) -> None:
        self._bench = bench
        self._way = way
        self._calling = calling
        self._told = Told() if told is None else told
        self._loop = asyncio.get_running_loop()
        self._media = Media(bench.spandsp, station, calling=calling)
        self._socket: MediaSocket | None = None
        self._negotiation: Negotiation | None = None
        self._call: Call | None = None
        self._done: asyncio.Future[Carried] = self._loop.create_future()
        self._timers: list[asyncio.TimerHandle] = []
        self._why: Why | None = None
        self._answered_at: float | None = None
        self._hears = False
        self._was_t38 = False
        self._rang = False
        self._confirmed = 0

    def open(self) -> Negotiation:
        """Take a port, and be ready to make and answer offers. Raises: ports.NoPort."""
        self._socket = self._bench.ports.open(self._media.plausible, self._media.receive)
        number = secrets.randbits(31)
        t38 = {} if self._way.t38 else {"t38": None}
        self._negotiation = Negotiation(self._bench.advertised, self._socket.port, number, laws=self._way.laws, **t38)
        return self._negotiation

    async def carry(self, call: Call) -> Carried:
        """Wait until it is over. A cancelled task hangs up first."""
        self._call = call
        if self._calling:
            self._later(self._way.ring_seconds, self._rings_out)
            if self._way.patience:
                self._later(self._way.patience, self._nobody_there)
        try:
            return await asyncio.shield(self._done)
        except asyncio.CancelledError:
            self.hang_up(Why.CANCELLED)
            await asyncio.wait([self._done])
            raise
        finally:
            self.close()

    def hang_up(self, why: Why) -> None:
        """End it, wherever it stands."""
        self._why = self._why or why
        if self._call is not None and not self._done.done():
            self._call.hang_up()
            self._bench.flush()

    # -- the ear --------------------------------------------------------------------------------------------------

    def ringing(self, status: int, reason: str) -> None:
        """See `sip.call.Ear`."""
        del reason
        self._rang = True
        self._told.ringing(status)

    def answered(self, sdp: bytes) -> None:
        """See `sip.call.Ear`."""
        assert self._negotiation is not None
        self._taken()
        self._agree(lambda negotiation: negotiation.answered(sdp))
        if self._way.t38 and self._way.propose_t38:
            self._later(T38_CALLING_SECONDS, self._propose_t38)

    def begin(self, agreed: Agreed) -> None:
        """A call that we take: its media begin now."""
        self._taken()
        self._speak(agreed)

    def connected(self, sdp: bytes) -> None:
        """See `sip.call.Ear`."""
        if sdp and self._answered_at is None:
            self._taken()
            self._agree(lambda negotiation: negotiation.answered(sdp))
        if self._way.t38 and not self._media.is_t38:
            self._later(T38_AFTER_SECONDS, self._propose_t38)

    def offered(self, sdp: bytes) -> None:
        """See `sip.call.Ear`."""
        assert self._call is not None
        assert self._negotiation is not None
        try:
            if not sdp:
                self._call.accept(self._negotiation.offer_audio())
                return
            answer, agreed = self._negotiation.answer(sdp)
        except (Garbled, Refused) as error:
            self._decline(str(error))
            return
        if isinstance(agreed, AgreedT38) != self._media.is_t38 and self._media.page_begun:
            self._decline("a page is on the line")
            return
        self._call.accept(answer)
        self._speak(agreed)

    def _decline(self, why: str) -> None:
        assert self._call is not None
        log.info("an offer in the call is declined", why=why)
        self._call.decline()

    def accepted(self, sdp: bytes) -> None:
        """See `sip.call.Ear`."""
        self._agree(lambda negotiation: negotiation.answered(sdp))

    def declined(self, status: int, reason: str) -> None:
        """See `sip.call.Ear`: audio goes on."""
        log.info("T.38 is declined", status=status, reason=reason)

    def over(self, end: End) -> None:
        """See `sip.call.Ear`."""
        self._bench.ticker.remove(self._tick)
        if self._done.done():
            return
        if not self._media.active:
            self._why = self._why or Why.ENGINE  # both ends hang up when T.30 is over
        self._media.hang_up()
        if self._answered_at is None:
            self._done.set_result(Carried(end, rang=self._rang, why=self._why))
            return
        why = self._why or Why.LOST
        report = self._media.report()
        ending = Ending(why, self._loop.time() - self._answered_at)
        self._done.set_result(Carried(end, report, ending, self._was_t38, self._media.counts(), self._rang, why))

    # -- media ----------------------------------------------------------------------------------------------------

    def _taken(self) -> None:
        self._answered_at = self._loop.time()
        self._told.answered()
        self._cancel_timers()

    def _agree(self, reading: Callable[[Negotiation], Agreed]) -> None:
        assert self._negotiation is not None
        try:
            agreed = reading(self._negotiation)
        except (Garbled, Refused) as error:
            log.warning("an answer cannot be used", why=str(error))
            if not self._media.active or self._answered_at is None or not self._has_media:
                self.hang_up(Why.LOST)
            return
        self._speak(agreed)

    @property
    def _has_media(self) -> bool:
        return self._media.frames > 0 or self._media.is_t38

    def _speak(self, agreed: Agreed) -> None:
        assert self._socket is not None
        self._socket.aim((agreed.far.host, agreed.far.port))
        if not self._hears:
            self._hears = True
            self._socket.catch_up()
        try:
            if isinstance(agreed, AgreedAudio):
                self._media.to_audio(agreed.law)
                self._media.mute(muted=not agreed.sends)
            elif not self._media.is_t38:
                self._media.to_t38(agreed.t38)
                self._was_t38 = True
        except TooLate as error:
            log.warning("media cannot change any more", why=str(error))
        self._bench.ticker.add(self._tick)

    def _propose_t38(self) -> None:
        if self._call is None or self._done.done() or self._media.is_t38 or self._media.page_begun:
            return
        assert self._negotiation is not None
        try:
            self._call.offer(self._negotiation.offer_t38())
        except RuntimeError:
            self._later(T38_AFTER_SECONDS, self._propose_t38)
            return
        self._bench.flush()

    def _tick(self) -> None:
        media, socket = self._media, self._socket
        if socket is None:
            return
        for datagram in media.tick():
            socket.send(datagram)
        if (confirmed := media.confirmed) != self._confirmed:
            self._confirmed = confirmed
            self._told.page(confirmed)
        if not media.active:
            if self._why is None:
                self._why = Why.ENGINE
                self._later(LINGER_SECONDS, lambda: self.hang_up(Why.ENGINE))
        elif media.stalled():
            self.hang_up(Why.STALLED)

    def _rings_out(self) -> None:
        if self._answered_at is None:
            self.hang_up(Why.RANG_OUT)

    def _nobody_there(self) -> None:
        """Not even a 100: the agent gives the call up by itself, whatever comes of it yet."""
        if self._call is not None and self._call.state is CallState.DIALLING and not self._done.done():
            self._call.hang_up()
            self._done.set_result(Carried(End(ours=False, status=SILENT, reason="nobody answers", unheard=True)))

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, do))

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def close(self) -> None:
        """Let go of its port and engines."""
        self._cancel_timers()
        self._bench.ticker.remove(self._tick)
        self._media.__exit__(None, None, None)
        if self._socket is not None:
            self._socket.close()
