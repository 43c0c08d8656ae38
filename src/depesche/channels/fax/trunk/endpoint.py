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
from depesche.channels.fax.trunk.resolver import is_address
from depesche.channels.fax.trunk.transports import Heard, Ours, Tls, Transports

log = structlog.get_logger()

PORTS = {"UDP": 5060, "TCP": 5060, "TLS": 5061}


class Endpoint:
    """One: an `Agent` whose messages pass real sockets."""

    def __init__(
        self,
        ours: Ours,
        switchboard: Switchboard,
        knows: Callable[[Flow], bool],
        broken: Callable[[Flow, str], None],
        *,
        name: str,
        user: str,
        tls: Tls | None = None,
    ) -> None:
        """Make one.

        Args:
            ours: where we are to be reached.
            knows: whether what comes by a flow is from somebody that we have to do with.
            broken: hears of flows by which nothing can be sent any more, and why.
            name: User-Agent.
            user: of our Contact.
        """
        self.transports = Transports(ours, Heard(self._came, self._broken, knows, self._has_call), tls)
        self._user = user
        self._knows = knows
        self._told_broken = broken
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
            stream=lambda flow: self.transports.flow("TCP", flow.remote),
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
        if isinstance(message, Request) and not self._knows(flow) and not self._has_call(message.call_id):
            return  # strangers get no answer
        try:
            self.agent.receive(message, flow)
        except Malformed as error:
            log.info("a message that cannot be used", why=error.reason)
        self.flush()

    def _has_call(self, call_id: str) -> bool:
        return self.agent.has_call(call_id)

    def _broken(self, flow: Flow, why: str) -> None:
        self.agent.broken(flow, why)
        self._told_broken(flow, why)
        self.flush()

    def _ring(self) -> None:
        self._alarm = self._alarm_at = None
        self.agent.ring()
        self.flush()

    def _route(self, hop: Uri, flow: Flow) -> Flow:
        """Within a call the next hop is asked for by its address. One that has a name is the one that the call began
        with, whose name it is; and a connection that a host made to us is used for all that goes there."""
        transport = (hop.transport or ("tls" if hop.scheme == "sips" else flow.transport)).upper()
        place: Address = hop.host, hop.port or PORTS.get(transport, 5060)
        same = hop.host == flow.remote[0] and transport == flow.transport
        if not is_address(hop.host) or (same and (place == flow.remote or self.transports.is_theirs(flow))):
            return flow
        return self.transports.flow(transport, place, flow.peer)
