"""The recipients of an order, judged: a few in memory, or a list of any length elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Recipient:
    """One given row, judged."""

    address: str
    """E.164, e-mail address, or free text for a letter; as given where it was judged bad."""

    reference: str = ""
    """The customer's reference id."""

    code: int = 0
    """Why it was judged bad (a code of SendJob), 0 for good."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One given row among the others."""

    position: int
    """From 0."""

    recipient: Recipient
    same_as: int | None
    """Position of the first row with the same good address; None if this is it, or it is bad."""


class Roll(Protocol):
    """Judged recipients in the order given."""

    @property
    def rows(self) -> int:
        """Given rows."""

    @property
    def good(self) -> int:
        """Different good addresses."""

    @property
    def bad(self) -> int:
        """Rows that are not sent to."""

    @property
    def first(self) -> Recipient | None:
        """The first row; None if there is no row."""

    def entries(self, first: int, number: int) -> Iterator[Entry]:
        """So many rows at most, from position `first` on."""

    def addresses(self) -> Iterator[str]:
        """The different good addresses."""


class ShortRoll:
    """A few recipients."""

    def __init__(self, recipients: tuple[Recipient, ...]) -> None:
        self._recipients = recipients
        self._first: dict[str, int] = {}
        for position, recipient in enumerate(recipients):
            if not recipient.code:
                self._first.setdefault(recipient.address, position)

    @property
    def rows(self) -> int:
        return len(self._recipients)

    @property
    def good(self) -> int:
        return len(self._first)

    @property
    def bad(self) -> int:
        return sum(1 for recipient in self._recipients if recipient.code)

    @property
    def first(self) -> Recipient | None:
        return self._recipients[0] if self._recipients else None

    def entries(self, first: int, number: int) -> Iterator[Entry]:
        """So many rows at most, from position `first` on."""
        for position, recipient in enumerate(self._recipients[first : first + number], start=first):
            same_as = position if recipient.code else self._first[recipient.address]
            yield Entry(position, recipient, None if same_as == position else same_as)

    def addresses(self) -> Iterator[str]:
        return iter(self._first)
