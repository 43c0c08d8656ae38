"""One thread writes, in groups; what was answered is on disk, and a failure is its own work's alone."""

import asyncio
import itertools
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from builders import copy_of
from depesche.store import schema
from depesche.store.database import DatabaseClosed
from depesche.store.sqlite import GROUP, Sqlite, engine

KEY = itertools.count(1)


def insert(connection: sa.Connection) -> int:
    """Write one row of no meaning, give its key."""
    key = next(KEY)
    connection.execute(schema.turn.insert(), {"channel": "sms", "account_id": key, "lane": "bulk", "last": 1.0})
    return key


def insert_and_fail(connection: sa.Connection) -> int:
    insert(connection)
    raise LookupError("this work has a bug")


def insert_orphan(connection: sa.Connection) -> None:
    """A row whose account does not exist: with deferred checks only COMMIT finds that."""
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    connection.execute(schema.account_number.insert(), {"number": "+491", "account_id": 99})


def fill_the_disk(connection: sa.Connection) -> None:
    """SQLite takes the whole transaction back when it runs out of room."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    while True:
        insert(connection)


def count(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(schema.turn)).scalar_one())


def keys(database: Sqlite) -> set[int]:
    """What another process would see."""
    with closing(sqlite3.connect(database.path)) as connection:
        return {row[0] for row in connection.execute("SELECT account_id FROM turn")}


@contextmanager
def one_group(database: Sqlite) -> Iterator[None]:
    """What is submitted meanwhile is committed together: the writer is busy with another group until the end."""
    busy, free = threading.Event(), threading.Event()

    def occupy(connection: sa.Connection) -> None:
        busy.set()
        free.wait()

    future = database._submit(occupy)
    busy.wait()
    try:
        yield
    finally:
        free.set()
    future.result()


def test_the_file_is_set_up_to_survive_a_power_cut(database: Sqlite) -> None:
    for run in (database.run_here, database.read_here):
        pragmas = run(
            lambda connection: [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        )
        assert pragmas == ["wal", 2, 1]


def test_what_is_answered_is_committed(database: Sqlite) -> None:
    assert database.run_here(insert) in keys(database)
    assert asyncio.run(database.run(insert)) in keys(database)


def test_nothing_is_answered_before_the_commit_of_its_group(database: Sqlite) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def linger(connection: sa.Connection) -> None:
        reached.set()
        go_on.wait()

    with one_group(database):
        first, second = database._submit(insert), database._submit(linger)
    reached.wait()
    assert not first.done()
    assert keys(database) == set()
    go_on.set()
    assert {first.result()} == keys(database)
    second.result()


def test_a_group_is_one_transaction(database: Sqlite) -> None:
    commits: list[object] = []
    sa.event.listen(database._engine, "commit", commits.append)
    with one_group(database):
        futures = [database._submit(insert) for _ in range(20)]
    assert {future.result() for future in futures} == keys(database)
    assert len(commits) == 2


def test_a_group_is_bounded(database: Sqlite) -> None:
    commits: list[object] = []
    sa.event.listen(database._engine, "commit", commits.append)
    with one_group(database):
        futures = [database._submit(insert) for _ in range(2 * GROUP + 1)]
    assert {future.result() for future in futures} == keys(database)
    assert len(commits) == 4


def test_a_work_that_fails_leaves_nothing_and_harms_nobody(database: Sqlite) -> None:
    with one_group(database):
        before, failing, after = database._submit(insert), database._submit(insert_and_fail), database._submit(insert)
    with pytest.raises(LookupError, match="bug"):
        failing.result()
    assert keys(database) == {before.result(), after.result()}


def test_a_statement_that_fails_leaves_nothing_of_its_work(database: Sqlite) -> None:
    def insert_twice(connection: sa.Connection) -> None:
        key = insert(connection)
        connection.execute(schema.turn.insert(), {"channel": "sms", "account_id": key, "lane": "bulk", "last": 1.0})

    with one_group(database):
        good, failing = database._submit(insert), database._submit(insert_twice)
    with pytest.raises(IntegrityError):
        failing.result()
    assert keys(database) == {good.result()}


def test_a_commit_that_fails_is_everybodys_answer_and_leaves_nothing(database: Sqlite) -> None:
    with one_group(database):
        futures: list[Future[int] | Future[None]] = [database._submit(insert), database._submit(insert_orphan)]
        futures.append(database._submit(insert))
    for future in futures:
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            future.result()
    assert keys(database) == set()
    assert {database.run_here(insert)} == keys(database)


def test_a_full_disk_is_everybodys_answer_and_passes(database: Sqlite) -> None:
    with one_group(database):
        futures: list[Future[int] | Future[None]] = [database._submit(insert), database._submit(fill_the_disk)]
        futures.append(database._submit(insert))
    for future in futures:
        with pytest.raises(OperationalError, match="full"):
            future.result()
    assert keys(database) == set()
    assert {database.run_here(insert)} == keys(database)


def test_another_process_that_will_not_stop_writing_is_an_error_not_a_hang(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depesche.store.sqlite.BUSY_SECONDS", 0.01)
    database = copy_of(ready, tmp_path)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            database.run_here(insert)
        other.execute("ROLLBACK")
    assert {database.run_here(insert)} == keys(database)
    database.close()


def test_a_caller_who_gives_up_while_waiting_is_not_served(database: Sqlite) -> None:
    async def give_up() -> None:
        task = asyncio.create_task(database.run(insert))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with one_group(database):
        asyncio.run(give_up())
        kept = database._submit(insert)
    assert {kept.result()} == keys(database)


def test_all_of_a_group_may_give_up(database: Sqlite) -> None:
    async def give_up() -> None:
        tasks = [asyncio.create_task(database.run(insert)) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with one_group(database):
        asyncio.run(give_up())
    assert {database.run_here(insert)} == keys(database)


def test_readers_see_the_last_commit_while_one_writes(database: Sqlite) -> None:
    written, go_on = threading.Event(), threading.Event()

    def insert_and_linger(connection: sa.Connection) -> None:
        insert(connection)
        written.set()
        go_on.wait()

    future = database._submit(insert_and_linger)
    written.wait()
    assert database.read_here(count) == 0
    assert asyncio.run(database.read(count)) == 0
    assert asyncio.run(database.peek(count)) == 0
    go_on.set()
    future.result()
    assert database.read_here(count) == 1
    assert asyncio.run(database.read(count)) == 1
    assert asyncio.run(database.peek(count)) == 1


def test_a_read_has_one_view_from_its_first_query_to_its_last(database: Sqlite) -> None:
    def look_twice(connection: sa.Connection) -> tuple[int, int]:
        first = count(connection)
        database.run_here(insert)
        return first, count(connection)

    assert database.read_here(look_twice) == (0, 0)


def test_a_file_that_cannot_be_opened_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        Sqlite(tmp_path / "missing" / "depesche.db")


def test_closing_finishes_what_is_queued_and_takes_nothing_more(database: Sqlite) -> None:
    with one_group(database):
        futures = [database._submit(insert) for _ in range(GROUP // 8)]
        closing_ = threading.Thread(target=database.close)
        closing_.start()
        while not database._closed:
            pass
        with pytest.raises(DatabaseClosed):
            database.run_here(insert)
    closing_.join()
    assert {future.result() for future in futures} == keys(database)
    with pytest.raises(DatabaseClosed):
        asyncio.run(database.run(insert))
    with pytest.raises(DatabaseClosed):
        asyncio.run(database.read(insert))
    with pytest.raises(DatabaseClosed):
        asyncio.run(database.peek(insert))
    with pytest.raises(DatabaseClosed):
        database.read_here(insert)
    database.close()


def test_a_closed_database_leaves_one_file(database: Sqlite) -> None:
    database.run_here(insert)
    database.close()
    assert [path.name for path in database.path.parent.glob("depesche.db*")] == ["depesche.db"]


def test_an_engine_waits_for_other_writers(tmp_path: Path) -> None:
    made = engine(tmp_path / "depesche.db")
    with made.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
    made.dispose()


def test_a_work_cannot_answer_for_another(database: Sqlite) -> None:
    with one_group(database):
        futures = [database._submit(lambda _, number=number: number) for number in range(10)]  # type: ignore[misc]
    assert [future.result() for future in futures] == list(range(10))


def test_errors_of_the_database_are_dbapi_errors(database: Sqlite) -> None:
    with pytest.raises(DBAPIError):
        database.run_here(lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere"))
