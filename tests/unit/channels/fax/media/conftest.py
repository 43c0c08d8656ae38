"""Two ends, and the network between them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from depesche.channels.fax.media.media import Counts, Media
from depesche.channels.fax.t30.report import Report
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp

LONGEST = 50 * 300
"""Ticks after which a call is given up."""


FAREWELL = 50
"""Ticks after which the one who answered is no longer waited for."""


class Network:
    """One direction: shares of the datagrams are lost, come twice, or come one or two ticks too late."""

    def __init__(self, chance: random.Random, *, loss: float = 0, twice: float = 0, late: float = 0) -> None:
        self._chance, self._loss, self._twice, self._late = chance, loss, twice, late
        self._under_way: list[tuple[int, bytes]] = []
        self._ticks = 0

    def carry(self, datagrams: list[bytes]) -> list[bytes]:
        """What arrives in this tick."""
        self._ticks += 1
        arrived = [datagram for due, datagram in self._under_way if due <= self._ticks]
        self._under_way = [one for one in self._under_way if one[0] > self._ticks]
        for datagram in datagrams:
            if self._chance.random() < self._loss:
                continue
            if self._chance.random() < self._late:
                self._under_way.append((self._ticks + self._chance.randint(1, 2), datagram))
                continue
            arrived += [datagram] * (2 if self._chance.random() < self._twice else 1)
        return arrived


@dataclass
class Exchanged:
    """A call that is over, and everything that was sent in it."""

    sent: Report
    received: Report
    counts: tuple[Counts, Counts]
    """Of the caller, and of the one who answered."""

    tiff: Path
    wire: list[tuple[int, bool, bytes]] = field(default_factory=list)
    """Tick, whether the caller sent it, and the datagram."""


Ways = Callable[[Media, Media, int], object]
"""What both ends are told at each tick; tick 0 is before the first."""


@pytest.fixture
def exchange(spandsp: Spandsp, tmp_path: Path) -> Callable[..., Exchanged]:
    """Carries a document: `exchange(document, ways, loss=0.1)`; `ways` tells both ends what to speak, and when."""

    def carry(
        document: Path,
        ways: Ways,
        *,
        seed: int = 1,
        caller: dict[str, Any] | None = None,
        answerer: dict[str, Any] | None = None,
        **network: float,
    ) -> Exchanged:
        tiff = tmp_path / "received.tif"
        chance = random.Random(seed)
        there, back = Network(chance, **network), Network(chance, **network)
        wire: list[tuple[int, bool, bytes]] = []
        ours = Station(**{"ident": "+49 40 123456", "send": document, **(caller or {})})
        theirs = Station(**{"ident": "+49 30 99", "receive": tiff, **(answerer or {})})
        with (
            Media(spandsp, ours, calling=True, chance=chance) as one,
            Media(spandsp, theirs, calling=False, chance=chance) as other,
        ):
            over = 0
            for tick in range(LONGEST):
                ways(one, other, tick)
                forward, backward = one.tick(), other.tick()
                wire += [(tick, True, datagram) for datagram in forward]
                wire += [(tick, False, datagram) for datagram in backward]
                for datagram in there.carry(forward):
                    other.receive(datagram)
                for datagram in back.carry(backward):
                    one.receive(datagram)
                over += not one.active
                if not other.active or over > FAREWELL:
                    break
            counts = one.counts(), other.counts()
        return Exchanged(one.report(), other.report(), counts, tiff, wire)

    return carry
