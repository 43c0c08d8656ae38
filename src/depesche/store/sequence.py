"""The numbers that the database gives to rows."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from depesche.store.schema import metadata


def start_at(connection: sa.Connection, first_job_id: int, first_fax_id: int) -> None:
    """The first JobId and FaxId of an empty database: programs that come from elsewhere keep them as keys."""
    go_on_after(connection, {"job": first_job_id - 1, "inbound": first_fax_id - 1})


def last(connection: sa.Connection) -> dict[str, int]:
    """By table, the highest id that was given so far, to a row that is gone perhaps."""
    if connection.dialect.name == "sqlite":
        given = {row.name: int(row.seq) for row in connection.execute(_SQLITE_LAST)}
        return {table.name: given.get(table.name) or _highest(connection, table) for table in _NUMBERED}
    return {table.name: int(connection.scalar(_postgres_last(table)) or 0) for table in _NUMBERED}


def go_on_after(connection: sa.Connection, given: Mapping[str, int]) -> None:
    """Give ids above these from now on, by table. On SQLite a table that may give ids of rows that are gone does so
    still.
    """
    for table, number in given.items():
        if connection.dialect.name == "sqlite":
            if metadata.tables[table].dialect_options["sqlite"]["autoincrement"]:
                connection.execute(_SQLITE_FORGET, {"table": table})
                connection.execute(_SQLITE, {"table": table, "last": number})
        else:
            connection.execute(sa.select(sa.func.setval(f"{table}_id_seq", number + 1, False)))


_SQLITE = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)")
_SQLITE_FORGET = sa.text("DELETE FROM sqlite_sequence WHERE name = :table")
_SQLITE_LAST = sa.text("SELECT name, seq FROM sqlite_sequence")
_NUMBERED = [table for table in metadata.sorted_tables if table.autoincrement_column is not None]


def _postgres_last(table: sa.Table) -> sa.Select[tuple[int]]:
    last_value, is_called = sa.column("last_value", sa.BigInteger), sa.column("is_called", sa.Boolean)
    return sa.select(sa.case((is_called, last_value), else_=last_value - 1)).select_from(
        sa.table(f"{table.name}_id_seq")
    )


def _highest(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.max(table.c.id))) or 0


def assigned(result: sa.CursorResult[Any]) -> int:
    """The id of the one row that was just inserted."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])
