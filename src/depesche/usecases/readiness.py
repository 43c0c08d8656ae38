"""Readiness: whether this node can do its work, for whoever sends it requests or starts it anew."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from depesche.blobs.store import BlobError
from depesche.config import Role
from depesche.store import revision
from depesche.store.database import DatabaseClosed
from depesche.store.schema import REVISION
from depesche.store.sqlite import SqliteFile
from depesche.usecases.house import House

SECONDS = 1.0
"""For all parts to answer."""

FRESH_SECONDS = 2.0
"""What was found is good for so long: anybody may ask, and each look is a question to the database and to S3."""

_GONE = (SQLAlchemyError, DatabaseClosed, sqlite3.Error, BlobError, OSError)

log = structlog.get_logger(__name__)

Look = Callable[[], Awaitable[str]]
"""Gives what is wrong, in words that say nothing of places and names; empty: nothing."""


class Readiness:
    """Of one node."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._looks: dict[str, Look] = {
            "database": self._database,
            "migrations": self._migrations,
            "blobs": self._blobs,
        }
        if Role.WEB in house.settings.roles:  # the others make no pages
            self._looks["renderer"] = self._renderer
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._found: dict[str, str] = {}
        self._good_until = 0.0

    async def look(self) -> dict[str, str]:
        """Each part, and what is wrong with it; empty: nothing."""
        clock = asyncio.get_running_loop().time
        if clock() < self._good_until:
            return self._found
        self._note(await self._look())
        self._good_until = clock() + FRESH_SECONDS
        return self._found

    def _note(self, found: dict[str, str]) -> None:
        wrong = {part: words for part, words in found.items() if words}
        if wrong and found != self._found:
            log.warning("not ready", **wrong)
        elif not wrong and any(self._found.values()):
            log.info("ready again")
        self._found = found

    async def _look(self) -> dict[str, str]:
        """What takes longer is not asked anew before it has answered: a database that hangs gets no crowd."""
        for part in self._looks.keys() - self._under_way.keys():
            task = self._under_way[part] = asyncio.create_task(self._answer(part), name=part)
            task.add_done_callback(self._over)
        tasks = {part: self._under_way[part] for part in self._looks}
        await asyncio.wait(tasks.values(), timeout=SECONDS)
        return {part: task.result() if task.done() else "no answer in time" for part, task in tasks.items()}

    def _over(self, task: asyncio.Task[str]) -> None:
        del self._under_way[task.get_name()]

    async def _answer(self, part: str) -> str:
        try:
            return await self._looks[part]()
        except _GONE as error:
            log.warning("not reached", part=part, why=str(error))
            return "not reached"

    async def _database(self) -> str:
        await self._revision()
        return ""

    async def _migrations(self) -> str:
        seen = await self._revision()
        return "" if seen == REVISION else f"at {seen}, not at {REVISION}"

    async def _revision(self) -> str:
        """Read in the way that all is read. The file of SQLite is looked at first: when it was taken away, what has it
        open goes on as before, and what opens it makes an empty one.
        """
        settings = self._house.settings
        if not settings.database_url.get_secret_value():
            path = settings.data / "depesche.db"
            if not await asyncio.to_thread(SqliteFile(path).revision):
                raise FileNotFoundError(f"{path} is not what was opened")
        return await self._house.database.read(revision.seen)

    async def _blobs(self) -> str:
        await self._house.blobs.reach()
        return ""

    async def _renderer(self) -> str:
        return "" if self._house.renderer.ready else "not warm"
