"""How much waits and is under way, and that asking for it is cheap."""

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from builders import MOBILE, START
from conformance.store.test_plans import overheard
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.model.states import State
from depesche.store import deliveries, holds, queue, turns
from depesche.store.database import Database
from depesche.store.queue import Depth
from journeys import LEASE, OTHERS, begun, claim_one, ordered


def found(connection: sa.Connection) -> dict[tuple[Channel, State], tuple[int, float | None]]:
    """Count, and seconds from `START` to when the oldest is due."""
    return {(depth.channel, depth.state): (depth.count, _seconds(depth)) for depth in queue.depths(connection)}


def _seconds(depth: Depth) -> float | None:
    return None if depth.due_at is None else (depth.due_at - START).total_seconds()


def test_nothing_is_told_of_an_empty_queue(database: Database) -> None:
    assert database.read_here(queue.depths) == []


def test_each_channel_and_state_is_counted_with_the_oldest_of_it(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ordered(connection, account, *OTHERS)
        ordered(connection, account, "a@b.de", type=JobType.MAIL)
        turns.stage(connection, START, 10)
        claimed = claim_one(connection)
        begun(connection)
        ordered(connection, account, MOBILE, send_at=START + timedelta(hours=2))
        ordered(connection, account, MOBILE, send_at=START + timedelta(hours=1))
        deliveries.release(connection, claimed)

    database.run_here(work)
    assert database.read_here(found) == {
        (Channel.SMS, State.WAITING): (2, 3600),
        (Channel.SMS, State.READY): (2, 0),
        (Channel.SMS, State.SENDING): (1, 0),
        (Channel.MAIL, State.READY): (1, 0),
    }


def test_what_nobody_knows_and_what_is_on_hold_is_counted_and_what_is_over_is_not(
    database: Database, account: Account
) -> None:
    def work(connection: sa.Connection) -> None:
        ordered(connection, account)
        turns.stage(connection, START, 10)
        begun(connection)
        deliveries.rescue(connection, START + LEASE + LEASE)
        over = ordered(connection, account)
        deliveries.cancel(connection, over, START)
        holds.put(connection, account.id, None, START, "")
        ordered(connection, account)
        turns.stage(connection, START, 10)

    database.run_here(work)
    assert database.read_here(found) == {
        (Channel.SMS, State.UNKNOWN): (1, 0),
        (Channel.SMS, State.HELD): (1, None),
    }


PARTIAL = {"ix_delivery_waiting", "ix_delivery_ready", "ix_delivery_leased", "ix_delivery_unknown", "ix_delivery_held"}


def indexes(connection: sa.Connection, statement: str, values: Any) -> set[str]:
    """What the planner uses for `delivery`; empty for the table itself."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of a table with few rows it would be cheaper
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars()
        return set(re.findall(r"\b(?:Scan|on) (?:using |on )?((?:ix|pk|uq)_\w+)", "\n".join(plan)))
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    steps = [row.detail for row in rows if "delivery" in row.detail]
    return {match[1] if (match := re.search(r"INDEX (\w+)", step)) else "" for step in steps}


def test_no_question_looks_at_what_is_over(database: Database, account: Account) -> None:
    def look(connection: sa.Connection) -> set[str]:
        ordered(connection, account)
        turns.stage(connection, START, 1)
        with overheard(connection) as heard:
            queue.depths(connection)
        assert len(heard) == 6
        return {index for statement, values in heard for index in indexes(connection, statement, values)}

    assert database.run_here(look) == PARTIAL
