"""One call, ours or theirs: from the INVITE to the BYE (RFC 3261 §13 to §15, RFC 3262, RFC 4028)."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from depesche.channels.fax.sip import session
from depesche.channels.fax.sip.alarms import Alarm, Alarms
from depesche.channels.fax.sip.callstate import CALL, CallState, Deed, Happening
from depesche.channels.fax.sip.dialog import Dialog
from depesche.channels.fax.sip.digest import Authenticator
from depesche.channels.fax.sip.ear import Ear, End, cause
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.exchange import Exchange
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.grammar import seconds
from depesche.channels.fax.sip.layer import SILENT, Answering, Layer
from depesche.channels.fax.sip.message import Request, Response, encode
from depesche.channels.fax.sip.timers import LONGEST, T1, T2
from depesche.channels.fax.sip.uri import Uri

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO"
SDP = "application/sdp"

_GLARES = 4
"""How often an offer is repeated that crossed one of theirs."""

Header = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a call needs of its agent."""

    layer: Layer
    alarms: Alarms
    route: Callable[[Uri, Flow], Flow]
    """By which flow a request goes to this next hop, where the other one was used so far."""

    contact: Callable[[Flow], str]
    """Our Contact."""

    forget: Callable[["Call"], None]
    dice: Callable[[float, float], float]
    """A number between two."""

    agent: str
    """Our User-Agent."""


