"""Which blobs are somebody's."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import START, new_job
from depesche.blobs.store import LISTED, Blob
from depesche.model.account import Account
from depesche.model.job import StoredFile
from depesche.model.reception import Reception
from depesche.store import blobnames, inbound, jobs
from depesche.store.database import Database

SOURCE, PAGES, FAX, SPARE = "order/00/1", "pages/00/2", "inbound/00/3", "order/00/4"

RECEPTION = Reception("call-1", "+493023125100", START, "+4940123456", "Muster GmbH", 1, Path("unused.tif"), True)


def named(connection: sa.Connection, account: Account) -> int:
    """An order of two documents, and a fax; gives the fax's id."""
    source = StoredFile("source", "brief.pdf", "PDF", 0, SOURCE, 1, "a" * 64)
    pages = replace(source, role="pages", key=PAGES)
    jobs.insert(connection, new_job(account.id, files=(source, pages)), START)
    inbound.insert(connection, account.id, RECEPTION, Blob(FAX, 1, "a" * 64), START)
    fax = inbound.oldest(connection, account.id)
    assert fax is not None
    return fax.id


def unnamed(database: Database, *keys: str) -> list[str]:
    return database.read_here(lambda connection: blobnames.unnamed(connection, keys))


def test_documents_and_received_faxes_are_named_and_all_else_is_not(database: Database, account: Account) -> None:
    assert unnamed(database, SOURCE, PAGES, FAX, SPARE) == [SOURCE, PAGES, FAX, SPARE]
    database.run_here(lambda connection: named(connection, account))
    assert unnamed(database, SOURCE, PAGES, FAX, SPARE) == [SPARE]
    assert unnamed(database, SOURCE) == []
    assert unnamed(database) == []


def test_a_fax_that_was_deleted_from_its_inbox_still_has_its_blob(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> bool:
        return inbound.delete(connection, account.id, named(connection, account), START + timedelta(days=1))

    assert database.run_here(work)
    assert unnamed(database, FAX) == []


def test_a_key_is_the_whole_key(database: Database, account: Account) -> None:
    database.run_here(lambda connection: named(connection, account))
    others = [SOURCE + "#1", SOURCE[:-1], SOURCE.upper(), "order/00/%", ""]
    assert unnamed(database, *others) == others


@pytest.mark.parametrize("count", [LISTED, 3 * LISTED])
def test_as_many_keys_as_are_listed_at_once_are_one_question(database: Database, account: Account, count: int) -> None:
    database.run_here(lambda connection: named(connection, account))
    keys = [f"order/00/{number}" for number in range(count)]
    assert unnamed(database, *keys, FAX) == [key for key in keys if key != SOURCE]
