"""The rest of a long list becomes deliveries; what goes wrong on the way loses nothing of it."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import Clock, new_job, rows
from depesche.dispatch import expand
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.expand import PAUSE, Expander
from depesche.model.account import Account
from depesche.model.roll import Recipient
from depesche.store import bell, jobs, listing, schema
from depesche.store.roll import LongRoll
from ways import Scripted, rename, until

pytestmark = pytest.mark.anyio

ROWS = 10_001


async def broadcast(desk: Desk, account: Account, folder: Path, text: str = "Guten Tag") -> int:
    """A long list, as SendJob puts it away."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{text}.db"
    with LongRoll(path) as roll:
        roll.extend([Recipient(f"+49171{number:07}", str(number)) for number in range(ROWS)])
        blob = await desk.blobs.put_file("order", path)
        kept = listing.document(path.name, blob.key, blob.size, blob.sha256)
        new = replace(new_job(account.id, text=text), roll=roll, files=(kept,))
        return await desk.database.run(lambda connection: jobs.insert(connection, new, desk.now()))


def written(desk: Desk) -> list[int]:
    """Of each job, how many rows are deliveries."""
    of_job = schema.delivery.c.job_id
    query = sa.select(sa.func.count(of_job)).group_by(of_job).order_by(of_job)
    return list(desk.database.read_here(lambda connection: connection.execute(query).scalars().all()))


async def through(expander: Expander) -> int:
    """All there is to do; gives the rounds that it took."""
    number = 0
    while await expander.expand():
        number += 1
    return number


def spares(desk: Desk) -> list[Path]:
    assert desk.blobs._root is not None
    return [path for path in desk.blobs._root.rglob("*") if path.is_file()]


async def test_a_long_list_is_written_to_its_last_row_and_its_blob_is_gone(
    desk: Desk, account: Account, tmp_path: Path
) -> None:
    heard: list[str] = []
    desk = replace(desk, ring=heard.append)
    await broadcast(desk, account, tmp_path / "lists")
    assert written(desk) == [listing.CHUNK]
    assert await through(Expander(desk)) == -(-(ROWS - listing.CHUNK) // expand.CHUNK)
    assert written(desk) == [ROWS]
    assert heard == [bell.DUE], "the last chunk does not wait for a poll"
    found = desk.database.read_here(lambda connection: rows(connection, schema.delivery))
    assert [row["reference"] for row in sorted(found, key=lambda row: row["position"])] == list(map(str, range(ROWS)))
    assert spares(desk) == []


async def test_lists_take_turns(
    desk: Desk, account: Account, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand, "AT_A_TIME", 2)
    for text in ("eine", "andere"):
        await broadcast(desk, account, tmp_path / "lists", text)
    expander = Expander(desk)
    for _ in range(4):
        clock.forward(seconds=1)
        await expander.expand()
    assert written(desk) == [listing.CHUNK + 2 * expand.CHUNK] * 2
    await through(expander)
    assert written(desk) == [ROWS] * 2


async def test_a_list_that_cannot_be_read_waits_and_others_go_on(
    desk: Desk, account: Account, clock: Clock, tmp_path: Path
) -> None:
    await broadcast(desk, account, tmp_path / "lists", "weg")
    (lost,) = spares(desk)
    aside = lost.rename(tmp_path / "aside")
    await broadcast(desk, account, tmp_path / "lists", "da")
    expander = Expander(desk)
    with capture_logs() as log:
        await through(expander)
        await through(expander)
    assert written(desk) == [listing.CHUNK, ROWS]
    assert [line["log_level"] for line in log if line["event"] == "list cannot be read"] == ["error"]
    aside.rename(lost)
    clock.moment += PAUSE
    await through(expander)
    assert written(desk) == [ROWS, ROWS]


@pytest.mark.parametrize("kept", [0, 5000, 20_000])
async def test_a_damaged_list_is_told_and_nothing_is_guessed(
    desk: Desk, account: Account, tmp_path: Path, kept: int
) -> None:
    await broadcast(desk, account, tmp_path / "lists")
    (blob,) = spares(desk)
    blob.write_bytes(blob.read_bytes()[:kept])
    with capture_logs() as log:
        await through(Expander(desk))
    assert "list cannot be read" in {line["event"] for line in log}
    assert written(desk)[0] < ROWS
    (job,) = desk.database.read_here(lambda connection: rows(connection, schema.job))
    assert job["open"] == ROWS + 1


async def test_a_list_with_rows_missing_is_damaged(desk: Desk, account: Account, tmp_path: Path) -> None:
    await broadcast(desk, account, tmp_path / "lists")
    (blob,) = spares(desk)
    with sqlite3.connect(blob) as connection:
        connection.execute("DELETE FROM row WHERE position = 3100")
    with capture_logs() as log:
        await through(Expander(desk))
    assert [line["next"] for line in log if line["event"] == "list cannot be read"] == [3000]
    assert written(desk) == [3000]


async def test_after_an_outage_of_the_database_it_goes_on_where_it_was(
    desk: Desk, account: Account, tmp_path: Path
) -> None:
    await broadcast(desk, account, tmp_path / "lists")
    expander = Expander(desk)
    assert await expander.expand()
    rename(desk, "delivery", "elsewhere")
    with pytest.raises(Exception, match="no such table: delivery"):
        await expander.expand()
    rename(desk, "elsewhere", "delivery")
    await through(expander)
    assert written(desk) == [ROWS]


async def test_a_node_that_stops_leaves_its_list_to_the_next(desk: Desk, account: Account, tmp_path: Path) -> None:
    await broadcast(desk, account, tmp_path / "lists")
    first, second = Expander(desk), Expander(replace(desk, worker="w2"))
    await first.expand()
    assert not await second.expand()
    await first.stop()
    await through(second)
    assert written(desk) == [ROWS]


async def test_the_loop_hears_of_a_new_list(desk: Desk, account: Account, way: Scripted, tmp_path: Path) -> None:
    del way
    desk = replace(desk, settings=desk.settings.model_copy(update={"poll_seconds": 60.0}))
    dispatcher = Dispatcher(desk)
    dispatcher.start()
    try:
        await broadcast(desk, account, tmp_path / "lists")
        dispatcher.hear(bell.LISTED)
        await until(lambda: written(desk) == [ROWS])
    finally:
        await dispatcher.stop()
