"""How the database finds deliveries: rounds that come every second never look at what is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from builders import MOBILE, START
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.store import deliveries, turns
from depesche.store.database import Database
from journeys import LEASE, OTHERS, begun, claim_one, ordered

ROUNDS: dict[str, tuple[Callable[[sa.Connection], object], str]] = {
    "stage": (lambda connection: turns.stage(connection, START, 10), "ix_delivery_waiting"),
    "claim": (
        lambda connection: deliveries.claim(connection, "w2", Channel.SMS, 10, START + LEASE),
        "ix_delivery_ready",
    ),
    "renew": (lambda connection: deliveries.renew(connection, "w1", [1, 2], START + LEASE), "INTEGER PRIMARY KEY"),
    "rescue": (lambda connection: deliveries.rescue(connection, START + LEASE + LEASE), "ix_delivery_leased"),
    "expire": (lambda connection: deliveries.expire_leases(connection, START), "ix_delivery_leased"),
    "unknown": (lambda connection: deliveries.unknown(connection, 0, 10), "ix_delivery_unknown"),
}


@contextmanager
def overheard(connection: sa.Connection) -> Iterator[dict[str, int]]:
    """Every statement, and how many values it is given."""
    heard: dict[str, int] = {}

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        heard[statement] = len(values[0] if many else values)

    sa.event.listen(connection, "before_cursor_execute", hear)
    yield heard
    sa.event.remove(connection, "before_cursor_execute", hear)


def searches(connection: sa.Connection, statement: str, values: int) -> list[str]:
    """How deliveries are looked for, in the planner's words, whatever the values are.

    SQLite can look at them, but plans anew each time then.
    """
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * values)
    return [row.detail for row in plan if " delivery " in f"{row.detail} "]


@pytest.mark.parametrize("name", ROUNDS)
def test_a_round_searches_by_an_index_that_holds_no_more_than_it_needs(
    database: Database, account: Account, name: str
) -> None:
    work, index = ROUNDS[name]

    def look(connection: sa.Connection) -> list[str]:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 3)
        begun(connection)
        claim_one(connection)
        with overheard(connection) as heard:
            work(connection)
        return [step for statement, values in heard.items() for step in searches(connection, statement, values)]

    steps = database.run_here(look)
    assert any(index in step for step in steps)
    assert [step for step in steps if not step.startswith("SEARCH delivery USING I")] == []
    assert {step for step in steps if index not in step} <= {"SEARCH delivery USING INTEGER PRIMARY KEY (rowid=?)"}
