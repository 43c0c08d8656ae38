"""What is old enough goes: rows first, then the blobs that no row names."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import obstore
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import Clock, add_account, everything, new_job, rows
from depesche.blobs.store import BlobError, Blobs
from depesche.config import Retention
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.prune import Pruner
from depesche.dispatch.sweep import Sweeper
from depesche.model.account import Account
from depesche.model.job import StoredFile
from depesche.model.jobtype import Channel
from depesche.model.roll import Recipient, ShortRoll
from depesche.store import deliveries, jobs, retention, schema, turns
from depesche.store.retention import ROWS, Kind
from depesche.store.sqlite import Sqlite
from journeys import LEASE, OK, finish_one, ordered
from watching import counted
from ways import rename, until

pytestmark = pytest.mark.anyio

AGES = Retention(document_days=10, record_days=20)


def pruner_of(desk: Desk, ages: Retention = AGES) -> Pruner:
    return Pruner(desk.database, desk.blobs, ages, desk.now, desk.zone)


@pytest.fixture
def pruner(desk: Desk) -> Pruner:
    return pruner_of(desk)


async def over(desk: Desk, account: Account, *keys: str) -> list[str]:
    """A job that ends now, with two documents, unless their keys are given; gives those."""
    named = list(keys) or [(await desk.blobs.put("order", b"x")).key for _ in range(2)]
    files = tuple(StoredFile("source", f"{key}.pdf", "PDF", 0, key, 1, "a" * 64) for key in named)

    def work(connection: sa.Connection) -> None:
        jobs.insert(connection, new_job(account.id, files=files, send_at=desk.now()), desk.now())
        turns.stage(connection, desk.now(), 10)
        (claimed,) = deliveries.claim(connection, "w1", Channel.SMS, 1, desk.now() + LEASE)
        deliveries.begin(connection, [claimed], desk.now(), desk.now() + LEASE)
        assert finish_one(connection, claimed, OK, desk.now(), None)

    await desk.database.run(work)
    return named


async def there(desk: Desk) -> set[str]:
    return {entry["path"] async for chunk in obstore.list(desk.blobs._store) for entry in chunk}


def named(database: Sqlite) -> list[str]:
    return [row["blob_key"] for row in database.read_here(lambda connection: rows(connection, schema.document))]


async def walk(pruner: Pruner) -> int:
    """All of it; gives the rounds that it took."""
    rounds = 1
    while await pruner.prune():
        rounds += 1
    return rounds


class Away(Blobs):
    """A place for blobs that does not answer when something is to be deleted."""

    async def delete(self, keys: Iterable[str], seconds: float | None = None) -> None:
        raise BlobError("no answer in time")


def away(desk: Desk) -> Desk:
    return replace(desk, blobs=Away(desk.blobs._store, desk.blobs._scratch, desk.blobs._root))


async def swept(desk: Desk) -> None:
    """As of a time when whatever is there now has long been there."""
    sweeper = Sweeper(replace(desk, now=lambda: desk.now() + timedelta(days=10_000)))
    while await sweeper.sweep():
        pass


async def test_documents_go_from_the_rows_and_from_their_place(
    desk: Desk, account: Account, database: Sqlite, clock: Clock, pruner: Pruner
) -> None:
    await over(desk, account)
    clock.forward(days=5)
    young = await over(desk, account)
    clock.forward(days=6)
    await walk(pruner)
    assert named(database) == ["", "", *young]
    assert await there(desk) == set(young)


async def test_with_its_record_a_job_loses_the_documents_that_it_still_had(
    desk: Desk, account: Account, database: Sqlite, clock: Clock
) -> None:
    await over(desk, account)
    clock.forward(days=21)
    await walk(pruner_of(desk, Retention(document_days=0, record_days=20)))
    assert database.read_here(lambda connection: rows(connection, schema.job)) == []
    assert await there(desk) == set()


async def test_a_blob_that_two_rows_name_goes_with_the_last_of_them(
    desk: Desk, account: Account, clock: Clock, pruner: Pruner
) -> None:
    _, second = await over(desk, account)
    clock.forward(days=5)
    await over(desk, account, second)
    clock.forward(days=6)
    await walk(pruner)
    assert await there(desk) == {second}
    clock.forward(days=5)
    await walk(pruner)
    assert await there(desk) == set()


async def test_a_place_for_blobs_that_is_away_keeps_no_row_and_the_sweep_finds_what_was_left(
    desk: Desk, account: Account, database: Sqlite, clock: Clock
) -> None:
    keys = await over(desk, account)
    await over(desk, account)
    clock.forward(days=11)
    with capture_logs() as logs:
        await walk(pruner_of(away(desk)))
    assert named(database) == [""] * 4
    told = [(entry["event"], entry.get("blobs")) for entry in logs]
    assert told == [("blobs left to the sweep", 4), ("pruned", None)]
    assert set(keys) < await there(desk)
    await swept(desk)
    assert await there(desk) == set()


async def test_what_a_crash_between_rows_and_blobs_leaves_is_found_by_the_sweep(
    desk: Desk, account: Account, database: Sqlite, clock: Clock, pruner: Pruner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    async def crash(keys: object) -> None:
        raise Crash

    keys = await over(desk, account)
    clock.forward(days=11)
    monkeypatch.setattr(pruner, "_delete", crash)
    with pytest.raises(Crash):
        await pruner.prune()
    assert (named(database), await there(desk)) == (["", ""], set(keys))
    await walk(pruner_of(desk))
    await swept(desk)
    assert await there(desk) == set()


async def test_no_blob_goes_whose_row_could_not_be_changed(
    desk: Desk, account: Account, database: Sqlite, clock: Clock, pruner: Pruner
) -> None:
    keys = await over(desk, account)
    clock.forward(days=11)
    rename(desk, "document", "gone")
    with pytest.raises(Exception, match="no such table"):
        await pruner.prune()
    rename(desk, "gone", "document")
    assert (named(database), await there(desk)) == (keys, set(keys))
    await walk(pruner)
    assert (named(database), await there(desk)) == (["", ""], set())


async def test_the_loop_goes_on_when_the_database_was_in_trouble(
    desk: Desk, account: Account, database: Sqlite, clock: Clock
) -> None:
    await over(desk, account)
    clock.forward(days=21)
    rename(desk, "document", "gone")
    loop = pruner_of(desk, AGES.model_copy(update={"hours": 1e-6})).loop
    with capture_logs() as logs:
        loop.start()
        await until(lambda: [entry["loop"] for entry in logs if entry["event"] == "loop failed"] == ["prune"] * 2)
        rename(desk, "gone", "document")
        await until(lambda: "pruned" in {entry["event"] for entry in logs})
        await loop.stop()
    assert await there(desk) == set()


async def test_a_walk_takes_a_round_for_each_chunk_and_tells_what_went(
    desk: Desk, account: Account, clock: Clock, pruner: Pruner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    for _ in range(5):
        await over(desk, account)
    clock.forward(days=11)
    with capture_logs() as logs:
        assert await walk(pruner) == 3 + 1
        assert await walk(pruner) == 1
    assert logs == [{"event": "pruned", "log_level": "info", "documents": 5}]
    clock.forward(days=10)
    erasing = 4  # events, documents, deliveries with their attempts, jobs
    with capture_logs() as logs:
        assert await walk(pruner) == 3 + erasing + 1
    assert logs == [{"event": "pruned", "log_level": "info", "jobs": 5}]


async def test_what_a_walk_is_through_with_it_does_not_ask_for_again(
    desk: Desk, account: Account, clock: Clock, pruner: Pruner, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Kind] = []
    due = retention.due

    def listen(connection: sa.Connection, kind: Kind, ages: Retention, now: datetime) -> list[int]:
        asked.append(kind)
        return due(connection, kind, ages, now)

    monkeypatch.setattr(retention, "due", listen)
    await over(desk, account)
    clock.forward(days=21)
    await walk(pruner)
    assert asked == sorted(asked, key=retention.AGED.index)


async def test_every_kind_is_taken_in_one_walk(desk: Desk, account: Account, database: Sqlite, clock: Clock) -> None:
    await over(desk, account)

    def work(connection: sa.Connection) -> None:
        at = {"at": desk.now(), "account_id": account.id}
        line = {"kind": "deposit", "amount": 1, "units": 0, "note": "transfer"}
        connection.execute(schema.ledger.insert(), at | line)
        connection.execute(schema.audit.insert(), at | {"actor": "op", "action": "account.set", "data": {}})
        refused = {"account": "10001", "code": 1, "rule": "NO_RECIPIENT", "reason": ""}
        connection.execute(schema.refusal.insert(), at | refused)
        day = {"account_id": account.id, "day": desk.now().date(), "spent": 0, "pages": 1}
        connection.execute(schema.usage.insert(), day)
        for number, deleted_at in ((1, desk.now()), (2, None)):
            fax = {"id": number, "account_id": account.id, "source": str(number), "called_number": "1", "pages": 1}
            fax |= {"received_at": desk.now(), "originator": "", "remote_id": "", "complete": True, "size": 1}
            fax |= {"blob_key": f"inbound/{number}", "sha256": "", "deleted_at": deleted_at}
            connection.execute(schema.inbound.insert(), fax)

    await desk.database.run(work)
    clock.forward(days=365 * 11)
    pruner = pruner_of(desk, Retention(kept_fax_days=100))
    counts = [chunk async for chunk in pruner.chunks()]
    assert {kind: count for kind, count in counts if count} == dict.fromkeys(Kind, 1)
    left = {name for name, found in database.read_here(everything).items() if found}
    assert left == {"account", "turn", "ledger", "inbound"}  # what left its inbox just now is on record for a year
    assert database.read_here(lambda connection: rows(connection, schema.refusal)) == []


async def test_nodes_that_prune_at_once_do_not_get_in_each_others_way(
    desk: Desk, account: Account, database: Sqlite, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 3)
    for _ in range(20):
        await over(desk, account)
    clock.forward(days=21)
    await asyncio.gather(*(walk(pruner_of(desk)) for _ in range(5)))
    assert database.read_here(lambda connection: rows(connection, schema.job)) == []
    assert await there(desk) == set()


async def test_a_node_prunes(desk: Desk, account: Account, database: Sqlite, clock: Clock) -> None:
    await over(desk, account)
    clock.forward(days=21)
    dispatcher = Dispatcher(desk, pruner=pruner_of(desk))
    dispatcher.start()
    await until(lambda: not database.read_here(lambda connection: rows(connection, schema.job)))
    await dispatcher.stop()


async def test_what_went_is_counted(desk: Desk, account: Account, clock: Clock, pruner: Pruner) -> None:
    kinds = ("documents", "jobs", "blobs")
    before = [counted("depesche_pruned_total", what=kind) for kind in kinds]
    await over(desk, account)
    await over(desk, account)
    clock.forward(days=21)
    await walk(pruner)
    after = [counted("depesche_pruned_total", what=kind) for kind in kinds]
    assert [new - old for new, old in zip(after, before, strict=True)] == [2, 2, 4]


async def test_a_node_that_does_not_lead_leaves_it_to_the_other(desk: Desk, account: Account, clock: Clock) -> None:
    keys = await over(desk, account)
    clock.forward(days=21)
    leads = False
    pruner = Pruner(desk.database, desk.blobs, AGES, desk.now, desk.zone, lambda _: leads)
    assert await walk(pruner) == 1
    assert await there(desk) == set(keys)
    leads = True
    await walk(pruner)
    assert await there(desk) == set()


MANY = 100_000
EVENTS = """
INSERT INTO event (at, kind, account_id, job_id, delivery_id, data)
  SELECT :now, 'delivery.final', account_id, job_id, id, '{}' FROM delivery
