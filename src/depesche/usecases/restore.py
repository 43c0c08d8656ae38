"""Restore: an archive becomes an installation, where none is yet; all of it, or nothing.

Everything is prepared in a folder of its own within the data folder, and no node starts as long as that is there. The
documents come first, the database is the last step: without it nothing is there.

What the old installation did after the backup nobody here knows. So nothing that could be sent is sent before a person
says so, a person says how attempts ended that were under way, and numbers that the old one may have given since are
given to nobody else.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from depesche.archive import reader
from depesche.archive.manifest import BLOBS, DATABASE, SUMS, Damaged, Manifest, NotReadable
from depesche.archive.reader import Part
from depesche.blobs.folder import fsync
from depesche.blobs.key import HALF_WRITTEN, is_key
from depesche.blobs.store import Blob, BlobError, Blobs
from depesche.config import Settings
from depesche.model.states import State
from depesche.store import audit, blobnames, deliveries, expansions, holds, nodes, queue, sequence, snapshot, upgrade
from depesche.store.database import NotVacant, Place
from depesche.store.schema import REVISION
from depesche.store.snapshot import Named
from depesche.store.sqlite import SqliteFile, one_file
from depesche.usecases.backup import Told
from depesche.usecases.unbroken import unbroken

STAGING = "restoring"
"""In the data folder, from the beginning to the end of a restore."""

BUCKET = "bucket"
"""In there: where the documents go, if that is S3."""

OURS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "blobs", "scratch")
"""What a restore puts into the data folder."""

UNIMPORTANT = frozenset({"lock", "lost+found", STAGING})
"""What may be in an empty data folder; folders that are empty themselves are nothing, too."""

SMALL = 1 << 20
"""Bytes of a document that is held in memory, to be written beside others."""

ALL = timedelta(days=1)
"""From now on: older than that is everything, whatever the clock of S3 says."""

AT_ONCE = 8
KEPT = 2000
"""Documents that are made durable together."""

KNOWN_OUTSIDE = ("job", "inbound", "delivery")
"""What other programs know by its number."""

MOST_JOBS = 2**31 - 1
"""The highest JobId that the interface can tell."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where an installation shall be."""

    settings: Settings
    place: Place
    """For its database."""

    @property
    def data(self) -> Path:
        return self.settings.data

    @property
    def staging(self) -> Path:
        return self.data / STAGING

    @property
    def bucket(self) -> str:
        """Empty: documents lie in the data folder."""
        return f"{self.settings.blobs.url} {self.settings.blobs.endpoint}" if self.settings.blobs.url else ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator says about it."""

    actor: str
    resume: bool
    """Go on sending at once."""

    skip: int
    """Numbers of jobs, faxes and deliveries that are left out, as the old installation may have given them."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is there now."""

    manifest: Manifest
    sendable: int
    """Deliveries that are not sent yet."""

    unknown: int
    """Deliveries of which nobody knows whether they were sent."""

    next_job: int
    documents: int = 0
    missing: int = 0
    """Documents that rows name, and the archive did not have."""


def check_vacant(site: Site) -> None:
    """See whether nothing is there. Raises: NotVacant, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError."""
    may_be = OURS if site.staging.exists() else ()
    found = next((path.name for path in _entries(site.data) if path.name not in may_be and _matters(path)), None)
    if found is not None:
        raise NotVacant(f"{site.data} is not empty, {found} is in it: give a new folder with --data")
    if not isinstance(site.place, SqliteFile) and not site.place.is_vacant():
        what = f"{site.place} holds something already: give an empty one in `database_url`"
        earlier = f"; if the restore that was broken off put it there, all is done, and {site.staging} can be deleted"
        raise NotVacant(what + (earlier if site.staging.exists() else ""))


def check_known(manifest: Manifest) -> None:
    """Raises: NotReadable: its database is of a newer release."""
    if manifest.schema > REVISION:
        raise NotReadable(f"it was made by a newer Depesche, {manifest.version}: install that one")


