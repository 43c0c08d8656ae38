"""The numbers that the database gives to rows."""

from typing import Any

import sqlalchemy as sa


def start_at(connection: sa.Connection, first_job_id: int, first_fax_id: int) -> None:
    """The first JobId and FaxId of an empty database: programs that come from elsewhere keep them as keys."""
    for table, first in (("job", first_job_id), ("inbound", first_fax_id)):
        if connection.dialect.name == "sqlite":
            connection.execute(_SQLITE, {"table": table, "last": first - 1})
        else:
            connection.execute(sa.select(sa.func.setval(f"{table}_id_seq", first, False)))


_SQLITE = sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)")


def assigned(result: sa.CursorResult[Any]) -> int:
    """The id of the one row that was just inserted."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])
