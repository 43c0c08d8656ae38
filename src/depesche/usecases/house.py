"""What every use case works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from depesche.blobs.store import Blobs
from depesche.config import Settings
from depesche.model.callrecord import Prints
from depesche.model.resolution import Resolution
from depesche.render.renderer import Renderer
from depesche.store.database import Database
from depesche.usecases.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Header:
    """What the line at the top of each page of a fax says."""

    at: datetime
    """In the zone that it is printed in."""

    sender: str
    note: str
    recipient: str
    finest: Resolution = Resolution.SUPERFINE
    """Pages of closer rows become as this."""


@dataclass(frozen=True, slots=True)
class House:
    """The rooms below, handed to the use cases by the node."""

    settings: Settings
    database: Database
    blobs: Blobs
    renderer: Renderer
    throttle: Throttle
    now: Callable[[], datetime]
    """The clock: UTC."""

    wake: Callable[[], None]
    """Tell dispatch that there is something to do; never blocks, may be called too often."""

    expand: Callable[[], None]
    """Tell dispatch that there is a long list, of which the rest is to be written."""

    hurry: Callable[[], None]
    """Tell dispatch that a call on the line is not wanted any more."""

    stamp: Callable[[Path, Path, Header], Prints]
    """Write a fax file anew with the header line that it is sent with, and tell by what it will be known again. Blocks.
    Raises: OSError."""

    def alive_since(self) -> datetime:
        """Whoever of the nodes was seen since then lives; others have lost what they held."""
        return self.now() - timedelta(seconds=self.settings.dispatch.lease_seconds)

    def today(self) -> date:
        """The day by the operator's calendar: of trials, payments and limits."""
        return self.now().astimezone(ZoneInfo(self.settings.timezone)).date()
