"""Money and allowances: whatever happens to orders, the sums fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import MOBILE, START, add_account, new_job, rows
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.roll import Recipient, ShortRoll
from depesche.model.rules import Rule
from depesche.model.tariff import Quote
from depesche.store import accounts, deliveries, jobs, ledger, oldlines, schema, turns
from depesche.store.database import Database
from depesche.store.ledger import Draft, Kind, Purse
from journeys import BUSY, LEASE, OK, OTHERS, begin_one, finish_one

DAY = date(2026, 3, 2)
PRICE = Decimal("0.0795")
QUOTE = Quote({"": PRICE})
ADDRESSES = (MOBILE, *OTHERS)
POSTGRESQL = sa.create_mock_engine("postgresql+psycopg://", lambda *_: None).dialect


def accepted(connection: sa.Connection, account: Account, count: int = 1, pages: int = 2) -> int | Rule:
    """An order to so many recipients, one of them given twice and one bad besides; or why not."""
    roll = ShortRoll((*map(Recipient, ADDRESSES[:count]), Recipient(MOBILE, "again"), Recipient("bad", code=47)))
    new = replace(new_job(account.id), roll=roll, pages=pages, quote=QUOTE, day=DAY)
    draft = Draft(account.id, PRICE * count, pages * count, DAY, is_letter=False)
    purse = ledger.hold(connection, draft)
    return purse if isinstance(purse, Rule) else jobs.insert(connection, new, START, purse)


def carried(connection: sa.Connection, outcome: Outcome, again: bool = False) -> None:
    """The next delivery ends so, or is to be tried again."""
    turns.stage(connection, START, 100)
    for claimed in deliveries.claim(connection, "w1", Channel.SMS, 1, START + LEASE):
        assert begin_one(connection, claimed, START, START + LEASE)
        finish_one(connection, claimed, outcome, START, START if again else None)


def fits(connection: sa.Connection) -> None:
    """What the account's row says is what ledger and deliveries add up to."""
    for account in rows(connection, schema.account):
        mine = [row for row in rows(connection, schema.ledger) if row["account_id"] == account["id"]]
        assert account["balance"] == sum((row["amount"] for row in mine), Decimal(0))
        assert account["allowance"] == sum(row["units"] for row in mine)
        held = {Purse.MONEY: Decimal(0), Purse.PACKAGE: 0, Purse.DAY: 0}
        spent, pages = Decimal(0), 0
        of_job = {job["id"]: job for job in rows(connection, schema.job) if job["account_id"] == account["id"]}
        for delivery in rows(connection, schema.delivery):
            job = of_job.get(delivery["job_id"])
            if job is None or delivery["state"] == "same" or job["purse"] == Purse.NONE.value or delivery["code"]:
                continue
            is_open = delivery["state"] not in ("sent", "failed", "cancelled")
            if is_open and job["purse"] == Purse.MONEY.value:
                held[Purse.MONEY] += delivery["price"]
            if is_open and job["purse"] == Purse.PACKAGE.value:
                held[Purse.PACKAGE] += job["pages"]
            if is_open or delivery["state"] == "sent":
                spent += delivery["price"]
                pages += job["pages"]
        assert account["reserved"] == held[Purse.MONEY]
        assert account["allowance_reserved"] == held[Purse.PACKAGE]
        used = [row for row in rows(connection, schema.usage) if row["account_id"] == account["id"]]
        assert sum((row["spent"] for row in used), Decimal(0)) == spent
        assert sum(row["pages"] for row in used) == pages


def now(connection: sa.Connection, account: Account) -> Account:
    found = accounts.by_number(connection, account.number)
    assert found is not None
    return found


@pytest.fixture
def prepaid(database: Database) -> Account:
    """An account with five cents more than one delivery costs."""

    def make(connection: sa.Connection) -> Account:
        account = add_account(connection, "20001", payment="prepaid")
        ledger.book(connection, account.id, START, Kind.DEPOSIT, PRICE + Decimal("0.05"), 0, "paid in cash")
        return now(connection, account)

    return database.run_here(make)


