"""``python -m bench.carry DATABASE SIZE PLACES``: every step of Depesche's dispatch on deliveries that take no time.

DATABASE is a PostgreSQL URL or a SQLite file. So many PLACES claim SIZE deliveries each, say that they begin, and write
that they were sent, until nothing is ready. Prints how many there were and the seconds that it took.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from depesche.dispatch.batch import Batch
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import deliveries
from depesche.store.database import Database
from depesche.store.deliveries import Claimed, Ended
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile

LEASE = timedelta(seconds=30)
OK = Outcome(Result.OK, pages=1)


class Carrier:
    """One worker."""

    def __init__(self, database: Database, size: int) -> None:
        self._database = database
        self._size = size
        self._worker = f"bench-{os.getpid()}"
        self._begin = Batch[Claimed](self._begun)
        self._end = Batch[Ended](self._ended)
        self.carried = 0

    async def place(self) -> None:
        """Carry until nothing is ready."""
        while claimed := await self._database.run(
            lambda connection: deliveries.claim(connection, self._worker, Channel.SMS, self._size, _lease())
        ):
            if len(claimed) == 1:
                await self._alone(claimed[0])
            else:
                await self._begun(claimed)
                await self._ended([Ended(one, OK, datetime.now(UTC), None) for one in claimed])
            self.carried += len(claimed)

    async def _alone(self, claimed: Claimed) -> None:
        """As each place of a node does: what others begin or end at the moment goes into the same transaction."""
        await self._begin.add(claimed.id, claimed)
        await self._end.add(claimed.id, Ended(claimed, OK, datetime.now(UTC), None))

    async def _begun(self, claimed: Sequence[Claimed]) -> set[int]:
        return await self._database.run(
            lambda connection: deliveries.begin(connection, claimed, datetime.now(UTC), _lease())
        )

    async def _ended(self, ended: Sequence[Ended]) -> set[int]:
        return await self._database.run(lambda connection: deliveries.finish(connection, ended))


def _lease() -> datetime:
    return datetime.now(UTC) + LEASE


async def main(where: str, size: int, places: int) -> None:
    """Carry all that is ready."""
    database = (PostgresServer(where) if "://" in where else SqliteFile(Path(where))).open()
    carrier = Carrier(database, size)
    await database.run(lambda _: None)
    print("ready", flush=True)
    sys.stdin.readline()  # all processes begin together
    start = time.perf_counter()
    await asyncio.gather(*(carrier.place() for _ in range(places)))
    print(carrier.carried, time.perf_counter() - start)
    database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
