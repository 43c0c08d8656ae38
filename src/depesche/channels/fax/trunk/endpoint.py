"""A SIP agent with sockets and a clock."""

import asyncio
import random
import secrets
from collections.abc import Callable

import structlog

from depesche.channels.fax.sip.agent import Agent, Switchboard
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.flow import Address, Flow
from depesche.channels.fax.sip.message import Request, Response
from depesche.channels.fax.sip.uri import Uri
from depesche.channels.fax.trunk.transports import Heard, Tls, Transports

log = structlog.get_logger()

PORTS = {"UDP": 5060, "TCP": 5060, "TLS": 5061}


class Endpoint:
    """One: an `Agent` whose messages pass real sockets."""

    def __init__(
        self,
        host: str,
        switchboard: Switchboard,
        knows: Callable[[Flow], bool],
        *,
        name: str,
        user: str,
        tls: Tls | None = None,
        advertised: str = "",
    ) -> None:
        """Make one.

        Args:
            host: an address of this machine.
            knows: whether what comes by a flow is from somebody that we have to do with.
            name: User-Agent.
            user: of our Contact.
            advertised: our address as others see it, if that is another one.
        """
        self.host = host
        self.transports = Transports(host, Heard(self._came, self._broken), tls, advertised)
        self._user = user
        self._knows = knows
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: float | None = None
        loop = asyncio.get_running_loop()
        self.agent = Agent(
            clock=loop.time,
            token=lambda: secrets.token_hex(12),
            switchboard=switchboard,
            name=name,
            contact=self.contact,
            route=self._route,
            dice=random.uniform,
        )

    def do(self, what: Callable[[], object]) -> None:
        """Do something with the agent, and send what came of it."""
        what()
        self.flush()

    def flush(self) -> None:
        """Send what waits, and wait for what is due."""
        outgoing = self.agent.outgoing
        while outgoing:
            sent, outgoing[:] = list(outgoing), []
            for flow, data in sent:
                self.transports.send(flow, data)
        at = self.agent.next
        if at == self._alarm_at and self._alarm is not None:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().call_at(at, self._ring) if at is not None else None

    def contact(self, flow: Flow) -> str:
        """Where requests within a call reach us."""
        host, port = flow.local
        parameters = () if flow.transport == "UDP" else (("transport", flow.transport.lower()),)
        return f"<{Uri('sip', host, self._user, port, parameters)}>"

    async def close(self) -> None:
        """Close the sockets; whatever is under way is lost."""
        if self._alarm is not None:
            self._alarm.cancel()
        await self.transports.close()

    def _came(self, message: Request | Response, flow: Flow) -> None:
        if isinstance(message, Request) and message.to.tag is None and not self._knows(flow):
            return  # strangers get no answer, and cost nothing
        try:
            self.agent.receive(message, flow)
        except Malformed as error:
            log.info("a message that cannot be used", why=error.reason)
        self.flush()

    def _broken(self, flow: Flow) -> None:
        self.agent.broken(flow)
        self.flush()

    def _ring(self) -> None:
        self._alarm = self._alarm_at = None
        self.agent.ring()
        self.flush()

    def _route(self, hop: Uri, flow: Flow) -> Flow:
        """Within a call the next hop is asked for by its address, or is the one that we know."""
        transport = (hop.transport or ("tls" if hop.scheme == "sips" else flow.transport)).upper()
        place: Address = hop.host, hop.port or PORTS.get(transport, 5060)
        if place == flow.remote and transport == flow.transport:
            return flow
        return self.transports.flow(transport, place)
