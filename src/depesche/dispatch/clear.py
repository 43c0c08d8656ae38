"""Clear: what lies in this machine's outbox goes with the documents of its job.

A file is named by its delivery, whose id is never given again. As long as the job keeps its documents the file stays,
for it is what tells how an attempt ended of which nobody knows.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import chain

import structlog

from depesche import metrics
from depesche.channels.outbox import Piece, further, remove
from depesche.dispatch.desk import Desk
from depesche.dispatch.loop import Loop
from depesche.store import retention

log = structlog.get_logger(__name__)


class Clearer:
    """Walks through the outbox, chunk by chunk, and rests when it is through."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._walk: Iterator[Piece] | None = None
        """What is left of the walk under way."""

        self.loop = Loop("clear", self.clear, desk.settings.sweep_hours * 3600)

    async def clear(self) -> bool:
        """One round: a chunk of the walk. True if there may be another; after an error the next walk begins anew.

        Raises: OSError, sqlalchemy.exc.DBAPIError.
        """
        walk, self._walk = self._walk or chain.from_iterable(shelf.pieces() for shelf in self._desk.outbox), None
        pieces = await asyncio.to_thread(further, walk)
        if not pieces:
            return False
        ids = [piece.delivery_id for piece in pieces]
        kept = await self._desk.database.read(partial(retention.with_documents, delivery_ids=ids))
        gone = [piece for piece in pieces if piece.delivery_id not in kept]
        if gone:
            await asyncio.to_thread(remove, gone)
            metrics.PRUNED.labels("outbox_files").inc(len(gone))
            log.info("outbox cleared", files=len(gone))
        self._walk = walk
        return True
