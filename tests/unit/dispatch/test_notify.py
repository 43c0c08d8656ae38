"""Customers are told, by calls to real servers that are good, bad, slow and away."""

import asyncio
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import START, Clock, add_account, new_job, rows
from depesche.callbacks.places import Places, Wanted
from depesche.config import Callbacks
from depesche.dispatch import notify as module
from depesche.dispatch.desk import Desk
from depesche.dispatch.notify import Notifier
from depesche.model.account import Account
from depesche.model.job import Sending
from depesche.model.roll import Recipient, ShortRoll
from depesche.store import callbacks, jobs, schema
from depesche.store.sqlite import Sqlite
from peers import notifying, web
from peers.web import Request, Web
from ways import until

pytestmark = pytest.mark.anyio

BERLIN = ZoneInfo("Europe/Berlin")

Build = Callable[..., Notifier]
Outbox = Callable[[], list[dict[str, Any]]]


@pytest.fixture
async def notifier(desk: Desk) -> AsyncIterator[Build]:
    """Builds notifiers that may call loopback, with settings; they are stopped at the end."""
    async with AsyncExitStack() as stack:

        def build(on: Desk = desk, **changes: Any) -> Notifier:
            settings = Callbacks(**{"seconds": 5} | changes).on_this_machine()
            built = Notifier(on, settings, BERLIN)
            stack.push_async_callback(built.stop, 5)
            return built

        yield build


@pytest.fixture
def outbox(database: Sqlite) -> Outbox:
    """All entries as they are now."""
    return lambda: database.read_here(partial(rows, table=schema.callback))


def tell(database: Sqlite, account: Account, url: str, many: int = 1, now: datetime = START) -> int:
    """A job that is final, all of it to be told; its JobId."""

    def work(connection: sa.Connection) -> int:
        recipients = tuple(Recipient(f"+49171{number:07}", f"ref {number}") for number in range(many))
        new = new_job(account.id, roll=ShortRoll(recipients), sending=Sending(status_url=url))
        job = jobs.insert(connection, new, now)
        final = {"state": "sent", "result": "OK", "finished_at": now, "pages": 1}
        connection.execute(schema.delivery.update().where(schema.delivery.c.job_id == job).values(**final))
        callbacks.enqueue(connection, job_id=job, account_id=account.id, first=0, last=many - 1, now=now)
        return job

    return database.run_here(work)


async def told(notifier: Notifier) -> None:
    """One round, and all that it began has ended."""
    await notifier.notify()
    if notifier._running:
        await asyncio.wait(notifier._running, timeout=10)


async def passing(clock: Clock, condition: Callable[[], object]) -> None:
    """Wait for what loops bring about while time passes, faster than it does."""

    def look() -> object:
        clock.forward(milliseconds=10)
        return condition()

    await until(look)


def given_up(database: Sqlite) -> list[dict[str, Any]]:
    events = database.read_here(partial(rows, table=schema.event))
    return [event["data"] for event in events if event["kind"] == "callback.given_up"]


# --- what is said


async def test_the_customers_server_is_told_what_became_of_a_recipient(
    database: Sqlite, account: Account, notifier: Build, outbox: Outbox
) -> None:
    async with Web() as server:
        url = server.url("/status &job=$JID &to=$RCV &ref=$CID &stat=$STAT &at=$DATE-$TIME &cost=$COST$")
        job = tell(database, account, url)
        await told(notifier())
    assert server.targets == [
        f"/status&job={job}&to=%2B491710000000&ref=ref%200&stat=OK&at=02.03.26-10%3A00%3A00&cost=0.00$"
    ]
    assert [(row["done_at"], row["failed"]) for row in outbox()] == [(START, 0)]


async def test_each_given_row_is_one_call_in_the_order_given(
    database: Sqlite, account: Account, notifier: Build, outbox: Outbox
) -> None:
    async with Web() as server:
        tell(database, account, server.url("/$CID"), many=20)
        await told(notifier())
        assert server.targets == [f"/ref%20{number}" for number in range(20)]
        assert server.most_at_once == 1
        assert server.connections == 1
    assert outbox()[0]["done_at"] == START


async def test_nothing_is_called_before_its_time_or_twice(
    database: Sqlite, account: Account, notifier: Build, clock: Clock
) -> None:
    async with Web() as server:
        tell(database, account, server.url(), now=START + timedelta(seconds=1))
        calls = notifier()
        await told(calls)
        assert server.requests == []
        clock.forward(seconds=1)
        await told(calls)
        await told(calls)
        assert len(server.requests) == 1


