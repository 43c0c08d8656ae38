"""Money and allowances: held when an order is accepted, booked or given back when each delivery ends.

All of it happens in the transaction that changes the state, so at every commit: the balance is the sum of the ledger's
amounts and the allowance the sum of its units; what is reserved is the price of what is still under way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa

from depesche.model.account import AccountState, Payment
from depesche.model.rules import Rule
from depesche.store.schema import Row, account, ledger, usage


class Purse(Enum):
    """What an order draws on; fixed when it is accepted."""

    NONE = "none"
    """On nothing: neither is it paid for, nor are there daily limits."""

    DAY = "day"
    """On the daily limits alone."""

    MONEY = "money"
    PACKAGE = "package"


class Kind(Enum):
    """Why the balance or the allowance changed."""

    DEPOSIT = "deposit"
    CHARGE = "charge"
    CORRECTION = "correction"
    CARRIED = "carried"
    """What older lines came to, which are gone (`store.oldlines`)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an order will cost if all goes well."""

    account_id: int
    total: Decimal
    """Net euro."""

    units: int
    """Pages, messages, letters: of all recipients together."""

    day: date
    """On whose limits it counts."""

    is_letter: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """Deliveries of one job that have come to their end alike."""

    account_id: int
    job_id: int
    purse: Purse
    price: Decimal
    """Of all of them together."""

    units: int
    """Likewise."""

    day: date
    """Of the order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger."""

    at: datetime
    kind: Kind
    amount: Decimal
    units: int
    job_id: int | None
    note: str


def hold(connection: sa.Connection, draft: Draft) -> Purse | Rule:
    """Set aside what the order will cost; gives the purse it is held in, or the rule that stands against it."""
    row = _account(connection, draft.account_id)
    purse = _purse(row)
    if purse is Purse.NONE:
        return purse
    broken = _broken(row, used_on(connection, draft.account_id, draft.day), draft)
    if broken is not None:
        return broken
    _reserve(connection, draft.account_id, purse, draft.total, draft.units)
    _count(connection, draft.account_id, draft.day, draft.total, draft.units)
    return purse


def charge(connection: sa.Connection, ending: Ending, deliveries: Sequence[tuple[int, Decimal]], now: datetime) -> None:
    """These were sent (id and price): what was held for them is booked, with a line for each that cost something."""
    if ending.purse not in (Purse.MONEY, Purse.PACKAGE):
        return
    _reserve(connection, ending.account_id, ending.purse, -ending.price, -ending.units)
    money = ending.purse is Purse.MONEY
    each = ending.units // len(deliveries)
    lines = [
        _line(ending.account_id, now, Kind.CHARGE, -price if money else Decimal(0), 0 if money else -each, "")
        | {"job_id": ending.job_id, "delivery_id": one}
        for one, price in deliveries
        if (price if money else each)
    ]
    if lines:
        amount, units = (-ending.price, 0) if money else (Decimal(0), -ending.units)
        connection.execute(_BOOK, {"of": ending.account_id, "euro": amount, "count": units})
        connection.execute(_ENTRY, lines)


def give_back(connection: sa.Connection, ending: Ending) -> None:
    """They came to nothing: what was held for them is free again, on the day's limits too."""
    if ending.purse is Purse.NONE:
        return
    _reserve(connection, ending.account_id, ending.purse, -ending.price, -ending.units)
    _count(connection, ending.account_id, ending.day, -ending.price, -ending.units)


def book(
    connection: sa.Connection, account_id: int, now: datetime, kind: Kind, amount: Decimal, units: int, note: str
) -> None:
    """A payment, a package, a correction."""
    connection.execute(_BOOK, {"of": account_id, "euro": amount, "count": units})
    connection.execute(_ENTRY, _line(account_id, now, kind, amount, units, note))


def used_on(connection: sa.Connection, account_id: int, day: date) -> tuple[Decimal, int]:
    """Net euro and units that count on the account's limits of this day."""
    row = connection.execute(_USED, {"of": account_id, "on": day}).one_or_none()
    return (Decimal(0), 0) if row is None else (row.spent, row.pages)


