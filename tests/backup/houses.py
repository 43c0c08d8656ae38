"""Houses of a test's own, open in its process."""

import asyncio
import os
from pathlib import Path

from builders import Clock, add_account, new_job
from customers import OpenHouse, open_house
from depesche.model.job import StoredFile
from depesche.store import jobs, upgrade
from depesche.store.sqlite import Sqlite, SqliteFile


def furnished(data: Path, documents: int) -> OpenHouse:
    """With one account, and one job of so many documents."""
    data.mkdir(parents=True, exist_ok=True)
    upgrade.ready(SqliteFile(data / "depesche.db"))
    house = open_house(data, Sqlite(data / "depesche.db"), Clock())
    blobs = asyncio.run(_put(house, documents))
    database = house.house.database
    account = database.run_here(add_account)
    job = new_job(account.id, files=tuple(blobs))
    database.run_here(lambda connection: jobs.insert(connection, job, house.clock()))
    return house


async def _put(house: OpenHouse, documents: int) -> list[StoredFile]:
    blobs = [await house.house.blobs.put("order", os.urandom(200 + number)) for number in range(documents)]
    return [StoredFile("source", "brief.pdf", "PDF", 1, blob.key, blob.size, blob.sha256) for blob in blobs]