# --- failures


async def test_a_call_that_fails_is_repeated_with_growing_pauses_until_it_goes_well(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox
) -> None:
    async with Web(web.status(500), web.status(404), web.slam, web.status(200)) as server:
        tell(database, account, server.url("/$CID"), many=2)
        calls = notifier()
        for usual in (10, 30, 60):
            await told(calls)
            (row,) = outbox()
            pause = (row["due_at"] - clock()).total_seconds()
            assert 0.9 * usual <= pause <= 1.1 * usual
            clock.forward(seconds=pause - 0.001)
            await told(calls)  # not yet
            clock.moment = row["due_at"]
        await told(calls)
    assert server.targets == ["/ref%200"] * 4 + ["/ref%201"]
    assert outbox()[0]["done_at"] == clock()
    assert given_up(database) == []


async def test_after_a_day_a_recipient_is_given_up_and_the_next_has_its_try(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox
) -> None:
    async with Web(web.status(503)) as server:
        tell(database, account, server.url("/$CID"), many=3)
        calls = notifier()
        while outbox()[0]["done_at"] is None:
            clock.moment = max(outbox()[0]["due_at"], clock())
            await told(calls)
        assert clock() - START == timedelta(hours=24)
        tries = server.targets.count("/ref%200")
        assert 25 <= tries <= 35
        # No success since then: the others are tried once each, and are on record as well.
        assert server.targets[tries:] == ["/ref%201", "/ref%202"]
    assert given_up(database) == [
        {"position": 0, "calls": tries, "reason": "answered 503"},
        {"position": 1, "calls": 1, "reason": "answered 503"},
        {"position": 2, "calls": 1, "reason": "answered 503"},
    ]
    assert [(row["failed"], row["done_at"]) for row in outbox()] == [(3, START + timedelta(hours=24))]


async def test_a_success_gives_the_rest_of_the_job_another_day(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox
) -> None:
    async with Web(web.status(503), web.status(200), web.status(503)) as server:
        tell(database, account, server.url("/$CID"), many=2)
        calls = notifier()
        await told(calls)
        clock.forward(hours=25)
        await told(calls)
        assert server.targets == ["/ref%200", "/ref%200", "/ref%201"]
        assert outbox()[0]["due_at"] - clock() < timedelta(seconds=12)
        clock.forward(hours=23, minutes=59)
        await told(calls)
        assert given_up(database) == []
        clock.forward(minutes=1)
        await told(calls)
    assert given_up(database) == [{"position": 1, "calls": 3, "reason": "answered 503"}]


async def test_one_recipient_that_fails_holds_up_the_later_ones_of_its_job_alone(
    database: Sqlite, account: Account, notifier: Build, clock: Clock
) -> None:
    async def moody(request: Request, writer: asyncio.StreamWriter) -> None:
        await web.status(500 if request.target.startswith("/bad") else 200)(request, writer)

    async with Web(moody) as server:
        tell(database, account, server.url("/bad/$CID"), many=3)
        tell(database, account, server.url("/good/$CID"), many=3)
        calls = notifier()
        for _ in range(4):
            await told(calls)
            clock.forward(hours=1)
    assert server.targets.count("/bad/ref%200") == 4
    assert [target for target in server.targets if target.startswith("/good")] == [
        f"/good/ref%20{number}" for number in range(3)
    ]


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/$JID", "http://u:p@a.de/", "gopher://a.de/", "http://nobody.invalid/"]
)
async def test_what_must_or_can_not_be_called_is_given_up_in_the_end(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox, url: str
) -> None:
    tell(database, account, url)
    calls = notifier()
    await told(calls)
    assert outbox()[0]["attempts"] == 1
    clock.forward(hours=24)
    await told(calls)
    (lost,) = given_up(database)
    assert lost["calls"] == 2
    assert lost["reason"].split(":")[0] in {"not allowed", "no address to call", "the host is not found"}


async def test_a_row_that_is_gone_is_given_up_at_once(
    database: Sqlite, account: Account, notifier: Build, outbox: Outbox
) -> None:
    async with Web() as server:
        tell(database, account, server.url("/$CID"), many=3)
        database.run_here(
            lambda connection: connection.execute(schema.delivery.delete().where(schema.delivery.c.position == 1))
        )
        await told(notifier())
    assert server.targets == ["/ref%200", "/ref%202"]
    assert [(lost["position"], lost["reason"]) for lost in given_up(database)] == [(1, "the given row is gone")]


