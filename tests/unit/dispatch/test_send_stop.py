"""Send: how the node stops. What is under way ends, by itself or because we end it, and its outcome is written."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from builders import MOBILE, START, Clock, rows
from depesche.dispatch.desk import Desk
from depesche.dispatch.send import Sender
from depesche.dispatch.stage import stage
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import deliveries as store
from depesche.store import schema
from journeys import BUSY, OK, OTHERS
from ways import Call, Scripted, carried, ready_order, until

pytestmark = pytest.mark.anyio

Deliveries = Callable[[], list[dict[str, Any]]]

HUNG_UP = Outcome(Result.SEND_FAILED, pages=1, detail="the order was cancelled, and we hung up")
NOT_DIALLED = Outcome(Result.CANCELED, detail="cancelled before it was dialled")


@pytest.fixture
def line(desk: Desk) -> Sender:
    """Carries two faxes at once."""
    return Sender(desk, Channel.FAX, 2)


async def under_way(desk: Desk, account: Account, sender: Sender, call: Call, kind: JobType, **changes: Any) -> int:
    """An order of which one attempt is under way; its JobId."""
    job = await ready_order(desk, account, type=kind, **changes)
    await sender.claim()
    await call.begun.wait()
    return job


async def test_stopping_gives_back_what_was_claimed_and_not_begun(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    await ready_order(desk, account, MOBILE, *OTHERS)
    await sender.claim()
    assert [row["state"] for row in deliveries()] == ["claimed", "claimed", "ready", "ready"]
    await sender.stop(1, 1)
    assert [row["state"] for row in deliveries()] == ["ready"] * 4
    assert way.delivered == []
    await sender.claim()
    assert [row["state"] for row in deliveries()] == ["ready"] * 4


async def test_stopping_waits_for_what_is_under_way(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    await ready_order(desk, account)
    sender.loop.start()
    await call.begun.wait()
    stopping = asyncio.create_task(sender.stop(10, 1))
    await asyncio.sleep(0.01)
    assert not stopping.done()
    call.hang_up.set()
    await stopping
    assert [row["state"] for row in deliveries()] == ["sent"]


@pytest.mark.parametrize("ended", [HUNG_UP, NOT_DIALLED])
async def test_a_call_that_does_not_end_by_itself_is_ended_and_made_again(
    desk: Desk, account: Account, line: Sender, way: Scripted, clock: Clock, deliveries: Deliveries, ended: Outcome
) -> None:
    call = Call(ended=ended)
    way.steps = [call, OK]
    await under_way(desk, account, line, call, JobType.FAX)
    assert await line.stop(0.01, 10) == 0
    (row,) = deliveries()
    assert (row["state"], row["result"], row["worker"]) == ("waiting", None, None)
    (attempt,) = desk.database.read_here(lambda connection: rows(connection, schema.attempt))
    assert (attempt["result"], attempt["pages"]) == (ended.result.value, ended.pages)
    assert attempt["detail"] == f"the node was stopped: {ended.detail}"
    clock.moment = row["due_at"]
    await stage(desk)
    await carried(Sender(desk, Channel.FAX, 2))
    assert [(row["state"], row["attempts"]) for row in deliveries()] == [("sent", 2)]


async def test_a_call_that_we_end_is_never_the_last(
    desk: Desk, account: Account, line: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call(ended=HUNG_UP)
    way.steps = [call]
    await under_way(desk, account, line, call, JobType.FAX, repeats=0)
    await line.stop(0.01, 10)
    assert [row["state"] for row in deliveries()] == ["waiting"]


async def test_a_call_that_failed_for_good_is_not_made_again_when_nobody_stops_the_node(
    desk: Desk, account: Account, line: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    way.steps = [HUNG_UP]
    await ready_order(desk, account, type=JobType.FAX)
    await carried(line)
    assert [row["state"] for row in deliveries()] == ["failed"]


async def test_a_call_that_the_customer_cancelled_is_not_made_again_because_the_node_stops(
    desk: Desk, account: Account, line: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call(ended=NOT_DIALLED)
    way.steps = [call]
    job = await under_way(desk, account, line, call, JobType.FAX)
    desk.database.run_here(lambda connection: store.cancel(connection, job, START))
    await line.stop(0.01, 10)
    assert [(row["state"], row["result"]) for row in deliveries()] == [("failed", "CANCELED")]


async def test_what_the_far_side_said_counts_though_the_node_was_stopping(
    desk: Desk, account: Account, line: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call(ended=BUSY)
    way.steps = [call]
    await under_way(desk, account, line, call, JobType.FAX, repeats=0)
    await line.stop(0.01, 10)
    assert [(row["state"], row["result"]) for row in deliveries()] == [("failed", "BUSY")]


@pytest.mark.parametrize(
    ("outcome", "state"), [(OK, "sent"), (Outcome(Result.SEND_FAILED, detail="550 no such user"), "failed")]
)
async def test_a_message_cannot_be_ended_and_its_outcome_is_waited_for(
    desk: Desk,
    account: Account,
    sender: Sender,
    way: Scripted,
    deliveries: Deliveries,
    outcome: Outcome,
    state: str,
) -> None:
    call = Call(outcome, ended=None)
    way.steps = [call]
    await under_way(desk, account, sender, call, JobType.SMS)
    stopping = asyncio.create_task(sender.stop(0.01, 10))
    await until(next(iter(sender._running.values())).cancelled.is_set)
    call.hang_up.set()
    assert await stopping == 0
    assert [row["state"] for row in deliveries()] == [state]


async def test_an_attempt_that_nothing_ends_is_told_and_left_to_its_lease(
    desk: Desk, account: Account, line: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    deaf = Call(ended=None)
    way.steps = [deaf]
    await under_way(desk, account, line, deaf, JobType.FAX)
    with capture_logs() as logs:
        assert await line.stop(0.01, 0.01) == 1
    assert [row["state"] for row in deliveries()] == ["sending"]
    (told,) = [entry for entry in logs if entry["event"] == "attempts do not end"]
    assert (told["channel"], told["deliveries"]) == ("fax", [1])
    deaf.hang_up.set()
    await until(lambda: not line._running)
