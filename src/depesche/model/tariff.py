"""What sending costs: price lists, net euro, exact to a ten-thousandth."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from depesche.model.jobtype import JobType

SMALLEST = Decimal("0.0001")
"""Euro: what amounts are rounded to."""

NOTHING = Decimal(0)

LONGEST_PREFIX = 20
"""Characters; an E.164 number has at most 16."""


@dataclass(frozen=True, slots=True)
class Price:
    """One line of a price list."""

    type: JobType
    prefix: str
    """Of the E.164 number, ``+49171``; empty for all others, and for what goes to no number."""

    base: Decimal
    """For each delivery."""

    unit: Decimal
    """For each page of a fax, message of an SMS, page of a letter; for a mail or an invoice as a whole."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What each recipient of one order costs."""

    prices: dict[str, Decimal]
    """By prefix; without any line everything is free."""

    longest: int = 0
    """Characters of the longest prefix."""

    def of(self, address: str) -> Decimal:
        """Net euro for one delivery to `address`; nothing where no line speaks of it."""
        prefix = self.prefix(address)
        return NOTHING if prefix is None else self.prices[prefix]

    def prefix(self, address: str) -> str | None:
        """Of the line that decides about `address`: the longest one; None if no line speaks of it."""
        for length in range(min(self.longest, len(address)), -1, -1):
            if address[:length] in self.prices:
                return address[:length]
        return None


PRICED_ONCE = frozenset({JobType.MAIL, JobType.QSIGN})
"""As a whole, however many pages are attached."""

FREE = Quote({})


def prefixes(addresses: Iterable[str]) -> frozenset[str]:
    """All that a line for one of the addresses may have for its prefix."""
    return frozenset(address[:length] for address in addresses for length in range(LONGEST_PREFIX + 1)) | {""}


def quote(lines: Iterable[Price], job_type: JobType, units: int) -> Quote:
    """The costs of one order of this type, whose document has so many pages or messages."""
    counted = 1 if job_type in PRICED_ONCE else units
    prices = {line.prefix: amount(line.base + line.unit * counted) for line in lines if line.type is job_type}
    return Quote(prices, max(map(len, prices), default=0))


def amount(value: Decimal) -> Decimal:
    """As it is booked."""
    return value.quantize(SMALLEST, ROUND_HALF_UP)
