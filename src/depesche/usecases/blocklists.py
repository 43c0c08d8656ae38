"""What an operator does with blacklists; every change is on the audit record, in the same transaction."""

import asyncio
import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from depesche.model import blocklist
from depesche.model.recipients import NoList, encoding_of
from depesche.store import audit, blocked
from depesche.store.blocked import EVERYONE, Blocked
from depesche.usecases.accounts import DEFAULTS, NotPossible, found
from depesche.usecases.house import House
from depesche.usecases.listfile import PIECE

__all__ = ["Blocked", "Imported", "Line", "Unread", "add", "bring", "listed", "remove"]

LONGEST_NOTE = 200
"""Characters."""

CHUNK = 1000
"""Lines of a file in one transaction: others write in between, and memory does not grow with the file."""

HEADING = "address"
"""What a first line says that is none of the entries."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A line of a file that is no entry."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the lines of a file so far."""

    rows: int
    """Of the whole file, blank lines not counted."""

    added: int = 0
    known: int = 0
    """They were on the list before, or twice in the file."""

    refused: int = 0

    @property
    def done(self) -> int:
        return self.added + self.known + self.refused


async def add(
    house: House, actor: str, whose: str | None, texts: Sequence[str], note: str = "", *, prefix: bool = False
) -> list[tuple[Blocked, bool]]:
    """Put entries on an account's list, or (None) on that of everyone; True: it was not there before.

    Raises: NotPossible, then nothing is added.
    """
    now = house.now()

    def work(connection: sa.Connection) -> list[tuple[Blocked, bool]]:
        of = _owner(connection, whose)
        entries = [_entry(text, of.country, note, prefix=prefix) for text in texts]
        added = [(entry, blocked.put(connection, of.id, [entry], now) > 0) for entry in entries]
        new = [_written(entry) for entry, is_new in added if is_new]
        if new:
            audit.write(connection, now, actor, "blocklist.add", of.audited, {"entries": new, "note": note})
        return added

    return await house.database.run(work)


async def remove(
    house: House, actor: str, whose: str | None, texts: Sequence[str], *, prefix: bool = False
) -> list[Blocked]:
    """Take entries off the list. Raises: NotPossible, if one is not on it; then nothing is removed."""
    now = house.now()

    def work(connection: sa.Connection) -> list[Blocked]:
        of = _owner(connection, whose)
        entries = [_entry(text, of.country, prefix=prefix) for text in texts]
        for entry in entries:
            if not blocked.remove(connection, of.id, entry):
                raise NotPossible(f"{_written(entry)} is not on the list: nothing was removed")
        gone = [_written(entry) for entry in entries]
        audit.write(connection, now, actor, "blocklist.remove", of.audited, {"entries": gone})
        return entries

    return await house.database.run(work)


async def listed(house: House, whose: str | None, limit: int) -> list[Blocked]:
    """The first entries of the list, in the order of their addresses. Raises: NotPossible."""
    return await house.database.read(
        lambda connection: blocked.entries(connection, _owner(connection, whose).id, limit)
    )


async def bring(
    house: House,
    actor: str,
    whose: str | None,
    path: Path,
    unread: Callable[[Unread], None],
    told: Callable[[Imported], None],
) -> Imported:
    """Put what a CSV file lists (address, note) on the list; a line that is no entry is told, and the others go on.

    Raises: NotPossible, OSError: then nothing was added, unless the file changed while it was read.
    """
    of = await house.database.read(lambda connection: _owner(connection, whose))
    encoding, rows = await asyncio.to_thread(_read_through, path)
    counts = Imported(rows)
    lines = _lines(path, encoding)
    while chunk := await asyncio.to_thread(_next, lines, of.country):
        for one in chunk.unread:
            unread(one)
        added = await _keep(house, actor, of, path.name, chunk)
        counts = Imported(
            rows,
            counts.added + added,
            counts.known + len(chunk.entries) - added,
            counts.refused + len(chunk.unread),
        )
        told(counts)
    return counts


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose list it is."""

    id: int
    country: str

    @property
    def audited(self) -> int | None:
        """The account on the audit record."""
        return None if self.id == EVERYONE else self.id


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file, and the line that it ends on."""

    number: int
    address: str
    note: str


@dataclass(slots=True)
class _Chunk:
    first: int
    last: int = 0
    entries: list[Blocked] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def _owner(connection: sa.Connection, whose: str | None) -> _Owner:
    if whose is None:
        return _Owner(EVERYONE, str(DEFAULTS["country"]))
    account = found(connection, whose)
    return _Owner(account.id, account.country)


def _entry(text: str, country: str, note: str = "", *, prefix: bool = False) -> Blocked:
    try:
        return _read(text, country, note, prefix=prefix)
    except ValueError as error:
        raise NotPossible(f"{text.strip()[:100]}: {error}") from None


def _read(text: str, country: str, note: str, *, prefix: bool = False) -> Blocked:
    """Raises: ValueError."""
    if len(note) > LONGEST_NOTE:
        raise ValueError(f"its note is longer than {LONGEST_NOTE} characters")
    return Blocked(*blocklist.read(text, country, prefix=prefix), note=note)


def _written(entry: Blocked) -> str:
    return blocklist.written(entry.address, prefix=entry.prefix)


def _read_through(path: Path) -> tuple[str, int]:
    """Encoding and rows of the file, if all of it can be read. Raises: NotPossible, OSError."""
    try:
        with path.open("rb") as file:
            encoding = encoding_of(iter(lambda: file.read(PIECE), b""))
    except NoList as error:
        raise NotPossible(f"{path.name}: {error}") from None
    return encoding, sum(1 for _ in _lines(path, encoding))


def _lines(path: Path, encoding: str) -> Iterator[Line]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for row in reader:
                address, note, *_ = (*(value.strip() for value in row), "", "")
                is_heading = reader.line_num == 1 and address.casefold() == HEADING
                if (address or note) and not is_heading:
                    yield Line(reader.line_num, address, note)
        except (csv.Error, UnicodeDecodeError) as error:
            raise NotPossible(f"{path.name}, line {reader.line_num}: {error}") from None


def _next(lines: Iterator[Line], country: str) -> _Chunk | None:
    taken = list(itertools.islice(lines, CHUNK))
    if not taken:
        return None
    chunk = _Chunk(taken[0].number, taken[-1].number)
    for line in taken:
        try:
            chunk.entries.append(_read(line.address, country, line.note))
        except ValueError as error:
            chunk.unread.append(Unread(line.number, line.address, str(error)))
    return chunk


async def _keep(house: House, actor: str, of: _Owner, name: str, chunk: _Chunk) -> int:
    now = house.now()

    def work(connection: sa.Connection) -> int:
        added = blocked.put(connection, of.id, chunk.entries, now)
        if added:
            told = {"file": name[:200], "lines": [chunk.first, chunk.last], "added": added}
            audit.write(connection, now, actor, "blocklist.import", of.audited, told)
        return added

    return await house.database.run(work)
