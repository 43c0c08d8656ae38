"""How the database finds things: rounds that come again and again never look at what they do not need."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, add_account
from depesche.config import Retention
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.store import callbacks, condemned, deliveries, holds, jobs, oldlines, retention, schema, turns
from depesche.store.database import Database
from depesche.store.postgres import Postgres
from depesche.store.retention import Kind
from journeys import LEASE, OTHERS, begun, claim_one, ordered

ROUNDS: dict[str, tuple[Callable[[sa.Connection], object], set[str]]] = {
    "stage": (lambda connection: turns.stage(connection, START, 10), {"ix_delivery_waiting", "ix_delivery_ready"}),
    "claim": (
        lambda connection: deliveries.claim(connection, "w2", Channel.SMS, 10, START + LEASE),
        {"ix_delivery_ready"},
    ),
    "renew": (lambda connection: deliveries.renew(connection, "w1", [1, 2], START + LEASE), {"pk_delivery"}),
    "rescue": (lambda connection: deliveries.rescue(connection, START + LEASE + LEASE), {"ix_delivery_leased"}),
    "expire": (lambda connection: deliveries.expire_leases(connection, START), {"ix_delivery_leased"}),
    "unknown": (lambda connection: deliveries.unknown(connection, 0, 10), {"ix_delivery_unknown"}),
    "put aside": (lambda connection: holds.put_aside(connection, 1, Channel.SMS), {"ix_delivery_ready"}),
    "take up": (lambda connection: holds.take_up(connection, 1, Channel.SMS), {"ix_delivery_held"}),
}


@contextmanager
def overheard(connection: sa.Connection) -> Iterator[list[tuple[str, Any]]]:
    """Every statement, and the values that it is given."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        heard.append((statement, values[0] if many else values))

    sa.event.listen(connection, "before_cursor_execute", hear)
    yield heard
    sa.event.remove(connection, "before_cursor_execute", hear)


