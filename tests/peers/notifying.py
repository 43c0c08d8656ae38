"""To be run as a process of its own, and to be killed: tells what is in a database until all is told.

Its clock is ahead by a minute with each start, so that nobody waits for the lease of the one that was killed.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche.blobs.store import Blobs
from depesche.config import Callbacks, Dispatch
from depesche.dispatch.desk import Desk
from depesche.dispatch.notify import Notifier
from depesche.store import schema
from depesche.store.sqlite import Sqlite


async def main(path: Path) -> None:
    database = Sqlite(path)
    count = path.with_suffix(".starts")
    starts = int(count.read_text()) + 1 if count.exists() else 0
    count.write_text(str(starts))
    desk = Desk(
        settings=Dispatch(poll_seconds=0.01),
        database=database,
        blobs=Blobs.in_folder(path.parent / "blobs", path.parent / "scratch"),
        worker=f"w{starts}",
        sandbox={},
        real={},
        now=lambda: datetime.now(UTC) + timedelta(minutes=starts),
        zone=ZoneInfo("Europe/Berlin"),
        ring=lambda _what: None,
    )
    notifier = Notifier(desk, Callbacks().on_this_machine(), ZoneInfo("UTC"))
    notifier.loop.start()
    while await database.read(_open):
        await asyncio.sleep(0.01)
    await notifier.stop(5)
    database.close()


def _open(connection: sa.Connection) -> bool:
    query = sa.select(sa.func.count()).where(schema.callback.c.done_at.is_(None))
    return bool(connection.execute(query).scalar())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
