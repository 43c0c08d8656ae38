"""A job and its recipients, from the moment that it was judged good."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from depesche.model.jobtype import JobType
from depesche.model.result import Result
from depesche.model.roll import Roll
from depesche.model.states import State
from depesche.model.tariff import FREE, Quote


@dataclass(frozen=True, slots=True)
class Sending:
    """How the sender appears; fixed when the job is accepted."""

    station_id: str = ""
    fax_header: str = ""
    caller_number: str = ""
    sender: str = ""
    """Mail sender address or SMS sender id."""

    subject: str = ""
    flash: bool = False
    status_url: str = ""
    tell_each: bool = False
    """Call `status_url` as soon as each recipient is final, not when all are."""

    duplex: bool = False
    """A letter is printed on both sides of its sheets."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A document of a job in the blob store."""

    role: str
    """``source`` as the customer gave it; ``pages`` as it goes out; ``roll``: the judged recipients of a long list."""

    filename: str
    format: str
    pages: int
    key: str
    size: int
    sha256: str
    legibility: tuple[int, ...] = ()
    """Scores of the pages of a fax, 0 to 100 (`depesche.model.legibility`)."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """All that one accepted order writes."""

    account_id: int
    type: JobType
    send_at: datetime
    order_key: str
    """Fingerprint of the order: equal for identical ones."""

    options: str
    text: str
    sending: Sending
    repeats: int
    """Attempts after the first."""

    pages: int
    roll: Roll
    files: tuple[StoredFile, ...] = ()
    warnings: tuple[str, ...] = ()
    sandbox: bool = True
    """Where it ends; fixed now, whatever becomes of the account."""

    quote: Quote = FREE
    day: date = date.min
    """On whose limits it counts."""


@dataclass(frozen=True, slots=True)
class JobHead:
    """The row of a job."""

    id: int
    type: JobType
    created_at: datetime
    send_at: datetime
    recipients: int
    pages: int
    open: int
    """Recipients not yet final, and one more as long as a long list is not all written."""

    final_at: datetime | None
    warnings: tuple[str, ...] = field(default=())
    duplex: bool = False
    """A letter is printed on both sides."""

    sheets: int = 0
    """Of a letter, for each recipient; else 0."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one given row so far."""

    position: int
    address: str
    reference: str
    state: State
    result: Result | None
    code: int
    pages: int
    remote_id: str
    seconds: int
    at: datetime | None
    """The moment of the end; before it, that of the last attempt; None while nothing was tried."""

    attempts: int
    due_at: datetime | None
    cost: Decimal = Decimal(0)
    """Net euro; nothing unless it was sent."""
