"""Lines that are old enough: those of a ledger are carried forward as one, the others are removed."""

from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import takewhile
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from depesche.config import Retention
from depesche.store import bulk, leader
from depesche.store.ledger import Kind as Entry
from depesche.store.retention import ROWS, TURN, Kind
from depesche.store.schema import account, audit, ledger, refusal, usage

REMOVED = (Kind.REFUSALS, Kind.USAGE, Kind.AUDIT)
"""Those that leave nothing."""


def cutoff(kind: Kind, ages: Retention, now: datetime, zone: tzinfo) -> datetime | None:
    """Lines that were written before then are old enough; None: none ever is.

    The ledger, and the audit lines that explain it, are kept for whole years: the age of a line counts from the end of
    the year in which it was written (§ 257 Abs. 5 HGB, § 147 Abs. 4 AO).
    """
    days: int = attrgetter(_SETTINGS[kind])(ages)
    if not days:
        return None
    moment = now - timedelta(days=days)
    return datetime(moment.astimezone(zone).year, 1, 1, tzinfo=zone) if kind in _WHOLE_YEARS else moment


def count(connection: sa.Connection, kind: Kind, before: datetime) -> int:
    """How many lines were written before then."""
    return connection.execute(_COUNT[kind], {"before": before}).scalar_one()


def remove(connection: sa.Connection, kind: Kind, before: datetime) -> int:
    """Remove the oldest lines, at most `ROWS`, as far as they were written before then. Gives how many."""
    leader.alone(connection, TURN)
    if kind is Kind.USAGE:
        return connection.execute(_REMOVE_DAYS, {"before": before, "rows": ROWS}).rowcount
    table = _TABLES[kind]
    oldest = connection.execute(sa.select(table.c.id, table.c.at).order_by(table.c.id).limit(ROWS))
    ids = [row.id for row in takewhile(lambda row: row.at < before, oldest)]  # the ids follow the time
    return bulk.delete(connection, table.c.id, ids)


def to_carry(connection: sa.Connection, before: datetime) -> int | None:
    """An account whose ledger has lines from before then that are not carried forward yet."""
    found: int | None = connection.execute(_TO_CARRY, {"before": before}).scalar()
    return found


def carry_forward(connection: sa.Connection, account_id: int, before: datetime) -> int:
    """The oldest lines of an account, at most `ROWS`, become one, as far as they were written before then.

    It has their sums, and the place of the first: what the account's row says stays the sum of its lines. Gives how
    many of them were not carried forward before.
    """
    leader.alone(connection, TURN)
    oldest = connection.execute(_OLDEST, {"of": account_id, "lines": ROWS}).all()
    old = list(takewhile(lambda row: row.kind == _CARRIED or row.at < before, oldest))
    if old:
        connection.execute(_CARRY, {"line": old[0].id, **_sums(old)})
        bulk.delete(connection, ledger.c.id, [row.id for row in old[1:]])
    return sum(row.kind != _CARRIED for row in old)


def _sums(lines: list[Any]) -> dict[str, Any]:
    return {
        "last": max(line.at for line in lines),
        "euro": sum((line.amount for line in lines), Decimal(0)),
        "number": sum(line.units for line in lines),
    }


_SETTINGS = {
    Kind.REFUSALS: "refusal_days",
    Kind.USAGE: "usage_days",
    Kind.LEDGER: "ledger_days",
    Kind.AUDIT: "audit_days",
}
_WHOLE_YEARS = (Kind.LEDGER, Kind.AUDIT)

_CARRIED = Entry.CARRIED.value
_TABLES = {Kind.REFUSALS: refusal, Kind.AUDIT: audit, Kind.LEDGER: ledger}

_BEFORE = sa.bindparam("before", type_=ledger.c.at.type)
_COUNT = {kind: sa.select(sa.func.count()).where(table.c.at < _BEFORE) for kind, table in _TABLES.items()}
_COUNT[Kind.LEDGER] = _COUNT[Kind.LEDGER].where(ledger.c.kind != _CARRIED)

_OLD_DAY = usage.c.day < sa.bindparam("before", type_=usage.c.day.type)
_COUNT[Kind.USAGE] = sa.select(sa.func.count()).where(_OLD_DAY)
_KEY = (usage.c.account_id, usage.c.day)
_OLDEST_DAYS = sa.select(*_KEY).where(_OLD_DAY).order_by(usage.c.day).limit(sa.bindparam("rows", type_=sa.Integer))
_REMOVE_DAYS = usage.delete().where(sa.tuple_(*_KEY).in_(_OLDEST_DAYS))

_FIRST_TO_CARRY = (
    sa.select(ledger.c.at)
    .where(ledger.c.account_id == account.c.id, ledger.c.kind != _CARRIED)
    .order_by(ledger.c.id)
    .limit(1)
    .scalar_subquery()
)
_TO_CARRY = sa.select(account.c.id).where(_FIRST_TO_CARRY < _BEFORE).limit(1)

_OLDEST = (
    sa.select(ledger.c.id, ledger.c.at, ledger.c.kind, ledger.c.amount, ledger.c.units)
    .where(ledger.c.account_id == sa.bindparam("of"))
    .order_by(ledger.c.id)
    .limit(sa.bindparam("lines", type_=sa.Integer))
)
_CARRY = (
    ledger.update()
    .where(ledger.c.id == sa.bindparam("line"))
    .values(
        at=sa.bindparam("last", type_=ledger.c.at.type),
        kind=_CARRIED,
        amount=sa.bindparam("euro", type_=ledger.c.amount.type),
        units=sa.bindparam("number", type_=ledger.c.units.type),
        job_id=None,
        delivery_id=None,
        note="",
    )
)
