"""Transactions are timed, and those that wait are counted."""

import asyncio
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from depesche.store.database import DatabaseClosed
from depesche.store.measured import Measured
from depesche.store.sqlite import Sqlite
from watching import counted
from ways import until

pytestmark = pytest.mark.anyio


def number(kind: str) -> float:
    return counted("depesche_database_seconds_count", kind=kind)


def waiting(kind: str) -> float:
    return counted("depesche_database_waiting", kind=kind)


def two(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text("SELECT 2")).scalar_one())


async def test_it_does_what_the_database_does(database: Sqlite) -> None:
    measured = Measured(database)
    assert [await measured.run(two), await measured.read(two), await measured.peek(two)] == [2, 2, 2]
    assert [measured.run_here(two), measured.read_here(two)] == [2, 2]
    measured.close()
    with pytest.raises(DatabaseClosed):
        await measured.run(two)


async def test_what_is_written_and_what_is_read_is_counted_apart_and_a_peek_not_at_all(database: Sqlite) -> None:
    measured = Measured(database)
    before = number("write"), number("read")
    await measured.run(two)
    measured.run_here(two)
    await measured.read(two)
    await measured.peek(two)
    assert (number("write"), number("read")) == (before[0] + 2, before[1] + 1)


async def test_those_that_wait_are_counted_until_they_are_called(database: Sqlite) -> None:
    measured, gate = Measured(database), threading.Event()
    idle = waiting("write")
    slow = asyncio.create_task(measured.run(lambda _connection: gate.wait(10)))
    await until(lambda: waiting("write") == idle)
    others = [asyncio.create_task(measured.run(two)) for _ in range(3)]
    await until(lambda: waiting("write") == idle + 3)
    gate.set()
    await asyncio.gather(slow, *others)
    assert waiting("write") == idle


def broken(connection: sa.Connection) -> None:
    raise LookupError


def called_twice(connection: sa.Connection) -> None:
    """As a database does that had to give way."""


@pytest.mark.parametrize("work", [broken, called_twice])
async def test_whatever_becomes_of_it_nobody_waits_afterwards(
    database: Sqlite, work: Callable[[sa.Connection], None]
) -> None:
    class Again(Sqlite):
        async def run(self, work):  # type: ignore[no-untyped-def]
            await super().run(work)
            return await super().run(work)

    again = Again(database.path)
    idle, before = waiting("write"), number("write")
    try:
        await Measured(again).run(work)
    except LookupError:
        assert work is broken
    again.close()
    assert waiting("write") == idle
    assert number("write") == before + 1


async def test_whoever_gives_up_does_not_wait_any_more(database: Sqlite) -> None:
    measured, gate = Measured(database), threading.Event()
    idle = waiting("write")
    slow = asyncio.create_task(measured.run(lambda _connection: gate.wait(10)))
    await until(lambda: waiting("write") == idle)
    other = asyncio.create_task(measured.run(two))
    await until(lambda: waiting("write") == idle + 1)
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    assert waiting("write") == idle
    gate.set()
    await slow
    await measured.run(two)
    assert waiting("write") == idle
