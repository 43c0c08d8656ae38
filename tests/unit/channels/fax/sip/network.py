"""A network in memory, with a clock of its own: agents, and what happens to messages between them."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from depesche.channels.fax.sip.agent import Agent, Invitation
from depesche.channels.fax.sip.call import Call
from depesche.channels.fax.sip.digest import Authenticator
from depesche.channels.fax.sip.ear import Ear, End
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.message import Request, Response, encode, parse
from depesche.channels.fax.sip.uri import NameAddr, Uri

Message = Request | Response
Fate = Callable[[Message, Flow], list[float]]
"""After how many seconds a message arrives: none if it is lost, several if it comes more than once."""


def faithful(_message: Message, _flow: Flow) -> list[float]:
    return [0.01]


def lossy(chance: float, seed: int) -> Fate:
    dice = random.Random(seed)

    def fate(_message: Message, _flow: Flow) -> list[float]:
        return [dice.uniform(0.005, 0.3) for _ in range(2 if dice.random() < 0.1 else 1) if dice.random() >= chance]

    return fate


@dataclass
class Heard:
    """An ear that writes down, and does what it is told to."""

    notes: list[tuple[object, ...]] = field(default_factory=list)
    call: Call | None = None
    on_offer: Callable[[Call], None] = lambda _call: None
    end: End | None = None

    def ringing(self, status: int, reason: str) -> None:
        self.notes.append(("ringing", status))

    def answered(self, sdp: bytes) -> None:
        self.notes.append(("answered", sdp))

    def connected(self, sdp: bytes) -> None:
        self.notes.append(("connected", sdp))

    def offered(self, sdp: bytes) -> None:
        self.notes.append(("offered", sdp))
        self.on_offer(self.standing)

    def accepted(self, sdp: bytes) -> None:
        self.notes.append(("accepted", sdp))

    def declined(self, status: int, reason: str) -> None:
        self.notes.append(("declined", status))

    def over(self, end: End) -> None:
        assert self.end is None, "told twice"
        self.end = end

    @property
    def standing(self) -> Call:
        assert self.call is not None
        return self.call

    @property
    def ended(self) -> End:
        assert self.end is not None, "it is not over"
        return self.end

    @property
    def heard(self) -> list[object]:
        return [note[0] for note in self.notes]


class Party:
    """An agent with an address."""

    def __init__(self, network: "Network", name: str, transport: str = "UDP") -> None:
        self.network = network
        self.address = (name, 5060)
        self.transport = transport
        self.incoming: list[tuple[Call, Request, Heard]] = []
        self.decide: Callable[[Call, Request], tuple[int, str] | None] = lambda _call, _request: None
        self.seen: list[Message] = []
        self.agent = Agent(
            clock=lambda: network.now,
            token=network.token,
            switchboard=self,
            name="test",
            contact=lambda _flow: f"<sip:fax@{name}:5060>",
            route=lambda hop, flow: flow.to((hop.host, hop.port or 5060)),
            dice=network.dice.uniform,
        )

    def called(self, call: Call, request: Request, flow: Flow) -> Ear | tuple[int, str]:
        if (refusal := self.decide(call, request)) is not None:
            return refusal
        ear = Heard(call=call)
        self.incoming.append((call, request, ear))
        return ear

    def flow(self, to: "Party") -> Flow:
        return Flow(self.transport, self.address, to.address)

    def call(
        self, to: "Party", sdp: bytes = b"offer", headers: tuple[tuple[str, str], ...] = (),
        who: Authenticator | None = None,
    ) -> tuple[Call, Heard]:  # fmt: skip
        ear = Heard()
        target = Uri("sip", to.address[0], "4711", 5060)
        invitation = Invitation(target, NameAddr(Uri("sip", self.address[0], "me")), NameAddr(target), sdp, headers)
        ear.call = self.agent.invite(invitation, self.flow(to), ear, who)
        return ear.call, ear

    def received(self, method: str) -> int:
        return sum(isinstance(message, Request) and message.method == method for message in self.seen)


class Network:
    """Carries what agents send, each message as bytes."""

    def __init__(self, fate: Fate = faithful, seed: int = 1) -> None:
        self.now = 0.0
        self.dice = random.Random(seed)
        self.parties: dict[tuple[str, int], Party] = {}
        self.fate = fate
        self._way: list[tuple[float, int, bytes, Flow]] = []
        self._number = count()
        self._tokens = count()

    def token(self) -> str:
        return f"t{next(self._tokens)}"

    def party(self, name: str, transport: str = "UDP") -> Party:
        party = Party(self, name, transport)
        self.parties[party.address] = party
        return party

    def inject(self, message: Message, flow: Flow, seconds: float = 0.0) -> None:
        heapq.heappush(self._way, (self.now + seconds, next(self._number), encode(message), flow))

    def run(self, seconds: float = 600.0, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until nothing more would happen, or so many seconds are over."""
        end = self.now + seconds
        self._collect()
        while not until():
            due = [party.agent.next for party in self.parties.values() if party.agent.next is not None]
            times = [*due, *([self._way[0][0]] if self._way else [])]
            if not times or min(times) > end:
                break
            self.now = max(self.now, min(times))
            while self._way and self._way[0][0] <= self.now:
                _, _, data, flow = heapq.heappop(self._way)
                if (party := self.parties.get(flow.remote)) is not None:
                    message = parse(data)
                    party.seen.append(message)
                    party.agent.receive(message, Flow(flow.transport, flow.remote, flow.local))
            for party in self.parties.values():
                party.agent.ring()
            self._collect()
        else:
            return
        if times:
            self.now = end

    def _collect(self) -> None:
        for party in self.parties.values():
            sent, party.agent.outgoing[:] = list(party.agent.outgoing), []
            for flow, data in sent:
                for after in [0.01] if flow.reliable else self.fate(parse(data), flow):
                    heapq.heappush(self._way, (self.now + after, next(self._number), data, flow))
