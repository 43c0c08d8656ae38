"""Wires that lose, delay, double and disorder datagrams: whatever the seed says, and the same in each run.

A wire stands between a near end, which calls it, and a far end. `wire` carries what comes, whatever it is.
`crossing` knows SIP over UDP: it puts its own addresses into what passes, so that both ends send it all that they have
for each other, and it carries their media by wires of their own. Neither end needs to know of it.
"""

import heapq
import random
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Literal, Self

HOST = "127.0.0.1"
TICK = 0.05
"""Seconds after which a thread that waits looks whether it is to end."""

Side = Literal["near", "far"]
Change = Callable[[bytes, Side], bytes]
"""What becomes of a datagram that comes from a side."""


@dataclass(frozen=True)
class Weather:
    """What happens to datagrams on a wire. Probabilities are from 0 to 1, times are in seconds."""

    loss: float = 0
    doubling: float = 0
    disorder: float = 0
    """That a datagram is held back, and others overtake it,"""

    held: float = 0.03
    """for so long."""

    delay: float = 0
    """Of all."""


CALM = Weather()

Forecast = Weather | Mapping[Side, Weather]
"""The same both ways, or by the side that datagrams come from; calm where nothing is said."""


@dataclass
class Tally:
    """Of the datagrams of one direction."""

    came: int = 0
    lost: int = 0
    doubled: int = 0
    held: int = 0
    sent: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing that came is still on its way."""
        return self.sent == self.came - self.lost + self.doubled


OTHER: Mapping[Side, Side] = {"near": "far", "far": "near"}


class Wire:
    """Two ports, one for each end, and what happens in between."""

    def __init__(self, near: int | None, far: int | None, weather: Forecast, seed: str, change: Change) -> None:
        self.ends: dict[Side, int | None] = {"near": near, "far": far}
        """Ports of whoever is there; who is not known yet tells by sending."""

        self.sockets: dict[Side, socket.socket] = {}
        self.tally: dict[Side, Tally] = {"near": Tally(), "far": Tally()}
        """By the side that datagrams came from."""

        self._unused: list[socket.socket] = []
        self._weather = {side: weather if isinstance(weather, Weather) else weather.get(side, CALM) for side in OTHER}
        self._chance = {side: random.Random(f"{seed} {side}") for side in self.tally}
        self._change = change
        for side in self.tally:
            self.sockets[side], unused = _pair()
            self._unused.append(unused)

    def port(self, side: Side) -> int:
        """Where that side sends what it has for the other."""
        port: int = self.sockets[side].getsockname()[1]
        return port

    def take(self, side: Side, data: bytes, sender: int) -> tuple[bytes, list[float]]:
        """What a datagram becomes, and after how many seconds it goes on: never, once or twice."""
        self.ends[side] = sender
        tally, weather = self.tally[side], self._weather[side]
        loss, doubling, disorder = (self._chance[side].random() for _ in range(3))  # always three: what follows stays
        tally.came += 1
        changed = self._change(data, side)
        if loss < weather.loss:
            tally.lost += 1
            return changed, []
        held, twice = disorder < weather.disorder, doubling < weather.doubling
        tally.held += held
        tally.doubled += twice
        return changed, [weather.delay + weather.held * held] * (1 + twice)

    def send(self, side: Side, data: bytes) -> None:
        """To an end. Nothing happens if it is not known, or not there any more."""
        self.tally[OTHER[side]].sent += 1
        if (port := self.ends[side]) is None:
            return
        try:
            self.sockets[side].sendto(data, (HOST, port))
        except OSError:
            return  # what was sent before found nobody (ICMP)

    def close(self) -> None:
        for way in (*self.sockets.values(), *self._unused):
            way.close()


class Carrier:
    """A thread that carries what comes by wires."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self._selector = selectors.DefaultSelector()
        self._waiting: list[tuple[float, int, Wire, Side, bytes]] = []
        self._numbers = count()
        self._ending = False
        self._thread = threading.Thread(target=self._run)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Its wires end with it."""
        carrier = cls()
        carrier._thread.start()
        try:
            yield carrier
        finally:
            carrier._ending = True
            carrier._thread.join()
            for wire in carrier.wires:
                wire.close()
            carrier._selector.close()

    def add(self, wire: Wire) -> Wire:
        """From now on it is carried."""
        self.wires.append(wire)
        for side, way in wire.sockets.items():
            self._selector.register(way, selectors.EVENT_READ, (wire, side))
        return wire

    def _run(self) -> None:
        while not self._ending:
            pause = min(self._waiting[0][0] - time.monotonic(), TICK) if self._waiting else TICK
            for key, _ in self._selector.select(max(pause, 0)):
                wire, side = key.data
                self._receive(wire, side)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _, _, wire, side, data = heapq.heappop(self._waiting)
                wire.send(side, data)

    def _receive(self, wire: Wire, side: Side) -> None:
        try:
            data, (_, sender) = wire.sockets[side].recvfrom(1 << 16)
        except OSError:
            return  # what was sent before found nobody (ICMP)
        changed, delays = wire.take(side, data, sender)
        for delay in delays:
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._numbers), wire, OTHER[side], changed))


@contextmanager
def wire(to: int, weather: Forecast, seed: int = 1) -> Iterator[Wire]:
    """To a UDP port of this machine; who sends to `port("near")` first is the near end."""
    with Carrier.running() as carrier:
        yield carrier.add(Wire(None, to, weather, str(seed), lambda data, side: data))


@contextmanager
def crossing(
    to: int,
    near: int | None = None,
    signalling: Forecast = CALM,
    audio: Forecast = CALM,
    image: Forecast = CALM,
    seed: int = 1,
) -> Iterator["Crossing"]:
    """To the SIP port of an exchange on this machine; `image` is for T.38.

    Without `near`, the SIP port of the near end, that end has to speak first.
    """
    with Carrier.running() as carrier:
        yield Crossing(carrier, near, to, signalling, {"audio": audio, "image": image}, seed)


class Crossing:
    """Carries calls to an exchange, and from it."""

    def __init__(
        self,
        carrier: Carrier,
        near: int | None,
        to: int,
        signalling: Forecast,
        weathers: Mapping[str, Forecast],
        seed: int,
    ) -> None:
        self.signalling = carrier.add(Wire(near, to, signalling, f"{seed} sip", self._change))
        self.media: list[tuple[str, Wire]] = []
        """Kind and wire, in the order in which calls asked for them."""

        self._carrier = carrier
        self._weathers = weathers
        self._seed = seed
        self._calls: dict[str, list[tuple[str, Wire]]] = {}

    @property
    def far_port(self) -> int:
        """What the exchange takes for the near end."""
        return self.signalling.port("far")

    @property
    def port(self) -> int:
        """What the near end takes for the exchange."""
        return self.signalling.port("near")

    @property
    def ports(self) -> set[int]:
        """All that it sends from."""
        wires = [self.signalling, *(wire for _, wire in self.media)]
        return {wire.port(side) for wire in wires for side in wire.tally}

    def lost(self, kind: str) -> int:
        """How many datagrams of a kind of media were lost, both ways."""
        return sum(tally.lost for known, wire in self.media if known == kind for tally in wire.tally.values())

    def _change(self, data: bytes, side: Side) -> bytes:
        head, empty, body = data.partition(b"\r\n\r\n")
        if not empty:
            return data  # to keep a way open (RFC 5626)
        lines = head.decode("latin-1").split("\r\n")
        lines = [
            self._readdressed(line, side) if not number or _ROUTING.match(line) else line
            for number, line in enumerate(lines)
        ]
        call = next((line.partition(":")[2].strip() for line in lines if _CALL_ID.match(line)), "")
        if re.match(r"SIP/2\.0 [3-6]", lines[0]):
            self._forget_offers(call)
        body = _MEDIA.sub(lambda found: self._media(call, found, side), body.decode("latin-1")).encode("latin-1")
        lines = [f"Content-Length: {len(body)}" if _LENGTH.match(line) else line for line in lines]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def _readdressed(self, line: str, side: Side) -> str:
        """The sender is where we are for the other end, and we are the other end itself."""
        wire, other = self.signalling, OTHER[side]
        for ours, theirs in (
            (wire.ends[side], wire.port(other)),
            (wire.port(side), wire.ends[other]),
        ):
            if f"{HOST}:{ours}" in line:
                return re.sub(rf"{HOST}:{ours}\b", f"{HOST}:{theirs}", line)
        return line

    def _media(self, call: str, found: "re.Match[str]", side: Side) -> str:
        kind, port = found[1], int(found[2])
        if not port:
            return found[0]
        return f"m={kind} {self._wire(call, kind, port, side).port(OTHER[side])} "

    def _wire(self, call: str, kind: str, port: int, side: Side) -> Wire:
        """The one that the other end offered, or that this end had before, or a new one."""
        wires = self._calls.setdefault(call, [])
        of_kind = [wire for known, wire in wires if known == kind]
        for wire in of_kind:
            if wire.ends[side] is None:
                wire.ends[side] = port
                return wire
        for wire in of_kind:
            if wire.ends[side] == port:
                return wire
        near, far = (port, None) if side == "near" else (None, port)
        made = Wire(near, far, self._weathers[kind], f"{self._seed} {len(self.media)}", lambda data, _: data)
        wires.append((kind, made))
        self.media.append((kind, self._carrier.add(made)))
        return made

    def _forget_offers(self, call: str) -> None:
        """What was refused is nobody's answer any more."""
        wires = self._calls.get(call, [])
        wires[:] = [(kind, wire) for kind, wire in wires if None not in wire.ends.values()]


_ROUTING = re.compile(r"(?i)(contact|m|route|record-route)\s*:")
_CALL_ID = re.compile(r"(?i)(call-id|i)\s*:")
_LENGTH = re.compile(r"(?i)(content-length|l)\s*:")
_MEDIA = re.compile(r"(?m)^m=(audio|image) (\d+) ")


def _pair() -> tuple[socket.socket, socket.socket]:
    """An even port, and the odd one after it, for what belongs to RTP and is not carried (RTCP)."""
    while True:
        first, second = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        try:
            first.bind((HOST, 0))
            port = first.getsockname()[1]
            if port % 2 == 0:
                second.bind((HOST, port + 1))
                first.setblocking(False)
                return first, second
        except OSError:
            pass  # the port after it is taken
        first.close()
        second.close()
