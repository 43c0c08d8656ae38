"""Prune: what is old enough goes. Rows lose the names of blobs first; then the blobs that no row names are deleted.

When the place for blobs does not answer the rows go all the same: what people may see does not depend on it, and the
sweep finds the blobs later, by the very fact that nothing names them.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial

import structlog

from depesche import metrics
from depesche.blobs.store import BlobError, Blobs
from depesche.config import Retention
from depesche.dispatch.loop import Loop
from depesche.store import blobnames, condemned, oldlines, retention
from depesche.store.database import Database, Work
from depesche.store.retention import AGED, Gone, Kind

DELETE_SECONDS = 10
"""For the blobs of one chunk; a node that stops waits for it."""

log = structlog.get_logger(__name__)


class Pruner:
    """Goes through all that is old enough, chunk by chunk, and rests when it is through.

    One node does so for all; should there be two, or a command beside it, they take turns.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        ages: Retention,
        now: Callable[[], datetime],
        zone: tzinfo,
        leads: Work[bool] = lambda _: True,
    ) -> None:
        """`zone`: where years begin and end; `leads`: whether this is the node (`store.nodes`)."""
        self._database = database
        self._blobs = blobs
        self._ages = ages
        self._now = now
        self._zone = zone
        self._leads = leads
        self._walk: AsyncIterator[tuple[Kind, int]] | None = None
        """What is left of the walk under way."""

        self._gone: Counter[Kind] = Counter()
        """In this walk."""

        self.loop = Loop("prune", self.prune, ages.hours * 3600)

    async def prune(self) -> bool:
        """One round: a chunk of the walk. True if there may be another; after an error the next walk begins anew.

        Raises: sqlalchemy.exc.DBAPIError.
        """
        if self._walk is None and not await self._database.read(self._leads):
            return False
        walk, self._walk = self._walk or self.chunks(), None
        chunk = await anext(walk, None)
        if chunk is None:
            self._tell()
            return False
        self._count(*chunk)
        self._walk = walk
        return True

    async def chunks(self) -> AsyncIterator[tuple[Kind, int]]:
        """Take it all, and tell of each chunk what it was, and how much of it. Raises: sqlalchemy.exc.DBAPIError."""
        for kind in AGED:
            while count := await self._take(kind):
                yield kind, count
        while await self._erase():
            yield Kind.JOBS, 0  # counted above
        for kind in oldlines.REMOVED:
            while count := await self._remove(kind):
                yield kind, count
        while count := await self._carry_forward():
            yield Kind.LEDGER, count

    async def _take(self, kind: Kind) -> int:
        now = self._now()
        ids = await self._database.read(lambda connection: retention.due(connection, kind, self._ages, now))
        if not ids:
            return 0
        return await self._let_go(await self._database.run(partial(retention.take, kind=kind, ids=ids, now=now)))

    async def _erase(self) -> int:
        return await self._let_go(await self._database.run(condemned.erase))

    async def _remove(self, kind: Kind) -> int:
        before = oldlines.cutoff(kind, self._ages, self._now(), self._zone)
        if before is None:
            return 0
        return await self._database.run(partial(oldlines.remove, kind=kind, before=before))

    async def _carry_forward(self) -> int:
        before = oldlines.cutoff(Kind.LEDGER, self._ages, self._now(), self._zone)
        if before is None:
            return 0
        owner = await self._database.read(partial(oldlines.to_carry, before=before))
        if owner is None:
            return 0
        return await self._database.run(partial(oldlines.carry_forward, account_id=owner, before=before))

    async def _let_go(self, gone: Gone) -> int:
        if gone.keys:
            await self._delete(gone.keys)
        return gone.count

    async def _delete(self, keys: Sequence[str]) -> None:
        """Several rows may name one blob: the last of them lets it go."""
        spare = await self._database.read(lambda connection: blobnames.unnamed(connection, keys))
        try:
            await self._blobs.delete(spare, DELETE_SECONDS)
        except BlobError as error:
            log.warning("blobs left to the sweep", blobs=len(spare), error=str(error))
        else:
            metrics.PRUNED.labels("blobs").inc(len(spare))

    def _count(self, kind: Kind, count: int) -> None:
        self._gone[kind] += count
        metrics.PRUNED.labels(kind.word).inc(count)

    def _tell(self) -> None:
        gone = {kind.word: count for kind, count in self._gone.items() if count}
        self._gone.clear()
        if gone:
            log.info("pruned", **gone)
