"""Received faxes: the oldest first, again and again until it is deleted."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import START, add_account, rows
from depesche.blobs.store import Blob
from depesche.model.account import Account
from depesche.model.reception import Reception
from depesche.store import inbound, schema
from depesche.store.database import Database
from depesche.store.inbound import ReceivedFax

RECEPTION = Reception(
    source="call-1",
    called_number="+493023125100",
    received_at=START,
    originator="+4940123456",
    remote_id="Muster GmbH",
    pages=3,
    tiff=Path("unused.tif"),
    complete=False,
    bad_rows=(0, 4, 0),
)
BLOB = Blob("inbound/00/1", 12345, "a" * 64)


@pytest.fixture
def inbox(database: Database, account: Account) -> Database:
    """Three faxes of the account, and one of another's."""

    def fill(connection: sa.Connection) -> None:
        other = add_account(connection, "10002")
        for source, owner in (("call-1", account), ("call-x", other), ("call-2", account), ("call-3", account)):
            assert inbound.insert(connection, owner.id, replace(RECEPTION, source=source), BLOB, START)

    database.run_here(fill)
    return database


def test_a_fax_is_kept_with_all_that_is_known(inbox: Database, account: Account) -> None:
    assert inbox.read_here(lambda connection: inbound.oldest(connection, account.id)) == ReceivedFax(
        id=1,
        called_number="+493023125100",
        received_at=START,
        originator="+4940123456",
        remote_id="Muster GmbH",
        pages=3,
        complete=False,
        blob_key="inbound/00/1",
        size=12345,
        bad_rows=(0, 4, 0),
    )


def test_each_reception_is_told(inbox: Database) -> None:
    found = inbox.read_here(lambda connection: rows(connection, schema.event))
    assert [(row["kind"], row["account_id"], row["inbound_id"]) for row in found] == [
        ("fax.received", 1, 1),
        ("fax.received", 2, 2),
        ("fax.received", 1, 3),
        ("fax.received", 1, 4),
    ]


def test_a_reception_handed_over_twice_is_kept_once(inbox: Database, account: Account) -> None:
    before = inbox.read_here(lambda connection: rows(connection, schema.inbound))
    assert not inbox.run_here(lambda connection: inbound.insert(connection, account.id, RECEPTION, BLOB, START))
    assert inbox.read_here(lambda connection: rows(connection, schema.inbound)) == before
    assert len(inbox.read_here(lambda connection: rows(connection, schema.event))) == 4


def test_an_inbox_is_its_accounts_own(inbox: Database, account: Account) -> None:
    waiting = inbox.read_here(lambda connection: inbound.waiting(connection, account.id, 10))
    assert [fax.id for fax in waiting] == [1, 3, 4]
    assert inbox.read_here(lambda connection: inbound.find(connection, account.id, 2)) is None
    assert not inbox.run_here(lambda connection: inbound.delete(connection, account.id, 2, START))
    assert inbox.read_here(lambda connection: inbound.oldest(connection, 99)) is None


def test_a_deleted_fax_is_gone_from_the_inbox_and_its_row_stays(inbox: Database, account: Account) -> None:
    assert inbox.run_here(lambda connection: inbound.delete(connection, account.id, 1, START))
    assert not inbox.run_here(lambda connection: inbound.delete(connection, account.id, 1, START))
    assert inbox.read_here(lambda connection: inbound.find(connection, account.id, 1)) is None
    oldest = inbox.read_here(lambda connection: inbound.oldest(connection, account.id))
    assert oldest is not None
    assert oldest.id == 3
    assert len(inbox.read_here(lambda connection: rows(connection, schema.inbound))) == 4


def test_a_reception_is_known_even_after_it_was_deleted(inbox: Database, account: Account) -> None:
    inbox.run_here(lambda connection: inbound.delete(connection, account.id, 1, START))
    assert inbox.read_here(lambda connection: inbound.stored(connection, "call-1"))
    assert not inbox.read_here(lambda connection: inbound.stored(connection, "call-9"))


def test_a_list_stops_at_its_limit(inbox: Database, account: Account) -> None:
    waiting = inbox.read_here(lambda connection: inbound.waiting(connection, account.id, 2))
    assert [fax.id for fax in waiting] == [1, 3]
