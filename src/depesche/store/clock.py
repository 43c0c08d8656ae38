"""The time of an installation: the database's, so that leases mean the same on every node, whatever its own clock says.

Between two looks at it this machine's monotonic clock counts on, which nobody sets.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

import sqlalchemy as sa

from depesche.store.database import Database


class ServerClock:
    """Call it for the time, UTC."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._at = datetime.now(UTC)
        self._looked = monotonic()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=monotonic() - self._looked)

    async def look(self) -> None:
        """Ask the database. Raises: sqlalchemy.exc.DBAPIError, DatabaseClosed."""
        before = monotonic()
        at: datetime = await self._database.peek(lambda connection: connection.execute(_NOW).scalar_one())
        self._looked = (before + monotonic()) / 2
        self._at = at.astimezone(UTC)


_NOW = sa.select(sa.func.clock_timestamp())
