"""The way that a message takes: between which two addresses, by which transport."""

from dataclasses import dataclass, replace
from typing import Self

Address = tuple[str, int]
"""An IP address, IPv6 without brackets, and a port."""

RELIABLE = frozenset({"TCP", "TLS"})


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom a TLS connection is to."""

    name: str
    """Host, as whoever set up the line wrote it: its certificate has to be for that, not for what DNS made of it."""

    verified: bool = True
    """It has to show a certificate that is right; else any will do."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One way."""

    transport: str
    """As in a Via: UDP, TCP, TLS."""

    local: Address
    """As the far end may reach us."""

    remote: Address
    connection: int = 0
    """Number of the connection of a stream; of two between the same addresses another one each."""

    peer: Peer | None = None
    """TLS: who has to be at the far end."""

    @property
    def reliable(self) -> bool:
        """Nothing is lost on it: no retransmissions."""
        return self.transport in RELIABLE

    def to(self, remote: Address) -> Self:
        """Another far end by the same socket."""
        return replace(self, remote=remote)
