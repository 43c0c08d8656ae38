"""What is old enough goes, and nothing else; what is left is whole."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, add_account, everything, rows
from depesche.blobs.store import Blob
from depesche.config import Retention
from depesche.model.account import Account
from depesche.model.job import Sending, StoredFile
from depesche.model.jobtype import Channel
from depesche.model.reception import Reception
from depesche.model.roll import Recipient, ShortRoll
from depesche.model.states import FINAL, State
from depesche.store import accounts, callbacks, condemned, inbound, jobs, progress, retention, schema, turns
from depesche.store import deliveries as ways
from depesche.store.database import Database
from depesche.store.retention import Gone, Kind
from depesche.store.schema import metadata
from journeys import BUSY, LEASE, OK, OTHERS, WAYS, begun, finish_one, ordered

AGES = Retention(document_days=10, fax_days=10, kept_fax_days=10, record_days=10)
"""The same for all: what is different about a kind is what this is about."""

OLD = START + timedelta(days=10, seconds=1)
YOUNG = START + timedelta(days=10)
FOREVER = Retention(document_days=0, fax_days=0, kept_fax_days=0, record_days=0)

FILES = (
    StoredFile("source", "Kündigung Müller.pdf", "PDF", 0, "order/00/1", 1, "a" * 64),
    StoredFile("pages", "fax.tif", "TIFF", 2, "pages/00/2", 1, "b" * 64),
)
TOLD = Sending(status_url="http://example.com/$JOBID")


def over(connection: sa.Connection, account: Account, *addresses: str, **changes: Any) -> int:
    """A job with documents that ended at `START`; its JobId."""
    job = ordered(connection, account, *addresses, **{"files": FILES} | changes)
    turns.stage(connection, START, 1000)
    for claimed in ways.claim(connection, "w1", Channel.SMS, 1000, START + LEASE):
        ways.begin(connection, [claimed], START, START + LEASE)
        finish_one(connection, claimed, OK, START, None)
    return job


def fax(connection: sa.Connection, account: Account, source: str = "call-1", *, deleted: bool = True) -> int:
    """One that was received, and deleted, at `START`; its FaxId."""
    reception = Reception(source, "+493023125100", START, "+4940123456", "Muster", 1, Path("unused.tif"), True)
    inbound.insert(connection, account.id, reception, Blob(f"inbound/00/{source}", 1, "a" * 64), START)
    fax_id = int(rows(connection, schema.inbound)[-1]["id"])
    if deleted:
        assert inbound.delete(connection, account.id, fax_id, START)
    return fax_id


def emptied(connection: sa.Connection, account: Account, source: str = "call-1") -> int:
    """A fax without its bytes; its FaxId."""
    made = fax(connection, account, source)
    assert retention.take(connection, Kind.DELETED_FAXES, [made], START).count == 1
    return made


def due(connection: sa.Connection, kind: Kind, ages: Retention = AGES) -> list[int]:
    return retention.due(connection, kind, ages, OLD)


def gone(connection: sa.Connection, kind: Kind, ages: Retention = AGES) -> Gone:
    """One chunk of it."""
    return retention.take(connection, kind, retention.due(connection, kind, ages, OLD), OLD)


def erased(database: Database) -> Iterator[Gone]:
    """Piece by piece, until nothing is left."""
    while (piece := database.run_here(condemned.erase)).count:
        yield piece


def kept(connection: sa.Connection) -> dict[str, int]:
    """Rows of each table that has some; turns are a memory of minutes."""
    counts = {name: len(rows(connection, table)) for name, table in metadata.tables.items()}
    return {name: count for name, count in counts.items() if count and name != "turn"}


MAKES: dict[Kind, Callable[[sa.Connection, Account], int]] = {
    Kind.DOCUMENTS: over,
    Kind.JOBS: over,
    Kind.DELETED_FAXES: fax,
    Kind.KEPT_FAXES: lambda connection, account: fax(connection, account, deleted=False),
    Kind.FAX_RECORDS: emptied,
}


@pytest.mark.parametrize("kind", MAKES)
def test_it_is_due_when_it_is_old_enough_and_no_moment_before(database: Database, account: Account, kind: Kind) -> None:
    made = database.run_here(lambda connection: MAKES[kind](connection, account))
    ages = partial(retention.due, kind=kind, ages=AGES)
    assert database.read_here(partial(ages, now=YOUNG)) == []
    assert database.read_here(partial(ages, now=OLD)) == [made]
    assert database.read_here(partial(retention.count, kind=kind, ages=AGES, now=OLD)) == 1


@pytest.mark.parametrize("kind", MAKES)
def test_what_is_gone_is_not_due_again(database: Database, account: Account, kind: Kind) -> None:
    def work(connection: sa.Connection) -> tuple[int, list[int], int]:
        made = MAKES[kind](connection, account)
        first = gone(connection, kind).count
        return first, due(connection, kind), retention.take(connection, kind, [made], OLD).count

    assert database.run_here(work) == (1, [], 0)


@pytest.mark.parametrize("kind", MAKES)
def test_without_an_age_it_stays_for_ever(database: Database, account: Account, kind: Kind) -> None:
    database.run_here(lambda connection: MAKES[kind](connection, account))
    late = START + timedelta(days=100_000)
    assert database.read_here(partial(retention.due, kind=kind, ages=FOREVER, now=late)) == []


OWN = {
    Kind.DOCUMENTS: "document_days",
    Kind.JOBS: "record_days",
    Kind.DELETED_FAXES: "fax_days",
    Kind.KEPT_FAXES: "kept_fax_days",
    Kind.FAX_RECORDS: "record_days",
}


@pytest.mark.parametrize("kind", OWN)
def test_an_account_may_have_an_age_of_its_own(database: Database, kind: Kind) -> None:
    """One has none, one a shorter one, one a longer one, one keeps everything."""

    def make(connection: sa.Connection) -> dict[str, int]:
        made: dict[str, int] = {}
        for number, days in {"as-set": None, "short": 3, "long": 30, "ever": 0}.items():
            account = add_account(connection, number, **{OWN[kind]: days})
            made[number] = _one_of(connection, kind, account)
        return made

    made = database.run_here(make)
    names = {made_id: number for number, made_id in made.items()}

    def told(days: float, ages: Retention) -> set[str]:
        now = START + timedelta(days=days, seconds=1)
        found = database.read_here(partial(retention.due, kind=kind, ages=ages, now=now))
        return {names[one] for one in found}

    assert told(2, AGES) == set()
    assert told(3, AGES) == {"short"}
    assert told(10, AGES) == {"short", "as-set"}
    assert told(3000, AGES) == {"short", "as-set", "long"}
    assert told(3000, FOREVER) == {"short", "long"}


def _one_of(connection: sa.Connection, kind: Kind, account: Account) -> int:
    if kind in (Kind.DOCUMENTS, Kind.JOBS):
        return over(connection, account)
    if kind is Kind.KEPT_FAXES:
        return fax(connection, account, f"call-{account.number}", deleted=False)
    return (emptied if kind is Kind.FAX_RECORDS else fax)(connection, account, f"call-{account.number}")


def test_no_more_is_due_at_once_than_one_transaction_takes(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 3)

    def work(connection: sa.Connection) -> list[int]:
        own = add_account(connection, "20001", document_days=5)
        for of in (account, own, account, own, own):
            over(connection, of)
        return [gone(connection, Kind.DOCUMENTS).count for _ in range(3)]

    assert database.run_here(work) == [3, 2, 0]


UNDER_WAY = [state for state in WAYS if state not in FINAL]


@pytest.mark.parametrize("kind", [Kind.DOCUMENTS, Kind.JOBS])
@pytest.mark.parametrize("state", UNDER_WAY)
def test_a_job_that_is_not_over_is_never_touched(
    database: Database, account: Account, state: State, kind: Kind
) -> None:
    def work(connection: sa.Connection) -> tuple[list[int], int]:
        WAYS[state](connection, account)
        (job,) = rows(connection, schema.job)
        return due(connection, kind), retention.take(connection, kind, [job["id"]], OLD).count

    assert database.run_here(work) == ([], 0)


@pytest.mark.parametrize("kind", [Kind.DOCUMENTS, Kind.JOBS])
@pytest.mark.parametrize("state", [state for state in State if state in FINAL])
def test_a_job_that_is_over_goes_however_it_ended(
    database: Database, account: Account, state: State, kind: Kind
) -> None:
    def work(connection: sa.Connection) -> int:
        WAYS[state](connection, account)
        return gone(connection, kind).count

    assert database.run_here(work) == 1


@pytest.mark.parametrize("kind", [Kind.DOCUMENTS, Kind.JOBS])
@pytest.mark.parametrize("state", UNDER_WAY)
def test_one_recipient_under_way_keeps_the_whole_job(
    database: Database, account: Account, state: State, kind: Kind
) -> None:
    def work(connection: sa.Connection) -> tuple[list[int], int]:
        WAYS[state](connection, account)
        (job,) = rows(connection, schema.job)
        (one,) = rows(connection, schema.delivery)
        ended = one | {"id": one["id"] + 1, "position": 1, "state": "sent", "finished_at": START, "worker": None}
        connection.execute(schema.delivery.insert(), ended)
        return due(connection, kind), retention.take(connection, kind, [job["id"]], OLD).count

    assert database.run_here(work) == ([], 0)


@pytest.mark.parametrize("kind", [Kind.DOCUMENTS, Kind.JOBS])
def test_a_job_waits_until_everybody_was_told(database: Database, account: Account, kind: Kind) -> None:
    def work(connection: sa.Connection) -> tuple[list[int], int]:
        job = over(connection, account, sending=TOLD)
        return due(connection, kind), retention.take(connection, kind, [job], OLD).count

    def tell(connection: sa.Connection) -> int:
        (called,) = callbacks.claim(connection, START, START + LEASE, 1)
        assert callbacks.advance(connection, called, START, START + LEASE) is None
        return gone(connection, kind).count

    assert database.run_here(work) == ([], 0)
    assert database.run_here(tell) == 1


def test_documents_lose_what_shows_what_was_in_them_and_the_record_stays(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> tuple[Gone, int]:
        job = over(connection, account, *OTHERS, text="Lieber Herr Müller")
        before = list(jobs.fates(connection, job)), jobs.head(connection, account.id, job), kept(connection)
        taken = gone(connection, Kind.DOCUMENTS)
        assert (list(jobs.fates(connection, job)), jobs.head(connection, account.id, job), kept(connection)) == before
        return taken, job

    taken, job = database.run_here(work)
    assert (taken.count, sorted(taken.keys)) == (1, ["order/00/1", "pages/00/2"])
    source, pages = database.read_here(partial(jobs.files, job_id=job))
    assert source == replace(FILES[0], key="", filename="")
    assert pages == replace(FILES[1], key="", filename="")
    (row,) = database.read_here(partial(rows, table=schema.job))
    assert (row["text"], row["kept"]) == ("", "record")
    assert "Müller" not in repr(database.read_here(everything))


def test_a_fax_loses_its_bytes_and_who_called_when_stays(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> Gone:
        fax(connection, account)
        return gone(connection, Kind.DELETED_FAXES)

    assert database.run_here(work) == Gone(1, ("inbound/00/call-1",))
    (row,) = database.read_here(partial(rows, table=schema.inbound))
    assert (row["blob_key"], row["originator"], row["deleted_at"]) == ("", "+4940123456", START)
    assert database.read_here(partial(inbound.stored, source="call-1"))


def test_a_fax_that_nobody_deleted_stays_for_ever_unless_told_otherwise(database: Database, account: Account) -> None:
    database.run_here(partial(fax, account=account, deleted=False))
    late = START + timedelta(days=36_500)
    for kind in (Kind.KEPT_FAXES, Kind.DELETED_FAXES, Kind.FAX_RECORDS):
        assert database.read_here(partial(retention.due, kind=kind, ages=Retention(), now=late)) == []


def test_a_fax_that_nobody_deleted_leaves_the_inbox_with_its_bytes(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> Gone:
        fax(connection, account, deleted=False)
        return gone(connection, Kind.KEPT_FAXES)

    assert database.run_here(work) == Gone(1, ("inbound/00/call-1",))
    assert database.read_here(partial(inbound.oldest, account_id=account.id)) is None
    (row,) = database.read_here(partial(rows, table=schema.inbound))
    assert (row["blob_key"], row["deleted_at"]) == ("", OLD)


def test_the_record_of_a_fax_goes_with_its_event_and_not_before_its_bytes(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> list[int]:
        fax(connection, account)
        fax(connection, account, "call-2", deleted=False)
        before = gone(connection, Kind.FAX_RECORDS).count
        gone(connection, Kind.DELETED_FAXES)
        return [before, gone(connection, Kind.FAX_RECORDS).count]

    assert database.run_here(work) == [0, 1]
    (left,) = database.read_here(partial(rows, table=schema.inbound))
    (event,) = database.read_here(partial(rows, table=schema.event))
    assert (left["source"], event["inbound_id"]) == ("call-2", left["id"])


def test_nobody_knows_a_job_from_the_moment_that_its_record_is_to_go(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> int:
        job = over(connection, account, order_key="same")
        assert jobs.double(connection, account.id, "same", START - LEASE) is not None
        assert gone(connection, Kind.JOBS).count == 1
        return job

    job = database.run_here(work)

    def look(connection: sa.Connection) -> list[object]:
        return [
            jobs.head(connection, account.id, job),
            jobs.newest(connection, account.id, 10) or None,
            jobs.double(connection, account.id, "same", START - LEASE),
            progress.owner(connection, job),
        ]

    assert database.read_here(look) == [None] * 4
    assert len(database.read_here(partial(rows, table=schema.delivery))) == 1


def test_nothing_is_left_of_a_job_and_its_documents_are_told(database: Database, account: Account) -> None:
    roll = ShortRoll((*map(Recipient, (MOBILE, *OTHERS)), Recipient(MOBILE, "again"), Recipient("bad", code=47)))

    def work(connection: sa.Connection) -> None:
        over(connection, account, roll=roll, sending=replace(TOLD, tell_each=True))
        while claimed := callbacks.claim(connection, START, START, 10):
            for one in claimed:
                callbacks.give_up(connection, one, "nobody there", START, START)
        ordered(connection, account)
        assert gone(connection, Kind.JOBS).count == 1

    database.run_here(work)
    pieces = list(erased(database))
    assert sorted(key for piece in pieces for key in piece.keys) == ["order/00/1", "pages/00/2"]
    assert database.read_here(kept) == {"account": 1, "job": 1, "delivery": 1, "event": 1}


def test_documents_that_are_gone_already_are_not_told_again(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        over(connection, account)
        for kind in (Kind.DOCUMENTS, Kind.JOBS):
            assert gone(connection, kind).count == 1

    database.run_here(work)
    assert [key for piece in erased(database) for key in piece.keys] == []


def test_a_large_job_goes_in_pieces_that_can_be_taken_up_by_anybody(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condemned, "ROWS", 5)

    def work(connection: sa.Connection) -> None:
        over(connection, account, *(f"+4917139{number:05}" for number in range(17)))
        over(connection, account)
        assert gone(connection, Kind.JOBS).count == 2

    database.run_here(work)
    before = sum(database.read_here(kept).values())
    counts = []
    for piece in erased(database):
        left = sum(database.read_here(kept).values())
        assert (before - left, piece.count <= 5) == (piece.count, True)
        assert database.read_here(partial(jobs.newest, account_id=account.id, limit=10)) == []
        counts.append(piece.count)
        before = left
    assert database.read_here(kept) == {"account": 1}
    assert len(counts) > 2 * 17 // 5


def test_a_piece_takes_a_delivery_whose_attempts_alone_are_more(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condemned, "ROWS", 2)

    def work(connection: sa.Connection) -> None:
        ordered(connection, account)
        turns.stage(connection, START, 10)
        for again in (START, START, None):
            finish_one(connection, begun(connection), replace(OK, retry=True) if again is None else BUSY, START, again)
            turns.stage(connection, START, 10)
        assert gone(connection, Kind.JOBS).count == 1

    database.run_here(work)
    assert max(piece.count for piece in erased(database)) == 4
    assert database.read_here(kept) == {"account": 1}


def test_numbers_of_what_is_gone_are_never_given_again(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> tuple[int, int, int]:
        job, received = over(connection, account), fax(connection, account)
        return job, rows(connection, schema.delivery)[-1]["id"], received

    def prune(connection: sa.Connection) -> None:
        for kind in retention.AGED:
            assert gone(connection, kind, replace_days(AGES, kept_fax_days=0)).count == (kind is not Kind.KEPT_FAXES)

    given = []
    for _ in range(3):
        given.append(database.run_here(work))
        database.run_here(prune)
        list(erased(database))
        assert set(database.read_here(kept)) == {"account"}
    assert given == [(number, number, number) for number in (1, 2, 3)]


def replace_days(ages: Retention, **days: int) -> Retention:
    return ages.model_copy(update=days)


@pytest.mark.parametrize("kind", [Kind.DOCUMENTS, Kind.DELETED_FAXES, Kind.JOBS])
def test_nodes_that_find_the_same_take_it_once(database: Database, account: Account, kind: Kind) -> None:
    def make(connection: sa.Connection) -> None:
        for number in range(20):
            over(connection, account)
            fax(connection, account, f"call-{number}")

    database.run_here(make)
    found = database.read_here(partial(retention.due, kind=kind, ages=AGES, now=OLD))
    take = partial(retention.take, kind=kind, ids=found, now=OLD)
    with ThreadPoolExecutor(4) as nodes:
        taken = [one.result() for one in [nodes.submit(database.run_here, take) for _ in range(4)]]
    assert sorted(one.count for one in taken) == [0, 0, 0, 20]
    blobs = {Kind.DOCUMENTS: 2 * 20, Kind.DELETED_FAXES: 20, Kind.JOBS: 0}
    assert sum(len(one.keys) for one in taken) == blobs[kind]


def test_nodes_that_erase_at_once_take_turns(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(condemned, "ROWS", 7)

    def make(connection: sa.Connection) -> None:
        for _ in range(10):
            over(connection, account, *OTHERS)
        assert gone(connection, Kind.JOBS).count == 10

    database.run_here(make)
    with ThreadPoolExecutor(4) as nodes:
        list(nodes.map(lambda _: list(erased(database)), range(4)))
    assert database.read_here(kept) == {"account": 1}


def test_an_age_that_is_changed_later_counts_from_then_on(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> list[list[int]]:
        job = over(connection, account)
        found = [due(connection, Kind.JOBS, FOREVER)]
        accounts.change(connection, account.id, {"record_days": 10})
        found.append([one - job for one in due(connection, Kind.JOBS, FOREVER)])
        return found

    assert database.run_here(work) == [[], [0]]
