"""The outbox of calls: in order, at least once, never lost, and small however many recipients a job has."""

import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, Clock, add_account, everything, new_job, rows
from depesche.model.account import Account
from depesche.model.job import Sending
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.roll import Recipient, ShortRoll
from depesche.store import callbacks, deliveries, jobs, schema, turns
from depesche.store.callbacks import BEHIND, Callback
from depesche.store.database import Database
from journeys import BUSY, LEASE, OTHERS, begun, events, finish_one

URL = "http://firma.de/?id=$JID"
PLAIN = {"status_url": URL}
EACH = {"status_url": URL, "tell_each": True}

T = TypeVar("T")
Run = Callable[[Callable[[sa.Connection], T]], T]


@pytest.fixture
def run(database: Database) -> Callable[[Callable[[sa.Connection], Any]], Any]:
    return database.run_here


def order(connection: sa.Connection, account: Account, *addresses: str, **changes: Any) -> int:
    new = new_job(account.id, *addresses, sending=Sending(status_url=URL), **changes)
    return jobs.insert(connection, new, START)


def told_all(connection: sa.Connection, account: Account, many: int, now: datetime = START) -> int:
    """A job of so many recipients, all to be told; its JobId."""
    job = order(connection, account, *(f"+49171{number:07}" for number in range(many)))
    callbacks.enqueue(connection, job_id=job, account_id=account.id, first=0, last=many - 1, now=now)
    return job


def claim(connection: sa.Connection, now: datetime = START, limit: int = 10) -> list[Callback]:
    return callbacks.claim(connection, now, now + LEASE, limit)


def places(claimed: Iterable[Callback]) -> list[tuple[int, int]]:
    return [(one.job_id, one.position) for one in claimed]


def outbox(connection: sa.Connection) -> list[tuple[int, int, bool]]:
    """Next and last given row of each entry, and whether it is over."""
    return [(row["next"], row["last"], row["done_at"] is not None) for row in rows(connection, schema.callback)]


# --- what becomes final


def final(connection: sa.Connection, account: Account, job: int, sending: dict[str, Any], **named: Any) -> None:
    callbacks.final(connection, job_id=job, account_id=account.id, sending=sending, now=START, **named)


@pytest.mark.parametrize("sending", [{}, {"status_url": ""}, {"status_url": "", "tell_each": True}])
def test_nobody_is_told_who_did_not_ask(run: Run[None], account: Account, sending: dict[str, Any]) -> None:
    def work(connection: sa.Connection) -> None:
        final(connection, account, order(connection, account), sending, positions=[0], is_last=True)
        assert outbox(connection) == []

    run(work)


def test_a_job_is_told_as_a_whole_when_its_last_recipient_is_final(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account, MOBILE, *OTHERS, MOBILE)
        final(connection, account, job, PLAIN, positions=[2], is_last=False)
        assert outbox(connection) == []
        final(connection, account, job, PLAIN, positions=[0, 1, 3], is_last=True)
        assert outbox(connection) == [(0, 4, False)]

    run(work)


def test_each_recipient_is_told_with_those_that_share_its_fate(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account, MOBILE, *OTHERS, MOBILE, OTHERS[0], MOBILE)
        final(connection, account, job, EACH, positions=[2], is_last=False)
        final(connection, account, job, EACH, positions=[0], is_last=False)
        final(connection, account, job, EACH, positions=[3, 1], is_last=True)
        assert [first for first, *_ in outbox(connection)] == [2, 0, 4, 6, 1, 3, 5]

    run(work)


def test_neighbours_become_one_entry(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account)
        positions = iter([0, 1, 2, 5, 7, 8, 9, 3])
        callbacks.enqueue_rows(connection, job_id=job, account_id=account.id, positions=positions, now=START)
        assert outbox(connection) == [(0, 2, False), (5, 5, False), (7, 9, False), (3, 3, False)]
        callbacks.enqueue_rows(connection, job_id=job, account_id=account.id, positions=[], now=START)
        assert len(outbox(connection)) == 4

    run(work)


