"""What an operator does with price lists; every change is on the audit record, in the same transaction."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from depesche.model import tariff
from depesche.model.codes import SendJobCode
from depesche.model.jobtype import JobType
from depesche.model.numbers import judge_number
from depesche.model.tariff import Price
from depesche.store import accounts, audit, prices
from depesche.usecases.accounts import DEFAULTS, NotPossible, check_tariff, found
from depesche.usecases.house import House

__all__ = ["COLUMNS", "TYPES", "Listed", "Price", "Priced", "bring", "free", "listed", "price", "remove", "show"]

COLUMNS = ("type", "prefix", "base", "unit")
"""Of the CSV file."""

TYPES = {kind.name.lower().replace("_", "-"): kind for kind in JobType}
"""The names of job types in the CSV file."""

MOST_LINES = 10_000
"""Of one price list."""

MOST_ERRORS = 20
"""Lines that are told to be wrong; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A price list, and who uses it."""

    name: str
    lines: int
    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Priced:
    """What one delivery costs, and why."""

    tariff: str
    type: JobType
    address: str
    """A number in E.164."""

    units: int
    price: Decimal
    line: Price | None
    """The line that decides; None: there is none, so it is free."""


async def bring(house: House, actor: str, name: str, lines: Iterable[str]) -> tuple[Price, ...]:
    """Make what a CSV file says the price list of this name, in place of what it was. Raises: NotPossible."""
    check_tariff(name)
    new = read(lines)
    now = house.now()

    def work(connection: sa.Connection) -> None:
        old = len(prices.lines(connection, name))
        prices.replace(connection, name, new)
        told = {"tariff": name, "lines": [_told(line) for line in new], "lines_before": old}
        audit.write(connection, now, actor, "tariff.import", None, told)

    await house.database.run(work)
    return new


async def show(house: House, name: str) -> list[Price]:
    """The lines of a price list. Raises: NotPossible."""

    def look(connection: sa.Connection) -> list[Price]:
        lines = prices.lines(connection, name)
        if not lines:
            raise NotPossible(f"there is no price list {name}")
        return lines

    return await house.database.read(look)


async def listed(house: House) -> list[Listed]:
    """All price lists, those too that accounts name and that have no lines: what they send is free."""

    def look(connection: sa.Connection) -> list[Listed]:
        users = _users(connection)
        names = sorted({*prices.names(connection), *users})
        return [Listed(name, len(prices.lines(connection, name)), tuple(users.get(name, ()))) for name in names]

    return await house.database.read(look)


async def remove(house: House, actor: str, name: str, *, force: bool = False) -> None:
    """Remove a price list; one that accounts use only by `force`. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> None:
        lines = prices.lines(connection, name)
        if not lines:
            raise NotPossible(f"there is no price list {name}")
        users = _users(connection).get(name, [])
        if users and not force:
            raise NotPossible(f"{_some(users)} would send for nothing: give another list first, or --force")
        prices.replace(connection, name, ())
        audit.write(connection, now, actor, "tariff.remove", None, {"tariff": name, "lines": len(lines)})

    await house.database.run(work)


async def price(
    house: House, job_type: JobType, address: str, units: int, *, name: str | None, account: str | None
) -> Priced:
    """What one delivery costs by this list, or by the account's. Raises: NotPossible."""

    def look(connection: sa.Connection) -> Priced:
        of = None if account is None else found(connection, account)
        country = str(DEFAULTS["country"]) if of is None else of.country
        chosen = name or (str(DEFAULTS["tariff"]) if of is None else of.tariff)
        return _priced(
            chosen, prices.of_type(connection, chosen, job_type), job_type, _asked(job_type, address, country), units
        )

    return await house.database.read(look)


def free(lines: Sequence[Price]) -> list[str]:
    """The job types that cost nothing to recipients of whom no line speaks."""
    priced = {line.type for line in lines if not line.prefix}
    return [name for name, kind in TYPES.items() if kind not in priced]


