"""PostgreSQL: one database for any number of nodes.

Transactions run side by side, at READ COMMITTED: what must not be done by two at once takes a row lock, or names the
state that it starts from. Where two transactions stand in each other's way, or both insert what may be there once,
PostgreSQL ends one of them, and its work is done again from the start.
"""

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from depesche.store import rows, schema, upgrade
from depesche.store.database import CommitUncertain, DatabaseClosed, NotVacant, T, Work
from depesche.store.snapshot import reading
from depesche.store.sqlite import SqliteFile, one_file

READERS = 4
"""Of the connections, so many are for reading."""

TRIES = 5
"""Of one transaction that had to give way, or whose connection was gone before its commit."""

GIVEN_WAY = frozenset({"40001", "40P01", "23505"})
"""serialization_failure, deadlock_detected; unique_violation: somebody else was faster, the second look sees it."""

UPGRADE_LOCK = 0x_DE_9E_5C_1E
"""Advisory lock (of the whole database) that whoever migrates holds."""

CONNECT_SECONDS = 5
SILENCE_MILLISECONDS = 10_000
"""A server that acknowledges nothing for this long is gone."""

SESSION = {
    "lock_timeout": "10s",  # as long as SQLite waits for another program
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",  # a node that stands still must not hold others up
    "timezone": "UTC",
}

BY_INDEX = {f"enable_{way}": "off" for way in ("seqscan", "hashjoin", "mergejoin")}
"""Of connections that write: what they change they find by an index, row by row. The planner, which knows for a minute
nothing of what was just written, would read whole tables in their place.
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A place for the database: `depesche.store.database.Place`."""

    url: str
    """``postgresql://user:password@host:port/database``, as libpq takes it."""

    connections: int = 12

    def __str__(self) -> str:
        url = sa.make_url(self.url)
        return f"database {url.database} on {url.host or 'this machine'}"

    def open(self) -> "Postgres":
        return Postgres(self.url, self.connections)

    def revision(self) -> str:
        with self._engine() as engine, engine.connect() as connection:
            if connection.scalar(sa.select(sa.func.to_regclass("alembic_version"))) is None:
                return ""
            return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or "")

    def set_aside(self, revision: str) -> Path | None:
        """Copies of it are the operator's."""
        del revision
        return None

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        with self._engine() as engine, engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))  # an index of a large table takes minutes
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            yield connection

    def is_vacant(self) -> bool:
        if not self.revision():
            return True
        with self._engine() as engine, engine.connect() as connection:
            return rows.none(connection)

    def fill(self, snapshot: Path) -> None:
        upgrade.ready(self)
        with reading(snapshot) as source, self.alone() as connection:
            connection.execute(_NO_HURRY)
            connection.execute(_NOBODY_ELSE)
            if not rows.none(connection):
                raise NotVacant(f"{self} holds something already: give an empty one in `database_url`")
            rows.copy(source, connection)

    @contextmanager
    def _engine(self) -> Iterator[sa.Engine]:
        made = engine(self.url, 1)
        try:
            yield made
        finally:
            made.dispose()


class Postgres:
    """`depesche.store.database.Database` on a server."""

    def __init__(self, url: str, connections: int) -> None:
        """`connections`: of this process at most."""
        writers = max(1, connections - READERS)
        self._engine = engine(url, writers, SESSION | BY_INDEX)
        self._reading = engine(url, READERS, isolation_level="REPEATABLE READ")
        self._peeking = self._reading.execution_options(isolation_level="AUTOCOMMIT")
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="database-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-read")
        self._closed = False

    async def run(self, work: Work[T]) -> T:
        return await self._in(self._writers, self.run_here, work)

    def run_here(self, work: Work[T]) -> T:
        self._check()
        for _ in range(TRIES - 1):
            try:
                return _transaction(self._engine, work)
            except DBAPIError as error:
                if not _gives_way(error):
                    raise
        return _transaction(self._engine, work)

    async def read(self, work: Work[T]) -> T:
        return await self._in(self._readers, self.read_here, work)

    def read_here(self, work: Work[T]) -> T:
        return self._read(self._reading, work)

    async def peek(self, work: Work[T]) -> T:
        """Each statement for itself: one way there and back, where a view takes three."""
        return await self._in(self._readers, partial(self._read, self._peeking), work)

    def snapshot(self, target: Path) -> None:
        """On one view of the last commits, as `read` has it."""
        self._check()
        place = SqliteFile(target)
        upgrade.ready(place)
        with place.alone() as copy, self._reading.connect() as connection:
            connection.execute(_NO_HURRY)
            rows.copy(connection, copy)
        one_file(target)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        self._reading.dispose()

    def _read(self, engine: sa.Engine, work: Work[T]) -> T:
        self._check()
        for _ in range(TRIES - 1):
            try:
                return _view(engine, work)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
        return _view(engine, work)

    async def _in(self, threads: ThreadPoolExecutor, run: Any, work: Work[T]) -> T:
        self._check()
        done: T = await asyncio.get_running_loop().run_in_executor(threads, run, work)
        return done

    def _check(self) -> None:
        if self._closed:
            raise DatabaseClosed


def engine(url: str, connections: int, session: Mapping[str, str] = SESSION, **options: Any) -> sa.Engine:
    """A pool of connections that give up on a server that is gone."""
    return sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": SILENCE_MILLISECONDS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "application_name": "depesche",
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        },
        **options,
    )


def _transaction(engine: sa.Engine, work: Work[T]) -> T:
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            value = work(connection)
        except BaseException:
            transaction.rollback()
            raise
        try:
            transaction.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                raise CommitUncertain(str(error.orig)) from error
            raise
        return value


def _view(engine: sa.Engine, work: Work[T]) -> T:
    with engine.connect() as connection:
        return work(connection)


_NO_HURRY = sa.text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
"""For whom reads or writes all of it: the other database may be the slow one."""

_NOBODY_ELSE = sa.text(f"LOCK TABLE {', '.join(schema.metadata.tables)} IN EXCLUSIVE MODE")
"""Who starts meanwhile waits before it says so in the list of nodes."""


def _gives_way(error: DBAPIError) -> bool:
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in GIVEN_WAY
