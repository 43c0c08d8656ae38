"""One at a time: a round of a loop that only one node may run is a transaction that leads."""

import zlib

import sqlalchemy as sa

_CLASS = int.from_bytes(b"Dep", "big")
"""The first half of our advisory locks' keys: whoever else uses the database has others."""


def leads(connection: sa.Connection, name: str) -> bool:
    """Whether no other node runs `name` now; then none begins before this transaction ends.

    SQLite has one writer, which is it.
    """
    if connection.dialect.name == "sqlite":
        return True
    return bool(connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_CLASS, _key(name)))))


def alone(connection: sa.Connection, name: str) -> None:
    """Wait until no other node runs `name`; then none begins before this transaction ends."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLASS, _key(name))))


def beside(connection: sa.Connection, name: str) -> None:
    """Wait until nobody is alone in `name`; then nobody is before this transaction ends. Others may be beside too."""
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_CLASS, _key(name))))


def _key(name: str) -> int:
    return int.from_bytes(zlib.crc32(name.encode()).to_bytes(4, "big"), "big", signed=True)
