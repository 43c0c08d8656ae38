"""Any order at all: a code, never an exception; one whole job or nothing; and the sums fit."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from builders import START, add_account, everything, rows
from conformance.store.test_ledger import fits
from contract.sendjob import SPECIFIED
from customers import Customer, File, OpenHouse, Order, customer_of
from depesche.model.account import Account
from depesche.model.jobtype import JobType
from depesche.model.states import FINAL, State
from depesche.model.tariff import Price
from depesche.store import accounts, blocked, deliveries, ledger, prices, schema
from depesche.store.blocked import EVERYONE, Blocked
from depesche.store.database import Database
from depesche.store.ledger import Kind
from depesche.usecases import rollcall
from depesche.usecases.submit import SubmitAnswer

JOBS = (schema.job, schema.delivery, schema.document, schema.event)
MONEY = (schema.usage, schema.account)
"""Tables that an accepted order writes to."""


@dataclass
class Crowd:
    """Customers of every kind."""

    opened: OpenHouse
    customers: list[Customer]

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return self.opened.house.database.read_here(everything)


KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"payment": "prepaid", "paid_since": date(2026, 1, 1), "bulk": False, "abroad": False},
    {"payment": "package", "paid_since": date(2026, 1, 1), "country": "AT", "most_recipients": 3},
    {"payment": "debit", "paid_since": date(2026, 1, 1), "day_spend": Decimal("0.50"), "day_pages": 5},
    {"state": "trial", "sandbox": False},
)


@pytest.fixture
def crowd(opened: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    """Lists are long from three rows on."""
    monkeypatch.setattr(rollcall, "LONG_LIST", 3)
    monkeypatch.setattr("depesche.usecases.submit.LONG_LIST", 3)

    def fill(connection: sa.Connection) -> list[Account]:
        entries = [Blocked("+49160", prefix=True), Blocked("@falle.de", prefix=False)]
        blocked.put(connection, EVERYONE, entries, START)
        lines = [
            Price(kind, prefix, Decimal("0.01"), Decimal("0.0795")) for kind in JobType for prefix in ("", "+4930")
        ]
        prices.replace(connection, "fuzz", lines)
        for number, kind in enumerate(KINDS):
            made = add_account(connection, str(10001 + number), tariff="fuzz", mail_from="info@firma.de", **kind)
            ledger.book(connection, made.id, START, Kind.DEPOSIT, Decimal(3), 30, "")
        found = (accounts.by_number(connection, str(10001 + number)) for number in range(len(KINDS)))
        return [account for account in found if account is not None]

    made = opened.house.database.run_here(fill)
    yield Crowd(opened, [customer_of(opened.house, account) for account in made])
    assert opened.scratch() == []


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
"""Halves of surrogate pairs as well: a command line may hold them."""

NUMBERS = st.sampled_from(
    ["+491713920000", "0171 3920000", "+493023125000", "030/23125001", "+4312345678", "+491603920000", "0900 1",
     "+4930", "x", "a@firma.de", "b@falle.de", "A@FIRMA.de"]
)  # fmt: skip
ADDRESSES = st.one_of(NUMBERS, NUMBERS, ANY_TEXT)
GOOD = st.lists(NUMBERS, min_size=1, max_size=5)
RECIPIENTS = st.one_of(
    GOOD.map(",".join),
    GOOD.map(",".join),
    st.lists(st.builds("{}[{}]".format, ADDRESSES, ANY_TEXT), min_size=1, max_size=6).map(",".join),
    ANY_TEXT,
)
LISTS = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    GOOD.map(lambda lines: "\n".join(lines).encode("windows-1252")),
    st.lists(st.builds("{},{}".format, ADDRESSES, ANY_TEXT), max_size=6).map(
        lambda lines: "\r\n".join(lines).encode("utf-8", "replace")
    ),
    st.binary(max_size=200),
)
VALUES = st.one_of(ANY_TEXT, st.sampled_from(["0", "10", "http://x.de/$JID", "info@firma.de", "+491", "Größe"]))
SWITCHES = st.sampled_from(
    ["STATIONID", "FAXHEADER", "FAXRETRY", "CALLERID", "ISDNABS", "SMSFROM", "MAILFROM", "STATURL", "flashsms", "X"]
)
OPTIONS = st.one_of(ANY_TEXT, st.lists(st.builds("{}={}".format, SWITCHES, VALUES), max_size=5).map(";".join))
NAMES = st.sampled_from(["a.xml", "b.txt", "ä/b.pdf", "sandbox-crash.pdf"])
FILES: st.SearchStrategy[list[File]] = st.one_of(
    st.just([]),
    st.lists(st.tuples(NAMES, st.binary(min_size=1, max_size=50)), max_size=3),
    st.lists(st.tuples(st.one_of(ANY_TEXT, NAMES), st.one_of(st.none(), st.binary(max_size=50))), max_size=3),
)
TIMES = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
TYPES = st.sampled_from([1] * 9 + [2] * 4 + [0, 3, 4, 8, 5, -1])
ORDERS = st.builds(
    Order, TYPES, RECIPIENTS, LISTS, st.one_of(ANY_TEXT, st.text("ä€ x", min_size=1)), FILES, TIMES, OPTIONS
)

any_number = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(ORDERS, st.integers(0, len(KINDS) - 1))
@any_number
def test_any_order_has_a_code_and_is_one_whole_job_or_nothing(crowd: Crowd, order: Order, who: int) -> None:
    customer, before, files = crowd.customers[who], crowd.everything(), set(crowd.opened.blobs())
    assume(order.job_type not in (0, 3, 4, 8) or not order.files)  # no pages are made here
    assume(order.job_type != 0 or not order.text.strip())
    answer = asyncio.run(customer.send(order))
    assert int(answer.code) in SPECIFIED
    after = crowd.everything()
    if answer.code == 0:
        whole(crowd, order, answer, before, after)
    else:
        assert after == before
        assert set(crowd.opened.blobs()) == files
        assert answer.code == -77 or (answer.job_id, answer.recipients, answer.pages) == (0, 0, 0)
    crowd.opened.house.database.read_here(fits)


def whole(
    crowd: Crowd,
    order: Order,
    answer: SubmitAnswer,
    before: dict[str, list[dict[str, Any]]],
    after: dict[str, list[dict[str, Any]]],
) -> None:
    """Exactly one job more, with all its rows and files, and what it holds of the account's money."""
    new = {name: rows[len(before[name]) :] for name, rows in after.items() if name != "account"}
    for table in set(new) - {table.name for table in (*JOBS, *MONEY)}:
        assert new[table] == [], table
    [job] = new["job"]
    assert (job["id"], job["recipients"], job["pages"]) == (answer.job_id, answer.recipients, answer.pages)
    assert job["open"] == answer.recipients
    assert [row["position"] for row in new["delivery"]] == list(range(len(new["delivery"])))
    good = [row for row in new["delivery"] if row["state"] == State.WAITING.value]
    assert len({row["address"] for row in good}) == len(good) == answer.recipients
    for row in new["delivery"]:
        assert (row["state"] == State.FAILED.value) == bool(row["code"]) == (row["result"] == "BLACKLIST")
    assert [event["kind"] for event in new["event"]] == ["job.accepted"]
    folder = crowd.opened.house.settings.data / "blobs"
    kept = sorted(path.relative_to(folder).as_posix() for path in crowd.opened.blobs())
    assert kept == sorted(document["blob_key"] for document in after["document"])