async def test_no_log_line_tells_an_address(database: Sqlite, account: Account, notifier: Build) -> None:
    with capture_logs() as logs:
        async with Web(web.status(500), web.slam, web.status(200)) as server:
            for _ in range(3):
                tell(database, account, server.url("/secret?token=secret&ref=$CID"))
            await told(notifier())
    assert len(logs) == 3
    assert "secret" not in repr(logs)


# --- many


async def test_a_slow_host_does_not_hold_up_the_others(
    database: Sqlite, account: Account, notifier: Build, clock: Clock
) -> None:
    other = database.run_here(lambda connection: add_account(connection, "10002"))
    async with Web(web.hang, host="127.0.0.2") as slow, Web() as quick:
        for _ in range(100):
            tell(database, account, slow.url())
        for _ in range(10):
            tell(database, other, quick.url())
        calls = notifier(at_once=8)
        calls.loop.start()
        await passing(clock, lambda: len(quick.requests) == 10)
        assert len(slow.requests) <= 2
        assert len(calls._running) <= 8
        await calls.stop(0)


async def test_an_account_with_many_slow_hosts_does_not_hold_up_the_others(
    database: Sqlite, account: Account, notifier: Build, clock: Clock
) -> None:
    other = database.run_here(lambda connection: add_account(connection, "10002"))
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(Web(web.hang, host=f"127.0.1.{number}")) for number in range(1, 20)]
        quick = await stack.enter_async_context(Web())
        for server in slow:
            tell(database, account, server.url())
        tell(database, other, quick.url())
        calls = notifier(at_once=8)
        calls.loop.start()
        await passing(clock, lambda: quick.requests)
        assert sum(len(server.requests) for server in slow) <= 4
        await calls.stop(0)


async def test_an_account_whose_places_are_taken_does_not_ask_for_more_all_the_time(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = Places.come_back

    def come_back(places: Places, one: Wanted, now: datetime) -> datetime:
        asked.append(one.url)
        return real(places, one, now)

    monkeypatch.setattr(Places, "come_back", come_back)
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(Web(web.hang, host=f"127.0.1.{number}")) for number in range(1, 9)]
        for server in slow:
            tell(database, account, server.url())
        calls = notifier(at_once=16, seconds=30)
        await calls.notify()
        assert len(calls._running) == 8
        for number in range(20):
            tell(database, account, f"http://127.0.2.{number}:9/")
        for _ in range(1000):  # ten seconds
            await calls.notify()
            clock.forward(milliseconds=10)
        await calls.stop(0)
    assert 20 <= len(asked) < 200


async def test_a_host_that_does_not_answer_is_not_called_many_times_at_once(
    database: Sqlite, account: Account, notifier: Build, clock: Clock
) -> None:
    async with Web(web.hang) as slow:
        for _ in range(30):
            tell(database, account, slow.url())
        calls = notifier(at_once=16, seconds=0.05)
        await told(calls)
        assert slow.most_at_once == 4
        clock.forward(minutes=2)
        before = len(slow.requests)
        await told(calls)
        assert len(slow.requests) == before + 1


async def test_all_of_very_many_jobs_are_told_once(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox
) -> None:
    async with Web() as server:
        made = [tell(database, account, server.url("/$JID")) for _ in range(200)]
        calls = notifier(at_once=8)
        calls.loop.start()
        await passing(clock, lambda: all(row["done_at"] for row in outbox()))
        await calls.stop(5)
    assert sorted(server.targets) == sorted(f"/{job}" for job in made)
    assert server.most_at_once <= 2


