"""All rows of a database at once: from one kind of database into the other."""

from collections.abc import Iterable
from typing import cast

import sqlalchemy as sa

from depesche.store import bulk, sequence
from depesche.store.schema import metadata

FETCHED = 1000
"""Rows that are in memory at once."""


def copy(source: sa.Connection, target: sa.Connection) -> None:
    """Everything, into tables that are there and empty; ids go on there where they would have gone on here."""
    for table in metadata.sorted_tables:
        found = source.execute(sa.select(table), execution_options={"yield_per": FETCHED})
        bulk.insert(target, table, cast("Iterable[bulk.Values]", found.mappings()))
    sequence.go_on_after(target, sequence.last(source))


def none(connection: sa.Connection) -> bool:
    """Whether all our tables are empty, as far as they are there: some are missing in an older database."""
    here = metadata.tables.keys() & set(sa.inspect(connection).get_table_names())
    return not any(connection.scalar(sa.select(sa.exists().select_from(sa.table(name)))) for name in sorted(here))


def count(connection: sa.Connection) -> dict[str, int]:
    """How many each table has, by its name."""
    return {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }
