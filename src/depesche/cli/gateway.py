"""What `send`, `job` and `inbox` ask for: the same of a running server as of a data folder."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from depesche.model.jobtype import JobType
from depesche.model.result import Result

MOST_FILES = 3
"""Files of one order."""


@dataclass(frozen=True, slots=True)
class Order:
    """What shall be sent."""

    type: JobType
    recipients: str
    """As the parameter ``Recipient``: separated by comma, each with an optional ``[reference]``."""

    recipient_file: Path | None
    text: str
    files: tuple[Path, ...]
    """At most `MOST_FILES`."""

    send_at: datetime | None
    """Aware; None = now."""

    options: str
    """As the parameter ``Options``."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an order."""

    code: int
    """Of SendJob; 0 if it was accepted."""

    job_id: int = 0
    recipients: int = 0
    pages: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a job is."""

    words: str
    final: bool = False
    """Nothing more will happen."""

    undecided: bool = False
    """Nothing more will happen until somebody decides."""

    on_hold: bool = False
    """What is left goes on when an operator lifts a hold."""

    detail: str = ""
    """What changes too often for a line of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one given recipient."""

    address: str
    result: str
    """The word of JobStatus, or the state where there is no result yet."""

    pages: int = 0
    remote_id: str = ""
    """The receiving machine's station id."""

    seconds: int = 0
    """On the line; 0 if not fax."""

    at: datetime | None = None
    """Of the last attempt or the decision."""

    reference: str = ""

    @property
    def ok(self) -> bool:
        return self.result == Result.OK.word


@dataclass(frozen=True, slots=True)
class Fax:
    """A received fax."""

    id: int
    called_number: str
    received_at: datetime | None
    originator: str
    remote_id: str
    pages: int
    complete: bool | None = None
    """Whether the last page was confirmed; None: the server does not tell."""

    bad_rows: tuple[int, ...] = ()
    """Damaged rows, page by page; empty: it is not known."""


class Gateway(Protocol):
    """One account's view of a Depesche. Every method raises `cli.common.Failed` when it cannot be asked."""

    async def submit(self, order: Order, sent: Callable[[str], None]) -> Receipt:
        """Hand the order over; `sent` is told how much has gone out, in words."""
        ...

    async def stage(self, job_id: int) -> Stage:
        """How far the job is; called again and again."""
        ...

    async def rows(self, job_id: int) -> list[Row]:
        """Every given row of a job that is final or undecided, in the order given."""
        ...

    async def faxes(self, limit: int) -> list[Fax]:
        """The faxes that wait, the oldest first."""
        ...

    async def fetch(self, fax_id: int | None) -> tuple[Fax, bytes] | None:
        """This fax, or the oldest, with its TIFF; None if there is none."""
        ...

    async def delete(self, fax_id: int) -> bool:
        """Take a fax out of the inbox. False: there is no such fax."""
        ...