async def test_a_long_job_lets_others_have_their_turn(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        clock.forward(seconds=1)
        await web.status(200)(request, writer)

    monkeypatch.setattr(module, "BATCH", 3)
    async with Web(answer) as server:
        tell(database, account, server.url("/long/$CID"), many=8)
        tell(database, account, server.url("/short/$CID"))
        calls = notifier(at_once=1)
        for _ in range(4):
            await told(calls)
    kinds = [target.split("/")[1] for target in server.targets]
    assert kinds == ["long"] * 3 + ["short"] + ["long"] * 5


async def test_a_batch_ends_after_its_time(
    database: Sqlite, account: Account, notifier: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_SECONDS", 0.5)
    async with Web(web.status(200, after=0.2)) as server:
        tell(database, account, server.url(), many=50)
        await told(notifier())
    assert 2 <= len(server.requests) <= 3


async def test_a_job_of_very_many_recipients_is_told_without_memory_growing(
    database: Sqlite, account: Account, notifier: Build, outbox: Outbox
) -> None:
    async with Web() as server:
        tell(database, account, server.url("/$CID"), many=300)
        calls = notifier()
        await told(calls)
        tracemalloc.start()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        while not outbox()[0]["done_at"]:
            await told(calls)
            server.requests.clear()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert outbox()[0]["next"] == 300
    assert peak - before < 4 << 20


# --- what goes wrong here


async def test_a_database_that_fails_leaves_the_call_to_its_lease_and_the_loop_alive(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox
) -> None:
    def rename(old: str, new: str) -> None:
        database.run_here(lambda connection: connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}"))

    async def spoil(request: Request, writer: asyncio.StreamWriter) -> None:
        rename("callback", "gone")
        await web.status(200)(request, writer)

    async with Web(spoil, web.status(200)) as server:
        tell(database, account, server.url())
        calls = notifier()
        with capture_logs() as logs:
            calls.loop.start()
            await until(lambda: "callback left to its lease" in [entry["event"] for entry in logs])
            await until(lambda: "loop failed" in [entry["event"] for entry in logs])
            rename("gone", "callback")
            assert len(server.requests) == 1
            clock.moment = outbox()[0]["due_at"]
            await until(lambda: outbox()[0]["done_at"])
    assert len(server.requests) == 2  # at least once


async def test_stopping_takes_nothing_new_and_lets_calls_end(
    database: Sqlite, account: Account, notifier: Build, outbox: Outbox
) -> None:
    go_on = asyncio.Event()

    async def wait(request: Request, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        await web.status(200)(request, writer)

    async with Web(wait) as server:
        tell(database, account, server.url("/$CID"), many=3)
        calls = notifier()
        calls.loop.start()
        await until(lambda: server.requests)
        stopping = asyncio.create_task(calls.stop(10))
        await asyncio.sleep(0.01)
        tell(database, account, server.url("/new"))
        go_on.set()
        await stopping
        assert server.targets == ["/ref%200"]
        first, second = outbox()
        assert (first["next"], first["due_at"]) == (1, START)  # the next start need not wait
        assert (second["next"], second["due_at"]) == (0, START)


async def test_calls_that_do_not_end_in_time_are_made_again_after_the_next_start(
    desk: Desk, database: Sqlite, account: Account, notifier: Build, outbox: Outbox
) -> None:
    async with Web(web.hang, web.status(200)) as server:
        tell(database, account, server.url("/$CID"))
        calls = notifier()
        calls.loop.start()
        await until(lambda: server.requests)
        begun = asyncio.get_running_loop().time()
        await calls.stop(0.05)
        assert asyncio.get_running_loop().time() - begun < 2
        assert not calls._running
        assert [(row["due_at"], row["attempts"]) for row in outbox()] == [(START, 0)]
        await told(notifier(replace(desk, worker="w2")))
        assert server.targets == ["/ref%200"] * 2
    assert outbox()[0]["done_at"] == START


async def test_a_worker_that_outlived_its_lease_does_not_count_for_another(
    database: Sqlite, account: Account, notifier: Build, clock: Clock, outbox: Outbox
) -> None:
    late = asyncio.Event()

    async def wait(request: Request, writer: asyncio.StreamWriter) -> None:
        await late.wait()
        await web.status(500)(request, writer)

    async with Web(wait, web.status(200)) as server:
        tell(database, account, server.url("/$CID"), many=2)
        asleep, other = notifier(), notifier()
        await asleep.notify()
        await until(lambda: server.requests)
        clock.moment = outbox()[0]["due_at"]
        await told(other)
        assert outbox()[0]["done_at"] == clock()
        before = outbox()
        late.set()
        await asyncio.wait(asleep._running, timeout=10)
        assert outbox() == before
    assert server.targets == ["/ref%200", "/ref%200", "/ref%201"]


async def test_a_node_that_is_killed_between_a_call_and_its_record_calls_again(
    database: Sqlite, account: Account, tmp_path: Path
) -> None:
    victims: list[subprocess.Popen[bytes]] = []

    async def kill(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) in (1, 4):  # the customer's program has the news, and we do not know it
            victims[-1].kill()
            victims[-1].wait()
        await web.status(200)(request, writer)

    async with Web(kill) as server:
        tell(database, account, server.url("/$CID"), many=4)
        database.close()
        for _ in range(3):
            victims.append(subprocess.Popen([sys.executable, notifying.__file__, str(database.path)]))
            code = await asyncio.to_thread(victims[-1].wait, 60)
            victims[-1].wait()
        assert code == 0
    assert server.targets == [f"/ref%20{number}" for number in (0, 0, 1, 2, 2, 3)]
