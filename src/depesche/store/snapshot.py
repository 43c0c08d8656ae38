"""Looking into a snapshot: an SQLite file that nobody writes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from depesche.store.schema import document, inbound

FETCHED = 1000
"""Names that are in memory at once."""


class Unsound(Exception):
    """The database's file is damaged; the message says how."""


@dataclass(frozen=True, slots=True)
class Named:
    """A blob, as rows name it."""

    key: str
    size: int
    sha256: str


@contextmanager
def reading(path: Path) -> Iterator[sa.Connection]:
    """Nothing of the file changes, and nothing is written beside it. One thread at a time may use the connection."""
    url = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    made = sa.create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(url, uri=True, check_same_thread=False),
        poolclass=sa.NullPool,
        hide_parameters=True,
    )
    try:
        with made.connect() as connection:
            yield connection
    finally:
        made.dispose()


def check(connection: sa.Connection) -> None:
    """See whether SQLite finds its own file in order. Raises: Unsound."""
    try:
        found = [str(line) for line in connection.exec_driver_sql("PRAGMA quick_check(3)").scalars()]
    except DatabaseError as error:  # it gives up on some damage
        raise Unsound(str(error.orig)) from error
    if found != ["ok"]:
        raise Unsound("; ".join(found))


def blobs(connection: sa.Connection) -> Iterator[Named]:
    """All that rows name, each once."""
    for row in connection.execute(_BLOBS, execution_options={"yield_per": FETCHED}):
        yield Named(row.blob_key, row.size, row.sha256)


def blob(connection: sa.Connection, key: str) -> Named | None:
    """The one of this key, if a row names it."""
    row = connection.execute(_BLOB, {"key": key}).first()
    return None if row is None else Named(row.blob_key, row.size, row.sha256)


def weight(connection: sa.Connection) -> tuple[int, int]:
    """How many blobs there are, and their sizes together."""
    count, size = connection.execute(_WEIGHT).one()
    return count, size or 0


_BLOBS = sa.union(
    sa.select(document.c.blob_key, document.c.size, document.c.sha256).where(document.c.blob_key != ""),
    sa.select(inbound.c.blob_key, inbound.c.size, inbound.c.sha256).where(inbound.c.blob_key != ""),
)
_KEY: sa.BindParameter[str] = sa.bindparam("key")
_BLOB = sa.union_all(
    sa.select(document.c.blob_key, document.c.size, document.c.sha256).where(document.c.blob_key == _KEY),
    sa.select(inbound.c.blob_key, inbound.c.size, inbound.c.sha256).where(inbound.c.blob_key == _KEY),
)
_each = _BLOBS.subquery()
_WEIGHT = sa.select(sa.func.count(), sa.func.sum(_each.c.size))
