"""What sending costs, and how far an account's money reaches: through SendJob, CancelJob and STATURL."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from conformance.store.test_ledger import fits
from contract.conftest import Final, Send
from contract.sendjob import FAX, LETTER, MAIL, QSIGN, anew, later
from contract.web import Called
from depesche.model.jobtype import JobType
from depesche.usecases import accounts, billing, tariffs
from depesche.usecases.accounts import NewAccount
from depesche.usecases.billing import Booking, Kind, Statement
from depesche.usecases.house import House
from documents import pdf, words
from serving import Serving
from soapcall import call

PRICES = """type,prefix,base,unit
fax,,0.10,0.20
fax,+49,0.02,0.05
fax,+4930,0.01,0.04
fax,+493023125005,9,9
sms,,0,0.10
sms,+49171,0,0.0795
mail,,0.005,0.01
letter,,0.85,0.12
letter-colour,,0.85,0.25
qsign,,0.10,0.20
"""
"""Net euro."""

SMS = {"JobType": 1, "Recipient": "+491713920000"}
TEN_CENTS = {"JobType": 1, "Recipient": "+491603920000"}
"""An SMS that costs ten cents, by the price for all other numbers."""

TWO_PAGES = {"SendFilename1": "brief.pdf", "SendFile1": pdf(words("eins"), words("zwei")), "SendText": ""}

_numbers = itertools.count(31001)

Open = Callable[..., "Customer"]


@dataclass
class Customer:
    """An account of its own, and what it does."""

    house: House
    base_url: str
    send: Send
    number: str

    def order(self, **parameters: Any) -> dict[str, str]:
        """For the far future, so that it stays under way."""
        given = {"Account": self.number, "SendText": anew(), "SendDateTime": later()} | parameters
        return self.send(**given)

    def code(self, **parameters: Any) -> int:
        return int(self.order(**parameters)["return"])

    def cancel(self, job: str) -> None:
        assert call(self.base_url, "CancelJob", Account=self.number, Password="demo", JobId=job)["return"] == "0"

    def pay(self, amount: str = "0", units: int = 0) -> None:
        asyncio.run(billing.book(self.house, "test", self.number, Booking(Kind.DEPOSIT, Decimal(amount), units)))

    def statement(self) -> Statement:
        return asyncio.run(billing.statement(self.house, self.number, 100))


@pytest.fixture(scope="module")
def priced(house: House) -> str:
    asyncio.run(tariffs.bring(house, "test", "contract", PRICES.splitlines()))
    return "contract"


@pytest.fixture
def enter(house: House, server: Serving, send: Send, priced: str) -> Iterator[Open]:
    """A new account with this price list and these columns; in the end every sum fits."""

    def make(**values: Any) -> Customer:
        number = str(next(_numbers))
        free = {"sandbox": True, "bulk": True, "abroad": True, "job_types": [0, 1, 2, 3, 4, 8], "tariff": priced}
        asyncio.run(accounts.add(house, "test", NewAccount(number, f"Konto {number}", "demo", (), free | values)))
        return Customer(house, server.base_url, send, number)

    yield make
    house.database.read_here(fits)


# prepaid: the balance has to cover what is under way as well


def test_orders_under_way_use_up_the_balance_and_cancelling_gives_it_back(enter: Open) -> None:
    customer = enter(payment="prepaid")
    assert customer.code(**TEN_CENTS) == 54, "no payment yet"
    customer.pay("0.25")
    first = customer.order(**TEN_CENTS)
    assert [first["return"], customer.code(**TEN_CENTS), customer.code(**TEN_CENTS)] == ["0", 0, 2]
    assert customer.statement().account.reserved == Decimal("0.20")
    customer.cancel(first["JobId"])
    assert [customer.code(**TEN_CENTS), customer.code(**TEN_CENTS)] == [0, 2]
    customer.pay("0.05")
    assert [customer.code(**TEN_CENTS), customer.code(**TEN_CENTS)] == [0, 2]
    assert customer.statement().account.balance == Decimal("0.30")


def test_a_letter_has_a_code_of_its_own(enter: Open) -> None:
    customer = enter(payment="prepaid")
    customer.pay("1.08")
    assert customer.code(**LETTER | TWO_PAGES) == 7
    assert customer.code(**LETTER) == 0, "one page: 0.97"
    assert customer.code(**LETTER) == 7
    assert customer.code(**TEN_CENTS) == 0
    assert customer.code(**TEN_CENTS) == 2


def test_only_those_who_are_sent_to_are_paid_for(enter: Open) -> None:
    customer = enter(payment="prepaid")
    customer.pay("0.20")
    given = "+491603920000,0900 1234567,+491603920001,0160 3920000,niemand"
    assert customer.order(JobType=1, Recipient=given)["RecipientsCount"] == "2"
    assert customer.statement().account.reserved == Decimal("0.20")
    assert customer.code(**TEN_CENTS) == 2


def test_what_was_sent_is_booked_and_what_was_not_is_free_again(enter: Open, final: Final) -> None:
    customer = enter(payment="prepaid")
    customer.pay("1")
    job = customer.order(JobType=1, Recipient="+491713920000,+491713920001", SendDateTime="")["JobId"]
    final(job, customer.number)
    statement = customer.statement()
    assert (statement.account.balance, statement.account.reserved) == (Decimal("0.9205"), Decimal(0))
    assert [(entry.kind, entry.amount, entry.job_id) for entry in statement.entries] == [
        (Kind.CHARGE, Decimal("-0.0795"), int(job)),
        (Kind.DEPOSIT, Decimal(1), None),
    ]


def test_a_refused_order_holds_nothing(enter: Open) -> None:
    customer = enter(payment="prepaid")
    customer.pay("0.10")
    assert customer.code(**TEN_CENTS, SendText="") == 75
    assert customer.code(**TEN_CENTS | {"Recipient": "+4930"}) == 46
    assert customer.statement().account.reserved == 0
    order = {"SendText": "derselbe", "SendDateTime": later(), **TEN_CENTS}
    assert [customer.code(**order), customer.code(**order)] == [0, -77]
    assert customer.statement().account.reserved == Decimal("0.10")


# direct debit: 14 days after the first one, and the balance may go below zero


@pytest.mark.parametrize(("days", "code"), [(0, 6), (13, 6), (14, 0), (100, 0)])
def test_a_first_direct_debit_counts_after_14_days(enter: Open, days: int, code: int) -> None:
    assert enter(payment="debit", paid_since=today() - timedelta(days=days)).code(**SMS) == code


def test_who_pays_by_direct_debit_may_owe(enter: Open, final: Final) -> None:
    customer = enter(payment="debit", paid_since=today() - timedelta(days=14))
    final(customer.order(**TEN_CENTS, SendDateTime="")["JobId"], customer.number)
    assert customer.statement().account.balance == Decimal("-0.10")


def today() -> date:
    return datetime.now(ZoneInfo("Europe/Berlin")).date()


# package: an allowance of pages, messages, letters


def test_a_package_is_used_up_by_pages_times_recipients(enter: Open) -> None:
    customer = enter(payment="package")
    assert customer.code(**SMS) == 54, "no package yet"
    customer.pay(units=6)
    two = {"Recipient": "+493023125000,+493023125008"}
    faxes = customer.order(**FAX | TWO_PAGES | two)
    assert [faxes["return"], faxes["PageCount"]] == ["0", "2"]
    assert customer.code(**SMS | {"SendText": "x" * 400}) == 61, "three messages"
    assert customer.code(**SMS | {"SendText": "x" * 300}) == 0, "two"
    assert customer.code(**SMS) == 61
    customer.cancel(faxes["JobId"])
    assert customer.code(**LETTER | TWO_PAGES) == 0
    assert customer.statement().account.allowance_reserved == 4


# daily limits, against misuse: of whatever way to pay


@pytest.mark.parametrize("payment", ["none", "prepaid", "debit", "package"])
def test_a_day_has_its_pages(enter: Open, payment: str) -> None:
    customer = enter(payment=payment, paid_since=date(2020, 1, 1), day_pages=3)
    customer.pay("10", units=10)
    faxes = customer.order(**FAX | TWO_PAGES)
    assert faxes["return"] == "0"
    assert customer.code(**FAX | TWO_PAGES) == 61
    assert customer.code(**SMS) == 0
    assert customer.code(**SMS) == 61
    customer.cancel(faxes["JobId"])
    assert customer.code(**FAX | TWO_PAGES) == 0
    assert customer.statement().pages_today == 3


@pytest.mark.parametrize("payment", ["none", "prepaid", "debit", "package"])
def test_a_day_has_its_spending(enter: Open, payment: str) -> None:
    customer = enter(payment=payment, paid_since=date(2020, 1, 1), day_spend=Decimal("0.30"))
    customer.pay("10", units=10)
    assert customer.code(**TEN_CENTS | {"Recipient": "+491603920000,+491603920001"}) == 0
    assert customer.code(**TEN_CENTS | {"Recipient": "+491603920000,+491603920001"}) == 61
    assert customer.code(**TEN_CENTS) == 0
    assert customer.code(**TEN_CENTS) == 61
    assert customer.statement().spent_today == Decimal("0.30")


# $COST: net euro, by the price list


COSTS: tuple[tuple[str, dict[str, Any], str, int, str], ...] = (
    # situation, order, recipient, units, cost
    ("a page within Germany", FAX, "+49401234560", 1, "0.07"),
    ("two pages within Germany", FAX | TWO_PAGES, "+49401234560", 2, "0.12"),
    ("the longest prefix decides", FAX | TWO_PAGES, "+493023125000", 2, "0.09"),
    ("a page abroad", FAX, "+4312345678", 1, "0.30"),
    ("a message", SMS, "+491603920000", 1, "0.10"),
    ("part of a cent", SMS, "+491713920000", 1, "0.0795"),
    ("two messages", SMS | {"SendText": "x" * 200}, "+491713920000", 2, "0.159"),
    ("a mail, whatever is in it", MAIL | TWO_PAGES, "ok@sandbox.invalid", 2, "0.015"),
    ("a letter of two pages", LETTER | TWO_PAGES, "Hamburg", 2, "1.09"),
    ("a letter in colour", LETTER | TWO_PAGES | {"JobType": 4}, "Hamburg", 2, "1.35"),
    ("an invoice", QSIGN | TWO_PAGES, "ok@sandbox.invalid", 2, "0.30"),
)


@pytest.mark.parametrize(("order", "recipient", "units", "cost"), [c[1:] for c in COSTS], ids=[c[0] for c in COSTS])
def test_the_customer_is_told_what_it_cost(
    enter: Open, final: Final, web: Called, house: House, order: dict[str, Any], recipient: str, units: int, cost: str
) -> None:
    customer = enter(payment="debit", paid_since=date(2020, 1, 1))
    told = {"Recipient": recipient, "SendDateTime": "", "Options": f"STATURL={web.address}/$COST"}
    answer = customer.order(**order | told)
    assert int(answer["PageCount"]) == units
    final(answer["JobId"], customer.number)
    assert web.next() == f"/{cost}"
    assert customer.statement().account.balance == -Decimal(cost)
    priced = tariffs.price(house, JobType(order["JobType"]), recipient, units, name="contract", account=None)
    assert asyncio.run(priced).price == Decimal(cost)


def test_what_was_not_sent_costs_nothing_and_neither_does_a_double(enter: Open, final: Final, web: Called) -> None:
    customer = enter(payment="debit", paid_since=date(2020, 1, 1))
    given = "+493023125000[a],+493023125005[b],0900 1234567[c],+493023125000[d]"
    told = {"Recipient": given, "SendDateTime": "", "Options": f"STATURL={web.address}/$CID-$COST"}
    final(customer.order(**FAX | told)["JobId"], customer.number)
    assert [web.next() for _ in range(4)] == ["/a-0.05", "/b-0.00", "/c-0.00", "/d-0.00"]
    assert customer.statement().account.balance == Decimal("-0.05")


def test_without_a_line_of_the_list_it_is_free(enter: Open, final: Final, web: Called) -> None:
    customer = enter(payment="prepaid", paid_since=date(2020, 1, 1), tariff="there-is-none")
    told = {"SendDateTime": "", "Options": f"STATURL={web.address}/$COST"}
    final(customer.order(**SMS | told)["JobId"], customer.number)
    assert web.next() == "/0.00"
