"""What the loops do is counted, and their lines say whose they are."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from builders import MOBILE, START, Clock, new_job
from depesche.channels.base import Delivery, Document
from depesche.config import Callbacks, Role
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.loop import Loop
from depesche.dispatch.notify import Notifier
from depesche.dispatch.reconcile import reconcile
from depesche.dispatch.send import Sender
from depesche.model.account import Account
from depesche.model.job import Sending
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import callbacks, deliveries, jobs, schema, turns
from depesche.store.sqlite import Sqlite
from journeys import BUSY, LEASE, OK, begun, ordered
from peers import web
from peers.web import Web
from watching import counted
from ways import Call, Scripted, carried, ready_order, rename, until

pytestmark = pytest.mark.anyio


def attempts(result: str) -> float:
    return counted("depesche_attempts_total", channel="sms", result=result)


def calls(outcome: str) -> float:
    return counted("depesche_callbacks_total", outcome=outcome)


async def test_an_attempt_is_counted_by_its_word(desk: Desk, account: Account, sender: Sender, way: Scripted) -> None:
    before = attempts("OK"), attempts("BUSY")
    way.steps = [BUSY, OK]
    await ready_order(desk, account, MOBILE, "+491713920003")
    await carried(sender)
    assert (attempts("OK"), attempts("BUSY")) == (before[0] + 1, before[1] + 1)


async def test_an_attempt_that_is_not_ours_any_more_is_not_counted(
    desk: Desk, account: Account, sender: Sender, way: Scripted, database: Sqlite
) -> None:
    before = attempts("OK")
    call = Call()
    way.steps = [call]
    await ready_order(desk, account)
    await sender.claim()
    await call.begun.wait()
    database.run_here(lambda connection: connection.execute(schema.delivery.update().values(fence=99)))
    call.hang_up.set()
    await until(lambda: not sender.carried())
    assert attempts("OK") == before


async def test_a_lost_attempt_is_counted_when_it_is_settled(desk: Desk, account: Account, way: Scripted) -> None:
    def lose(connection: sa.Connection) -> None:
        ordered(connection, account)
        turns.stage(connection, START, 1)
        begun(connection)
        deliveries.rescue(connection, START + LEASE + LEASE)

    desk.database.run_here(lose)
    before = attempts("NOANSWER")
    await reconcile(desk)
    assert attempts("NOANSWER") == before
    way.found = Outcome(Result.NO_ANSWER)
    with capture_logs() as logs:
        await reconcile(desk)
    assert attempts("NOANSWER") == before + 1
    assert [(line["delivery"], line["job"], line["attempt"]) for line in logs] == [(1, 1, 1)]


@pytest.fixture
def places() -> Callable[[], tuple[float, float]]:
    """Calls and places of SMS."""
    labels = {"channel": "sms"}
    return lambda: (counted("depesche_line_calls", **labels), counted("depesche_line_places", **labels))


async def test_the_places_of_a_line_and_those_that_are_taken_are_told(
    desk: Desk, account: Account, way: Scripted, places: Callable[[], tuple[float, float]]
) -> None:
    call = Call()
    way.steps = [call]
    desk.database.run_here(lambda connection: jobs.insert(connection, new_job(account.id), START))
    dispatcher = Dispatcher(desk)
    dispatcher.start()
    await call.begun.wait()
    assert places() == (1, desk.settings.others)
    call.hang_up.set()
    await dispatcher.stop()
    assert places() == (0, desk.settings.others)


async def test_a_node_that_carries_nothing_tells_of_no_places(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[Sender] = []

    def measure(self: Sender) -> None:
        measured.append(self)

    monkeypatch.setattr(Sender, "measure", measure)
    for role, number in ((Role.DISPATCH, 0), (Role.LINES, 5)):
        dispatcher = Dispatcher(desk, roles={role})
        dispatcher.start()
        await dispatcher.stop()
        assert [sender.channel for sender in measured] == list(Channel)[:number]


async def test_a_round_that_fails_is_counted_and_a_loop_is_known_before_it_does() -> None:
    async def fail() -> bool:
        raise LookupError("a bug")

    loop = Loop("counted", fail, 3600)
    name = {"loop": "counted"}
    before = counted("depesche_loop_failures_total", **name)
    with capture_logs():
        loop.start()
        await until(lambda: counted("depesche_loop_failures_total", **name) == before + 1)
        await loop.stop()


def tell(database: Sqlite, account: Account, url: str) -> None:
    def work(connection: sa.Connection) -> None:
        job = jobs.insert(connection, new_job(account.id, sending=Sending(status_url=url)), START)
        callbacks.enqueue(connection, job_id=job, account_id=account.id, first=0, last=0, now=START)

    database.run_here(work)


async def test_calls_of_customers_programs_are_counted_by_what_comes_of_them(
    desk: Desk, database: Sqlite, account: Account, clock: Clock
) -> None:
    before = [calls(outcome) for outcome in ("ok", "failed", "given_up")]

    async def counts(url: str, *forward: float) -> list[float]:
        tell(database, account, url)
        notifier = Notifier(desk, Callbacks(hours=1).on_this_machine(), ZoneInfo("Europe/Berlin"))
        for hours in forward:
            clock.forward(hours=hours)
            await notifier.notify()
            await asyncio.wait(notifier._running, timeout=10)
        await notifier.stop(5)
        return [calls(outcome) - was for outcome, was in zip(("ok", "failed", "given_up"), before, strict=True)]

    async with Web(web.status(200), web.status(500)) as server:
        assert await counts(server.url(), 0) == [1, 0, 0]
        assert await counts(server.url(), 0, 2) == [1, 1, 1]


async def test_every_line_of_an_attempt_says_whose_it_is_and_where_to_is_no_part_of_it(
    desk: Desk, account: Account, sender: Sender, way: Scripted
) -> None:
    seen: list[dict[str, Any]] = []

    async def step(_delivery: Delivery, _documents: Sequence[Document], _cancelled: threading.Event) -> Outcome:
        seen.append(get_contextvars())
        return Outcome(Result.SEND_FAILED, detail=f"550 <{MOBILE}> unknown")

    way.steps = [step]
    await ready_order(desk, account)
    with capture_logs() as logs:
        await carried(sender)
    assert seen == [{"account": "10001", "job": 1, "delivery": 1, "attempt": 1}]
    assert [line["event"] for line in logs] == ["attempt ended"]
    assert MOBILE not in str(logs)
    assert "delivery" not in get_contextvars()


async def test_an_outcome_that_is_not_written_stands_in_the_log_as_a_whole(
    desk: Desk, account: Account, sender: Sender, way: Scripted
) -> None:
    call = Call(Outcome(Result.SEND_FAILED, detail="a T.30 phrase"))
    way.steps = [call]
    await ready_order(desk, account)
    with capture_logs() as logs:
        await sender.claim()
        await call.begun.wait()
        rename(desk, "attempt", "away")
        call.hang_up.set()
        await until(lambda: logs)
        rename(desk, "away", "attempt")
        await until(lambda: not sender.carried())
    assert [(line["event"], line.get("detail")) for line in logs] == [
        ("outcome not written", "a T.30 phrase"),
        ("attempt ended", None),
    ]
