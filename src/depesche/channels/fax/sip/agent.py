"""A SIP user agent without sockets: messages in, messages out, calls in between (RFC 3261 §8).

Whoever has the sockets hands over what came (`receive`), sends what waits in `outgoing`, and calls `ring` when
`next` is come.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from depesche.channels.fax.sip.alarms import Alarms, Clock
from depesche.channels.fax.sip.call import ALLOW, SDP, Call, Header, Surroundings
from depesche.channels.fax.sip.callstate import CallState
from depesche.channels.fax.sip.dialog import MAX_FORWARDS
from depesche.channels.fax.sip.digest import Authenticator
from depesche.channels.fax.sip.ear import Deaf, Ear
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.exchange import Exchange
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.layer import Answering, Layer, Token
from depesche.channels.fax.sip.message import Request, Response
from depesche.channels.fax.sip.session import LEAST, options, too_short
from depesche.channels.fax.sip.uri import NameAddr, Uri

KNOWN = frozenset({"100rel", "timer"})
"""Extensions that others may require of us."""


class Switchboard(Protocol):
    """Who decides about calls of others."""

    def called(self, call: Call, request: Request, flow: Flow) -> Ear | tuple[int, str]:
        """Take a call up, to be answered or refused later by its methods; or the status and reason of a refusal."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A call that we make."""

    target: Uri
    """Whom the request is for."""

    caller: NameAddr
    """From, without tag."""

    callee: NameAddr
    sdp: bytes
    headers: tuple[Header, ...] = ()
    """More: P-Asserted-Identity, Privacy."""

    route: tuple[Uri, ...] = ()
    """An outbound proxy (§8.1.2)."""


def _stream(flow: Flow) -> Flow:
    return replace(flow, transport="TCP")


