"""A far end that answers requests as a test says, in the network in memory."""

from collections.abc import Callable
from types import SimpleNamespace

from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.layer import respond
from depesche.channels.fax.sip.message import Request, Response, encode
from unit.channels.fax.sip.network import Network

Answer = tuple[int, str, tuple[tuple[str, str], ...]]
"""Status, reason and headers."""


class Scripted:
    """One; `asked` are all requests that came, repetitions as well."""

    def __init__(self, network: Network, name: str, script: Callable[[Request], Answer | None]) -> None:
        self.asked: list[Request] = []
        self.flows: list[Flow] = []
        self.seen: list[Request | Response] = []
        self.address = (name, 5060)
        self._script = script
        self._outgoing: list[tuple[Flow, bytes]] = []
        self.agent = SimpleNamespace(next=None, outgoing=self._outgoing, receive=self._receive, ring=lambda: None)
        network.parties[self.address] = self  # type: ignore[assignment]

    def _receive(self, message: Request | Response, flow: Flow) -> None:
        if not isinstance(message, Request) or message.method == "ACK":
            return
        self.asked.append(message)
        self.flows.append(flow)
        if (answer := self._script(message)) is not None:
            status, reason, headers = answer
            response = respond(message, status, reason, "theirs")
            for name, value in headers:
                response.headers.add(name, value)
            self._outgoing.append((flow, encode(response)))
