"""Accounts, their numbers, and the record of who changed what."""

from datetime import date, time
from decimal import Decimal
from functools import partial

import argon2
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from builders import START, add_account, everything, rows
from depesche.model.account import Account, AccountState, Payment
from depesche.model.jobtype import JobType
from depesche.model.resolution import Resolution
from depesche.store import accounts, audit, schema
from depesche.store.accounts import NumberTaken
from depesche.store.database import Database

MAIN, SECOND = "+493023125100", "+493023125200"


def test_an_account_is_read_as_it_was_written(database: Database) -> None:
    written = database.run_here(
        lambda connection: add_account(
            connection,
            "0815",
            SECOND,
            MAIN,
            name="Müller & Söhne",
            state="trial",
            trial_until=date(2026, 4, 30),
            sandbox=False,
            country="AT",
            job_types=[0, 8],
            bulk=False,
            abroad=False,
            mail_from="a@firma.de",
            mail_subject="Betreff",
            sms_from="Firma",
            sender_addresses=["b@firma.de", "c@firma.de"],
            status_encoding="windows-1252",
            weight=5,
            payment="debit",
            paid_since=date(2026, 4, 1),
            tariff="retail",
            balance=Decimal("-12.3456"),
            reserved=Decimal("0.07"),
            allowance=100,
            allowance_reserved=3,
            day_spend=Decimal(50),
            day_pages=1000,
            most_recipients=10,
            most_pages=20,
            double_minutes=0,
            demands_window=True,
            duplex=True,
            quiet_from=time(20),
            quiet_until=time(7, 30),
            resolution="superfine",
        )
    )
    assert written == Account(
        id=1,
        number="0815",
        name="Müller & Söhne",
        state=AccountState.TRIAL,
        trial_until=date(2026, 4, 30),
        sandbox=False,
        country="AT",
        fax_number=SECOND,
        numbers=(SECOND, MAIN),
        job_types=frozenset({JobType.FAX, JobType.QSIGN}),
        bulk=False,
        foreign=False,
        mail_from="a@firma.de",
        mail_subject="Betreff",
        sms_from="Firma",
        sender_addresses=frozenset({"b@firma.de", "c@firma.de"}),
        status_encoding="windows-1252",
        weight=5,
        payment=Payment.DEBIT,
        paid_since=date(2026, 4, 1),
        tariff="retail",
        balance=Decimal("-12.3456"),
        reserved=Decimal("0.07"),
        allowance=100,
        allowance_reserved=3,
        day_spend=Decimal(50),
        day_pages=1000,
        most_recipients=10,
        most_pages=20,
        double_minutes=0,
        demands_window=True,
        duplex=True,
        quiet_from=time(20),
        quiet_until=time(7, 30),
        resolution=Resolution.SUPERFINE,
    )
    assert database.read_here(lambda connection: accounts.by_number(connection, "0815")) == written
    assert database.read_here(accounts.everyone) == [written]


def test_there_is_no_account_but_those_that_were_added(database: Database, account: Account) -> None:
    assert database.read_here(lambda connection: accounts.by_number(connection, "nobody")) is None
    assert database.read_here(lambda connection: accounts.credentials(connection, "nobody")) is None
    assert database.read_here(lambda connection: accounts.by_fax_number(connection, MAIN)) is None


def test_an_account_without_a_number_has_no_fax_number(account: Account) -> None:
    assert (account.fax_number, account.numbers) == ("", ())


def test_everyone_comes_in_the_order_of_the_numbers(database: Database) -> None:
    for number in ("30", "10", "20"):
        database.run_here(partial(add_account, number=number))
    assert [account.number for account in database.read_here(accounts.everyone)] == ["10", "20", "30"]


def test_a_customer_number_is_given_once(database: Database, account: Account) -> None:
    with pytest.raises(IntegrityError):
        database.run_here(lambda connection: add_account(connection, account.number))
    assert database.read_here(accounts.everyone) == [account]


def test_a_fax_number_belongs_to_one_account(database: Database) -> None:
    first = database.run_here(lambda connection: add_account(connection, "1", MAIN))
    before = database.read_here(everything)
    with pytest.raises(NumberTaken, match=r"\+493023125100"):
        database.run_here(lambda connection: add_account(connection, "2", SECOND, MAIN))
    assert database.read_here(everything) == before
    assert database.read_here(lambda connection: accounts.by_fax_number(connection, MAIN)) == first.id
    assert database.read_here(lambda connection: accounts.by_fax_number(connection, SECOND)) is None


def test_numbers_can_be_changed_and_are_free_again(database: Database) -> None:
    def change(connection: sa.Connection) -> list[tuple[str, ...]]:
        first, second = add_account(connection, "1", MAIN, SECOND), add_account(connection, "2")
        accounts.set_numbers(connection, first.id, [SECOND])
        accounts.set_numbers(connection, second.id, [MAIN])
        return [account.numbers for account in accounts.everyone(connection)]

    assert database.run_here(change) == [(SECOND,), (MAIN,)]
    assert database.read_here(lambda connection: accounts.by_fax_number(connection, MAIN)) == 2
    assert database.read_here(lambda connection: accounts.by_fax_number(connection, SECOND)) == 1


def test_a_change_is_one_accounts_alone(database: Database, account: Account) -> None:
    other = database.run_here(lambda connection: add_account(connection, "10002"))
    database.run_here(lambda connection: accounts.change(connection, account.id, {"state": "locked"}))
    states = [found.state for found in database.read_here(accounts.everyone)]
    assert states == [AccountState.LOCKED, AccountState.ACTIVE]
    assert database.read_here(lambda connection: accounts.by_number(connection, "10002")) == other


def test_a_password_is_kept_as_argon2id_with_a_salt_of_its_own() -> None:
    first, second = accounts.hash_password("geheim"), accounts.hash_password("geheim")
    assert first.startswith("$argon2id$")
    assert first != second
    assert argon2.extract_parameters(first).memory_cost >= 19 * 1024, "OWASP's least for argon2id"
    assert accounts.password_fits(first, "geheim")
    assert accounts.password_fits(second, "geheim")
    assert not accounts.password_fits(first, "Geheim")
    assert not accounts.password_fits(first, "")


def test_a_broken_hash_fits_nothing() -> None:
    assert not accounts.password_fits("", "")
    assert not accounts.password_fits("geheim", "geheim")


def test_the_hash_is_for_authentication_alone(database: Database) -> None:
    made = database.run_here(lambda connection: add_account(connection, password_hash="$argon2id$x"))
    assert database.read_here(lambda connection: accounts.credentials(connection, made.number)) == (
        made,
        "$argon2id$x",
    )
    assert "argon2" not in repr(made)


def test_a_change_by_an_operator_is_on_record(database: Database, account: Account) -> None:
    def write(connection: sa.Connection) -> None:
        audit.write(connection, START, "root", "account.set", account.id, {"bulk": True})
        audit.write(connection, START, "root", "prune", None, {})

    database.run_here(write)
    assert database.read_here(lambda connection: rows(connection, schema.audit)) == [
        {
            "id": 1,
            "at": START,
            "actor": "root",
            "account_id": account.id,
            "action": "account.set",
            "data": {"bulk": True},
        },
        {"id": 2, "at": START, "actor": "root", "account_id": None, "action": "prune", "data": {}},
    ]