class Agent:
    """One, with any number of flows and calls."""

    def __init__(
        self,
        *,
        clock: Clock,
        token: Token,
        switchboard: Switchboard,
        name: str,
        contact: Callable[[Flow], str],
        route: Callable[[Uri, Flow], Flow],
        dice: Callable[[float, float], float],
        stream: Callable[[Flow], Flow] = _stream,
    ) -> None:
        """Make one.

        Args:
            clock: seconds; it never goes back.
            token: something that nobody can guess, of letters and digits.
            name: User-Agent.
            contact: our Contact on a flow.
            route: by which flow a request within a dialog goes to its next hop; given the one used so far.
            stream: by which flow a request goes that is too long for the given one's datagrams.
            dice: a number between two.
        """
        self.alarms = Alarms(clock)
        self.layer = Layer(self.alarms, token, self, stream)
        self.token = token
        self.dice = dice
        self._switchboard = switchboard
        self._calls: dict[tuple[str, str], Call] = {}
        self._call_ids: Counter[str] = Counter()
        self._around = Surroundings(self.layer, self.alarms, route, contact, self._forget, dice, name)

    @property
    def outgoing(self) -> list[tuple[Flow, bytes]]:
        """What is to be sent; take it out."""
        return self.layer.outgoing

    @property
    def calls(self) -> int:
        """Calls that are not over."""
        return len(self._calls)

    def has_call(self, call_id: str) -> bool:
        """Whether one that is not over has this Call-ID."""
        return call_id in self._call_ids

    @property
    def next(self) -> float | None:
        """When `ring` wants to be called."""
        return self.alarms.next

    def ring(self) -> None:
        """Do what is due."""
        self.alarms.ring()

    def receive(self, message: Request | Response, flow: Flow) -> None:
        """What came."""
        self.layer.receive(message, flow)

    def broken(self, flow: Flow, why: str) -> None:
        """Nothing can be sent by this flow."""
        self.layer.broken(flow, why)

    def contact(self, flow: Flow) -> str:
        """Ours on a flow."""
        return self._around.contact(flow)

    def invite(self, invitation: Invitation, flow: Flow, ear: Ear, who: Authenticator | None = None) -> Call:
        """Call somebody."""
        request = self.request("INVITE", invitation.target, invitation.caller, invitation.callee)
        for hop in invitation.route:
            request.headers.add("Route", str(NameAddr(hop)))
        for name, value in invitation.headers:
            request.headers.add(name, value)
        request.headers.put("Content-Type", SDP)
        request.body = invitation.sdp
        call = Call(self._around, flow, CallState.DIALLING, who)
        call.dial(request, ear)
        self._keep(call)
        return call

    def ask(
        self,
        request: Request,
        flow: Flow,
        done: Callable[[Response], None],
        who: Authenticator | None = None,
        number: Callable[[], int] | None = None,
    ) -> None:
        """Send a request outside of calls: REGISTER, OPTIONS. `number`: the next one of its sequence."""
        Exchange(self.layer, request, flow, done=done, who=who, number=number)

    def request(self, method: str, target: Uri, caller: NameAddr, callee: NameAddr, call_id: str = "") -> Request:
        """One outside of calls (§8.1.1), without Via and Contact."""
        headers = Headers()
        headers.add("Max-Forwards", MAX_FORWARDS)
        headers.add("From", str(caller.with_tag(self.token())))
        headers.add("To", str(callee))
        headers.add("Call-ID", call_id or self.token())
        headers.add("CSeq", f"1 {method}")
        headers.add("User-Agent", self._around.agent)
        return Request(method, target, headers)

    # -- layer.Core ---------------------------------------------------------------------------------------------

    def asked(self, request: Request, transaction: Answering) -> None:
        """A new request."""
        if request.method == "CANCEL":
            self._cancel(request, transaction)
        elif (unknown := options(request.headers, "Require") - KNOWN) and request.method != "ACK":
            transaction.answer(420, "Bad Extension", ("Unsupported", ", ".join(sorted(unknown))))
        elif request.to.tag is not None:
            self._within(request, transaction)
        elif self.layer.merged(request, transaction):
            transaction.answer(482, "Loop Detected")
        elif request.method == "INVITE":
            self._invited(request, transaction)
        elif request.method == "OPTIONS":
            transaction.answer(200, "OK", ("Allow", ALLOW), ("Accept", SDP), ("Supported", "100rel, timer"))
        elif request.method in {"BYE", "PRACK", "INFO", "UPDATE"}:
            transaction.answer(481, "Call/Transaction Does Not Exist")
        else:
            transaction.answer(405, "Method Not Allowed", ("Allow", ALLOW))

    def confirmed(self, request: Request) -> None:
        """An ACK to a 2xx."""
        if (call := self._calls.get((request.call_id, request.to.tag or ""))) is not None:
            call.confirmed(request)

    def strayed(self, response: Response, flow: Flow) -> None:
        """A 2xx to an INVITE whose transaction is over."""
        del flow
        if (call := self._calls.get((response.call_id, response.from_.tag or ""))) is not None:
            call.strayed(response)

    def _within(self, request: Request, transaction: Answering) -> None:
        call = self._calls.get((request.call_id, request.to.tag or ""))
        if call is None:
            transaction.answer(481, "Call/Transaction Does Not Exist")
        else:
            call.asked(transaction)

    def _cancel(self, cancel: Request, transaction: Answering) -> None:
        invited = self.layer.invited(cancel)
        if invited is None:
            transaction.answer(481, "Call/Transaction Does Not Exist")
            return
        transaction.answer(200, "OK")
        call = self._calls.get((cancel.call_id, invited.to_tag))
        if call is not None and not invited.final:
            call.cancelled()

    def _invited(self, request: Request, transaction: Answering) -> None:
        if too_short(request.headers):
            transaction.answer(422, "Session Interval Too Small", ("Min-SE", str(LEAST)))
            return
        call = Call(self._around, transaction.flow, CallState.OFFERED)
        try:
            call.invited(transaction)
        except Malformed as error:
            transaction.answer(400, f"Bad Request: {error}")
            return
        self._keep(call)
        taken = self._switchboard.called(call, request, transaction.flow)
        if isinstance(taken, tuple):
            call.ear = Deaf()
            call.refuse(*taken)
        else:
            call.ear = taken

    def _keep(self, call: Call) -> None:
        self._calls[call.call_id, call.tag] = call
        self._call_ids[call.call_id] += 1

    def _forget(self, call: Call) -> None:
        if self._calls.pop((call.call_id, call.tag), None) is not None:
            self._call_ids[call.call_id] -= 1
            if not self._call_ids[call.call_id]:
                del self._call_ids[call.call_id]
