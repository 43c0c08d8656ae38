"""One line at work: known to its registrar, calling, being called."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from depesche.channels.fax import outcome
from depesche.channels.fax.ending import End as Why
from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.sdp import Refused as NoMedia
from depesche.channels.fax.sip.agent import Invitation
from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.digest import Authenticator, Credentials
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.flow import Address, Flow, Peer
from depesche.channels.fax.sip.layer import LOST, SILENT
from depesche.channels.fax.sip.message import Request
from depesche.channels.fax.sip.probe import Probe
from depesche.channels.fax.sip.register import Place, Registrar, Registration
from depesche.channels.fax.sip.timers import PATIENCE
from depesche.channels.fax.sip.uri import NameAddr, Uri
from depesche.channels.fax.t30.g711 import Law
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.trunk.endpoint import Endpoint
from depesche.channels.fax.trunk.faxcall import Bench, Carried, FaxCall, Told, Way
from depesche.channels.fax.trunk.hops import Hops
from depesche.channels.fax.trunk.ports import NoPort
from depesche.channels.fax.trunk.refusal import refused
from depesche.channels.fax.trunk.resolver import Resolver, Unknown
from depesche.channels.fax.trunk.transports import NoWay
from depesche.model.line import T38, Caller, Line, Transport, split
from depesche.model.numbers import may_stand_for
from depesche.model.outcome import Outcome
from depesche.model.result import Result

log = structlog.get_logger()

LOOK_SECONDS = 25.0
"""Between two looks at where it is, and two pings: NATs forget a way by UDP after 30 seconds."""

TAKEN_SECONDS = 2.0
"""Until the next try to listen where another process does: the one of a node that was killed is about to end."""

LEAVE_SECONDS = 2.0
"""That a registrar is given to let go of us."""

MOST_REDIRECTS = 3


@dataclass(frozen=True, slots=True)
class Errand:
    """A call to make."""

    number: str
    """E.164."""

    caller: str
    """E.164; may be empty."""

    station: Station
    pages: int
    """That are to be sent."""

    told: Told
    calls: Callable[[FaxCall], None]
    """Is given the call, to end it."""

    t38: bool = True
    """As far as the line allows it."""


class Trunk:
    """One."""

    def __init__(
        self,
        endpoint: Endpoint,
        bench: Bench,
        resolver: Resolver,
        line: Line,
        secret: str,
        told: Callable[[bool, str], None],
    ) -> None:
        """`told` hears whether it is up, and why not."""
        self.line = line
        self.secret = secret
        self.calls = 0
        """That are on it now, ours and theirs."""

        self._endpoint = endpoint
        self._bench = bench
        self._told = told
        self._who = Authenticator(Credentials(line.auth_user or line.user, secret)) if secret else None
        clock = asyncio.get_running_loop().time
        self._hops = Hops(resolver, line, clock, self._reachable)
        self._peer = Peer(self._hops.host, line.verify) if line.transport is Transport.TLS else None
        self._registration: Registration | None = None
        self._probe: Probe | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def way(self) -> Way:
        """How it carries faxes."""
        line = self.line
        return Way(
            laws=tuple(Law[law.name] for law in line.laws),
            t38=line.t38 is not T38.NO,
            propose_t38=line.t38 is T38.PREFER,
            ring_seconds=float(line.ring_seconds),
        )

    @property
    def busy(self) -> bool:
        """It takes no more calls."""
        return self.calls >= self.line.channels

    def becomes(self, line: Line, secret: str) -> bool:
        """Be another line, if that changes nothing but how many calls it carries: nodes come and go."""
        if secret != self.secret or replace(line, channels=self.line.channels) != self.line:
            return False
        self.line = line
        return True

    def called_number(self, request: Request) -> str:
        """The E.164 number that a call is for: what the trunk tells beside the address, else the address itself."""
        party = request.headers.get("P-Called-Party-ID")
        uri = NameAddr.parse(party).uri if party else request.uri
        number = self.line.read(uri.number or uri.user)
        if not self.line.has(number) and uri.user == "fax" and request.to.uri.user:  # it came to our contact
            number = self.line.read(request.to.uri.number or request.to.uri.user)
        return number

    def caller(self, request: Request) -> str:
        """The number that calls, as the trunk tells it; empty if it is withheld."""
        asserted = request.headers.get("P-Asserted-Identity")
        uri = NameAddr.parse(asserted).uri if asserted else request.from_.uri
        if uri.user.lower() in {"anonymous", "unknown", ""}:
            return ""
        return self.line.read(uri.number or uri.user)

    def start(self) -> None:
        """Find it, register if that is wanted, and keep it; else ask from time to time whether it is there."""
        self._watch = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Unregister."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._probe is not None:
            self._probe.stop()
        if (registration := self._registration) is not None:
            self._endpoint.do(registration.stop)
            for _ in range(20):  # whoever registers anew with the same contact comes after this
                if registration.place is Place.OUT:
                    break
                await asyncio.sleep(LEAVE_SECONDS / 20)

    def knows(self, flow: Flow) -> bool:
        """Whether calls from there come from this trunk."""
        return self._hops.includes(flow.remote[0])

    def broken(self, flow: Flow, why: str) -> None:
        """Nothing can be sent by a flow any more: if we are known by it, we are to be known by another one."""
        registration = self._registration
        if registration is not None and registration.flow == flow and flow.reliable:
            self._endpoint.do(lambda: registration.lost(why))

    async def _keep(self) -> None:
        while True:
            pause = LOOK_SECONDS
            try:
                await self._look()
            except OSError as error:
                self._told(False, str(error.strerror or error))
                pause = TAKEN_SECONDS
            except Unknown as error:
                if self._registration is None and self._probe is None:
                    self._told(False, str(error))
                else:
                    log.warning("where a line is cannot be found out", line=self.line.name, why=str(error))
            else:
                self._begin()
            await asyncio.sleep(pause)

    async def _look(self) -> None:
        """Raises: Unknown; OSError: our own port is taken."""
        await self._hops.look()
        for host, _ in self._hops.best:
            await self._endpoint.transports.reach(host)

    def _begin(self) -> None:
        registration = self._registration
        if registration is not None or self._probe is not None:
            if registration is not None and registration.place is Place.IN and registration.flow is not None:
                self._endpoint.transports.ping(registration.flow)
            return
        domain = Uri("sip", self._domain)
        if not self.line.register:
            self._probe = Probe(self._endpoint.agent, domain, self._first, self._told, self._hop_failed)
            self._endpoint.do(self._probe.start)
            return
        address = NameAddr(Uri("sip", self._domain, self.line.user))
        registrar = Registrar(domain, address, who=self._who)
        self._registration = Registration(
            self._endpoint.agent, registrar, self._first, self._registered, self._hop_failed
        )
        self._endpoint.do(self._registration.start)

    def _registered(self, up: bool, why: str) -> None:
        if up and self._registration is not None and self._registration.flow is not None:
            self._hops.worked(self._registration.flow.remote)
        self._told(up, why)

    def _first(self) -> Flow:
        return self._flow(self._hops.best[0])

    def _hop_failed(self, flow: Flow) -> bool:
        return self._hops.failed(flow.remote)

    def _reachable(self, host: str) -> bool:
        try:
            self._endpoint.transports.local(host)
        except NoWay:
            return False
        return True

    @property
    def _domain(self) -> str:
        return self.line.domain or self.line.host.strip("[]")

    async def dial(self, errand: Errand) -> Outcome:
        """Call, transmit, hang up."""
        try:
            await self._look()
        except (Unknown, OSError) as error:
            return Outcome(Result.LINE_ERROR, retry=True, detail=str(error))
        tried = [errand.number]
        while True:
            carried = await self._call(tried[-1], errand)
            if isinstance(carried, Outcome):
                return carried
            onward = self._onward(carried, tried)
            if onward is None:
                return _judged(carried, errand.pages)
            log.info("a call is sent on", line=self.line.name, number=tried[-1], onward=onward)
            tried.append(onward)

    def _onward(self, carried: Carried, tried: list[str]) -> str | None:
        """The number that a 3xx sends a call on to, if the line may do that; None: that is how the call ends.

        Whoever answers with a 3xx chooses whom we call next, at our cost, and who gets the document. So the line's
        operator has to allow it; the call stays on this line, for at another host nobody has promised us anything, and
        our password is none of its business; a number is called that is in the country of the one that was ordered, no
        premium number, and dearer in no case: what the account may not order nobody else orders for it. And no number
        is called twice, nor more than a few.
        """
        if not self.line.follow_redirects or not carried.end.contacts or len(tried) > MOST_REDIRECTS:
            return None
        contacts = [contact for value in carried.end.contacts if (contact := _address(value)) is not None]
        for contact in sorted(contacts, key=_preference):
            number = self.line.read(contact.uri.number)
            if self._is_here(contact.uri) and number not in tried and self._is_harmless(number, tried[0]):
                return number
        return None

    def _is_here(self, uri: Uri) -> bool:
        if uri.scheme == "tel":
            return True
        names = {self._domain, self.line.host.strip("[]"), self._hops.host}
        return uri.scheme in {"sip", "sips"} and (
            uri.host in {name.lower() for name in names} or self._hops.includes(uri.host)
        )

    def _is_harmless(self, number: str, ordered: str) -> bool:
        price, agreed = self.line.price(number), self.line.price(ordered)
        return price is not None and agreed is not None and price <= agreed and may_stand_for(number, ordered)

    async def _call(self, number: str, errand: Errand) -> Carried | Outcome:
        """By one hop after the other, until one takes the call or says more than that it cannot (RFC 3263 §4.3)."""
        carried: Carried | Outcome
        for left, hop in reversed(list(enumerate(reversed(self._hops.best)))):
            carried = await self._call_by(hop, number, errand, last=left == 0)
            if isinstance(carried, Outcome) or not _is_of_the_hop(carried):
                return carried
            self._hops.failed(hop)
            log.warning("a hop failed", line=self.line.name, hop=hop[0], why=carried.end.reason)
        return carried

    async def _call_by(self, hop: Address, number: str, errand: Errand, *, last: bool) -> Carried | Outcome:
        way = replace(self.way, t38=self.way.t38 and errand.t38, patience=0.0 if last else PATIENCE)
        try:
            faxcall = FaxCall(self._bench_to(hop[0]), errand.station, way, calling=True, told=errand.told)
            negotiation = faxcall.open()
        except NoPort as error:
            return Outcome(Result.LINE_ERROR, retry=True, detail=str(error))
        errand.calls(faxcall)
        flow = self._flow(hop)
        call = self._endpoint.agent.invite(
            self._invitation(number, errand.caller, negotiation.offer_audio()), flow, faxcall, self._who
        )
        self._endpoint.flush()
        return await faxcall.carry(call)

    def _invitation(self, number: str, caller: str, sdp: bytes) -> Invitation:
        line, domain = self.line, self._domain
        host, port = self.line.host.strip("[]"), self.line.port or None
        target = Uri("sip", host, line.written(number), port, (("user", "phone"),))
        shown = line.written(caller) if caller else line.user
        ours = NameAddr(Uri("sip", domain, shown if line.caller is Caller.FROM else line.user or shown))
        headers: tuple[tuple[str, str], ...] = ()
        if caller and line.caller is not Caller.FROM:
            name = "P-Asserted-Identity" if line.caller is Caller.ASSERTED else "P-Preferred-Identity"
            headers = ((name, str(NameAddr(Uri("sip", domain, shown)))),)
        route: tuple[Uri, ...] = ()
        if line.proxy:
            proxy, proxy_port = split(line.proxy)
            route = (Uri("sip", proxy, "", proxy_port or None, (("lr", None),)),)
        return Invitation(target, ours, NameAddr(target), sdp, headers, route)

    async def take(self, call: Call, request: Request, station: Station, told: Told) -> Carried | None:
        """Take a call of somebody, and receive what they send. None: it cannot be taken."""
        faxcall = None
        try:
            faxcall = FaxCall(self._bench_to(call.flow.remote[0]), station, self.way, calling=False, told=told)
            negotiation = faxcall.open()
            if request.body:
                answer, agreed = negotiation.answer(request.body)
            else:
                answer, agreed = negotiation.offer_audio(), None
        except (NoPort, NoMedia, Garbled) as error:
            log.info("a call cannot be taken", line=self.line.name, why=str(error))
            status = (503, "Service Unavailable") if isinstance(error, NoPort) else (488, "Not Acceptable Here")
            self._endpoint.do(lambda: call.refuse(*status))
            if faxcall is not None:
                faxcall.close()
            return None
        call.ear = faxcall
        if agreed is not None:
            faxcall.begin(agreed)
        self._endpoint.do(lambda: call.answer(answer))
        return await faxcall.carry(call)

    def _flow(self, hop: Address) -> Flow:
        return self._endpoint.transports.flow(self.line.transport.value.upper(), hop, self._peer)

    def _bench_to(self, host: str) -> Bench:
        """With media at the address by which a far end is reached. Raises: NoPort."""
        transports = self._endpoint.transports
        try:
            local = transports.local(host)
        except NoWay as error:
            raise NoPort(error.strerror) from error
        return replace(self._bench, ports=self._bench.ports.at(local), advertised=transports.shown(local, host))


def _is_of_the_hop(carried: Carried) -> bool:
    end = carried.end
    return carried.report is None and not carried.rang and not end.ours and end.status in {SILENT, LOST}


def _address(value: str) -> NameAddr | None:
    try:
        return NameAddr.parse(value)
    except Malformed:
        return None


def _preference(contact: NameAddr) -> float:
    """The greatest q first; those without come before all (§20.10: they are as good as 1)."""
    given = contact.parameter("q") or ""
    return -float(given) if re.fullmatch(r"[01](\.[0-9]{0,3})?", given) else -1.0


def _judged(carried: Carried, pages: int) -> Outcome:
    if carried.report is not None and carried.ending is not None:
        return outcome.sent(carried.report, pages, carried.ending, t38=carried.t38)
    if carried.why is Why.CANCELLED:
        return Outcome(Result.CANCELED, detail="cancelled before it was taken")
    if carried.why is Why.RANG_OUT and (carried.rang or not carried.end.unheard):
        return Outcome(Result.NO_ANSWER, retry=True, detail="nobody takes the call")
    return refused(carried.end)
