"""What every loop works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from depesche.blobs.store import Blobs
from depesche.channels.base import Channel as Way
from depesche.channels.outbox import Shelf
from depesche.config import Dispatch
from depesche.model.jobtype import Channel
from depesche.store.bell import Hear
from depesche.store.database import Database


@dataclass(frozen=True, slots=True)
class Desk:
    """The rooms below, handed to the loops by the node."""

    settings: Dispatch
    database: Database
    blobs: Blobs
    worker: str
    """Name of this process, never used twice."""

    sandbox: Mapping[Channel, Way]
    """The ways that end on this machine."""

    real: Mapping[Channel, Way]
    """The ways out into the world."""

    now: Callable[[], datetime]
    zone: ZoneInfo
    """Of the times of day in the settings and accounts."""

    ring: Hear
    """Tells every node that there is something to do (`depesche.store.bell`)."""

    outbox: tuple[Shelf, ...] = ()
    """Where the sandbox ways of this machine leave what they send."""

    shared: bool = False
    """Other nodes work on the same database: they take over what we do not keep."""

    def way(self, channel: Channel, *, sandbox: bool) -> Way:
        """Which way a delivery goes: a property of its account, never of a code path."""
        return (self.sandbox if sandbox else self.real)[channel]
