"""Payments, packages and corrections, and the record of them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import START, Clock, add_account, copy_of, everything, rows
from customers import Enter, OpenHouse, Order, open_house
from depesche.model.jobtype import JobType
from depesche.store import prices, schema
from depesche.usecases import billing
from depesche.usecases.accounts import NotPossible
from depesche.usecases.billing import Booking, Kind
from depesche.usecases.tariffs import Price

pytestmark = pytest.mark.anyio

TODAY = date(2026, 3, 2)
PAID = Booking(Kind.DEPOSIT, Decimal(50), note="transfer")


def audited(opened: OpenHouse) -> list[dict[str, Any]]:
    return opened.house.database.read_here(lambda connection: rows(connection, schema.audit))


async def test_a_deposit_is_in_the_balance_and_is_the_first_payment(opened: OpenHouse, enter: Enter) -> None:
    enter(payment="prepaid")
    account = await billing.book(opened.house, "anna", "10001", PAID)
    assert (account.balance, account.paid_since) == (Decimal(50), TODAY)
    opened.clock.forward(days=3)
    again = await billing.book(opened.house, "anna", "10001", replace(PAID, amount=Decimal("0.0725")))
    assert (again.balance, again.paid_since) == (Decimal("50.0725"), TODAY)


async def test_the_day_of_the_first_payment_is_the_one_in_germany(opened: OpenHouse, enter: Enter) -> None:
    enter()
    opened.clock.forward(hours=14, minutes=30)
    assert (await billing.book(opened.house, "anna", "10001", PAID)).paid_since == date(2026, 3, 3)


async def test_a_deposit_can_leave_open_since_when_the_account_pays(opened: OpenHouse, enter: Enter) -> None:
    enter(payment="debit")
    account = await billing.book(opened.house, "anna", "10001", replace(PAID, first_payment=False))
    assert (account.balance, account.paid_since) == (Decimal(50), None)


async def test_a_package_is_in_the_allowance_and_is_a_payment_too(opened: OpenHouse, enter: Enter) -> None:
    enter(payment="package")
    account = await billing.book(opened.house, "anna", "10001", Booking(Kind.DEPOSIT, units=500))
    assert (account.allowance, account.balance, account.paid_since) == (500, Decimal(0), TODAY)


async def test_a_correction_is_no_payment_and_may_lead_below_zero(opened: OpenHouse, enter: Enter) -> None:
    enter(payment="prepaid")
    wrong = Booking(Kind.CORRECTION, Decimal("-3.20"), -7, "booked twice")
    account = await billing.book(opened.house, "anna", "10001", wrong)
    assert (account.balance, account.allowance, account.paid_since) == (Decimal("-3.2"), -7, None)


@pytest.mark.parametrize(
    ("booking", "reason"),
    [
        (replace(PAID, amount=Decimal(0)), "nothing is to be booked"),
        (replace(PAID, amount=Decimal(-1)), "a deposit is more than 0"),
        (replace(PAID, units=-1), "a deposit is more than 0"),
        (replace(PAID, amount=Decimal("0.00001")), "at most four decimals"),
        (replace(PAID, amount=Decimal("1e12")), "1000000000 euro are the most"),
        (replace(PAID, amount=Decimal("Infinity")), "1000000000 euro are the most"),
        (replace(PAID, units=2_000_000_000), "1000000000 are the most"),
        (replace(PAID, note="x" * 201), "a note has at most 200 characters"),
        (Booking(Kind.CORRECTION, Decimal(1)), "a correction needs a note"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    opened: OpenHouse, enter: Enter, booking: Booking, reason: str
) -> None:
    enter()
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match=reason):
        await billing.book(opened.house, "anna", "10001", booking)
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await billing.book(opened.house, "anna", "10009", PAID)
    assert opened.house.database.read_here(everything) == before


async def test_every_entry_is_on_record_with_who_and_what(opened: OpenHouse, enter: Enter) -> None:
    enter()
    await billing.book(opened.house, "anna", "10001", PAID)
    await billing.book(opened.house, "bernd", "10001", Booking(Kind.CORRECTION, units=-1, note="wrong"))
    assert [(row["actor"], row["action"], row["account_id"], row["at"], row["data"]) for row in audited(opened)] == [
        (
            "anna",
            "ledger.deposit",
            1,
            START,
            {"amount": "50", "units": 0, "note": "transfer", "paid_since": "2026-03-02"},
        ),
        ("bernd", "ledger.correction", 1, START, {"amount": "0", "units": -1, "note": "wrong"}),
    ]


async def test_a_statement_shows_the_entries_and_what_is_used_today(opened: OpenHouse, enter: Enter) -> None:
    customer = enter(payment="prepaid", tariff="standard", paid_since=TODAY, day_spend=Decimal(10))
    opened.house.database.run_here(
        lambda connection: prices.replace(connection, "standard", [Price(JobType.SMS, "", Decimal(0), Decimal("0.09"))])
    )
    await billing.book(opened.house, "anna", "10001", PAID)
    fresh = enter("10002")
    assert (await billing.statement(opened.house, fresh.login.number, 10)).entries == ()
    customer = replace(customer, login=replace(customer.login, account=await _account(opened)))
    assert (await customer.send(Order())).code == 0
    found = await billing.statement(opened.house, "10001", 10)
    assert (found.account.balance, found.account.reserved) == (Decimal(50), Decimal("0.09"))
    assert (found.spent_today, found.pages_today) == (Decimal("0.09"), 1)
    assert [(entry.kind, entry.amount, entry.note) for entry in found.entries] == [
        (Kind.DEPOSIT, Decimal(50), "transfer")
    ]
    opened.clock.forward(days=1)
    assert (await billing.statement(opened.house, "10001", 10)).spent_today == 0
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await billing.statement(opened.house, "10009", 10)


async def test_a_statement_shows_the_last_entries_the_newest_first(opened: OpenHouse, enter: Enter) -> None:
    enter()
    for amount in (1, 2, 3):
        await billing.book(opened.house, "anna", "10001", replace(PAID, amount=Decimal(amount)))
    found = await billing.statement(opened.house, "10001", 2)
    assert [entry.amount for entry in found.entries] == [3, 2]
    assert found.account.balance == 6


AMOUNTS = st.decimals(-1000, 1000, places=4, allow_nan=False)


@settings(max_examples=25)
@given(st.lists(st.tuples(AMOUNTS, st.integers(-1000, 1000)), max_size=8))
def test_the_balance_is_the_sum_of_the_entries_to_the_last_part_of_a_cent(
    ready: Any, tmp_path_factory: pytest.TempPathFactory, booked: list[tuple[Decimal, int]]
) -> None:
    place = tmp_path_factory.mktemp("ledger")
    database = copy_of(ready, place)
    opened = open_house(place, database, Clock())
    database.run_here(add_account)

    async def run() -> None:
        kept = [pair for pair in booked if any(pair)]
        for amount, units in kept:
            await billing.book(opened.house, "anna", "10001", Booking(Kind.CORRECTION, amount, units, "x"))
        found = await billing.statement(opened.house, "10001", 100)
        assert found.account.balance == sum((amount for amount, _ in kept), Decimal(0))
        assert found.account.allowance == sum(units for _, units in kept)
        assert [(entry.amount, entry.units) for entry in reversed(found.entries)] == kept

    try:
        anyio.run(run)
    finally:
        database.close()


async def _account(opened: OpenHouse) -> Any:
    return (await billing.statement(opened.house, "10001", 1)).account
