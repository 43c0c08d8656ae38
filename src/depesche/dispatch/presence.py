"""Presence: this process is listed as long as it lives, and hears there that it shall drain."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import structlog

from depesche.dispatch.loop import Loop
from depesche.store import nodes
from depesche.store.database import Database
from depesche.store.nodes import NodeRow

log = structlog.get_logger(__name__)


class Presence:
    """Of one process."""

    def __init__(
        self,
        database: Database,
        row: NodeRow,
        *,
        look: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        drain: Callable[[bool], None],
        seconds: float,
    ) -> None:
        """`look`: makes the clock right; `drain`: is told what the operator wants; `seconds` between two rounds."""
        self._database = database
        self._row = row
        self._look = look
        self._now = now
        self._drain = drain
        self._loop = Loop("presence", self._round, seconds)

    async def start(self) -> None:
        """Enter the list. Raises: sqlalchemy.exc.DBAPIError."""
        await self._database.run(lambda connection: nodes.enter(connection, self._row))
        self._loop.start()

    async def stop(self) -> None:
        """Leave it, if the database can be told."""
        await self._loop.stop()
        try:
            await self._database.run(lambda connection: nodes.leave(connection, self._row.worker))
        except Exception as error:  # noqa: BLE001  the row says when it was seen last
            log.warning("the node did not leave the list", why=str(error))

    async def _round(self) -> bool:
        await self._look()
        now = self._now()
        draining = await self._database.run(lambda connection: nodes.beat(connection, self._row.worker, now))
        if draining is None:
            self._row = replace(self._row, seen_at=now)
            await self._database.run(lambda connection: nodes.enter(connection, self._row))
        elif draining != self._row.draining:
            self._row = replace(self._row, draining=draining)
            log.info("draining" if draining else "working again", node=self._row.name)
            self._drain(draining)
        return False
