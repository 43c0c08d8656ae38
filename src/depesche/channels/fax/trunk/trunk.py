"""One line at work: known to its registrar, calling, being called."""

import asyncio
import socket
from collections.abc import Callable

import structlog

from depesche.channels.fax import outcome
from depesche.channels.fax.ending import End as Why
from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.sdp import Refused as NoMedia
from depesche.channels.fax.sip.agent import Invitation
from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.digest import Authenticator, Credentials
from depesche.channels.fax.sip.flow import Address, Flow
from depesche.channels.fax.sip.message import Request
from depesche.channels.fax.sip.register import Registrar, Registration
from depesche.channels.fax.sip.uri import NameAddr, Uri
from depesche.channels.fax.t30.g711 import Law
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.trunk.endpoint import Endpoint
from depesche.channels.fax.trunk.faxcall import Bench, Carried, FaxCall, Told, Way
from depesche.channels.fax.trunk.ports import NoPort
from depesche.channels.fax.trunk.refusal import refused
from depesche.model.line import PORTS, T38, Caller, Line, split
from depesche.model.outcome import Outcome
from depesche.model.result import Result

log = structlog.get_logger()


class Trunk:
    """One."""

    def __init__(self, endpoint: Endpoint, bench: Bench, line: Line, secret: str, told: Callable[[bool, str], None]):
        """`told` hears whether it is up, and why not."""
        self.line = line
        self.secret = secret
        self.calls = 0
        """That are on it now, ours and theirs."""

        self._endpoint = endpoint
        self._bench = bench
        self._told = told
        self._who = Authenticator(Credentials(line.auth_user or line.user, secret)) if secret else None
        self._hops: list[Address] = []
        self._registration: Registration | None = None

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

    async def start(self) -> None:
        """Register, if that is wanted; else it is up."""
        try:
            await self._resolve()
        except OSError as error:
            self._told(False, f"{self.line.host}: {error.strerror or error}")
            return
        if not self.line.register:
            self._told(True, "")
            return
        domain = self.line.domain or self.line.host.strip("[]")
        registrar = Registrar(
            Uri("sip", domain),
            NameAddr(Uri("sip", domain, self.line.user)),
            self._endpoint.contact(self._flow(self._hops[0])),
            who=self._who,
        )
        self._registration = Registration(
            self._endpoint.agent, registrar, lambda: self._flow(self._hops[0]), self._told
        )
        self._endpoint.do(self._registration.start)

    def stop(self) -> None:
        """Unregister."""
        if self._registration is not None:
            self._endpoint.do(self._registration.stop)

    def knows(self, flow: Flow) -> bool:
        """Whether calls from there come from this trunk."""
        return flow.remote[0] in {host for host, _ in self._hops}

    async def dial(
        self, number: str, caller: str, station: Station, pages: int, told: Told, calls: Callable[[FaxCall], None]
    ) -> Outcome:
        """Call, transmit, hang up. `calls` is given the call, to end it."""
        try:
            await self._resolve()
        except OSError as error:
            return Outcome(Result.LINE_ERROR, retry=True, detail=f"{self.line.host}: {error.strerror or error}")
        result = Outcome(Result.LINE_ERROR, retry=True, detail=f"{self.line.host} has no address")
        for hop in self._hops:
            carried = await self._call(hop, number, caller, station, told, calls)
            if isinstance(carried, Outcome):
                return carried
            result = _judged(carried, pages)
            if carried.report is not None or carried.rang or carried.end.ours or carried.end.status not in {408, 503}:
                return result
        return result

    async def _call(
        self, hop: Address, number: str, caller: str, station: Station, told: Told, calls: Callable[[FaxCall], None]
    ) -> Carried | Outcome:
        faxcall = FaxCall(self._bench, station, self.way, calling=True, told=told)
        try:
            negotiation = await faxcall.open()
        except NoPort as error:
            return Outcome(Result.LINE_ERROR, retry=True, detail=str(error))
        calls(faxcall)
        flow = self._flow(hop)
        call = self._endpoint.agent.invite(
            self._invitation(number, caller, negotiation.offer_audio()), flow, faxcall, self._who
        )
        self._endpoint.flush()
        return await faxcall.carry(call)

    def _invitation(self, number: str, caller: str, sdp: bytes) -> Invitation:
        line, domain = self.line, self.line.domain or self.line.host.strip("[]")
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

    async def take(self, call: Call, request: Request, station: Station) -> Carried | None:
        """Take a call of somebody, and receive what they send. None: it cannot be taken."""
        faxcall = FaxCall(self._bench, station, self.way, calling=False)
        try:
            negotiation = await faxcall.open()
            if request.body:
                answer, agreed = negotiation.answer(request.body)
            else:
                answer, agreed = negotiation.offer_audio(), None
        except (NoPort, NoMedia, Garbled) as error:
            log.info("a call cannot be taken", line=self.line.name, why=str(error))
            status = (503, "Service Unavailable") if isinstance(error, NoPort) else (488, "Not Acceptable Here")
            self._endpoint.do(lambda: call.refuse(*status))
            faxcall.close()
            return None
        call.ear = faxcall
        if agreed is not None:
            faxcall.begin(agreed)
        self._endpoint.do(lambda: call.answer(answer))
        return await faxcall.carry(call)

    def _flow(self, hop: Address) -> Flow:
        return self._endpoint.transports.flow(self.line.transport.value.upper(), hop)

    async def _resolve(self) -> None:
        host, port = split(self.line.proxy) if self.line.proxy else (self.line.host.strip("[]"), self.line.port)
        port = port or PORTS[self.line.transport]
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        self._hops = list(dict.fromkeys((str(entry[4][0]), port) for entry in found))


def _judged(carried: Carried, pages: int) -> Outcome:
    if carried.report is not None and carried.ending is not None:
        return outcome.sent(carried.report, pages, carried.ending, t38=carried.t38)
    if carried.why is Why.CANCELLED:
        return Outcome(Result.CANCELED, detail="cancelled before it was taken")
    if carried.why is Why.RANG_OUT:
        return Outcome(Result.NO_ANSWER, retry=True, detail="nobody takes the call")
    return refused(carried.end)