def test_very_many_entries_are_written_at_once_and_one_is_due(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account)
        positions = range(0, 4000, 2)
        callbacks.enqueue_rows(connection, job_id=job, account_id=account.id, positions=positions, now=START)
        assert [row["next"] for row in rows(connection, schema.callback)] == list(positions)
        assert [row["due_at"] for row in rows(connection, schema.callback)] == [START] + [BEHIND] * 1999

    run(work)


# --- claiming


def test_what_is_due_is_claimed_once(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        job = told_all(connection, account, 3)
        assert claim(connection, START - timedelta(seconds=1)) == []
        (one,) = claim(connection)
        assert one == Callback(
            id=1,
            job_id=job,
            account_id=account.id,
            position=0,
            lease=START + LEASE,
            since=START,
            attempts=0,
            url=URL,
        )
        assert claim(connection) == []
        assert claim(connection, START + LEASE - timedelta(microseconds=1)) == []
        assert places(claim(connection, START + LEASE)) == [(job, 0)]

    run(work)


def test_the_longest_due_come_first_and_not_more_than_asked_for(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ages = [3, 1, 2, 2]
        made = [told_all(connection, account, 1, START - timedelta(minutes=age)) for age in ages]
        assert [one.job_id for one in claim(connection, limit=3)] == [made[0], made[2], made[3]]
        assert [one.job_id for one in claim(connection, limit=3)] == [made[1]]
        assert claim(connection, limit=0) == []

    run(work)


def test_jobs_do_not_wait_for_each_other(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        first, second = told_all(connection, account, 2), told_all(connection, account, 2)
        assert places(claim(connection)) == [(first, 0), (second, 0)]

    run(work)


# --- going on


def test_one_call_after_the_other_tells_the_whole_job(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        job = told_all(connection, account, 3)
        (one,) = claim(connection)
        second = callbacks.advance(connection, one, clock.forward(seconds=1), clock() + LEASE)
        assert second == replace(one, position=1, lease=clock() + LEASE, since=clock())
        assert claim(connection, clock()) == []
        third = callbacks.advance(connection, second, clock.forward(seconds=1), clock())
        assert third is not None
        assert outbox(connection) == [(2, 2, False)]
        (third,) = claim(connection, clock())  # it was let go
        assert places([third]) == [(job, 2)]
        assert callbacks.advance(connection, third, clock.forward(seconds=1), clock() + LEASE) is None
        (row,) = rows(connection, schema.callback)
        assert (row["next"], row["done_at"], row["failed"], row["since"]) == (3, clock(), 0, clock())
        assert claim(connection, clock.forward(days=365)) == []

    run(work)


def test_a_call_that_failed_is_due_again_and_counted(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        told_all(connection, account, 2)
        for attempts in range(3):
            (one,) = claim(connection, clock())
            assert (one.position, one.attempts, one.since) == (0, attempts, START)
            assert callbacks.postpone(connection, one, clock() + timedelta(minutes=5))
            assert claim(connection, clock.forward(minutes=4)) == []
            clock.forward(minutes=1)
        (one,) = claim(connection, clock())
        assert callbacks.advance(connection, one, clock(), clock()) is not None
        (one,) = claim(connection, clock())
        assert (one.position, one.attempts, one.since) == (1, 0, clock())

    run(work)


def test_what_is_put_back_is_not_counted(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        told_all(connection, account, 1)
        before = rows(connection, schema.callback)
        (one,) = claim(connection)
        assert callbacks.put_back(connection, one, START)
        assert rows(connection, schema.callback) == before

    run(work)


def test_what_is_given_up_is_on_record_and_the_next_has_its_try(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        job = told_all(connection, account, 3)
        (one,) = claim(connection)
        callbacks.postpone(connection, one, START)
        (one,) = claim(connection)
        clock.forward(hours=24)
        second = callbacks.give_up(connection, one, "answered 500", clock(), clock() + LEASE)
        assert second is not None
        assert second == replace(one, position=1, lease=clock() + LEASE, attempts=0)  # `since` is as it was
        third = callbacks.give_up(connection, second, "connection refused", clock(), clock() + LEASE)
        assert third is not None
        assert callbacks.advance(connection, third, clock(), clock()) is None
        (row,) = rows(connection, schema.callback)
        assert (row["next"], row["failed"], row["done_at"]) == (3, 2, clock())
        written = [row for row in rows(connection, schema.event) if row["kind"] == "callback.given_up"]
        assert [(row["job_id"], row["delivery_id"], row["at"], row["data"]) for row in written] == [
            (job, 1, clock(), {"position": 0, "calls": 2, "reason": "answered 500"}),
            (job, 2, clock(), {"position": 1, "calls": 1, "reason": "connection refused"}),
        ]

    run(work)


def test_giving_up_the_last_one_ends_the_entry(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        told_all(connection, account, 1)
        (one,) = claim(connection)
        assert callbacks.give_up(connection, one, "answered 500", START, START + LEASE) is None
        assert outbox(connection) == [(1, 0, True)]
        assert events(connection)[-1] == ("callback.given_up", 1)

    run(work)


# --- order


def each(connection: sa.Connection, account: Account, job: int, *positions: int, now: datetime = START) -> None:
    for position in positions:
        callbacks.enqueue(connection, job_id=job, account_id=account.id, first=position, last=position, now=now)


def test_entries_of_one_job_follow_each_other_strictly(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account, MOBILE, *OTHERS)
        each(connection, account, job, 2, 0)
        (one,) = claim(connection)
        assert one.position == 2
        each(connection, account, job, 3)
        callbacks.postpone(connection, one, START + timedelta(hours=1))  # it holds up the others
        assert claim(connection, clock.forward(minutes=59)) == []
        (one,) = claim(connection, clock.forward(minutes=1))
        assert callbacks.advance(connection, one, clock(), clock()) is None
        (one,) = claim(connection, clock())
        assert (one.position, one.since) == (0, clock())  # the last success
        each(connection, account, job, 1, now=clock())
        assert claim(connection, clock()) == []
        assert callbacks.give_up(connection, one, "answered 500", clock.forward(hours=24), clock()) is None
        (one,) = claim(connection, clock())
        assert (one.position, one.since) == (3, START)  # as it was: no success in between
        assert callbacks.advance(connection, one, clock(), clock()) is None
        (one,) = claim(connection, clock())
        assert callbacks.advance(connection, one, clock(), clock()) is None
        each(connection, account, job, 9, now=clock())
        assert [one.position for one in claim(connection, clock())] == [9]

    run(work)


def test_one_job_that_is_held_up_holds_up_no_other(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        held, free = order(connection, account, MOBILE, *OTHERS), order(connection, account, MOBILE, *OTHERS)
        each(connection, account, held, 0, 1, 2)
        each(connection, account, free, 0, 1, 2)
        first, second = claim(connection)
        callbacks.postpone(connection, first, BEHIND - timedelta(days=1))
        for position in range(3):
            assert (second.job_id, second.position) == (free, position)
            callbacks.advance(connection, second, START, START)
            if position < 2:
                (second,) = claim(connection)
        assert claim(connection) == []

    run(work)


# --- fences

Ending = Callable[[sa.Connection, Callback, datetime], Any]

ENDINGS: list[Ending] = [
    lambda connection, one, now: callbacks.advance(connection, one, now, now + LEASE),
    lambda connection, one, now: callbacks.give_up(connection, one, "answered 500", now, now + LEASE),
    lambda connection, one, now: callbacks.postpone(connection, one, now + LEASE),
    callbacks.put_back,
]


@pytest.mark.parametrize("late", ENDINGS)
@pytest.mark.parametrize("many", [1, 2])
def test_who_comes_late_changes_nothing(
    run: Run[None], account: Account, clock: Clock, late: Ending, many: int
) -> None:
    def work(connection: sa.Connection) -> None:
        told_all(connection, account, many)
        (asleep,) = claim(connection)
        (other,) = claim(connection, clock.forward(seconds=31))
        before = everything(connection)
        assert not late(connection, asleep, clock())  # while another has it
        assert everything(connection) == before
        going_on = callbacks.advance(connection, other, clock(), clock() + LEASE)
        before = everything(connection)
        assert not late(connection, asleep, clock())  # after another went on
        assert not late(connection, other, clock())  # or oneself
        assert everything(connection) == before
        assert (going_on is not None) is (many == 2)

    run(work)


@pytest.mark.parametrize("change", [{"id": 99}, {"position": 1}, {"lease": START}])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_stranger_changes_nothing(run: Run[None], account: Account, ending: Ending, change: dict[str, Any]) -> None:
    def work(connection: sa.Connection) -> None:
        told_all(connection, account, 2)
        (one,) = claim(connection)
        before = everything(connection)
        assert not ending(connection, replace(one, **change), START)
        assert everything(connection) == before

    run(work)


def test_who_dies_with_a_claim_loses_nothing(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        told_all(connection, account, 2)
        for _ in range(5):  # claimed, called, and never written down
            assert [one.position for one in claim(connection, clock())] == [0]
            clock.forward(seconds=30)
        (one,) = claim(connection, clock())
        assert one.attempts == 0
        assert callbacks.advance(connection, one, clock(), clock()) is not None

    run(work)


# --- what is told


def sent(connection: sa.Connection, outcome: Outcome, now: datetime) -> None:
    """The next delivery that is due has this outcome, and no further attempt."""
    turns.stage(connection, now, 10)
    claimed = begun(connection, now=now)
    finish_one(connection, claimed, outcome, now, None)


def test_a_given_row_is_told_with_all_that_became_of_it(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account, roll=ShortRoll((Recipient(MOBILE, "Kunde 17"),)))
        turns.stage(connection, START, 10)
        finish_one(connection, begun(connection), BUSY, START, clock.forward(minutes=1))
        good = Outcome(Result.OK, pages=2, remote_id="Muster", seconds=19, bit_rate=14400, coding="MMR")
        sent(connection, good, clock.forward(seconds=20))
        connection.execute(schema.delivery.update().values(price=Decimal("0.1275")))
        found = callbacks.told(connection, job, 0)
        assert found is not None
        assert (found.job_id, found.delivery_id, found.recipient, found.reference) == (job, 1, MOBILE, "Kunde 17")
        assert (found.result, found.pages, found.remote_id, found.seconds) == (Result.OK, 2, "Muster", 19)
        assert (found.attempts, found.coding, found.bit_rate) == (2, "MMR", 14400)
        assert (found.cost, found.ended_at) == (Decimal("0.1275"), clock())

    run(work)


def test_a_failure_tells_its_last_attempt_and_costs_nothing(run: Run[None], account: Account, clock: Clock) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account)
        connection.execute(schema.delivery.update().values(price=Decimal("0.07")))
        broken = Outcome(Result.SEND_FAILED, pages=1, seconds=40, bit_rate=9600, coding="MH")
        sent(connection, broken, START)
        found = callbacks.told(connection, job, 0)
        assert found is not None
        assert (found.result, found.pages, found.seconds) == (Result.SEND_FAILED, 1, 40)
        assert (found.cost, found.attempts, found.coding, found.bit_rate) == (Decimal(0), 1, "MH", 9600)

    run(work)


def test_a_row_that_was_judged_bad_or_cancelled_is_told_as_well(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account, roll=ShortRoll((Recipient("0900", "a", 45), Recipient(MOBILE, "b"))))
        deliveries.cancel(connection, job, START + LEASE)
        bad, cancelled = callbacks.told(connection, job, 0), callbacks.told(connection, job, 1)
        assert bad is not None
        assert cancelled is not None
        assert (bad.recipient, bad.reference, bad.result, bad.ended_at) == ("0900", "a", Result.BLACKLIST, START)
        assert (cancelled.result, cancelled.ended_at, cancelled.attempts) == (Result.CANCELED, START + LEASE, 0)
        assert (bad.cost, bad.attempts, bad.coding, bad.bit_rate) == (Decimal(0), 0, "", 0)

    run(work)


def test_a_double_shows_the_fate_of_the_first_with_its_own_reference_and_costs_nothing_more(
    run: Run[None], account: Account
) -> None:
    def work(connection: sa.Connection) -> None:
        recipients = (Recipient(MOBILE, "first"), Recipient(OTHERS[0], "other"), Recipient(MOBILE, "second"))
        job = order(connection, account, roll=ShortRoll(recipients))
        sent(connection, Outcome(Result.OK, pages=3), START + LEASE)
        connection.execute(schema.delivery.update().values(price=Decimal("0.07")))
        first, second = callbacks.told(connection, job, 0), callbacks.told(connection, job, 2)
        assert first is not None
        assert second == replace(first, delivery_id=3, reference="second", cost=Decimal(0))
        assert (first.cost, first.pages, first.ended_at) == (Decimal("0.07"), 3, START + LEASE)

    run(work)


def test_a_row_that_is_not_there_is_not_told(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account)
        assert callbacks.told(connection, job, 1) is None
        assert callbacks.told(connection, job + 1, 0) is None

    run(work)


def test_rows_of_other_jobs_are_never_told(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        mine = order(connection, account, MOBILE, MOBILE)
        order(connection, add_account(connection, "10002"), OTHERS[0], OTHERS[0])
        assert [found.recipient for at in (0, 1) if (found := callbacks.told(connection, mine, at))] == [MOBILE] * 2

    run(work)


# --- size

MANY = 100_000


def fill(connection: sa.Connection, job: int, account: Account, many: int) -> None:
    """So many more given rows, all sent."""
    template = connection.execute(sa.select(schema.delivery).where(schema.delivery.c.job_id == job)).mappings().one()
    plain = {name: value for name, value in template.items() if name != "id"} | {"state": "sent", "result": "OK"}
    for begin in range(1, many, 10_000):
        new = [plain | {"position": at} for at in range(begin, min(begin + 10_000, many))]
        connection.execute(schema.delivery.insert(), new)


def test_a_hundred_thousand_recipients_are_one_entry_and_no_memory(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account)
        fill(connection, job, account, MANY)
        final(connection, account, job, PLAIN, positions=[0], is_last=True)
        assert outbox(connection) == [(0, MANY - 1, False)]
        connection.execute(schema.callback.update().values(next=MANY - 300))
        tell(connection)  # what is kept for good is there
        tracemalloc.start()
        begun_at = time.perf_counter()
        while (claimed := claim(connection)) and claimed[0].position < MANY:
            tell(connection, claimed[0])
        taken = time.perf_counter() - begun_at
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert outbox(connection) == [(MANY, MANY - 1, True)]
        assert peak < 1 << 20
        assert taken < 10  # with tracemalloc; a scan of the job for each call would take minutes

    def tell(connection: sa.Connection, one: Callback | None = None) -> None:
        one = one or claim(connection)[0]
        assert callbacks.told(connection, one.job_id, one.position) is not None
        callbacks.advance(connection, one, START, START)

    run(work)


def test_each_call_costs_the_same_however_many_entries_a_job_has(run: Run[None], account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        job = order(connection, account)
        positions = range(0, 2 * MANY, 2)
        callbacks.enqueue_rows(connection, job_id=job, account_id=account.id, positions=positions, now=START)
        halfway = schema.callback.c.id < MANY // 2
        connection.execute(schema.callback.update().where(halfway).values(done_at=START, due_at=START))
        connection.execute(schema.callback.update().where(schema.callback.c.id == MANY // 2).values(due_at=START))
        begun_at = time.perf_counter()
        for _ in range(100):
            (one,) = claim(connection)
            callbacks.advance(connection, one, START, START)
            each(connection, account, job, 2 * MANY)
        assert time.perf_counter() - begun_at < 60  # minutes, if each looked at all of them

    run(work)
