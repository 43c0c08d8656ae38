"""The places of one line, and which of them failed lately."""

from collections.abc import Callable

from depesche.channels.fax.sip.flow import Address
from depesche.channels.fax.trunk.resolver import Resolver, Unknown
from depesche.model.line import Line, split

REST_SECONDS = 120.0
"""For which a hop that failed comes last."""

KNOWN_SECONDS = 3600.0
"""For which calls are taken from an address that the name had: of those that change in turn each may call."""


class Hops:
    """Those of one line."""

    def __init__(
        self, resolver: Resolver, line: Line, clock: Callable[[], float], reachable: Callable[[str], bool]
    ) -> None:
        """`reachable`: whether this machine has a way to an address at all."""
        self._resolver = resolver
        self._transport = line.transport
        self.host, self._port = split(line.proxy) if line.proxy else (line.host.strip("[]"), line.port)
        self._clock = clock
        self._reachable = reachable
        self._places: list[Address] = []
        self._rests: dict[Address, float] = {}
        self._known: dict[str, float] = {}
        self._chosen: Address | None = None

    async def look(self) -> None:
        """Ask where they are now. Raises: resolver.Unknown."""
        places = await self._resolver.places(self.host, self._port, self._transport)
        usable = [place for place in places if self._reachable(place[0])]
        if not usable:
            raise Unknown(f"this machine has no way to {self.host} ({places[0][0]})")
        self._places = usable
        until = self._clock() + KNOWN_SECONDS
        self._known = {host: at for host, at in self._known.items() if at > self._clock()}
        self._known |= {host: until for host, _ in usable}

    @property
    def best(self) -> list[Address]:
        """All of them: first the one where we are registered, last those that rest."""
        now = self._clock()
        return sorted(self._places, key=lambda place: (self._rests.get(place, 0) > now, place != self._chosen))

    def failed(self, hop: Address) -> bool:
        """Let it rest. Returns: whether there is one that does not."""
        now = self._clock()
        self._rests = {place: at for place, at in self._rests.items() if at > now} | {hop: now + REST_SECONDS}
        return any(place not in self._rests for place in self._places)

    def worked(self, hop: Address) -> None:
        """We are registered there: it is the first one from now on."""
        self._rests.pop(hop, None)
        self._chosen = hop

    def includes(self, host: str) -> bool:
        """Whether an address is, or was lately, one of the line's."""
        return self._known.get(host, 0) > self._clock()
