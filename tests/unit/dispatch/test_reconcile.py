"""Lost attempts: the far side is asked by our own ids; what nobody knows waits for a person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from builders import MOBILE, START, Clock, add_account, everything, rows
from depesche.channels.base import Attempt
from depesche.channels.noline import NoLine
from depesche.dispatch import reconcile as module
from depesche.dispatch.desk import Desk
from depesche.dispatch.reconcile import reconcile
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import deliveries as store
from depesche.store import schema, turns
from journeys import BUSY, LEASE, OK, OTHERS, begun, ordered
from ways import Scripted

pytestmark = pytest.mark.anyio

Deliveries = Callable[[], list[dict[str, Any]]]


def lose(desk: Desk, account: Account, *addresses: str, **changes: Any) -> None:
    """An order whose attempts are all lost."""

    def work(connection: Any) -> None:
        ordered(connection, account, *addresses, **changes)
        for _ in range(turns.stage(connection, START, 100).total()):
            begun(connection)
        store.rescue(connection, START + LEASE + LEASE)

    desk.database.run_here(work)


async def test_the_far_side_is_asked_by_our_own_ids(desk: Desk, account: Account, way: Scripted) -> None:
    lose(desk, account, pages=3)
    assert await reconcile(desk) == 0
    assert way.reconciled == [
        Attempt(
            delivery_id=1,
            job_id=1,
            number=1,
            job_type=JobType.SMS,
            address=MOBILE,
            sending_since=START,
            pages=3,
        )
    ]


async def test_what_nobody_knows_stays_unknown_however_often_it_is_asked(
    desk: Desk, account: Account, deliveries: Deliveries
) -> None:
    lose(desk, account)
    before = desk.database.read_here(everything)
    for _ in range(3):
        assert await reconcile(desk) == 0
    assert desk.database.read_here(everything) == before
    assert [row["state"] for row in deliveries()] == ["unknown"]


async def test_what_arrived_is_sent_and_never_sent_again(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries
) -> None:
    way.found = OK
    lose(desk, account)
    assert await reconcile(desk) == 1
    assert await reconcile(desk) == 0
    assert [(row["state"], row["result"]) for row in deliveries()] == [("sent", "OK")]
    assert len(way.reconciled) == 1
    assert way.delivered == []


async def test_what_did_not_arrive_is_tried_again_at_its_time(
    desk: Desk, account: Account, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    way.found = BUSY
    lose(desk, account)
    assert await reconcile(desk) == 1
    assert [(row["state"], row["due_at"]) for row in deliveries()] == [("waiting", clock() + timedelta(seconds=1))]


async def test_a_lost_attempt_counts_as_an_attempt(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries
) -> None:
    way.found = BUSY
    lose(desk, account, repeats=0)
    assert await reconcile(desk) == 1
    assert [(row["state"], row["result"]) for row in deliveries()] == [("failed", "BUSY")]


NOT_SENT = Outcome(Result.SEND_FAILED, retry=True, detail="the worker ended before it was sent")


async def test_an_attempt_that_died_with_its_worker_is_never_the_last(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries
) -> None:
    way.found = NOT_SENT
    lose(desk, account, repeats=0)
    assert await reconcile(desk) == 1
    assert [row["state"] for row in deliveries()] == ["waiting"]


async def test_what_kills_its_workers_does_not_do_so_for_ever(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LOST", 0)
    way.found = NOT_SENT
    lose(desk, account, repeats=0)
    assert await reconcile(desk) == 1
    assert [row["state"] for row in deliveries()] == ["failed"]


async def test_a_job_cancelled_while_it_was_sent_is_not_tried_again(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries
) -> None:
    def work(connection: Any) -> None:
        job = ordered(connection, account)
        turns.stage(connection, START, 1)
        begun(connection)
        store.cancel(connection, job, START)
        store.rescue(connection, START + LEASE + LEASE)

    way.found = BUSY
    desk.database.run_here(work)
    assert await reconcile(desk) == 1
    assert [(row["state"], row["result"]) for row in deliveries()] == [("failed", "BUSY")]


async def test_every_lost_attempt_is_asked_for_however_many_there_are(
    desk: Desk, account: Account, way: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    lose(desk, account, MOBILE, *OTHERS)
    assert await reconcile(desk) == 0
    assert [attempt.delivery_id for attempt in way.reconciled] == [1, 2, 3, 4]
    way.found = OK
    assert await reconcile(desk) == 4


async def test_one_that_cannot_be_asked_for_does_not_stop_the_others(
    desk: Desk, account: Account, deliveries: Deliveries
) -> None:
    broken, good = Scripted(found=LookupError("a bug")), Scripted(found=OK)
    ways = replace(desk, sandbox={Channel.SMS: broken, Channel.MAIL: good})
    lose(desk, account)
    lose(desk, account, type=JobType.SMS)
    desk.database.run_here(
        lambda connection: connection.execute(schema.job.update().where(schema.job.c.id == 2).values(type=2))
    )
    with capture_logs() as logs:
        assert await reconcile(ways) == 1
    assert [row["state"] for row in deliveries()] == ["unknown", "sent"]
    assert [(entry["event"], entry["delivery"]) for entry in logs if entry["log_level"] == "error"] == [
        ("lost attempt cannot be settled", 1)
    ]


async def test_the_account_decides_which_side_is_asked(desk: Desk, way: Scripted, deliveries: Deliveries) -> None:
    real = desk.database.run_here(lambda connection: add_account(connection, "10002", sandbox=False))
    without = replace(desk, real={channel: NoLine(channel) for channel in Channel})
    lose(without, real)
    assert await reconcile(without) == 1
    assert way.reconciled == []
    (attempt,) = desk.database.read_here(lambda connection: rows(connection, schema.attempt))
    assert attempt["detail"] == "no line for sms is set up on this installation"