async def restore(site: Site, archive: Path, manifest: Manifest, wishes: Wishes, told: Told) -> Restored:
    """Put what is in an archive, which was verified, into a place that is vacant; the caller holds the folder's lock.

    Raises: NotVacant, NotReadable, BlobError, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError; then nothing is left,
    but after a lost connection to the database: it may have been filled.
    """
    goes_on = await asyncio.to_thread(_begin, site)
    work = _Restore(site, manifest, told)
    try:
        restored = await work.prepare(archive, wishes, goes_on=goes_on)
        await unbroken(asyncio.to_thread(site.place.fill, work.staged))
    except BaseException as error:
        if not _is_uncertain(error):
            await unbroken(work.undo())
        raise
    await unbroken(asyncio.to_thread(shutil.rmtree, site.staging))
    return restored


def _is_uncertain(error: BaseException) -> bool:
    """Whether nobody knows if the last step was done."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


class _Restore:
    """One restore on its way."""

    def __init__(self, site: Site, manifest: Manifest, told: Told) -> None:
        self.staged = site.staging / DATABASE
        self._site = site
        self._manifest = manifest
        self._told = told
        self._put_into: Blobs | None = None
        """Where nothing lies but documents of this restore."""

        self._count = 0
        self._bytes = 0

    async def prepare(self, archive: Path, wishes: Wishes, *, goes_on: bool) -> Restored:
        """Everything but the last step. `goes_on`: documents of an earlier try may lie in the bucket."""
        blobs = Blobs.at(self._site.settings.blobs, self._site.data / "blobs", self._site.data / "scratch")
        with reader.opened(archive) as opened:
            parts = opened.parts()
            self._told("preparing the database", 0, 0)
            await asyncio.to_thread(_unpack, parts, self.staged, self._manifest)
            restored = await asyncio.to_thread(_settle, self.staged, self._manifest, wishes)
            with snapshot.reading(self.staged) as connection:
                await self._check_place(blobs, connection, goes_on=goes_on)
                await self._put_all(blobs, parts, connection)
        return replace(restored, documents=self._count, missing=self._manifest.contents.documents - self._count)

    async def undo(self) -> None:
        """Take away what was put in place; what cannot be reached stays, and is told by the error that led here."""
        if self._put_into is not None:
            try:
                await _empty(self._put_into, self._site.settings.blobs.seconds)
            except BlobError:
                return  # what says that it may be gone on with stays as well
        await asyncio.to_thread(_clear, self._site)

    async def _check_place(self, blobs: Blobs, connection: sa.Connection, *, goes_on: bool) -> None:
        """Nobody else's documents are there."""
        async for keys in blobs.keys(datetime.now(UTC) + ALL):
            others = await asyncio.to_thread(blobnames.unnamed, connection, keys)
            if others or not goes_on:
                url = self._site.settings.blobs.url
                raise NotVacant(f"{url} holds documents: give a bucket or prefix of its own in `[blobs] url`")
        self._put_into = blobs

    async def _put_all(self, blobs: Blobs, parts: Iterator[Part], connection: sa.Connection) -> None:
        room = asyncio.Semaphore(AT_ONCE)
        more = True
        while more:
            kept: list[Blob] = []
            try:
                async with asyncio.TaskGroup() as group:
                    more = await self._put_some(_Shelf(blobs, group, room, kept), parts, connection)
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
            await blobs.keep(kept)

    async def _put_some(self, shelf: "_Shelf", parts: Iterator[Part], connection: sa.Connection) -> bool:
        """Up to `KEPT` of them; whether there may be more."""
        for _ in range(KEPT):
            part = await asyncio.to_thread(next, parts, None)
            if part is None or part.name == SUMS:
                return False
            named = await asyncio.to_thread(_named, connection, part)
            if part.size > SMALL:
                await self._put(shelf, named, part.chunks)
                continue
            await shelf.room.acquire()
            data = await asyncio.to_thread(part.read)
            task = shelf.group.create_task(self._put(shelf, named, iter([data])))
            task.add_done_callback(lambda _: shelf.room.release())
        return True

    async def _put(self, shelf: "_Shelf", named: Named, chunks: Iterator[bytes]) -> None:
        async with shelf.blobs.writer_at(named.key, named.size) as writer:
            while chunk := await asyncio.to_thread(next, chunks, b""):
                await writer.write(chunk)
            blob = await writer.close()
        shelf.kept.append(blob)
        if (blob.size, blob.sha256) != (named.size, named.sha256):
            raise Damaged(f"{BLOBS}{named.key} is not the document that its order names")
        self._count += 1
        self._bytes += blob.size
        self._told("putting documents in place", self._bytes, self._manifest.contents.bytes)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where documents are put, several at once, and those that are not durable yet."""

    blobs: Blobs
    group: asyncio.TaskGroup
    room: asyncio.Semaphore
    kept: list[Blob]


async def _empty(blobs: Blobs, seconds: float) -> None:
    async for keys in blobs.keys(datetime.now(UTC) + ALL):
        await blobs.delete(keys, seconds)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def _matters(path: Path) -> bool:
    is_folder = path.is_dir() and not path.is_symlink()
    return path.name not in UNIMPORTANT and not (is_folder and not any(path.iterdir()))


def _begin(site: Site) -> bool:
    """Make the folder to work in. Gives whether an earlier try, into this bucket, was broken off here."""
    note = site.staging / BUCKET
    goes_on = bool(site.bucket) and note.is_file() and note.read_text() == site.bucket
    _clear(site)
    site.staging.mkdir(mode=0o700)
    if site.bucket:
        note.write_text(site.bucket)
        fsync(note)
        fsync(site.staging)
    fsync(site.data)
    return goes_on


def _clear(site: Site) -> None:
    """What a restore put into the data folder, which was empty; `STAGING` goes last."""
    if not site.staging.exists():
        return
    for path in (site.data / name for name in OURS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(site.staging)
    fsync(site.data)


def _unpack(parts: Iterator[Part], staged: Path, manifest: Manifest) -> None:
    """The database, which stands behind the manifest."""
    next(parts)
    part = next(parts)
    digest = hashlib.sha256()
    with staged.open("xb") as file:
        for chunk in part.chunks:
            digest.update(chunk)
            file.write(chunk)
    if part.name != DATABASE or digest.hexdigest() != manifest.database_sha256:
        raise Damaged("it changed while it was read")


def _named(connection: sa.Connection, part: Part) -> Named:
    """What a row says of this document; nothing else has a place in the house."""
    key = part.name.removeprefix(BLOBS)
    named = snapshot.blob(connection, key)
    if part.name == key or not is_key(key) or HALF_WRITTEN in key or named is None or named.size != part.size:
        raise Damaged(f"no order and no fax names {part.name!r}")
    return named


def _settle(staged: Path, manifest: Manifest, wishes: Wishes) -> Restored:
    """The database becomes one of today, of an installation whose processes are all gone."""
    place = SqliteFile(staged)
    upgrade.ready(place)
    now = datetime.now(UTC)
    with place.alone() as connection:
        nodes.forget(connection)
        deliveries.expire_leases(connection, now)
        deliveries.rescue(connection, now + timedelta(seconds=1))
        deliveries.disown(connection)
        expansions.expire_leases(connection, now)
        depths = queue.depths(connection)
        unknown = sum(depth.count for depth in depths if depth.state is State.UNKNOWN)
        sendable = sum(depth.count for depth in depths) - unknown + expansions.open_ones(connection)
        if sendable and not wishes.resume:
            _hold(connection, now, manifest)
        last_job = _skip(connection, wishes.skip)
        told = {"taken_at": manifest.taken_at.isoformat(), "resume": wishes.resume, "skip": wishes.skip}
        audit.write(connection, now, wishes.actor, "restore", None, told)
    one_file(staged)
    return Restored(manifest, sendable, unknown, next_job=last_job + 1)


def _hold(connection: sa.Connection, now: datetime, manifest: Manifest) -> None:
    note = f"restored from the backup of {manifest.taken_at:%Y-%m-%d %H:%M} UTC"
    holds.put(connection, holds.EVERYONE, None, now, note)
    while holds.put_aside(connection, holds.EVERYONE, None) == holds.AT_ONCE:
        pass


def _skip(connection: sa.Connection, skip: int) -> int:
    """Leave out numbers that the old installation may have given since. Gives the last JobId that is taken."""
    last = sequence.last(connection)
    after = {table: last[table] + skip for table in KNOWN_OUTSIDE}
    after["job"] = max(last["job"], min(after["job"], MOST_JOBS - 1))
    sequence.go_on_after(connection, after)
    return after["job"]
