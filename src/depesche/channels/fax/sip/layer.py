"""Transactions over flows: what is a repetition ends here, what is new goes up (RFC 3261 §17, §18)."""

from collections.abc import Callable
from typing import Protocol

from depesche.channels.fax.sip.alarms import Alarm, Alarms
from depesche.channels.fax.sip.flow import Address, Flow
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.message import Request, Response, Via, encode
from depesche.channels.fax.sip.transaction import (
    CLIENT,
    INVITE_CLIENT,
    INVITE_SERVER,
    SERVER,
    Action,
    Event,
    Machine,
    State,
    Transaction,
)

MAGIC = "z9hG4bK"
"""Every branch of RFC 3261 begins so."""

PORT = 5060

SILENT = 408
"""Status of an answer that never came (§8.1.3.1)."""

LOST = 503
"""The same for a transport that failed."""

LONGEST_DATAGRAM = 1300
"""Octets of a request: a longer one may not pass in one packet, and goes by a stream (§18.1.1)."""

NO_STREAM_SECONDS = 3600.0
"""For which it is remembered that a far end takes no streams: each try costs a call seconds."""

Key = tuple[str, ...]
Token = Callable[[], str]
"""Something that nobody can guess, of letters and digits, never the same twice."""


class Asker(Protocol):
    """Whose request it is."""

    def answered(self, response: Response) -> None:
        """An answer came; to an INVITE perhaps several 2xx."""

    def unanswered(self, status: int, why: str) -> None:
        """No answer will come any more: SILENT, or LOST."""


class Core(Protocol):
    """Whom requests are for that nobody asked before."""

    def asked(self, request: Request, transaction: "Answering") -> None:
        """A new request, no ACK."""

    def confirmed(self, request: Request) -> None:
        """An ACK to a 2xx."""

    def strayed(self, response: Response, flow: Flow) -> None:
        """A 2xx to an INVITE whose transaction is over: it wants its ACK again."""


class _Running:
    """A transaction of either side, with its alarm."""

    def __init__(self, layer: "Layer", machine: Machine, key: Key, flow: Flow) -> None:
        self._layer = layer
        self.key = key
        self.flow = flow
        self.last = b""
        self.why_lost = ""
        self._alarm: Alarm | None = None
        self._transaction = Transaction(machine, reliable=flow.reliable, now=layer.alarms.clock())
        self.watch()

    @property
    def state(self) -> State:
        return self._transaction.state

    def happens(self, event: Event) -> tuple[Action, ...]:
        """The table's step, and its timers."""
        actions = self._transaction.happens(event, self._layer.alarms.clock())
        self.watch()
        return actions

    def watch(self) -> None:
        """Wait for the next of its timers; one that is over is forgotten."""
        at, now = self._transaction.next, self._layer.alarms.clock()
        if self._alarm is not None and not self._alarm.off and self._alarm.at == at:
            return
        if self._alarm is not None:
            self._alarm.stop()
        self._alarm = self._layer.alarms.after(at - now, self._tick) if at is not None else None
        if self._transaction.over:
            self._layer.forget(self)

    def _tick(self) -> None:
        for action in self._transaction.tick(self._layer.alarms.clock()):
            self.do(action)
        self.watch()

    def do(self, action: Action) -> None:
        if action is Action.REPEAT and self.last:
            self._layer.send(self.flow, self.last)

    def broken(self, why: str) -> None:
        """Its transport failed."""
        self.why_lost = why
        for action in self.happens(Event.BROKEN):
            self.do(action)


class Asking(_Running):
    """A request of ours."""

    def __init__(self, layer: "Layer", request: Request, flow: Flow, asker: Asker) -> None:
        self.request = request
        self._asker = asker
        machine = INVITE_CLIENT if request.method == "INVITE" else CLIENT
        super().__init__(layer, machine, (request.branch, request.method), flow)
        self.last = encode(request)
        layer.send(flow, self.last)

    def receive(self, response: Response) -> None:
        """An answer to it."""
        for action in self.happens(_kind(response.status)):
            if action is Action.TELL:
                self._asker.answered(response)
            elif action is Action.ACK:
                self._layer.send(self.flow, encode(_ack(self.request, response)))

    def do(self, action: Action) -> None:
        if action is Action.SILENT:
            self._asker.unanswered(SILENT, "nobody answers")
        elif action is Action.LOST:
            self._asker.unanswered(LOST, self.why_lost)
        else:
            super().do(action)


