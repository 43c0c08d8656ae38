"""Sweep: blobs that no row names are deleted, and nothing else.

They are left by requests whose process died, by a store that was away when they were to be deleted, and by rows that
are gone. That a blob gets its first row between the question and the deletion cannot be: only the request that wrote it
gives it one, and what a request that still runs has written is younger than `orphan_days`, which the settings hold to
more than the slowest request may take. So any number of nodes may sweep at once: what is deleted twice is gone as well.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from depesche.blobs.store import BlobError
from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.store import blobnames

DELETE_SECONDS = 10
"""For one chunk; a node that stops waits for it."""

log = structlog.get_logger(__name__)


class Sweeper:
    """Walks through all blobs, chunk by chunk, and rests when it is through."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._age = timedelta(days=desk.settings.orphan_days)
        self._walk: AsyncIterator[list[str]] | None = None
        """What is left of the walk under way."""

        self.loop = Loop("sweep", self.sweep, desk.settings.sweep_hours * 3600)

    async def sweep(self) -> bool:
        """One round: a chunk of the walk. True if there may be another; after an error the next walk begins anew.

        Raises: BlobError, sqlalchemy.exc.DBAPIError.
        """
        walk, self._walk = self._walk or self._desk.blobs.keys(self._desk.now() - self._age), None
        keys = await anext(walk, None)
        if keys is None:
            return False
        spare = await self._desk.database.read(lambda connection: blobnames.unnamed(connection, keys))
        if spare:
            await self._delete(spare)
        self._walk = walk
        return True

    async def _delete(self, keys: list[str]) -> None:
        try:
            await self._desk.blobs.delete(keys, DELETE_SECONDS)
        except BlobError as error:  # what is behind it may be easier to delete
            log.warning("orphans left behind", blobs=len(keys), error=str(error))
        else:
            log.info("orphans deleted", blobs=len(keys))
