"""The embedded database: a file in the data folder.

SQLite has one writer. So one thread writes, and it commits in groups: what waits is run as savepoints of one
transaction, so that one fsync serves all. Nobody is answered before that fsync. Readers see the last commit.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from depesche.blobs.folder import fsync
from depesche.store.database import DatabaseClosed, NotVacant, T, Work

GROUP = 128
"""Transactions in one commit at most; bounds how long the first of them waits."""

BUSY_SECONDS = 10
"""Wait for another process that writes (the command line beside a running server)."""

READERS = 4


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A place for the database: `depesche.store.database.Place`."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def open(self) -> "Sqlite":
        return Sqlite(self.path)

    def revision(self) -> str:
        if not self.path.exists():
            return ""
        with closing(sqlite3.connect(self.path)) as connection:
            try:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except sqlite3.OperationalError:
                return ""
        return str(row[0]) if row else ""

    def set_aside(self, revision: str) -> Path:
        """A consistent copy beside the database, named by its age; running readers do no harm."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        copy = self.path.with_name(f"{self.path.stem}-{revision}-{stamp}.backup")
        _copy(self.path, copy)
        return copy

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = engine(self.path)
        sa.event.listen(made, "connect", _unbound)
        try:
            with made.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
                yield connection
        finally:
            made.dispose()

    def is_vacant(self) -> bool:
        return not self.path.exists()

    def fill(self, snapshot: Path) -> None:
        one_file(snapshot)
        fsync(snapshot)
        if self.path.exists():
            raise NotVacant(f"{self.path} is there already: give another folder with --data")
        snapshot.rename(self.path)
        fsync(self.path.parent)


class Sqlite:
    """`depesche.store.database.Database` on the file of one data folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = engine(path)
        self._connection = self._engine.connect().execution_options(begin="BEGIN IMMEDIATE")
        self._peeker = self._engine.connect().execution_options(begin="")
        self._queue: SimpleQueue[tuple[Work[Any], Future[Any]] | None] = SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-read")
        self._writer = threading.Thread(target=self._write, name="database-write", daemon=True)
        self._closed = False
        self._gate = threading.Lock()  # nothing is queued behind the last
        self._writer.start()

    async def run(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._submit(work))

    def run_here(self, work: Work[T]) -> T:
        return self._submit(work).result()

    async def read(self, work: Work[T]) -> T:
        if self._closed:
            raise DatabaseClosed
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_here, work)

    async def peek(self, work: Work[T]) -> T:
        """Here and now, which costs less than the way to another thread."""
        if self._closed:
            raise DatabaseClosed
        return work(self._peeker)

    def read_here(self, work: Work[T]) -> T:
        if self._closed:
            raise DatabaseClosed
        with self._engine.connect() as connection:
            return work(connection)

    def snapshot(self, target: Path) -> None:
        if self._closed:
            raise DatabaseClosed
        _copy(self.path, target)
        one_file(target)

    def close(self) -> None:
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._connection.close()
        self._peeker.close()
        self._engine.dispose()

    def _submit(self, work: Work[T]) -> Future[T]:
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise DatabaseClosed
            self._queue.put((work, future))
        return future

    def _write(self) -> None:
        while group := self._next_group():
            wanted = [item for item in group if item[1].set_running_or_notify_cancel()]
            _commit(self._connection, wanted)

    def _next_group(self) -> list[tuple[Work[Any], Future[Any]]]:
        """What waits, at least one; empty when the database is closed."""
        first = self._queue.get()
        group = [] if first is None else [first]
        while group and len(group) < GROUP:
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
            if item is None:
                self._queue.put(None)
                break
            group.append(item)
        return group


def _commit(connection: sa.Connection, group: list[tuple[Work[Any], Future[Any]]]) -> None:
    """One transaction for the whole group; each member fails alone, or all fail with the commit."""
    done: list[tuple[Future[Any], Any, Exception | None]] = []
    try:
        with connection.begin():
            for work, future in group:
                done.append((future, *_attempt(connection, work)))
    except Exception as error:  # noqa: BLE001  whatever it was, it is the answer of everyone in the group
        connection.invalidate()  # SQLite keeps a transaction open whose COMMIT failed; a new connection has none
        done = [(future, None, error) for _, future in group]
    for future, value, failure in done:
        if failure is None:
            future.set_result(value)
        else:
            future.set_exception(failure)


def _attempt(connection: sa.Connection, work: Work[T]) -> tuple[T | None, Exception | None]:
    connection.exec_driver_sql("SAVEPOINT work")
    try:
        value = work(connection)
    except Exception as error:
        if not _in_transaction(connection):
            raise  # the disk is full, or worse: SQLite took back the whole transaction
        connection.exec_driver_sql("ROLLBACK TO work")
        connection.exec_driver_sql("RELEASE work")
        return None, error
    connection.exec_driver_sql("RELEASE work")
    return value, None


def _in_transaction(connection: sa.Connection) -> bool:
    driver = connection.connection.driver_connection
    return isinstance(driver, sqlite3.Connection) and driver.in_transaction


def _copy(path: Path, target: Path) -> None:
    """In one step, on one view of the file: others write meanwhile, and do not make it begin anew."""
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def one_file(path: Path) -> None:
    """Nothing of it lies beside it any more, and what reads it leaves nothing there."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def engine(path: Path) -> sa.Engine:
    """Connections to the file, each set up for durability."""
    made = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        pool_size=READERS + 3,
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS},
    )
    sa.event.listen(made, "connect", _connected)
    sa.event.listen(made, "begin", _begin)
    return made


def _connected(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    """WAL: readers go on while one writes. FULL: each commit is synced, else a power cut takes the last ones back."""
    del entry
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _unbound(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    """A table that is made anew takes the place of the old one, which others refer to.

    <https://www.sqlite.org/lang_altertable.html#otheralter>
    """
    del entry
    connection.execute("PRAGMA foreign_keys=OFF")


def _begin(connection: sa.Connection) -> None:
    word = connection.get_execution_options().get("begin", "BEGIN")
    if word:  # none: each statement for itself, on the last commit
        connection.exec_driver_sql(word)