class Answering(_Running):
    """A request of theirs."""

    def __init__(self, layer: "Layer", request: Request, key: Key, flow: Flow) -> None:
        self.request = request
        self.to_tag = request.to.tag or layer.token()
        self.lost: Callable[[], None] | None = None
        """Called when the transport of an INVITE failed."""

        machine = INVITE_SERVER if request.method == "INVITE" else SERVER
        super().__init__(layer, machine, key, flow)

    @property
    def final(self) -> bool:
        """It has its last answer."""
        return self.state not in {State.TRYING, State.PROCEEDING}

    def answer(self, status: int, reason: str, *headers: tuple[str, str], body: bytes = b"") -> None:
        """Say so; nothing more is said after a final answer but the same 2xx again."""
        response = respond(self.request, status, reason, self.to_tag)
        for name, value in headers:
            response.headers.add(name, value)
        response.body = body
        say = (Event.SAY_PROVISIONAL, Event.SAY_SUCCESS, Event.SAY_FAILURE)[min(status // 100 - 1, 2)]
        data = encode(response)
        for action in self.happens(say):
            if action is Action.SEND:
                self.last = data
                self._layer.send(self.flow, data)

    def again(self) -> None:
        """Send a 2xx once more: its ACK is not there yet."""
        if Action.SEND in self.happens(Event.SAY_SUCCESS):
            self._layer.send(self.flow, self.last)

    def do(self, action: Action) -> None:
        if action is Action.LOST and self.lost is not None:
            self.lost()
        else:
            super().do(action)


class Layer:
    """All transactions of an agent. What is to go out waits in `outgoing`, for whoever has the sockets."""

    def __init__(self, alarms: Alarms, token: Token, core: Core, stream: Callable[[Flow], Flow]) -> None:
        """`stream`: the way to the same far end for what is too long for a datagram."""
        self.alarms = alarms
        self.token = token
        self.outgoing: list[tuple[Flow, bytes]] = []
        self._core = core
        self._stream = stream
        self._no_stream: dict[Address, float] = {}
        self._asking: dict[Key, Asking] = {}
        self._answering: dict[Key, Answering] = {}
        self._asked: dict[Key, Answering] = {}

    def __len__(self) -> int:
        return len(self._asking) + len(self._answering)

    def send(self, flow: Flow, data: bytes) -> None:
        """Have it sent."""
        self.outgoing.append((flow, data))

    def ask(self, request: Request, flow: Flow, asker: Asker, branch: str = "") -> Asking:
        """Send a request, and wait for its answers. `branch`: of the INVITE that a CANCEL is for."""
        request.headers.prepend("Via", str(self.via(flow, branch)))
        if flow.transport == "UDP" and self._takes_streams(flow) and len(encode(request)) > LONGEST_DATAGRAM:
            flow = self._stream(flow)
            request.headers.remove("Via")
            request.headers.prepend("Via", str(self.via(flow, branch)))
        asking = Asking(self, request, flow, asker)
        self._asking[asking.key] = asking
        return asking

    def only_datagrams(self, flow: Flow) -> None:
        """This stream could not be had: what is long goes there as a datagram after all."""
        self._no_stream[flow.remote] = self.alarms.clock() + NO_STREAM_SECONDS

    def _takes_streams(self, flow: Flow) -> bool:
        until = self._no_stream.get(flow.remote)
        if until is not None and until <= self.alarms.clock():
            del self._no_stream[flow.remote]
        return flow.remote not in self._no_stream

    def via(self, flow: Flow, branch: str = "") -> Via:
        """One of ours, with `rport` (RFC 3581)."""
        host, port = flow.local
        parameters = (("branch", branch or MAGIC + self.token()), ("rport", None))
        return Via(flow.transport, host, port, parameters)

    def receive(self, message: Request | Response, flow: Flow) -> None:
        """What came by a flow."""
        if isinstance(message, Response):
            self._receive_response(message, flow)
        else:
            self._receive_request(message, flow)

    def broken(self, flow: Flow, why: str) -> None:
        """Nothing can be sent by it any more."""
        for running in (*self._asking.values(), *self._answering.values()):
            if running.flow == flow:
                running.broken(why)

    def invited(self, cancel: Request) -> Answering | None:
        """The INVITE that a CANCEL is for (§9.2)."""
        return self._answering.get(_key(cancel, "INVITE"))

    def merged(self, request: Request, answering: Answering) -> bool:
        """Whether it came on another way already (§8.2.2.2)."""
        return request.to.tag is None and self._asked.get(_same(request), answering) is not answering

    def forget(self, running: _Running) -> None:
        """It is over."""
        if isinstance(running, Asking):
            self._asking.pop(running.key, None)
        elif isinstance(running, Answering):
            self._answering.pop(running.key, None)
            if self._asked.get(_same(running.request)) is running:
                del self._asked[_same(running.request)]

    def _receive_response(self, response: Response, flow: Flow) -> None:
        asking = self._asking.get((response.branch, response.cseq.method))
        if asking is not None:
            asking.receive(response)
        elif response.cseq.method == "INVITE" and 200 <= response.status < 300:
            self._core.strayed(response, flow)

    def _receive_request(self, request: Request, flow: Flow) -> None:
        key = _key(request, "INVITE" if request.method == "ACK" else request.method)
        answering = self._answering.get(key)
        if request.method == "ACK":
            if answering is None or answering.state is State.ACCEPTED:
                self._core.confirmed(request)
            else:
                answering.happens(Event.ACK)
        elif answering is None:
            back = _way_back(request, flow)
            answering = Answering(self, request, key, back)
            self._answering[key] = answering
            self._asked.setdefault(_same(request), answering)
            self._core.asked(request, answering)
        else:
            for action in answering.happens(Event.REQUEST):
                answering.do(action)


def respond(request: Request, status: int, reason: str, to_tag: str) -> Response:
    """The answer to a request (§8.2.6), without Contact and body."""
    headers = Headers()
    for via in request.headers.every("Via"):
        headers.add("Via", via)
    if status > 100:
        for route in request.headers.every("Record-Route"):
            headers.add("Record-Route", route)
    headers.add("From", str(request.from_))
    headers.add("To", str(request.to if status == 100 else request.to.with_tag(to_tag)))
    headers.add("Call-ID", request.call_id)
    headers.add("CSeq", f"{request.cseq.number} {request.cseq.method}")
    return Response(status, reason, headers)


def _way_back(request: Request, flow: Flow) -> Flow:
    """Note where it came from (§18.2.1, RFC 3581 §4), and tell by which way answers go (§18.2.2).

    Whoever sits behind a NAT without knowing it names an address that is not the one that the request came from:
    answers go to where it came from, as with `rport`.
    """
    via, (host, port) = request.via, flow.remote
    hidden = via.host != host
    rport = via.parameter("rport") is not None
    if rport:
        via = via.with_parameter("rport", str(port))
    if rport or hidden:
        via = via.with_parameter("received", host)
    first, *others = request.headers.every("Via")
    del first
    request.headers.remove("Via")
    for value in (str(via), *others):
        request.headers.add("Via", value)
    if flow.reliable or rport or hidden:
        return flow
    return flow.to((host, via.port or PORT))


def _ack(invite: Request, response: Response) -> Request:
    """For an answer that is no 2xx (§17.1.1.3)."""
    headers = Headers()
    headers.add("Via", invite.headers.every("Via")[0])
    headers.add("Max-Forwards", "70")
    for route in invite.headers.every("Route"):
        headers.add("Route", route)
    headers.add("From", str(invite.from_))
    headers.add("To", str(response.to))
    headers.add("Call-ID", invite.call_id)
    headers.add("CSeq", f"{invite.cseq.number} ACK")
    return Request("ACK", invite.uri, headers)


def _kind(status: int) -> Event:
    return (Event.PROVISIONAL, Event.SUCCESS, Event.FAILURE)[min(status // 100 - 1, 2)]


def _key(request: Request, method: str) -> Key:
    """Of the transaction that a request of theirs belongs to (§17.2.3)."""
    via = request.via
    if (branch := via.parameter("branch") or "").startswith(MAGIC):
        return branch, via.host.lower(), str(via.port or PORT), method
    return str(via), request.call_id, request.from_.tag or "", str(request.cseq.number), method


def _same(request: Request) -> Key:
    return request.call_id, request.from_.tag or "", str(request.cseq.number), request.cseq.method