"""


def of_many(database: Sqlite, account: Account, clock: Clock) -> None:
    """A job of so many recipients ended, each with an attempt and an event."""
    roll = ShortRoll(tuple(Recipient(f"+49171{number:07}") for number in range(MANY)))

    def work(connection: sa.Connection) -> None:
        ordered(connection, account, roll=roll)
        for statement in (
            "UPDATE delivery SET state = 'sent', result = 'OK', attempts = 1, finished_at = :now",
            "INSERT INTO attempt (delivery_id, number, worker, sending_at) SELECT id, 1, 'w1', :now FROM delivery",
            EVENTS,
            "UPDATE job SET open = 0, final_at = :now",
        ):
            connection.execute(sa.text(statement).bindparams(sa.bindparam("now", clock(), schema.Moment())))

    database.run_here(work)


@contextmanager
def changes_of(database: Sqlite) -> Iterator[list[int]]:
    """How many rows each transaction changes."""
    counts: list[int] = []

    def count(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement == "SAVEPOINT work":
            counts.append(0)
        elif statement.startswith(("DELETE", "UPDATE", "INSERT")):
            counts[-1] += cursor.rowcount

    sa.event.listen(database._engine, "after_cursor_execute", count)
    yield counts
    sa.event.remove(database._engine, "after_cursor_execute", count)


async def test_a_job_of_very_many_goes_while_others_write(
    desk: Desk, account: Account, database: Sqlite, clock: Clock, pruner: Pruner
) -> None:
    of_many(database, account, clock)
    clock.forward(days=21)
    waits: list[float] = []

    async def write() -> None:
        while True:
            began = perf_counter()
            await database.run(lambda connection: add_account(connection, f"2{len(waits):05}"))
            waits.append(perf_counter() - began)
            await asyncio.sleep(0.002)

    writer = asyncio.create_task(write())
    began = perf_counter()
    with changes_of(database) as counts:
        await walk(pruner)
    took = perf_counter() - began
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    print(f"{3 * MANY} rows in {took:.1f} s, {len(counts)} transactions; {len(waits)} others waited", end=" ")
    print(f"{max(waits) * 1000:.0f} ms at most, {sorted(waits)[len(waits) // 2] * 1000:.1f} ms in the middle")
    assert sum(counts) > 3 * MANY
    assert max(counts) <= ROWS
    assert len(waits) > len(counts) / 10
    left = {name for name, found in database.read_here(everything).items() if found}
    assert left == {"account"}