def newest(connection: sa.Connection, account_id: int, limit: int) -> list[Entry]:
    """The account's last lines, the newest first."""
    query = sa.select(ledger).where(ledger.c.account_id == account_id).order_by(ledger.c.id.desc()).limit(limit)
    return [
        Entry(row.at, Kind(row.kind), row.amount, row.units, row.job_id, row.note) for row in connection.execute(query)
    ]


_ACCOUNT = (
    sa.select(
        account.c.state,
        account.c.payment,
        account.c.day_spend,
        account.c.day_pages,
        account.c.balance,
        account.c.reserved,
        account.c.allowance,
        account.c.allowance_reserved,
    )
    .where(account.c.id == sa.bindparam("of"))
    .with_for_update(key_share=True)
)

_USED = sa.select(usage.c.spent, usage.c.pages).where(
    usage.c.account_id == sa.bindparam("of"), usage.c.day == sa.bindparam("on")
)

_MONEY = (
    account.update()
    .where(account.c.id == sa.bindparam("of"))
    .values(reserved=account.c.reserved + sa.bindparam("euro", type_=account.c.reserved.type))
)

_UNITS = (
    account.update()
    .where(account.c.id == sa.bindparam("of"))
    .values(allowance_reserved=account.c.allowance_reserved + sa.bindparam("count", type_=sa.BigInteger))
)

_BOOK = (
    account.update()
    .where(account.c.id == sa.bindparam("of"))
    .values(
        balance=account.c.balance + sa.bindparam("euro", type_=account.c.balance.type),
        allowance=account.c.allowance + sa.bindparam("count", type_=sa.BigInteger),
    )
)

_COUNT = (
    usage.update()
    .where(usage.c.account_id == sa.bindparam("of"), usage.c.day == sa.bindparam("on"))
    .values(
        spent=usage.c.spent + sa.bindparam("euro", type_=usage.c.spent.type),
        pages=usage.c.pages + sa.bindparam("count", type_=sa.BigInteger),
    )
)

_FIRST_COUNT = usage.insert()
_ENTRY = ledger.insert()


def _line(account_id: int, now: datetime, kind: Kind, amount: Decimal, units: int, note: str) -> dict[str, Any]:
    return {
        "at": now,
        "account_id": account_id,
        "kind": kind.value,
        "amount": amount,
        "units": units,
        "job_id": None,
        "delivery_id": None,
        "note": note[:200],
    }


def _account(connection: sa.Connection, account_id: int) -> Row:
    return connection.execute(_ACCOUNT, {"of": account_id}).one()


def _payment(row: Row) -> Payment:
    """A trial is not paid for, whatever comes after it."""
    return Payment.NONE if row.state == AccountState.TRIAL.value else Payment(row.payment)


def _purse(row: Row) -> Purse:
    match _payment(row):
        case Payment.PREPAID | Payment.DEBIT:
            return Purse.MONEY
        case Payment.PACKAGE:
            return Purse.PACKAGE
        case Payment.NONE:
            return Purse.NONE if row.day_spend is None and row.day_pages is None else Purse.DAY


def _broken(row: Row, used: tuple[Decimal, int], draft: Draft) -> Rule | None:
    payment = _payment(row)
    if payment is Payment.PREPAID and row.balance - row.reserved < draft.total:
        return Rule.LETTER_BALANCE if draft.is_letter else Rule.BALANCE
    if payment is Payment.PACKAGE and row.allowance - row.allowance_reserved < draft.units:
        return Rule.PACKAGE
    spent, pages = used
    if row.day_spend is not None and spent + draft.total > row.day_spend:
        return Rule.DAY_LIMIT
    if row.day_pages is not None and pages + draft.units > row.day_pages:
        return Rule.DAY_LIMIT
    return None


def _reserve(connection: sa.Connection, account_id: int, purse: Purse, price: Decimal, units: int) -> None:
    if purse is Purse.MONEY:
        connection.execute(_MONEY, {"of": account_id, "euro": price})
    elif purse is Purse.PACKAGE:
        connection.execute(_UNITS, {"of": account_id, "count": units})


def _count(connection: sa.Connection, account_id: int, day: date, price: Decimal, units: int) -> None:
    counted = {"of": account_id, "on": day, "euro": price, "count": units}
    if connection.execute(_COUNT, counted).rowcount == 0:
        connection.execute(_FIRST_COUNT, {"account_id": account_id, "day": day, "spent": price, "pages": units})
