"""The one way to run a transaction: `Database.run(work)` calls `work(connection)` and commits before it answers.

`work` is a function of its connection: a database that has to give way to another transaction calls it again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


class DatabaseClosed(Exception):
    """The database was closed while work was waiting; nothing of that work was done."""


class NotVacant(Exception):
    """Something is there already; the message is a sentence that says where, and what to do."""


class CommitUncertain(Exception):
    """The connection was lost while a commit was under way: nobody knows whether it was done."""


class Database(Protocol):
    """An open database. Every method raises DatabaseClosed once it is closed."""

    async def run(self, work: Work[T]) -> T:
        """Run `work` in a transaction of its own, in another thread; what it returns is durable when this returns.

        Raises: whatever `work` raises (then nothing of it remains), sqlalchemy.exc.DBAPIError, CommitUncertain.
        """
        ...

    def run_here(self, work: Work[T]) -> T:
        """The same for callers without an event loop."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Run `work`, which only reads, on one consistent view of the last commits."""
        ...

    def read_here(self, work: Work[T]) -> T:
        """The same for callers without an event loop."""
        ...

    async def peek(self, work: Work[T]) -> T:
        """A read of a row or two by their keys, in the cheapest way there is."""
        ...

    def snapshot(self, target: Path) -> None:
        """Write all that was committed until now into a new SQLite file, while others go on; takes its time.

        Raises: OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError.
        """
        ...

    def close(self) -> None:
        """Finish what was begun, then let go of it."""
        ...


class Place(Protocol):
    """Where a database is, or shall be. Its name, as ``str`` gives it, holds no secret."""

    def open(self) -> Database:
        """Open it; its tables have to be there."""
        ...

    def revision(self) -> str:
        """The migration that it has seen; empty for none. Raises: sqlite3.Error, sqlalchemy.exc.DBAPIError."""
        ...

    def set_aside(self, revision: str) -> Path | None:
        """A copy, made before a migration; None where copies are not ours to make."""
        ...

    def alone(self) -> AbstractContextManager[sa.Connection]:
        """A transaction for a migration, while nobody else makes one; it is committed at the end."""
        ...

    def is_vacant(self) -> bool:
        """Whether nothing is there yet, but perhaps the tables. Raises: sqlite3.Error, sqlalchemy.exc.DBAPIError."""
        ...

    def fill(self, snapshot: Path) -> None:
        """Make what is in this SQLite file, which is up to date and may be taken away, the database here: all or none.

        Raises: NotVacant, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError.
        """
        ...