HISTORY = st.lists(
    st.tuples(st.integers(0, len(KINDS) - 1), st.sampled_from(["send", "send", "cancel", "pay"]), ORDERS), max_size=8
)


@given(HISTORY)
@settings(any_number, max_examples=60)
def test_after_any_history_the_sums_fit(crowd: Crowd, history: list[tuple[int, str, Order]]) -> None:
    database = crowd.opened.house.database
    for who, what, order in history:
        customer = crowd.customers[who]
        assert customer.login.account is not None
        account_id = customer.login.account.id
        if what == "send":
            sms = replace(order, job_type=1, files=(), text=order.text or "Guten Tag")
            assert int(asyncio.run(customer.send(sms)).code) in SPECIFIED
        elif what == "pay":
            pay(database, account_id)
        else:
            cancel_all(database, account_id)
        database.read_here(fits)
    states = database.read_here(lambda connection: [row["state"] for row in rows(connection, schema.delivery)])
    assert set(states) <= {state.value for state in (*FINAL, State.WAITING, State.SAME)}


def pay(database: Database, account_id: int) -> None:
    database.run_here(lambda connection: ledger.book(connection, account_id, START, Kind.DEPOSIT, Decimal(1), 1, ""))


def cancel_all(database: Database, account_id: int) -> None:
    def work(connection: sa.Connection) -> None:
        for job in rows(connection, schema.job):
            if job["account_id"] == account_id and job["open"]:
                deliveries.cancel(connection, job["id"], START)

    database.run_here(work)
