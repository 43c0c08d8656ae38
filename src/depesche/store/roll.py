"""A recipient list of any length, judged: in a small database of its own, so that memory does not grow with it.

The file is what is kept of a long list until all of it are deliveries.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from depesche.model.roll import Entry, Recipient

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE row (position INTEGER PRIMARY KEY, address TEXT NOT NULL, reference TEXT NOT NULL, code INTEGER NOT NULL);
CREATE TABLE first (address TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
"""

_ROWS = """
SELECT row.position, row.address, row.reference, row.code, nullif(first.position, row.position)
FROM row LEFT JOIN first ON row.code = 0 AND first.address = row.address
WHERE row.position >= ? AND row.position < ? ORDER BY row.position
"""


class LongRoll:
    """Filled once, in order, then read; a context that ends with the file's use.

    Not for two threads at once: sqlite3 kills the process when one closes what another is just writing.
    """

    def __init__(self, path: Path) -> None:
        """`path`: a new file. Raises: sqlite3.Error."""
        self.path = path
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript(_TABLES)
        self._rows = 0
        self._bad = 0
        self._good = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    @property
    def rows(self) -> int:
        return self._rows

    @property
    def good(self) -> int:
        return self._good

    @property
    def bad(self) -> int:
        return self._bad

    @property
    def first(self) -> Recipient | None:
        found = self._connection.execute("SELECT address, reference, code FROM row WHERE position = 0").fetchone()
        return None if found is None else Recipient(*found)

    def extend(self, recipients: Sequence[Recipient]) -> None:
        """Append rows. Raises: sqlite3.Error."""
        numbered = list(enumerate(recipients, start=self._rows))
        good = [(one.address, position) for position, one in numbered if not one.code]
        execute = self._connection.executemany
        self._connection.execute("BEGIN")
        execute(
            "INSERT INTO row VALUES (?, ?, ?, ?)", [(n, one.address, one.reference, one.code) for n, one in numbered]
        )
        added = execute("INSERT INTO first VALUES (?, ?) ON CONFLICT DO NOTHING", good).rowcount if good else 0
        self._connection.execute("COMMIT")
        self._rows += len(numbered)
        self._bad += len(numbered) - len(good)
        self._good += added

    def entries(self, first: int, number: int) -> Iterator[Entry]:
        """So many rows at most, from position `first` on. Raises: sqlite3.Error."""
        return _entries(self._connection, first, number)

    def addresses(self) -> Iterator[str]:
        return (address for (address,) in self._connection.execute("SELECT address FROM first"))


def kept(path: Path, first: int, number: int) -> list[Entry]:
    """So many rows at most, from position `first` on, of a roll that was filled and put away. Raises: sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        return list(_entries(connection, first, number))


def _entries(connection: sqlite3.Connection, first: int, number: int) -> Iterator[Entry]:
    for position, address, reference, code, same_as in connection.execute(_ROWS, (first, first + number)):
        yield Entry(position, Recipient(address, reference, code), same_as)