def test_units_may_be_more_than_32_bits_hold(database: Database) -> None:
    many = 3_000_000_000

    def journey(connection: sa.Connection) -> Account:
        account = add_account(connection, "20001", payment="package")
        ledger.book(connection, account.id, START, Kind.DEPOSIT, Decimal(0), many, "")
        assert ledger.hold(connection, Draft(account.id, Decimal(0), many, DAY, is_letter=False)) is Purse.PACKAGE
        assert ledger.used_on(connection, account.id, DAY) == (Decimal(0), many)
        return now(connection, account)

    account = database.run_here(journey)
    assert (account.allowance, account.allowance_reserved) == (many, many)


@pytest.mark.parametrize(
    "column",
    [
        schema.account.c.allowance,
        schema.account.c.allowance_reserved,
        schema.ledger.c.units,
        schema.usage.c.pages,
    ],
)
def test_columns_of_units_have_64_bits_in_postgresql(column: sa.Column[int]) -> None:
    assert column.type.compile(POSTGRESQL) == "BIGINT"


@pytest.mark.parametrize("statement", [ledger._UNITS, ledger._BOOK, ledger._COUNT])
def test_units_are_handed_to_postgresql_as_64_bits(statement: sa.Update) -> None:
    assert statement.compile(dialect=POSTGRESQL).binds["count"].type.compile(POSTGRESQL) == "BIGINT"


def test_what_was_sent_is_paid_for_and_what_was_not_is_free_again(database: Database, prepaid: Account) -> None:
    def journey(connection: sa.Connection) -> None:
        ledger.book(connection, prepaid.id, START, Kind.DEPOSIT, Decimal(1), 0, "")
        accepted(connection, prepaid, count=2)
        assert now(connection, prepaid).reserved == 2 * PRICE
        carried(connection, OK)
        carried(connection, BUSY)
        fits(connection)
        account = now(connection, prepaid)
        assert (account.balance, account.reserved) == (Decimal("1.05"), Decimal(0))
        assert [(row.kind, row.amount) for row in ledger.newest(connection, account.id, 10)] == [
            (Kind.CHARGE, -PRICE),
            (Kind.DEPOSIT, Decimal(1)),
            (Kind.DEPOSIT, Decimal("0.1295")),
        ]

    database.run_here(journey)


def test_a_balance_covers_what_is_under_way_as_well(database: Database, prepaid: Account) -> None:
    def journey(connection: sa.Connection) -> None:
        assert not isinstance(accepted(connection, prepaid), Rule)
        assert accepted(connection, prepaid) is Rule.BALANCE
        carried(connection, BUSY)
        assert not isinstance(accepted(connection, prepaid), Rule)

    database.run_here(journey)


def test_a_letter_that_the_balance_does_not_cover_has_a_rule_of_its_own(database: Database, prepaid: Account) -> None:
    draft = Draft(prepaid.id, Decimal(5), 1, DAY, is_letter=True)
    assert database.run_here(lambda connection: ledger.hold(connection, draft)) is Rule.LETTER_BALANCE


def test_a_direct_debit_may_owe(database: Database) -> None:
    def journey(connection: sa.Connection) -> Decimal:
        account = add_account(connection, "20001", payment="debit")
        accepted(connection, account)
        carried(connection, OK)
        fits(connection)
        return now(connection, account).balance

    assert database.run_here(journey) == -PRICE


def test_a_package_is_used_up_by_pages_and_recipients(database: Database) -> None:
    def journey(connection: sa.Connection) -> None:
        account = add_account(connection, "20001", payment="package")
        ledger.book(connection, account.id, START, Kind.DEPOSIT, Decimal(0), 10, "package of 10")
        assert not isinstance(accepted(connection, account, count=3, pages=3), Rule)
        assert accepted(connection, account, count=1, pages=2) is Rule.PACKAGE
        assert not isinstance(accepted(connection, account, count=1, pages=1), Rule)
        for _ in range(4):
            carried(connection, OK)
        fits(connection)
        assert now(connection, account).allowance == 0

    database.run_here(journey)


