"""Send: an outcome that is known is kept until the database takes it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from structlog.testing import capture_logs

from builders import Clock, embedded
from depesche.dispatch import send as module
from depesche.dispatch.desk import Desk
from depesche.dispatch.rescue import rescue
from depesche.dispatch.send import Sender
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from journeys import BUSY
from ways import Call, Scripted, ready_order, rename, until

pytestmark = pytest.mark.anyio

Deliveries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)


def unwritten(logs: list[Any]) -> list[str]:
    return [entry["result"] for entry in logs if entry["event"] == "outcome not written"]


@pytest.mark.usefixtures("impatient")
async def test_an_outcome_that_cannot_be_written_is_kept_with_its_lease_until_it_can(
    desk: Desk, account: Account, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    rename(desk, "attempt", "gone")
    ended_at = clock()
    with capture_logs() as logs:
        call.hang_up.set()
        await until(lambda: len(unwritten(logs)) > 3)
        for _ in range(5):
            clock.forward(seconds=20)
            await sender.beat()
            assert await rescue(desk, clock()) == 0
        assert [row["state"] for row in deliveries()] == ["sending"]
        rename(desk, "gone", "attempt")
        await until(lambda: not sender._running)
    assert set(unwritten(logs)) == {"OK"}
    assert [(row["state"], row["finished_at"]) for row in deliveries()] == [("sent", ended_at)]
    assert len(way.delivered) == 1


@pytest.mark.usefixtures("impatient")
async def test_an_outcome_outlasts_a_database_that_another_process_keeps_locked(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call(BUSY)
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    desk.database.run_here(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 1"))
    with closing(sqlite3.connect(embedded(desk.database).path, isolation_level=None)) as other, capture_logs() as logs:
        other.execute("BEGIN IMMEDIATE")
        call.hang_up.set()
        await until(lambda: unwritten(logs))
        other.execute("ROLLBACK")
        await until(lambda: not sender._running)
    assert unwritten(logs) == ["BUSY"]
    assert [row["state"] for row in deliveries()] == ["waiting"]


async def test_an_outcome_that_cannot_be_written_to_the_end_is_told_and_left_to_its_lease(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    rename(desk, "attempt", "gone")
    with capture_logs() as logs:
        call.hang_up.set()
        assert await sender.stop(0.01, 0.01) == 0
        await until(lambda: not sender._running)
    assert set(unwritten(logs)) == {"OK"}
    assert "attempt left to its lease" in [entry["event"] for entry in logs]
    assert [row["state"] for row in deliveries()] == ["sending"]


async def test_a_closed_database_is_not_asked_again(desk: Desk, account: Account, way: Scripted) -> None:
    call, sender = Call(), Sender(desk, Channel.SMS, 1)
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    desk.database.close()
    with capture_logs() as logs:
        call.hang_up.set()
        await until(lambda: not sender._running)
    assert unwritten(logs) == ["OK"]
