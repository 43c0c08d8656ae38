"""Send: so many at once, each with its lease, until it is cancelled."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from builders import MOBILE, START, Clock
from depesche.dispatch.desk import Desk
from depesche.dispatch.rescue import rescue
from depesche.dispatch.send import Sender
from depesche.dispatch.stage import stage
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.store import deliveries as store
from journeys import OK, OTHERS
from ways import Call, Narrow, Scripted, carried, ready_order, until

pytestmark = pytest.mark.anyio

Deliveries = Callable[[], list[dict[str, Any]]]


async def test_no_more_is_claimed_than_there_is_room_for(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    await ready_order(desk, account, MOBILE, *OTHERS)
    sender.loop.start()
    await until(lambda: len(way.delivered) == 2)
    assert await sender.claim() is False
    assert sorted(row["state"] for row in deliveries()) == ["ready", "ready", "sending", "sending"]
    call.hang_up.set()
    await until(lambda: {row["state"] for row in deliveries()} == {"sent"})
    await sender.stop(1, 1)


async def test_a_sender_takes_only_its_own_channel(desk: Desk, account: Account, deliveries: Deliveries) -> None:
    await ready_order(desk, account, "a@b.de", type=JobType.MAIL)
    await carried(Sender(desk, Channel.SMS, 2))
    assert [row["state"] for row in deliveries()] == ["ready"]


async def test_what_its_way_has_no_place_for_is_put_off_and_is_no_attempt(
    desk: Desk, account: Account, clock: Clock, deliveries: Deliveries
) -> None:
    call = Call()
    way = Narrow(steps=[call, OK])
    narrow = replace(desk, sandbox=dict.fromkeys(Channel, way))
    sender = Sender(narrow, Channel.SMS, 2)
    await ready_order(narrow, account, MOBILE, OTHERS[0])
    await sender.claim()
    await until(lambda: sorted(row["state"] for row in deliveries()) == ["sending", "waiting"])
    assert sum(row["attempts"] for row in deliveries()) == 1
    call.hang_up.set()
    await until(lambda: not way.held)
    clock.forward(seconds=1)
    await stage(narrow)
    await carried(sender)
    assert [(row["state"], row["attempts"]) for row in deliveries()] == [("sent", 1)] * 2
    assert way.held == []


async def test_a_node_that_stops_waits_for_no_place(desk: Desk, account: Account, deliveries: Deliveries) -> None:
    way = Narrow(patience=60)
    narrow = replace(desk, sandbox=dict.fromkeys(Channel, way))
    sender = Sender(narrow, Channel.SMS, 2)
    way.held = [0]
    await ready_order(narrow, account)
    await sender.claim()
    await until(lambda: [row["state"] for row in deliveries()] == ["claimed"])
    assert await sender.stop(30, 30) == 0
    assert [(row["state"], row["attempts"]) for row in deliveries()] == [("ready", 0)]
    assert way.delivered == []


# --- leases and cancelling


async def test_an_attempt_that_takes_longer_than_its_lease_keeps_it(
    desk: Desk, account: Account, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    for _ in range(10):
        clock.forward(seconds=20)
        await sender.beat()
        assert await rescue(desk, clock()) == 0
    call.hang_up.set()
    await until(lambda: not sender._running)
    assert [row["state"] for row in deliveries()] == ["sent"]


async def test_without_a_beat_the_lease_ends_and_a_late_outcome_still_counts(
    desk: Desk, account: Account, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    clock.forward(seconds=31)
    assert await rescue(desk, clock()) == 1
    assert [row["state"] for row in deliveries()] == ["unknown"]
    await sender.beat()
    with capture_logs() as logs:
        call.hang_up.set()
        await until(lambda: not sender._running)
    assert [row["state"] for row in deliveries()] == ["sent"]
    assert [entry["kept"] for entry in logs if entry["event"] == "attempt ended"] == [True]


async def test_a_cancelled_call_is_told_and_only_that_one(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    wanted, unwanted = Call(), Call()
    way.steps = [unwanted, wanted]
    first = await ready_order(desk, account)
    await ready_order(desk, account)
    await sender.claim()
    await unwanted.begun.wait()
    await wanted.begun.wait()
    desk.database.run_here(lambda connection: store.cancel(connection, first, START))
    await sender.beat()
    await until(lambda: unwanted.saw_cancel)
    await until(lambda: deliveries()[0]["state"] != "sending")
    wanted.hang_up.set()
    await until(lambda: not sender._running)
    assert not wanted.saw_cancel
    assert [(row["state"], row["result"], row["pages"]) for row in deliveries()] == [
        ("failed", "SENDFAIL", 1),
        ("sent", "OK", 1),
    ]
