"""Old refusals, daily sums and audit lines go; the lines of a ledger become one, and its sums stay what they were."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from builders import START, add_account, rows
from depesche.config import Retention
from depesche.model.account import Account
from depesche.model.rules import Rule
from depesche.store import audit, ledger, oldlines, refusals, schema
from depesche.store.database import Database
from depesche.store.ledger import Kind as Entry
from depesche.store.refusals import Refusal
from depesche.store.retention import Kind

BERLIN = ZoneInfo("Europe/Berlin")
LATE = START + timedelta(days=10)
"""Lines from before are old."""


def line(connection: sa.Connection, kind: Kind, at: datetime, account: Account | None = None) -> None:
    if kind is Kind.REFUSALS:
        refusals.write(connection, None, Refusal(at, "10001", Rule.NO_RECIPIENT, ""))
    elif kind is Kind.AUDIT:
        audit.write(connection, at, "cli:op", "account.set", None, {})
    elif kind is Kind.USAGE:
        row = {"account_id": 1, "day": at.date(), "spent": Decimal(1), "pages": 1}
        connection.execute(schema.usage.insert(), row)
    else:
        assert account is not None
        ledger.book(connection, account.id, at, Entry.DEPOSIT, Decimal("0.0795"), 3, "a transfer")


TABLES = {Kind.REFUSALS: schema.refusal, Kind.USAGE: schema.usage, Kind.AUDIT: schema.audit}


@pytest.mark.parametrize("kind", oldlines.REMOVED)
def test_lines_go_from_the_oldest_on_until_one_is_young(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    assert account.id == 1
    monkeypatch.setattr(oldlines, "ROWS", 3)

    def work(connection: sa.Connection) -> list[int]:
        for day in range(12):
            line(connection, kind, START + timedelta(days=day))
        assert oldlines.count(connection, kind, START + timedelta(days=7)) == 7
        return [oldlines.remove(connection, kind, START + timedelta(days=7)) for _ in range(4)]

    assert database.run_here(work) == [3, 3, 1, 0]
    left = database.read_here(partial(rows, table=TABLES[kind]))
    days = [row["day"] if kind is Kind.USAGE else row["at"].date() for row in left]
    assert sorted(days) == [(START + timedelta(days=day)).date() for day in range(7, 12)]


def carried(database: Database, before: datetime) -> Iterator[int]:
    """Chunk by chunk, until nothing is left to be carried forward."""
    while (owner := database.read_here(partial(oldlines.to_carry, before=before))) is not None:
        count = database.run_here(partial(oldlines.carry_forward, account_id=owner, before=before))
        assert count, "it would never end"
        yield count


def entries(database: Database, account: Account) -> list[tuple[Entry, Decimal, int, str]]:
    found = database.read_here(partial(ledger.newest, account_id=account.id, limit=100))
    return [(one.kind, one.amount, one.units, one.note) for one in found]


def test_old_lines_of_a_ledger_become_one_that_stands_before_the_others(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        other = add_account(connection, "20001")
        for day in range(6):
            line(connection, Kind.LEDGER, START + timedelta(days=day), account)
        line(connection, Kind.LEDGER, LATE, other)
        line(connection, Kind.LEDGER, LATE, account)
        assert oldlines.count(connection, Kind.LEDGER, LATE) == 6

    database.run_here(work)
    assert list(carried(database, LATE)) == [6]
    young = (Entry.DEPOSIT, Decimal("0.0795"), 3, "a transfer")
    assert entries(database, account) == [young, (Entry.CARRIED, Decimal("0.4770"), 18, "")]
    first, other, _ = database.read_here(partial(rows, table=schema.ledger))
    assert first["at"] == START + timedelta(days=5)
    assert (other["amount"], other["kind"]) == (Decimal("0.0795"), "deposit")
    assert database.read_here(partial(oldlines.count, kind=Kind.LEDGER, before=LATE)) == 0


def test_what_is_carried_forward_takes_the_next_lines_in(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oldlines, "ROWS", 4)

    def work(connection: sa.Connection) -> None:
        for day in range(12):
            line(connection, Kind.LEDGER, START + timedelta(days=day), account)

    database.run_here(work)
    assert list(carried(database, LATE)) == [4, 3, 3]
    assert list(carried(database, LATE)) == []
    assert list(carried(database, LATE + timedelta(days=1))) == [1]
    (_, *_), (kind, amount, units, _) = entries(database, account)
    assert (kind, amount, units) == (Entry.CARRIED, 11 * Decimal("0.0795"), 33)


def test_a_single_old_line_is_carried_forward_and_then_left_alone(database: Database, account: Account) -> None:
    database.run_here(partial(line, kind=Kind.LEDGER, at=START, account=account))
    assert list(carried(database, LATE)) == [1]
    assert entries(database, account) == [(Entry.CARRIED, Decimal("0.0795"), 3, "")]
    assert list(carried(database, LATE + timedelta(days=1000))) == []


def test_an_age_that_is_made_longer_leaves_what_is_carried_as_it_is(database: Database, account: Account) -> None:
    database.run_here(partial(line, kind=Kind.LEDGER, at=START, account=account))
    assert list(carried(database, LATE)) == [1]
    late = database.run_here(partial(oldlines.carry_forward, account_id=account.id, before=START - timedelta(days=1)))
    assert late == 0
    assert entries(database, account) == [(Entry.CARRIED, Decimal("0.0795"), 3, "")]


def test_a_line_of_a_clock_that_was_slow_keeps_no_other_account_waiting(database: Database, account: Account) -> None:
    database.run_here(partial(line, kind=Kind.LEDGER, at=START + timedelta(days=5), account=account))
    assert list(carried(database, LATE)) == [1]
    database.run_here(partial(line, kind=Kind.LEDGER, at=START, account=account))
    assert list(carried(database, START + timedelta(days=1))) == [1]
    assert entries(database, account) == [(Entry.CARRIED, Decimal("0.1590"), 6, "")]


@pytest.mark.parametrize("kind", [Kind.LEDGER, Kind.AUDIT])
@pytest.mark.parametrize(
    ("now", "year"),
    [
        (datetime(2036, 12, 31, 22, 59, tzinfo=UTC), 2026),
        (datetime(2036, 12, 31, 23, 1, tzinfo=UTC), 2027),
        (datetime(2037, 12, 31, 12, 0, tzinfo=UTC), 2027),
        (datetime(2038, 1, 1, 12, 0, tzinfo=UTC), 2028),
    ],
)
def test_what_the_law_wants_kept_goes_ten_years_after_the_end_of_its_year(now: datetime, year: int, kind: Kind) -> None:
    assert oldlines.cutoff(kind, Retention(), now, BERLIN) == datetime(year, 1, 1, tzinfo=BERLIN)


def test_refusals_go_by_the_day(database: Database) -> None:
    ages = Retention(refusal_days=90)
    assert oldlines.cutoff(Kind.REFUSALS, ages, START, BERLIN) == START - timedelta(days=90)


@pytest.mark.parametrize("kind", [Kind.REFUSALS, Kind.USAGE, Kind.LEDGER, Kind.AUDIT])
def test_without_an_age_lines_stay_for_ever(kind: Kind) -> None:
    ages = Retention(refusal_days=0, usage_days=0, ledger_days=0, audit_days=0)
    assert oldlines.cutoff(kind, ages, START, BERLIN) is None