def read(lines: Iterable[str]) -> tuple[Price, ...]:
    """The lines of a CSV file; a heading may stand above them. Raises: NotPossible, which says what is wrong where."""
    priced: dict[tuple[JobType, str], Price] = {}
    errors: list[str] = []
    for number, row in _rows(lines):
        try:
            line = _line(row)
            _check_new(line, priced)
            priced[line.type, line.prefix] = line
        except ValueError as error:
            errors.append(f"line {number}: {error}")
        if len(priced) > MOST_LINES:
            raise NotPossible(f"a price list has at most {MOST_LINES} lines")
    if errors:
        more = [f"and {len(errors) - MOST_ERRORS} more"] if len(errors) > MOST_ERRORS else []
        raise NotPossible("\n".join(["nothing was imported:", *errors[:MOST_ERRORS], *more]))
    if not priced:
        raise NotPossible("nothing was imported: there are no lines in it")
    return tuple(priced.values())


_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_COMMA = re.compile(r"[0-9]+,[0-9]+")
_PREFIX = re.compile(r"\+[1-9][0-9]{0,14}")


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line they end on. Raises: NotPossible."""
    reader = csv.reader(lines, strict=True)
    try:
        for row in reader:
            values = [value.strip() for value in row]
            is_heading = reader.line_num == 1 and tuple(value.casefold() for value in values) == COLUMNS
            if any(values) and not is_heading:
                yield reader.line_num, values
    except csv.Error as error:
        raise NotPossible(f"nothing was imported:\nline {reader.line_num}: {error}") from None


def _line(row: list[str]) -> Price:
    """Raises: ValueError."""
    if len(row) != len(COLUMNS):
        hint = ": amounts are written with a point, 0.07" if len(row) > len(COLUMNS) else ""
        raise ValueError(f"{len(row)} columns, and not {', '.join(COLUMNS)}{hint}")
    kind, prefix, base, unit = row
    job_type = TYPES.get(kind.casefold())
    if job_type is None:
        raise ValueError(f"{kind or 'an empty type'} is none of {', '.join(TYPES)}")
    if prefix and not job_type.to_number:
        raise ValueError(f"{kind} goes to no number: its prefix is empty")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix} is not the beginning of a number in E.164, such as +49171, or empty for all others")
    return Price(job_type, prefix, _amount(base, "base"), _amount(unit, "unit"))


def _check_new(line: Price, priced: Mapping[tuple[JobType, str], Price]) -> None:
    """Raises: ValueError."""
    if (line.type, line.prefix) in priced:
        raise ValueError("a line above has the same type and prefix")


def _amount(text: str, column: str) -> Decimal:
    """Raises: ValueError."""
    if not text:
        raise ValueError(f"{column} is empty")
    if _COMMA.fullmatch(text):
        raise ValueError(f"{column} {text}: amounts are written with a point, {text.replace(',', '.')}")
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{column} {text} is no amount in euro, such as 0.07, with at most four decimals")
    return Decimal(text)


def _asked(job_type: JobType, address: str, country: str) -> str:
    """Raises: NotPossible."""
    if not job_type.to_number:
        return address.strip()
    number, code = judge_number(address, country, foreign=True)
    if code not in (SendJobCode.ACCEPTED, SendJobCode.NUMBER_BARRED):
        raise NotPossible(f"{address or 'without a number'}: no such telephone number is sent to")
    return number


def _priced(name: str, lines: Sequence[Price], job_type: JobType, address: str, units: int) -> Priced:
    quote = tariff.quote(lines, job_type, units)
    prefix = quote.prefix(address)
    line = next((line for line in lines if line.type is job_type and line.prefix == prefix), None)
    return Priced(name, job_type, address, units, quote.of(address), line)


def _users(connection: sa.Connection) -> dict[str, list[str]]:
    """The accounts of each price list."""
    users: dict[str, list[str]] = {}
    for account in accounts.everyone(connection):
        users.setdefault(account.tariff, []).append(account.number)
    return users


def _some(numbers: Sequence[str]) -> str:
    more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
    return f"account {', '.join(numbers[:10])}{more}"


def _told(line: Price) -> list[str]:
    kind = next(name for name, job_type in TYPES.items() if job_type is line.type)
    return [kind, line.prefix, str(line.base), str(line.unit)]
