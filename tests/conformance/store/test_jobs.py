"""Jobs: all that an order writes, the fate of each given row, and which order is a double of which."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, add_account, new_job, rows
from depesche.model.account import Account
from depesche.model.job import Fate, JobHead, Sending, StoredFile
from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.roll import Recipient, ShortRoll
from depesche.model.states import State
from depesche.store import deliveries, jobs, schema, turns
from depesche.store.database import Database
from journeys import BUSY, LATER, OK, OTHERS, WAYS, begun, finish_one, only, ordered

FIVE_MINUTES = timedelta(minutes=5)


def test_an_order_is_written_whole(database: Database, account: Account) -> None:
    files = (
        StoredFile("source", "Brief.pdf", "PDF document", 0, "order/00/1", 5, "a" * 64),
        StoredFile("pages", "fax.tif", "TIFF picture", 2, "pages/00/2", 7, "b" * 64, (100, 12)),
    )
    new = new_job(
        account.id,
        "+493023125000",
        type=JobType.FAX,
        send_at=START + LATER,
        order_key="k" * 64,
        options="STATIONID=x",
        sending=Sending(station_id="x", flash=True),
        repeats=5,
        pages=2,
        files=files,
        warnings=("a", "b"),
    )
    job = database.run_here(lambda connection: jobs.insert(connection, new, START))
    head = JobHead(
        id=job,
        type=JobType.FAX,
        created_at=START,
        send_at=START + LATER,
        recipients=1,
        pages=2,
        open=1,
        final_at=None,
        warnings=("a", "b"),
    )
    assert database.read_here(lambda connection: jobs.head(connection, account.id, job)) == head
    assert database.read_here(lambda connection: jobs.files(connection, job)) == list(files)
    (row,) = database.read_here(lambda connection: rows(connection, schema.job))
    assert (row["options"], row["text"], row["repeats"]) == ("STATIONID=x", "Guten Tag", 5)
    assert row["sending"] == asdict(new.sending)
    delivery = database.read_here(only)
    assert (delivery["state"], delivery["due_at"], delivery["channel"]) == ("waiting", START + LATER, "fax")
    (event,) = database.read_here(lambda connection: rows(connection, schema.event))
    assert (event["kind"], event["job_id"], event["account_id"], event["at"]) == (
        "job.accepted",
        job,
        account.id,
        START,
    )


def test_job_ids_count_up(database: Database, account: Account) -> None:
    assert [database.run_here(lambda connection: ordered(connection, account)) for _ in range(3)] == [1, 2, 3]


def test_a_job_is_its_own_accounts_alone(database: Database, account: Account) -> None:
    other = database.run_here(lambda connection: add_account(connection, "10002"))
    job = database.run_here(lambda connection: ordered(connection, account))
    assert database.read_here(lambda connection: jobs.head(connection, other.id, job)) is None
    assert database.read_here(lambda connection: jobs.head(connection, account.id, job + 1)) is None
    assert database.read_here(lambda connection: jobs.newest(connection, other.id, 10)) == []


def test_the_newest_jobs_come_first(database: Database, account: Account) -> None:
    for _ in range(4):
        database.run_here(lambda connection: ordered(connection, account))
    heads = database.read_here(lambda connection: jobs.newest(connection, account.id, 3))
    assert [head.id for head in heads] == [4, 3, 2]


# --- fates


def fates(database: Database, job: int) -> list[Fate]:
    return database.read_here(lambda connection: list(jobs.fates(connection, job)))


def test_an_address_given_twice_is_sent_once_and_each_row_has_its_fate(database: Database, account: Account) -> None:
    other = OTHERS[0]
    given = (Recipient(MOBILE, "a"), Recipient(other, "b"), Recipient(MOBILE, "c"), Recipient(MOBILE, "d"))

    def send(connection: sa.Connection) -> int:
        job = ordered(connection, account, roll=ShortRoll(given))
        assert turns.stage(connection, START, 10) == {"sms": 2}
        finish_one(connection, begun(connection), replace(OK, remote_id="x"), START + LATER, None)
        return job

    job = database.run_here(send)
    found = fates(database, job)
    assert [(fate.position, fate.address, fate.reference) for fate in found] == [
        (0, MOBILE, "a"),
        (1, other, "b"),
        (2, MOBILE, "c"),
        (3, MOBILE, "d"),
    ]
    assert [fate.result for fate in found] == [Result.OK, None, Result.OK, Result.OK]
    assert [fate.state for fate in found] == [State.SENT, State.READY, State.SENT, State.SENT]
    assert {fate.remote_id for fate in found if fate.result} == {"x"}
    assert {fate.at for fate in found} == {START + LATER, None}
    head = database.read_here(lambda connection: jobs.head(connection, account.id, job))
    assert head is not None
    assert (head.recipients, head.open) == (2, 1)


def test_a_row_that_was_judged_bad_is_over_at_once(database: Database, account: Account) -> None:
    given = (Recipient("bad", "a", code=47), Recipient(MOBILE, "b"), Recipient("bad", "c", code=47))
    job = database.run_here(lambda connection: ordered(connection, account, roll=ShortRoll(given)))
    first, second, third = fates(database, job)
    assert (first.state, first.result, first.code, first.at) == (State.FAILED, Result.BLACKLIST, 47, START)
    assert (second.state, second.result, second.code, second.at) == (State.WAITING, None, 0, None)
    assert (third.state, third.result, third.reference) == (State.FAILED, Result.BLACKLIST, "c")
    (row,) = database.read_here(lambda connection: rows(connection, schema.job))
    assert (row["recipients"], row["open"], row["not_ok"]) == (1, 1, 2)


def test_a_recipient_cancelled_between_two_attempts_has_the_moment_of_the_decision(
    database: Database, account: Account
) -> None:
    def send(connection: sa.Connection) -> int:
        job = ordered(connection, account)
        turns.stage(connection, START, 10)
        finish_one(connection, begun(connection), BUSY, START, START + LATER)
        deliveries.cancel(connection, job, START + FIVE_MINUTES * 2)
        return job

    (fate,) = fates(database, database.run_here(send))
    assert (fate.result, fate.at, fate.attempts) == (Result.CANCELED, START + FIVE_MINUTES * 2, 1)


def test_a_recipient_that_waits_for_a_retry_shows_its_last_attempt_and_its_next(
    database: Database, account: Account
) -> None:
    def send(connection: sa.Connection) -> int:
        job = ordered(connection, account)
        turns.stage(connection, START, 10)
        finish_one(connection, begun(connection), BUSY, START, START + LATER)
        return job

    (fate,) = fates(database, database.run_here(send))
    assert (fate.state, fate.result, fate.at, fate.due_at) == (State.WAITING, None, START, START + LATER)


def test_long_references_and_addresses_are_kept_whole(database: Database, account: Account) -> None:
    given = (Recipient("Straße " * 200, "Akte " * 200),)
    job = database.run_here(lambda connection: ordered(connection, account, type=JobType.LETTER, roll=ShortRoll(given)))
    (fate,) = fates(database, job)
    assert (fate.address, fate.reference) == (given[0].address, given[0].reference)


# --- doubles


def double_of(database: Database, account: Account, at: datetime, minutes: float = 5) -> int | None:
    since = at - timedelta(minutes=minutes)
    found = database.read_here(lambda connection: jobs.double(connection, account.id, "same", since))
    return None if found is None else found.id


@pytest.mark.parametrize("state", [State.WAITING, State.READY, State.CLAIMED, State.SENDING, State.UNKNOWN, State.HELD])
def test_a_job_in_work_makes_the_same_order_a_double_however_old_it_is(
    database: Database, account: Account, state: State
) -> None:
    def bring(connection: sa.Connection) -> None:
        WAYS[state](connection, account)
        connection.execute(schema.job.update().values(order_key="same"))

    database.run_here(bring)
    assert double_of(database, account, START) == 1
    assert double_of(database, account, START + timedelta(days=30), minutes=0) == 1


@pytest.mark.parametrize(
    ("minutes", "after", "found"),
    [
        (5, timedelta(), 1),
        (5, FIVE_MINUTES - timedelta(microseconds=1), 1),
        (5, FIVE_MINUTES, None),
        (0, timedelta(), None),
    ],
)
def test_a_job_that_went_ok_counts_for_some_minutes(
    database: Database, account: Account, minutes: float, after: timedelta, found: int | None
) -> None:
    def bring(connection: sa.Connection) -> None:
        WAYS[State.SENT](connection, account)
        connection.execute(schema.job.update().values(order_key="same"))

    database.run_here(bring)
    assert double_of(database, account, START + after, minutes) == found


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_a_failed_or_cancelled_job_never_blocks(database: Database, account: Account, state: State) -> None:
    def bring(connection: sa.Connection) -> None:
        WAYS[state](connection, account)
        connection.execute(schema.job.update().values(order_key="same"))

    database.run_here(bring)
    assert double_of(database, account, START) is None


@pytest.mark.parametrize("last", [OK, BUSY])
def test_a_job_that_went_ok_for_some_blocks_until_it_is_final_and_no_longer(
    database: Database, account: Account, last: Outcome
) -> None:
    def send(connection: sa.Connection) -> None:
        ordered(connection, account, MOBILE, *OTHERS, order_key="same")
        turns.stage(connection, START, 10)
        for outcome in (OK, BUSY, OK):
            finish_one(connection, begun(connection), outcome, START, None)

    database.run_here(send)
    assert double_of(database, account, START) == 1
    database.run_here(lambda connection: finish_one(connection, begun(connection), last, START, None))
    assert double_of(database, account, START) is None


def test_the_double_is_the_newest_of_them_and_the_accounts_own(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> None:
        other = add_account(connection, "10002")
        ordered(connection, account, order_key="same")
        ordered(connection, account, order_key="same")
        ordered(connection, account, order_key="else")
        ordered(connection, other, order_key="same")

    database.run_here(send)
    assert double_of(database, account, START) == 2


def test_a_double_has_the_first_jobs_counts(database: Database, account: Account) -> None:
    job = database.run_here(lambda connection: ordered(connection, account, MOBILE, *OTHERS, order_key="same", pages=7))
    found = database.read_here(lambda connection: jobs.double(connection, account.id, "same", START))
    assert found is not None
    assert (found.id, found.recipients, found.pages) == (job, 4, 7)


@pytest.mark.parametrize(
    ("kind", "duplex", "sheets"),
    [(JobType.LETTER, True, 2), (JobType.LETTER_COLOUR, False, 3), (JobType.FAX, False, 0)],
)
def test_a_letter_has_sheets(database: Database, account: Account, kind: JobType, duplex: bool, sheets: int) -> None:
    new = new_job(account.id, "Muster", type=kind, pages=3, sending=Sending(duplex=duplex))
    job = database.run_here(lambda connection: jobs.insert(connection, new, START))
    head = database.read_here(lambda connection: jobs.head(connection, account.id, job))
    assert head is not None
    assert (head.duplex, head.sheets) == (duplex, sheets)
