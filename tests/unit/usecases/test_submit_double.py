"""The same order twice: -77 with the first one's numbers."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, rows
from customers import Customer, Enter, OpenHouse, Order
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.store import deliveries, schema, turns
from depesche.usecases.submit import SubmitAnswer
from journeys import BUSY, LEASE, OK, begin_one, finish_one

pytestmark = pytest.mark.anyio

SMS, MAIL = 1, 2
OTHER = "+491713920003"

PLAIN = Order(SMS, f"{MOBILE}[a],{OTHER}[b]", text="Guten Tag", options="FLASHSMS")
LETTER_FILES = [("a.txt", b"eins"), ("b.txt", b"zwei")]
WITH_FILES = Order(MAIL, "kunde@firma.de[a]", text="Anbei", files=LETTER_FILES)

FIRST = SubmitAnswer(0, job_id=1, recipients=2, pages=1)
DOUBLE = replace(FIRST, code=-77)


def end(opened: OpenHouse, *outcomes: Outcome) -> None:
    """The deliveries that wait end like this, now."""

    def work(connection: sa.Connection) -> None:
        turns.stage(connection, opened.clock(), 10)
        for outcome in outcomes:
            (claimed,) = deliveries.claim(connection, "w1", Channel.SMS, 1, opened.clock() + LEASE)
            begin_one(connection, claimed, opened.clock(), opened.clock() + LEASE)
            finish_one(connection, claimed, outcome, opened.clock(), None)

    opened.house.database.run_here(work)


async def test_the_same_order_is_a_double_with_the_firsts_numbers(opened: OpenHouse, customer: Customer) -> None:
    assert await customer.send(PLAIN) == FIRST
    assert await customer.send(PLAIN) == DOUBLE
    assert await customer.send(PLAIN) == DOUBLE
    assert opened.wake.rung == 1


async def test_a_double_leaves_nothing_of_itself(opened: OpenHouse, customer: Customer) -> None:
    first = await customer.send(WITH_FILES)
    before = opened.blobs()
    assert await customer.send(WITH_FILES) == replace(first, code=-77)
    assert opened.blobs() == before
    assert len(before) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, text="guten Tag"),
        replace(PLAIN, recipient=f"{MOBILE}[a]"),
        replace(PLAIN, recipient=f"{MOBILE}[a],{OTHER}[c]"),
        replace(PLAIN, recipient=f"{OTHER}[a],{MOBILE}[b]"),
        replace(PLAIN, recipient=f"{MOBILE}[a],{OTHER}[b],{MOBILE}"),
        replace(PLAIN, options=""),
        replace(PLAIN, options="FLASHSMS;FAXRETRY=2"),
        replace(PLAIN, send_at=START + timedelta(hours=1)),
    ],
)
async def test_another_order_is_none(opened: OpenHouse, customer: Customer, other: Order) -> None:
    await customer.send(PLAIN)
    assert (await customer.send(other)).code == 0
    assert (await customer.send(other)).code == -77


@pytest.mark.parametrize(
    "other",
    [
        replace(WITH_FILES, files=[("a.txt", b"eins"), ("b.txt", b"drei")]),
        replace(WITH_FILES, files=[("a.txt", b"eins"), ("c.txt", b"zwei")]),
        replace(WITH_FILES, files=[("b.txt", b"zwei"), ("a.txt", b"eins")]),
        replace(WITH_FILES, files=[("a.txt", b"eins")]),
        replace(WITH_FILES, files=[("a.txt", b"eins"), ("", None), ("b.txt", b"zwei")]),
        replace(WITH_FILES, recipient="kunde@firma.de"),
    ],
)
async def test_an_order_with_other_files_is_none(opened: OpenHouse, customer: Customer, other: Order) -> None:
    await customer.send(WITH_FILES)
    assert (await customer.send(other)).code == 0


@pytest.mark.parametrize(
    "same",
    [
        replace(PLAIN, send_at=START - timedelta(days=1)),
        replace(PLAIN, send_at=START),
        replace(PLAIN, recipient="ignored", recipient_file=f"{MOBILE},a\r\n{OTHER},b\r\n".encode()),
        replace(PLAIN, options=" FLASHSMS "),
        replace(PLAIN, recipient=f" {MOBILE} [a] , {OTHER}[b]"),
        replace(PLAIN, files=[("ignored.pdf", b"x")]),
    ],
)
async def test_what_says_the_same_is_the_same(opened: OpenHouse, customer: Customer, same: Order) -> None:
    await customer.send(PLAIN)
    assert await customer.send(same) == DOUBLE


async def test_orders_for_the_same_later_time_are_the_same(opened: OpenHouse, customer: Customer) -> None:
    later = replace(PLAIN, send_at=START + timedelta(hours=1))
    await customer.send(later)
    opened.clock.forward(minutes=59)
    assert await customer.send(later) == DOUBLE


async def test_another_accounts_order_is_none(opened: OpenHouse, customer: Customer, enter: Enter) -> None:
    await customer.send(PLAIN)
    assert (await enter("10002").send(PLAIN)).code == 0


async def test_it_counts_for_five_minutes_after_it_went_ok(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(PLAIN)
    opened.clock.forward(hours=5)
    assert await customer.send(PLAIN) == DOUBLE
    end(opened, OK, OK)
    opened.clock.forward(minutes=4, seconds=59)
    assert await customer.send(PLAIN) == DOUBLE
    opened.clock.forward(seconds=1)
    assert await customer.send(PLAIN) == replace(FIRST, job_id=2)


@pytest.mark.parametrize(("minutes", "code"), [(0, 0), (1, 0), (2, -77), (60, -77), (None, -77)])
async def test_an_account_may_have_a_time_of_its_own_for_doubles(
    opened: OpenHouse, enter: Enter, minutes: int | None, code: int
) -> None:
    customer = enter("10003", double_minutes=minutes)
    await customer.send(PLAIN)
    assert (await customer.send(PLAIN)).code == -77, "as long as it is not final it is one whatever the account has"
    end(opened, OK, OK)
    opened.clock.forward(minutes=1, seconds=30)
    assert (await customer.send(PLAIN)).code == code


@pytest.mark.parametrize("outcomes", [(BUSY, BUSY), (OK, BUSY), (BUSY, OK)])
async def test_what_failed_for_anybody_may_be_ordered_again(
    opened: OpenHouse, customer: Customer, outcomes: tuple[Outcome, ...]
) -> None:
    await customer.send(PLAIN)
    end(opened, *outcomes)
    assert await customer.send(PLAIN) == replace(FIRST, job_id=2)


async def test_what_was_cancelled_may_be_ordered_again(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(PLAIN)
    opened.house.database.run_here(lambda connection: deliveries.cancel(connection, 1, START))
    assert await customer.send(PLAIN) == replace(FIRST, job_id=2)


@pytest.mark.parametrize("order", [PLAIN, WITH_FILES])
async def test_identical_orders_at_the_same_moment_are_one_job(
    opened: OpenHouse, customer: Customer, order: Order
) -> None:
    submissions = [customer.send(order) for _ in range(8)]
    answers = await asyncio.gather(*submissions)
    accepted = [answer for answer in answers if answer.code == 0]
    assert len(accepted) == 1
    assert [answer for answer in answers if answer.code] == [replace(accepted[0], code=-77)] * 7
    assert len(opened.house.database.read_here(lambda connection: rows(connection, schema.job))) == 1
    assert len(opened.blobs()) == len(order.files)


async def test_a_double_comes_before_what_is_judged_later(opened: OpenHouse, enter: Enter) -> None:
    """A program that lost the answer finds its job, whatever was taken from the account meanwhile."""
    customer = enter(bulk=True)
    await customer.send(PLAIN)
    assert customer.login.account is not None
    narrowed: Any = replace(customer.login, account=replace(customer.login.account, bulk=False, foreign=False))
    assert await Customer(opened.house, narrowed).send(PLAIN) == DOUBLE
    assert (await Customer(opened.house, narrowed).send(replace(PLAIN, text="neu"))).code == 1
