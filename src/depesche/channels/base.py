"""What every channel is given and what it gives back."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the order, ready to go out, on this machine's disk, read only."""

    path: Path
    filename: str
    """Name for the receiver: ``fax.tif``, ``brief.pdf``, an attachment's own name."""

    pages: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of one job, at one attempt."""

    id: int
    job_id: int
    attempt: int
    """1 for the first."""

    account: str
    """The customer's number."""

    job_type: JobType
    address: str
    """E.164 number or e-mail address; free text for a letter."""

    pages: int = 0
    """Pages of the document, or messages of the text."""

    confirmed: int = 0
    """Pages of a fax that earlier attempts brought to the far machine, and that are not to be sent again."""

    text: str = ""
    """Message of an SMS, body of a mail; empty where it was rendered already."""

    subject: str = ""
    caller_number: str = ""
    """E.164 number shown to the receiver; may be empty."""

    station_id: str = ""
    """Our TSI, at most 20 characters of T.30's set."""

    fax_header: str = ""
    """Free part of the header line, at most 30 characters."""

    sender: str = ""
    """Mail sender address or SMS sender id; empty = the channel's default."""

    flash: bool = False
    """SMS of class 0."""

    duplex: bool = False
    """A letter is printed on both sides of its sheets."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt of which nobody knows how it ended: its worker died while `sending`."""

    delivery_id: int
    job_id: int
    number: int
    job_type: JobType
    address: str
    sending_since: datetime
    pages: int = 0
    """Pages of the document, or messages of the text."""

    here: bool = True
    """It was made by this node, with this node's folders."""


class Abandoned(Exception):
    """The worker gives an attempt up without knowing its end; it becomes `unknown`, never sent again blindly."""


class Limited(ABC):
    """A `Channel` that carries only so many deliveries at once. No protocol: it is asked for at each attempt."""

    @abstractmethod
    async def hold(self, delivery: Delivery) -> bool:
        """Keep a place for it, until `deliver` ends or `let_go` says that it does not begin. False: none is free."""

    @abstractmethod
    def let_go(self, delivery: Delivery) -> None:
        """It needs its place no longer, if it still has one."""


class Channel(Protocol):
    """One way out."""

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """Carry one attempt to its end.

        `cancelled` may be set at any moment: end early where that can be done, and tell what really happened. An
        attempt that was cut short is CANCELED if nothing went out yet, else SEND_FAILED.

        Raises:
            Abandoned: its end cannot be known.
        """
        ...

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        """Find out how a lost attempt ended. None: it cannot be known, a person decides."""
        ...
