"""Survey: how much lies in the database and on the disk, brought into the metrics when they are about to be read."""

import asyncio
import shutil
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from depesche import metrics
from depesche.model.jobtype import Channel
from depesche.model.states import State
from depesche.store import queue
from depesche.store.database import DatabaseClosed
from depesche.store.queue import OPEN, Depth
from depesche.usecases.house import House

FRESH_SECONDS = 5.0
"""What was found is good for so long."""

SHARE = 20
"""And for so many times as long as it took to find: millions of deliveries take a twentieth of the time."""

SECONDS = 5.0
"""Whoever reads the metrics waits so long for it; Prometheus itself gives up after ten."""

log = structlog.get_logger(__name__)


class Survey:
    """Of one installation."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._alone = asyncio.Lock()
        self._good_until = 0.0

    async def refresh(self) -> None:
        """Make the metrics tell how it is. Where the database does not, they tell nothing of it."""
        clock = asyncio.get_running_loop().time
        async with self._alone:
            began = clock()
            if began < self._good_until:
                return
            await self._count()
            self._weigh()
            now = clock()
            self._good_until = now + max(FRESH_SECONDS, SHARE * (now - began))

    async def _count(self) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                found = await self._house.database.read(queue.depths)
        except (SQLAlchemyError, DatabaseClosed, TimeoutError) as error:
            log.warning("deliveries cannot be counted", why=str(error) or "it took too long")
            metrics.DELIVERIES.clear()
            metrics.OLDEST.clear()
        else:
            _tell(found, self._house.now())

    def _weigh(self) -> None:
        try:
            disk = shutil.disk_usage(self._house.settings.data)
        except OSError as error:
            log.warning("the data folder is gone", why=str(error))
            return
        metrics.DISK_FREE.set(disk.free)
        metrics.DISK_SIZE.set(disk.total)


def _tell(found: list[Depth], now: datetime) -> None:
    """All of them: a channel that has none any more has 0."""
    depths = {(depth.channel, depth.state): depth for depth in found}
    for channel in Channel:
        for state in OPEN:
            depth = depths.get((channel, state))
            metrics.DELIVERIES.labels(channel.value, state.value).set(depth.count if depth else 0)
            if state is not State.HELD:
                metrics.OLDEST.labels(channel.value, state.value).set(_age(depth, now))


def _age(depth: Depth | None, now: datetime) -> float:
    """Seconds; what is due later is not late."""
    if depth is None or depth.due_at is None:
        return 0
    return max(0.0, (now - depth.due_at).total_seconds())