def indexes(connection: sa.Connection, statement: str, values: Any, table: str = "delivery") -> list[str]:
    """What rows of the table are looked for by; a table that is read as a whole is an empty name."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # of a table with three rows it would be cheaper
        connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
        return [node.get("Index Name", "") for node in _nodes(plan[0]["Plan"]) if node.get("Relation Name") == table]
    # SQLite plans for whatever values come; it can look at them, but plans anew each time then.
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * len(values))
    found = [_SEARCH.match(row.detail) for row in plan if f" {table} " in f"{row.detail} "]
    names = [(match[1] or match[2] or f"pk_{table}") if match else "" for match in found]
    return [name.replace("sqlite_autoindex_usage_1", "pk_usage") for name in names]  # of two columns


_SEARCH = re.compile(
    r"SEARCH \w+ USING (?:COVERING )?(?:INDEX (\w+)|INTEGER PRIMARY KEY)"
    r"|SCAN \w+ USING INDEX (ix_job_condemned)"  # nothing else is in it
)


def _nodes(plan: Any) -> Iterator[Any]:
    if plan["Node Type"] != "ModifyTable":
        yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


@pytest.mark.parametrize("name", ROUNDS)
def test_a_round_searches_by_an_index_that_holds_no_more_than_it_needs(
    database: Database, account: Account, name: str
) -> None:
    work, wanted = ROUNDS[name]

    def look(connection: sa.Connection) -> set[str]:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 3)
        begun(connection)
        claim_one(connection)
        with overheard(connection) as heard:
            work(connection)
        return {used for statement, values in heard for used in indexes(connection, statement, values)}

    used = database.run_here(look)
    if name == "renew":
        assert used <= {*wanted, "ix_delivery_leased"}  # what is leased is little, too
    else:
        assert wanted <= used <= {*wanted, "pk_delivery"}


ROWS = 5000
READS: dict[str, tuple[Callable[[sa.Connection, int], object], int]] = {
    "one row": (lambda connection, job: callbacks.told(connection, job, ROWS - 100), 30),
    "all rows": (lambda connection, job: list(jobs.fates(connection, job)), ROWS),
}
"""What is read of a job, and how many rows any step of it may take in all."""


@pytest.mark.parametrize("name", READS)
def test_a_job_of_many_rows_is_no_walk_for_each_of_them_though_nobody_counted_them(
    postgres: Postgres, name: str
) -> None:
    """The planner still believes what was true before they came: that a job has one row."""
    read, most = READS[name]

    def small(connection: sa.Connection) -> Account:
        account = add_account(connection)
        for _ in range(20):
            ordered(connection, account)
        connection.exec_driver_sql("ANALYZE")
        return account

    def steps(connection: sa.Connection, account: Account) -> int:
        job = ordered(connection, account, *(f"+49171{number:07}" for number in range(ROWS)))
        with overheard(connection) as heard:
            read(connection, job)
        [(statement, values)] = heard
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
        return max(int(node["Actual Rows"]) * int(node["Actual Loops"]) for node in _every(plan[0]["Plan"]))

    account = postgres.run_here(small)
    assert postgres.run_here(lambda connection: steps(connection, account)) <= most


def _every(plan: Any) -> Iterator[Any]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _every(below)


def test_what_goes_piece_by_piece_is_never_looked_at_as_a_whole(postgres: Postgres) -> None:
    def look(connection: sa.Connection) -> str:
        ordered(connection, add_account(connection), MOBILE, *OTHERS)
        connection.execute(schema.job.update().values(kept="nothing"))
        with overheard(connection) as heard:
            retention.due(connection, Kind.JOBS, Retention(), START)
            _erase(connection)
        return str([connection.exec_driver_sql(f"EXPLAIN {one}", values).scalars().all() for one, values in heard])

    plans = postgres.run_here(look)
    assert "Index Scan using ix_event_job_id" in plans
    assert not re.findall(r"Seq Scan on (?!account)|Bitmap", plans)  # all accounts are wanted


def _due(kind: Kind) -> Callable[[sa.Connection], object]:
    return lambda connection: retention.due(connection, kind, Retention(kept_fax_days=1), START + LEASE)


def _erase(connection: sa.Connection) -> None:
    while condemned.erase(connection).count:
        pass


HOURLY: dict[str, tuple[Callable[[sa.Connection], object], dict[str, set[str]]]] = {
    "documents": (_due(Kind.DOCUMENTS), {"job": {"ix_job_final"}, "callback": {"ix_callback_open"}}),
    "jobs": (_due(Kind.JOBS), {"job": {"ix_job_final"}, "callback": {"ix_callback_open"}}),
    "deleted faxes": (_due(Kind.DELETED_FAXES), {"inbound": {"ix_inbound_deleted"}}),
    "kept faxes": (_due(Kind.KEPT_FAXES), {"inbound": {"ix_inbound_received"}}),
    "fax records": (_due(Kind.FAX_RECORDS), {"inbound": {"ix_inbound_empty"}}),
    "daily sums": (
        lambda connection: oldlines.remove(connection, Kind.USAGE, START),
        {"usage": {"ix_usage_day", "pk_usage"}},
    ),
    "ledger": (lambda connection: oldlines.to_carry(connection, START), {"ledger": {"ix_ledger_account_id_id"}}),
    "condemned": (
        _erase,
        {"job": {"ix_job_condemned", "pk_job"}, "event": {"ix_event_job_id", "pk_event"}},
    ),
}


@pytest.mark.parametrize("name", HOURLY)
def test_what_is_old_enough_is_found_by_an_index(database: Database, account: Account, name: str) -> None:
    work, wanted = HOURLY[name]

    def look(connection: sa.Connection) -> dict[str, set[str]]:
        ordered(connection, account, MOBILE, *OTHERS)
        connection.execute(schema.job.update().values(kept="nothing"))
        with overheard(connection) as heard:
            work(connection)
        return {
            table: {used for one, values in heard for used in indexes(connection, one, values, table)}
            for table in wanted
        }

    assert database.run_here(look) == wanted
