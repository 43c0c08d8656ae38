"""Blobs that no row names go when they are old enough, and nothing else does."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import obstore
import pytest
from structlog.testing import capture_logs

from builders import Clock, new_job
from depesche.blobs import store
from depesche.blobs.store import Blobs
from depesche.config import Dispatch
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.sweep import Sweeper
from depesche.model.account import Account
from depesche.model.job import StoredFile
from depesche.store import jobs
from peers.bucket import S3Server, Trouble, Wire
from ways import rename, until

pytestmark = pytest.mark.anyio

DAYS = Dispatch().orphan_days


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server.running() as server:
        yield server


@pytest.fixture
async def wire(s3: S3Server) -> AsyncIterator[Wire]:
    async with Wire(s3.port) as wire:
        yield wire


@pytest.fixture
def far(desk: Desk, s3: S3Server, wire: Wire, clock: Clock, tmp_path: Path) -> Desk:
    """A desk whose blobs are in S3. There nobody can say when they were written; so much later is it here."""
    clock.moment = datetime.now(clock.moment.tzinfo) + timedelta(days=DAYS + 1)
    return replace(desk, blobs=Blobs.in_bucket(s3.place(wire), tmp_path / "scratch"))


async def written(desk: Desk, days: float) -> str:
    """A blob that was written so many days ago; gives its key."""
    blob = await desk.blobs.put("order", b"x")
    if desk.blobs._root is not None:
        at = (desk.now() - timedelta(days=days)).timestamp()
        os.utime(desk.blobs._root / blob.key, (at, at))
    return blob.key


def name(desk: Desk, account: Account, key: str) -> None:
    """An order is accepted that has it."""
    file = StoredFile("source", "brief.pdf", "PDF", 0, key, 1, "a" * 64)
    new = new_job(account.id, files=(file,))
    desk.database.run_here(lambda connection: jobs.insert(connection, new, desk.now()))


async def there(desk: Desk) -> set[str]:
    return {entry["path"] async for chunk in obstore.list(desk.blobs._store) for entry in chunk}


async def walk(sweeper: Sweeper) -> int:
    """All of it; gives the rounds that it took."""
    rounds = 1
    while await sweeper.sweep():
        rounds += 1
    return rounds


async def test_an_orphan_goes_when_it_is_old_enough(desk: Desk) -> None:
    await written(desk, DAYS + 0.01)
    young = await written(desk, DAYS - 0.01)
    await walk(Sweeper(desk))
    assert await there(desk) == {young}


async def test_what_a_row_names_stays_however_old_it_is(desk: Desk, account: Account) -> None:
    key = await written(desk, 1000)
    name(desk, account, key)
    await written(desk, 1000)
    await walk(Sweeper(desk))
    assert await there(desk) == {key}


async def test_what_is_named_between_the_listing_and_the_question_stays(desk: Desk, account: Account) -> None:
    class Meanwhile(Blobs):
        async def keys(self, older_than: datetime) -> AsyncIterator[list[str]]:
            async for keys in super().keys(older_than):
                name(desk, account, keys[0])
                yield keys

    key = await written(desk, DAYS + 1)
    blobs = Meanwhile(desk.blobs._store, desk.blobs._scratch, desk.blobs._root)
    await walk(Sweeper(replace(desk, blobs=blobs)))
    assert await there(desk) == {key}


async def test_a_walk_takes_a_round_for_each_chunk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LISTED", 2)
    for _ in range(5):
        await written(desk, DAYS + 1)
    sweeper = Sweeper(desk)
    assert await walk(sweeper) == 4
    assert await there(desk) == set()
    await written(desk, DAYS + 1)
    assert await walk(sweeper) == 2
    assert await there(desk) == set()


async def test_how_old_an_orphan_has_to_be_is_a_setting(desk: Desk) -> None:
    desk = replace(desk, settings=Dispatch(orphan_days=30))
    await written(desk, 31)
    young = await written(desk, 29)
    await walk(Sweeper(desk))
    assert await there(desk) == {young}


async def test_nodes_that_sweep_at_once_do_not_get_in_each_others_way(desk: Desk, account: Account) -> None:
    keys = [await written(desk, DAYS + 1) for _ in range(50)]
    name(desk, account, keys[7])
    with capture_logs() as logs:
        await asyncio.gather(*(walk(Sweeper(desk)) for _ in range(5)))
    assert await there(desk) == {keys[7]}
    assert {entry["event"] for entry in logs} == {"orphans deleted"}


async def test_a_database_that_cannot_answer_costs_nothing(desk: Desk, account: Account) -> None:
    key, orphan = await written(desk, DAYS + 1), await written(desk, DAYS + 1)
    name(desk, account, key)
    rename(desk, "document", "gone")
    sweeper = Sweeper(desk)
    with pytest.raises(Exception, match="no such table"):
        await sweeper.sweep()
    assert await there(desk) == {key, orphan}
    rename(desk, "gone", "document")
    await walk(sweeper)
    assert await there(desk) == {key}


async def test_a_bucket_is_swept_as_a_folder_is(far: Desk, account: Account) -> None:
    key = await written(far, DAYS + 1)
    name(far, account, key)
    await written(far, DAYS + 1)
    await walk(Sweeper(far))
    assert await there(far) == {key}


async def test_the_loop_goes_on_when_the_store_was_away(far: Desk, wire: Wire) -> None:
    far = replace(far, settings=Dispatch(sweep_hours=1e-6))
    await written(far, DAYS + 1)
    loop = Sweeper(far).loop
    await wire.fail(Trouble.ERRORS)
    with capture_logs() as logs:
        loop.start()
        await until(lambda: [entry["loop"] for entry in logs if entry["event"] == "loop failed"] == ["sweep"] * 2)
        await wire.heal()
        await until(lambda: "orphans deleted" in {entry["event"] for entry in logs})
        await loop.stop()
    assert await there(far) == set()


async def test_what_cannot_be_deleted_does_not_keep_the_rest(
    far: Desk, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "LISTED", 1)
    first, second = [await written(far, DAYS + 1) for _ in range(2)]
    await wire.fail(Trouble.ERRORS, r"\?delete", times=4)
    with capture_logs() as logs:
        await walk(Sweeper(far))
    assert [entry["event"] for entry in logs] == ["orphans left behind", "orphans deleted"]
    assert await there(far) == {min(first, second)}


async def test_a_node_sweeps(desk: Desk) -> None:
    root = desk.blobs._root
    assert root is not None
    await written(desk, DAYS + 1)
    dispatcher = Dispatcher(desk)
    dispatcher.start()
    await until(lambda: not any(path.is_file() for path in root.rglob("*")))
    await dispatcher.stop()