@pytest.mark.parametrize("limit", [{"day_spend": 3 * PRICE}, {"day_pages": 6}])
@pytest.mark.parametrize("payment", ["none", "debit", "package"])
def test_a_day_has_its_limit_and_what_came_to_nothing_does_not_count(
    database: Database, limit: dict[str, object], payment: str
) -> None:
    def journey(connection: sa.Connection) -> None:
        account = add_account(connection, "20001", payment=payment, **limit)
        ledger.book(connection, account.id, START, Kind.DEPOSIT, Decimal(0), 100, "")
        assert not isinstance(accepted(connection, account, count=2), Rule)
        assert accepted(connection, account, count=2) is Rule.DAY_LIMIT
        carried(connection, BUSY)
        assert not isinstance(accepted(connection, account, count=2), Rule)
        tomorrow = Draft(account.id, PRICE, 2, date(2026, 3, 3), is_letter=False)
        assert isinstance(ledger.hold(connection, tomorrow), Purse)

    database.run_here(journey)


def test_who_pays_nothing_and_has_no_limit_draws_on_nothing(database: Database) -> None:
    def journey(connection: sa.Connection) -> None:
        account = add_account(connection, "20001")
        job = accepted(connection, account, count=3)
        assert rows(connection, schema.usage) == []
        assert [row["purse"] for row in rows(connection, schema.job)] == ["none"]
        carried(connection, OK)
        assert [fate.cost for fate in jobs.fates(connection, int(str(job)))][0] == PRICE  # noqa: RUF015

    database.run_here(journey)


def test_a_trial_is_not_paid_for(database: Database) -> None:
    def journey(connection: sa.Connection) -> None:
        account = add_account(connection, "20001", payment="prepaid", state="trial")
        assert not isinstance(accepted(connection, account), Rule)

    database.run_here(journey)


def test_an_account_that_pays_otherwise_from_now_on_ends_its_old_orders_as_they_were_begun(database: Database) -> None:
    def journey(connection: sa.Connection) -> None:
        account = add_account(connection, "20001", payment="package")
        ledger.book(connection, account.id, START, Kind.DEPOSIT, Decimal(0), 100, "")
        accepted(connection, account, count=2)
        accounts.change(connection, account.id, {"payment": "debit"})
        carried(connection, OK)
        carried(connection, BUSY)
        fits(connection)
        assert (now(connection, account).balance, now(connection, account).allowance) == (Decimal(0), 98)

    database.run_here(journey)


STEPS: dict[str, Callable[[sa.Connection, Account], object]] = {
    "one": accepted,
    "many": lambda connection, account: accepted(connection, account, count=4, pages=1),
    "ok": lambda connection, _: carried(connection, OK),
    "busy": lambda connection, _: carried(connection, BUSY, again=True),
    "failed": lambda connection, _: carried(connection, BUSY),
    "cancel": lambda connection, _: [
        deliveries.cancel(connection, job["id"], START) for job in rows(connection, schema.job)[-1:]
    ],
    "cancel some": lambda connection, _: [
        deliveries.cancel(connection, job["id"], START, 0, 2) for job in rows(connection, schema.job)[-1:]
    ],
    "lost": lambda connection, _: lost(connection),
    "deposit": lambda connection, account: ledger.book(
        connection, account.id, START, Kind.DEPOSIT, Decimal("0.33"), 7, ""
    ),
    "prepaid": lambda connection, account: accounts.change(connection, account.id, {"payment": "prepaid"}),
    "debit": lambda connection, account: accounts.change(connection, account.id, {"payment": "debit"}),
    "package": lambda connection, account: accounts.change(connection, account.id, {"payment": "package"}),
    "none": lambda connection, account: accounts.change(connection, account.id, {"payment": "none"}),
    "limit": lambda connection, account: accounts.change(connection, account.id, {"day_pages": 20}),
    "years later": lambda connection, account: oldlines.carry_forward(connection, account.id, START + LEASE),
}


def lost(connection: sa.Connection) -> None:
    """A worker died, and the operator decides."""
    turns.stage(connection, START, 100)
    for claimed in deliveries.claim(connection, "w1", Channel.SMS, 1, START):
        begin_one(connection, claimed, START, START)
        deliveries.rescue(connection, START + LEASE)
        deliveries.settle(connection, claimed.id, claimed.attempts + 1, Outcome(Result.OK, pages=1), START, None)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=25))
def test_the_sums_fit_after_every_step_of_any_history(database: Database, history: list[str]) -> None:
    def journey(connection: sa.Connection) -> None:
        with connection.begin_nested() as undone:
            account = add_account(connection, "30001")
            for step in history:
                STEPS[step](connection, account)
                fits(connection)
            undone.rollback()

    database.run_here(journey)
