"""Blacklists: what is on them, and what they stop."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import START, add_account, rows
from depesche.model.account import Account
from depesche.store import accounts, blocked, schema
from depesche.store.blocked import EVERYONE, Blocked
from depesche.store.database import Database

OWN = (
    Blocked("+4930123456", prefix=False),
    Blocked("+49171", prefix=True),
    Blocked("feind@firma.de", prefix=False),
    Blocked("@gesperrt.de", prefix=False),
    Blocked("+4940111", prefix=False),
)
GENERAL = (
    Blocked("+4940123456", prefix=False),
    Blocked("+49160", prefix=True),
    Blocked("@falle.de", prefix=False),
    Blocked("+4940111", prefix=False),
)


@pytest.fixture
def listed(database: Database, account: Account) -> Account:
    def fill(connection: sa.Connection) -> None:
        assert blocked.put(connection, account.id, OWN, START) == len(OWN)
        assert blocked.put(connection, EVERYONE, GENERAL, START) == len(GENERAL)

    database.run_here(fill)
    return account


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("+4930123456", True),
        ("+49301234567", None),
        ("+493012345", None),
        ("+491713920000", True),
        ("+49171", True),
        ("+4917", None),
        ("+491603920000", False),
        ("+4940123456", False),
        ("+4940111", True),
        ("feind@firma.de", True),
        ("Feind@FIRMA.de", True),
        ("freund@firma.de", None),
        ("x@gesperrt.de", True),
        ("x@Falle.DE", False),
        ("x@unter.falle.de", None),
        ("x@falle.de.example", None),
        ("", None),
    ],
)
def test_an_address_is_stopped_by_itself_its_beginning_or_its_domain(
    database: Database, listed: Account, address: str, own: bool | None
) -> None:
    found = database.read_here(lambda connection: blocked.hits(connection, listed.id, [address]))
    assert found == ({} if own is None else {address: own})
    lists = database.read_here(lambda connection: blocked.whole(connection, listed.id, 100))
    assert lists is not None
    assert blocked.hits_of(lists, [address]) == found


def test_many_are_asked_for_at_once_and_nobody_elses_entries_count(database: Database, listed: Account) -> None:
    other = database.run_here(lambda connection: add_account(connection, "10002"))
    asked = ["+4930123456", "+4940123456", "+4989123456", "x@gesperrt.de", "+4940111"]

    def found(account: Account) -> dict[str, bool]:
        return database.read_here(lambda connection: blocked.hits(connection, account.id, asked))

    assert found(listed) == {"+4930123456": True, "+4940123456": False, "x@gesperrt.de": True, "+4940111": True}
    assert found(other) == {"+4940123456": False, "+4940111": False}


def test_a_list_that_is_too_long_is_not_taken_into_memory(database: Database, listed: Account) -> None:
    def whole(most: int) -> blocked.Lists | None:
        return database.read_here(lambda connection: blocked.whole(connection, listed.id, most))

    lists = whole(100)
    assert lists is not None
    other = database.run_here(lambda connection: add_account(connection, "10002"))
    assert database.read_here(lambda connection: blocked.whole(connection, other.id, 100)) != lists
    entries = database.read_here(lambda connection: len(rows(connection, schema.blocked)))
    assert whole(entries) == lists
    assert whole(len(lists) - 1) is None


def test_two_hundred_numbers_fit_into_one_question(database: Database, listed: Account) -> None:
    """Each is asked for under every prefix that it has."""
    asked = [f"+49171392{number:07}" for number in range(200)]
    found = database.read_here(lambda connection: blocked.hits(connection, listed.id, asked))
    assert found == dict.fromkeys(asked, True)


def test_what_is_there_already_stays_as_it_is(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> list[Blocked]:
        first, second = Blocked("+49301", prefix=False, note="first"), Blocked("+49301", prefix=False, note="second")
        assert blocked.put(connection, account.id, [first], START) == 1
        assert blocked.put(connection, account.id, [second], START + timedelta(days=1)) == 0
        assert blocked.put(connection, account.id, [Blocked("+49301", prefix=True)], START) == 1
        assert blocked.put(connection, account.id, [Blocked("+49302", prefix=True)] * 2, START) == 1
        return blocked.entries(connection, account.id, 10)

    assert database.run_here(work) == [
        Blocked("+49301", prefix=False, note="first", at=START),
        Blocked("+49301", prefix=True, at=START),
        Blocked("+49302", prefix=True, at=START),
    ]


def test_an_entry_is_taken_off_and_no_other(database: Database, listed: Account) -> None:
    def work(connection: sa.Connection) -> None:
        gone = Blocked("+49171", prefix=True)
        assert not blocked.remove(connection, listed.id, Blocked("+49171", prefix=False))
        assert not blocked.remove(connection, EVERYONE, gone)
        assert blocked.remove(connection, listed.id, gone)
        assert not blocked.remove(connection, listed.id, gone)
        assert blocked.hits(connection, listed.id, ["+491713920000", "+4930123456"]) == {"+4930123456": True}

    database.run_here(work)


def test_a_list_is_shown_in_order_and_no_longer_than_asked_for(database: Database, listed: Account) -> None:
    def addresses(account_id: int, limit: int) -> list[str]:
        return database.read_here(
            lambda connection: [one.address for one in blocked.entries(connection, account_id, limit)]
        )

    assert addresses(listed.id, 10) == sorted(entry.address for entry in OWN)
    assert addresses(EVERYONE, 2) == sorted(entry.address for entry in GENERAL)[:2]


def test_an_account_knows_whether_any_list_concerns_it(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> list[bool]:
        seen = []
        other = add_account(connection, "10002")
        for whose in (None, other.id, EVERYONE):
            if whose is not None:
                blocked.put(connection, whose, [Blocked("+49301", prefix=False)], START)
            found = accounts.by_number(connection, account.number)
            assert found is not None
            seen.append(found.has_blocked)
        return seen

    assert database.run_here(work) == [False, False, True]
