"""Backup: the database as it is at one moment, and every document that it names, in one file, while the house goes on.

First the snapshot, then the documents: they are written once and never changed. One that is gone by then belonged to a
row that is gone as well, or is missing in the house itself.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from depesche import __version__
from depesche.archive import reader
from depesche.archive.manifest import BLOBS, DATABASE, MANIFEST, Contents, Manifest
from depesche.archive.writer import Writer
from depesche.blobs.store import BlobGone
from depesche.store import blobnames, revision, rows, snapshot
from depesche.store.snapshot import Named
from depesche.usecases.house import House

__all__ = ["Manifest", "Taken", "Told", "take", "verify"]

AT_ONCE = 8
"""Documents that are fetched at the same time: S3 takes its time for each."""

NAMED = 500
"""Documents whose names are in memory at once."""

MOST_MISSED = 20
"""Documents that are told by their names."""

Told = Callable[[str, int, int], None]
"""Hears what is being done, and how many bytes of how many are done; 0 of 0 where that cannot be said."""


@dataclass(slots=True)
class Taken:
    """What came of a backup."""

    path: Path
    manifest: Manifest
    size: int = 0
    """Bytes of the archive."""

    gone: int = 0
    """Documents that are not in it as their orders and faxes went while it was made."""

    missed: int = 0
    """Documents that are not in it as the house itself does not have them, or has something else in their place."""

    keys: list[str] = field(default_factory=list)
    """Of the first of those."""


async def take(house: House, target: Path, told: Told) -> Taken:
    """Write an archive to `target`, or with a name of its own into the folder that it is.

    Raises: FileExistsError, OSError, BlobError, Unsound, sqlite3.Error, sqlalchemy.exc.DBAPIError.
    """
    moment = house.now()
    path = await asyncio.to_thread(_path, target, moment)
    with Writer(path, int(moment.timestamp())) as writer:
        async with house.blobs.workplace() as place:
            file = place / DATABASE
            told("copying the database", 0, 0)
            await asyncio.to_thread(house.database.snapshot, file)
            taken = Taken(path, await asyncio.to_thread(_manifest, house, moment, file))
            await asyncio.to_thread(_begin, writer, taken.manifest, file)
            with snapshot.reading(file) as connection:
                await _Documents(house, writer, taken, told).carry(snapshot.blobs(connection))
        taken.size = await asyncio.to_thread(writer.finish)
    return taken


def verify(archive: Path, told: Told) -> Manifest:
    """Read all of an archive and compare it with its sums. Raises: NotReadable, OSError."""
    size = archive.stat().st_size
    return reader.verify(archive, lambda done: told("reading", done, size))


def _path(target: Path, moment: datetime) -> Path:
    return target / f"depesche-{moment:%Y%m%dT%H%M%SZ}.tar" if target.is_dir() else target


def _manifest(house: House, moment: datetime, file: Path) -> Manifest:
    with snapshot.reading(file) as connection:
        snapshot.check(connection)
        count, size = snapshot.weight(connection)
        seen, counts = revision.seen(connection), rows.count(connection)
    return Manifest(
        version=__version__,
        taken_at=moment,
        schema=seen,
        source="postgresql" if house.settings.database_url.get_secret_value() else "sqlite",
        database_size=file.stat().st_size,
        database_sha256=_digest(file),
        contents=Contents(counts, count, size),
    )


def _begin(writer: Writer, manifest: Manifest, file: Path) -> None:
    data = manifest.to_json()
    writer.add(MANIFEST, len(data), [data])
    writer.add_file(DATABASE, file)


class _Documents:
    """Carries them into the archive, several at once; they stand there one behind the other."""

    def __init__(self, house: House, writer: Writer, taken: Taken, told: Told) -> None:
        self._house = house
        self._writer = writer
        self._taken = taken
        self._told = told
        self._room = asyncio.Semaphore(AT_ONCE)
        self._pen = asyncio.Lock()
        self._done = 0

    async def carry(self, named: Iterable[Named]) -> None:
        names: Iterator[Named] = iter(named)
        while some := await asyncio.to_thread(lambda: list(islice(names, NAMED))):
            try:
                async with asyncio.TaskGroup() as group:
                    for one in some:
                        group.create_task(self._carry(one))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None

    async def _carry(self, one: Named) -> None:
        async with self._room:
            try:
                async with self._house.blobs.local(one.key) as path:
                    if await asyncio.to_thread(_is, path, one):
                        async with self._pen:
                            await asyncio.to_thread(self._writer.add_file, BLOBS + one.key, path)
                    else:
                        self._miss(one)
            except (BlobGone, FileNotFoundError):
                await self._look(one)
        self._done += one.size
        self._told("copying documents", self._done, self._taken.manifest.contents.bytes)

    async def _look(self, one: Named) -> None:
        """Whether its rows are gone as well."""

        def work(connection: sa.Connection) -> bool:
            return bool(blobnames.unnamed(connection, [one.key]))

        if await self._house.database.read(work):
            self._taken.gone += 1
        else:
            self._miss(one)

    def _miss(self, one: Named) -> None:
        self._taken.missed += 1
        if len(self._taken.keys) < MOST_MISSED:
            self._taken.keys.append(one.key)


def _is(path: Path, one: Named) -> bool:
    return path.stat().st_size == one.size and _digest(path) == one.sha256


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