class Call:
    """One. What the far end does arrives by the ear; what we do are the methods."""

    def __init__(self, around: Surroundings, flow: Flow, state: CallState, who: Authenticator | None = None) -> None:
        self._around = around
        self._layer = around.layer
        self._flow = flow
        self._who = who
        self.state = state
        self.ear: Ear
        self.dialog: Dialog | None = None
        self.tag = ""
        self.call_id = ""
        self._early: dict[str, Dialog] = {}
        self._provisional: dict[str, int] = {}
        self._answer = b""
        self._exchange: Exchange | None = None
        self._acks: dict[tuple[str, int], tuple[Flow, bytes]] = {}
        self._invited: Answering | None = None
        self._unconfirmed: tuple[int, Answering] | None = None
        self._repeat: Alarm | None = None
        self._session: session.Session | None = None
        self._refresh: Alarm | None = None
        self._sdp = b""
        self._offering: bytes | None = None
        self._offered = False
        self._quiet = False
        self._glares = 0
        self._theirs: Answering | None = None
        self._end: End | None = None
        self._giving_up: Alarm | None = None

    @property
    def flow(self) -> Flow:
        """By which its INVITE went, or came."""
        return self._flow

    # -- what we do ---------------------------------------------------------------------------------------------

    def dial(self, request: Request, ear: Ear) -> None:
        """Send the INVITE of our call."""
        self.ear, self.call_id, self.tag = ear, request.call_id, request.from_.tag or ""
        self._sdp = request.body
        self._dress(request)
        request.headers.put("Supported", "100rel, timer")
        session.proposed(request.headers)
        self._invite(request)

    def ring(self) -> None:
        """Their call: say 180. Not where they want that to be acknowledged: then the next they hear is yes or no."""
        invited = self._invited
        if self.state is CallState.OFFERED and invited is not None and not self._wants_100rel(invited.request):
            invited.answer(180, "Ringing", *self._contact())

    def answer(self, sdp: bytes) -> None:
        """Their call: take it."""
        self._answer = self._sdp = sdp
        self._happens(Happening.ANSWER)

    def refuse(self, status: int, reason: str, *headers: Header) -> None:
        """Their call: do not take it."""
        if self.state is CallState.OFFERED and self._invited is not None:
            self._invited.answer(status, reason, *headers)
            self._over(End(ours=True, status=status, reason=reason))

    def hang_up(self) -> None:
        """End it, wherever it stands."""
        self._happens(Happening.HANG_UP)

    def offer(self, sdp: bytes) -> None:
        """In the call: propose other media (re-INVITE). One proposal at a time."""
        if self.state is not CallState.UP or self._offering is not None:
            raise RuntimeError("an offer needs a call that stands, and no other offer")
        self._offering, self._quiet, self._glares = sdp, False, 0
        self._reinvite()

    def accept(self, sdp: bytes) -> None:
        """Take the media that they offered in the call."""
        theirs, self._theirs = self._theirs, None
        if theirs is not None and not theirs.final:
            self._sdp = sdp
            headers = [*self._contact(), ("Content-Type", SDP), *self._session_answer(theirs.request)]
            theirs.answer(200, "OK", *headers, body=sdp)
            if theirs.request.method == "INVITE":
                self._await_ack(theirs)

    def decline(self, status: int = 488, reason: str = "Not Acceptable Here") -> None:
        """Do not; everything stays as it was."""
        theirs, self._theirs = self._theirs, None
        if theirs is not None:
            theirs.answer(status, reason)

    # -- what comes ---------------------------------------------------------------------------------------------

    def invited(self, answering: Answering) -> None:
        """Their call begins. Raises: Malformed."""
        request = answering.request
        self.dialog = Dialog.theirs(request, answering.to_tag)
        self.call_id, self.tag = request.call_id, answering.to_tag
        self._invited = answering
        answering.lost = lambda: self._happens(Happening.GONE)
        answering.answer(100, "Trying")

    def asked(self, answering: Answering) -> None:
        """A request within the call."""
        request, dialog = answering.request, self.dialog
        if dialog is None or self.state is CallState.OVER:
            answering.answer(481, "Call/Transaction Does Not Exist")
        elif not dialog.takes(request):
            answering.answer(500, "Out of order")
        elif request.method == "BYE":
            answering.answer(200, "OK")
            self._end = End(ours=False, reason=request.headers.get("Reason") or "", cause=cause(request.headers))
            self._happens(Happening.BYE)
        elif request.method in {"INVITE", "UPDATE"}:
            self._media_asked(answering, dialog)
        elif request.method in {"OPTIONS", "INFO", "PRACK"}:
            answering.answer(200, "OK", ("Allow", ALLOW))
        else:
            answering.answer(405, "Method Not Allowed", ("Allow", ALLOW))

    def cancelled(self) -> None:
        """Their CANCEL."""
        self._end = End(ours=False, cancelled=True, reason="cancelled")
        self._happens(Happening.CANCEL)

    def confirmed(self, ack: Request) -> None:
        """Their ACK to a 2xx of ours."""
        if self._unconfirmed is None or self._unconfirmed[0] != ack.cseq.number:
            return
        self._unconfirmed = None
        _stop(self._repeat)
        first = self.state in {CallState.ANSWERED, CallState.PARTING}
        self._happens(Happening.ACK)
        if first and self.state is CallState.UP:
            self.ear.connected(ack.body)
        elif not first and ack.body:
            self.ear.accepted(ack.body)

    def strayed(self, response: Response) -> None:
        """A 2xx to our INVITE after its transaction ended."""
        self._taken(response)

    # -- our INVITE ---------------------------------------------------------------------------------------------

    def _invite(self, request: Request) -> None:
        self._exchange = Exchange(
            self._layer,
            request,
            self._flow,
            done=self._invite_done,
            progress=self._progress,
            who=self._who,
            number=lambda: self._next_number(request),
        )

    def _next_number(self, request: Request) -> int:
        if self.dialog is not None:
            self.dialog.sequence += 1
            return self.dialog.sequence
        exchange = self._exchange
        return (exchange.request if exchange is not None else request).cseq.number + 1

    def _progress(self, response: Response) -> None:
        first = self.state in {CallState.DIALLING, CallState.GIVING_UP}
        self._prack(response)
        if first:
            self._happens(Happening.PROGRESS)
        if response.status > 100 and self.state is CallState.RINGING:
            self.ear.ringing(response.status, response.reason)

    def _prack(self, response: Response) -> None:
        """A provisional answer that wants to be acknowledged (RFC 3262 §4); those that come out of order are left."""
        number, tag = seconds(response.headers.get("RSeq") or ""), response.to.tag
        if "100rel" not in session.options(response.headers, "Require") or tag is None or number is None:
            return
        last = self._provisional.get(tag)
        if self._exchange is None or (last is not None and number != last + 1):
            return
        try:
            dialog = self._early.setdefault(tag, Dialog.ours(self._exchange.request, response))
        except Malformed:
            return
        self._provisional[tag] = number
        if response.body and not self._answer:
            self._answer = response.body
        prack = dialog.request("PRACK")
        prack.headers.put("RAck", f"{number} {response.cseq.number} {response.cseq.method}")
        self._send(prack, dialog, lambda _: None)

    def _invite_done(self, response: Response) -> None:
        if response.status < 300:
            self._taken(response)
        elif response.status == 422 and self.state is CallState.DIALLING and self._longer(response):
            return
        else:
            self._end = End.refused(response, ours=self.state in {CallState.GIVING_UP, CallState.CANCELLING})
            self._happens(Happening.REFUSED)

    def _longer(self, response: Response) -> bool:
        """They want a longer session (RFC 4028 §7.3)."""
        least = seconds(response.headers.get("Min-SE") or "") or 0
        exchange = self._exchange
        if exchange is None or not session.EXPIRES < least <= session.MOST:
            return False
        request = _again(exchange.request)
        request.headers.put("Session-Expires", str(least))
        request.headers.put("Min-SE", str(least))
        self._invite(request)
        return True

    def _taken(self, response: Response) -> None:
        """A 2xx: the first makes the call, the same again wants its ACK again, another one is let go (§13.2.2.4)."""
        tag = response.to.tag or ""
        if self._acknowledged(response):
            return
        assert self._exchange is not None
        try:
            dialog = Dialog.ours(self._exchange.request, response)
        except Malformed:
            self._end = End(ours=True, status=502, reason="an answer without Contact")
            self._happens(Happening.REFUSED)
            return
        if tag in self._early:
            dialog.sequence = max(dialog.sequence, self._early[tag].sequence)
        if self.dialog is not None:  # another branch of a forked call answered as well
            self._acknowledge(dialog, response.cseq.number)
            self._send(dialog.request("BYE"), dialog, lambda _: None)
            return
        self.dialog = dialog
        wanted = self.state in {CallState.DIALLING, CallState.RINGING}
        self._happens(Happening.TAKEN)
        if wanted:
            self._agree(session.agreed(response.headers, calling=True))
            self.ear.answered(response.body or self._answer)

    def _acknowledge(self, dialog: Dialog, number: int) -> None:
        ack = dialog.request("ACK", number)
        flow = self._around.route(dialog.next_hop, self._flow)
        ack.headers.prepend("Via", str(self._layer.via(flow)))
        ack.headers.put("User-Agent", self._around.agent)
        if self._who is not None and self._exchange is not None:
            for name in ("Authorization", "Proxy-Authorization"):  # as the INVITE had them (§13.2.2.4)
                if value := self._exchange.request.headers.get(name):
                    ack.headers.put(name, value)
        sent = flow, encode(ack)
        self._acks[dialog.remote.tag or "", number] = sent
        self._layer.send(*sent)

    def _acknowledged(self, response: Response) -> bool:
        """It came before: it gets the same ACK."""
        sent = self._acks.get((response.to.tag or "", response.cseq.number))
        if sent is not None:
            self._layer.send(*sent)
        return sent is not None

    # -- media in the call --------------------------------------------------------------------------------------

    def _reinvite(self) -> None:
        dialog, sdp = self.dialog, self._offering
        if self.state is not CallState.UP or dialog is None or sdp is None:
            self._offering = None
            return
        if self._theirs is not None or self._unconfirmed is not None:
            self._around.alarms.after(self._around.dice(0.2, 1.0), self._reinvite)  # theirs first
            return
        request = dialog.request("INVITE")
        self._dress(request)
        request.headers.put("Content-Type", SDP)
        request.headers.put("Supported", "timer")
        if self._session is not None:
            session.proposed(request.headers, self._session.seconds)
        request.body = sdp
        self._offered = True
        self._exchange = Exchange(
            self._layer,
            request,
            self._around.route(dialog.next_hop, self._flow),
            done=self._reinvited,
            who=self._who,
            number=lambda: self._next_number(request),
        )

    def _reinvited(self, response: Response) -> None:
        dialog, offered = self.dialog, self._offering
        assert dialog is not None
        if self._acknowledged(response):
            return
        self._offered = False
        if response.status < 300:
            with suppress(Malformed):  # then the contact stays as it was
                dialog.refresh(response.headers)
            self._acknowledge(dialog, response.cseq.number)
            self._offering = None
            self._agree(session.agreed(response.headers, calling=True) or self._session)
            self._sdp = offered or self._sdp
            if not self._quiet:
                self.ear.accepted(response.body)
        elif response.status == 491 and self._glares < _GLARES:
            self._glares += 1
            mine = self._invited is None  # §14.1: whoever made the Call-ID waits longer
            self._around.alarms.after(self._around.dice(*((2.1, 4.0) if mine else (0.0, 2.0))), self._reinvite)
        elif response.status in {481, SILENT}:
            self._offering = None
            self._end = End(ours=False, reason=f"{response.status} {response.reason}")
            self._happens(Happening.GONE)
        else:
            self._offering = None
            if not self._quiet:
                self.ear.declined(response.status, response.reason)

    def _media_asked(self, answering: Answering, dialog: Dialog) -> None:
        request = answering.request
        if self._offered:  # one that waits for its next try lets theirs pass
            answering.answer(491, "Request Pending")
        elif self._theirs is not None or self._unconfirmed is not None or self.state is not CallState.UP:
            answering.answer(500, "Another one is pending", ("Retry-After", "1"))
        elif session.too_short(request.headers):
            answering.answer(422, "Session Interval Too Small", ("Min-SE", str(session.LEAST)))
        else:
            try:
                dialog.refresh(request.headers)
            except Malformed:
                answering.answer(400, "Bad Contact")
                return
            if request.method == "UPDATE" and not request.body:
                answering.answer(200, "OK", *self._contact(), *self._session_answer(request))
                return
            self._theirs = answering
            self.ear.offered(request.body)

    # -- their INVITE -------------------------------------------------------------------------------------------

    def _take(self) -> None:
        invited = self._invited
        assert invited is not None
        headers = [*self._contact(), ("Allow", ALLOW), ("Supported", "timer"), ("Content-Type", SDP)]
        invited.answer(200, "OK", *headers, *self._session_answer(invited.request), body=self._answer)
        self._await_ack(invited)

    def _await_ack(self, answering: Answering) -> None:
        """The 2xx is repeated until its ACK is there (§13.3.1.4)."""
        self._unconfirmed = answering.request.cseq.number, answering
        self._repeat_later(T1, self._around.alarms.clock() + LONGEST)

    def _repeat_later(self, pause: float, until: float) -> None:
        def repeat() -> None:
            if self._unconfirmed is None:
                return
            if self._around.alarms.clock() >= until:
                self._unconfirmed = None
                self._end = End(ours=True, reason="no ACK came")
                self._happens(Happening.NO_ACK)
                return
            self._unconfirmed[1].again()
            self._repeat_later(min(2 * pause, T2), until)

        self._repeat = self._around.alarms.after(pause, repeat)

    def _session_answer(self, request: Request) -> Sequence[Header]:
        answer = session.answered(request.headers)
        if answer is None:
            return ()
        agreed, value = answer
        self._agree(agreed)
        return (("Session-Expires", value), *((("Require", "timer"),) if not agreed.ours else ()))

    def _agree(self, agreed: session.Session | None) -> None:
        _stop(self._refresh)
        self._session = agreed
        if agreed is not None:
            self._refresh = self._around.alarms.after(agreed.due, self._session_due)

    def _session_due(self) -> None:
        agreed, dialog = self._session, self.dialog
        if agreed is None or dialog is None or self.state is not CallState.UP:
            return
        if not agreed.ours:
            self._end = End(ours=True, reason="the far end does not refresh the session")
            self._happens(Happening.HANG_UP)
            return
        self._agree(agreed)
        if self._offering is None:
            self._offering, self._quiet, self._glares = self._sdp, True, 0
            self._reinvite()

    # -- the table ----------------------------------------------------------------------------------------------

    def _happens(self, happening: Happening) -> None:
        move = CALL.get(self.state, {}).get(happening)
        if move is None:
            return
        self.state = move.state
        for deed in move.deeds:
            self._do(deed)
        if self.state is CallState.OVER:
            self._over(self._end or End(ours=True))

    def _do(self, deed: Deed) -> None:
        dialog, invited, exchange = self.dialog, self._invited, self._exchange
        if deed is Deed.ACK and dialog is not None and exchange is not None:
            self._acknowledge(dialog, exchange.request.cseq.number)
        elif deed is Deed.CANCEL and exchange is not None:
            self._cancel(exchange)
        elif deed is Deed.BYE and dialog is not None:
            bye = dialog.request("BYE")
            bye.headers.put("User-Agent", self._around.agent)
            self._send(bye, dialog, lambda _: self._happens(Happening.CLOSED))
        elif deed is Deed.TAKE:
            self._take()
        elif deed is Deed.REFUSE and invited is not None:
            invited.answer(480, "Temporarily Unavailable")
        elif deed is Deed.WITHDRAWN and invited is not None:
            invited.answer(487, "Request Terminated")

    def _cancel(self, exchange: Exchange) -> None:
        """CANCEL goes the way of its INVITE, with its branch (§9.1)."""
        invite = exchange.request
        cancel = Request("CANCEL", invite.uri, invite.headers.copy())
        for name in list({name for name, _ in cancel.headers.items()}):
            if name.lower() not in {"max-forwards", "route", "from", "to", "call-id"}:
                cancel.headers.remove(name)
        cancel.headers.add("CSeq", f"{invite.cseq.number} CANCEL")
        Exchange(self._layer, cancel, exchange.flow, done=lambda _: None, branch=invite.branch)
        self._giving_up = self._around.alarms.after(LONGEST, lambda: self._happens(Happening.GONE))

    def _send(self, request: Request, dialog: Dialog, done: Callable[[Response], None]) -> None:
        def number() -> int:
            dialog.sequence += 1
            return dialog.sequence

        flow = self._around.route(dialog.next_hop, self._flow)
        Exchange(self._layer, request, flow, done=done, who=self._who, number=number)

    def _over(self, end: End) -> None:
        self.state = CallState.OVER
        for alarm in (self._repeat, self._refresh, self._giving_up):
            _stop(alarm)
        self._unconfirmed = None
        if self._theirs is not None:
            self._theirs.answer(487, "Request Terminated")
            self._theirs = None
        self._around.forget(self)
        self.ear.over(end)

    def _dress(self, request: Request) -> None:
        for name, value in self._contact():
            request.headers.put(name, value)
        request.headers.put("Allow", ALLOW)
        request.headers.put("User-Agent", self._around.agent)

    def _contact(self) -> tuple[Header]:
        return (("Contact", self._around.contact(self._flow)),)

    @staticmethod
    def _wants_100rel(request: Request) -> bool:
        return "100rel" in session.options(request.headers, "Require")


def _stop(alarm: Alarm | None) -> None:
    if alarm is not None:
        alarm.stop()


def _again(request: Request) -> Request:
    """The same once more, as a new one."""
    headers = request.headers.copy()
    headers.remove("Via")
    headers.put("CSeq", f"{request.cseq.number + 1} {request.method}")
    return Request(request.method, request.uri, headers, request.body)
