"""What a node does with its folder when it opens and closes it."""

import fcntl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from depesche.config import Settings, load
from depesche.dispatch.dispatcher import Dispatcher
from depesche.model.rules import Rule
from depesche.node.house import open_house
from depesche.node.trouble import FolderInUse
from depesche.node.work import open_node
from depesche.store import refusals, upgrade
from depesche.store.refusals import Refusal
from ways import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(data=tmp_path / "data")


async def test_what_a_crash_left_in_the_scratch_folder_is_gone_after_the_next_start(settings: Settings) -> None:
    left = settings.data / "scratch" / "fax-abc" / "sent.tif"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"pages of a customer")
    async with open_node(settings):
        assert list((settings.data / "scratch").iterdir()) == []


async def test_a_command_beside_a_server_leaves_the_scratch_folder_alone(settings: Settings) -> None:
    async with open_node(settings):
        busy = settings.data / "scratch" / "fax-abc"
        busy.mkdir()
        async with open_house(settings):
            pass
        assert busy.exists()


async def test_a_folder_has_one_server(settings: Settings) -> None:
    async with open_node(settings):
        with pytest.raises(FolderInUse, match="in use by process"):
            async with open_node(settings):
                pass
    async with open_node(settings):
        pass


async def test_the_folder_stays_ours_while_a_channel_still_carries_something(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop: Callable[[Dispatcher], object] = Dispatcher.stop

    async def does_not_end(self: Dispatcher) -> int:
        await stop(self)  # type: ignore[misc]
        return 1

    monkeypatch.setattr(Dispatcher, "stop", does_not_end)
    async with open_node(settings):
        pass
    with pytest.raises(FolderInUse):
        async with open_node(settings):
            pass


async def test_a_server_lets_go_what_is_old_enough_and_a_command_does_not(settings: Settings) -> None:
    old = Refusal(datetime.now(UTC) - timedelta(days=91), "10001", Rule.NO_RECIPIENT, "")
    async with open_house(settings) as house:
        database = house.database
        await database.run(lambda connection: refusals.write(connection, None, old))
        assert database.read_here(_refused) == 1
    async with open_node(settings) as server:
        await until(lambda: server.house.database.read_here(_refused) == 0)


def _refused(connection: sa.Connection) -> int:
    return len(refusals.newest(connection, None, 10))


async def test_a_command_does_not_migrate_under_the_feet_of_a_running_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(settings):
        pass
    database = settings.data / "depesche.db"
    before = database.read_bytes()
    monkeypatch.setattr(upgrade, "REVISION", "9999")  # as if this were a newer release than the one that runs
    with (settings.data / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(FolderInUse):
            async with open_house(settings):
                pass
    assert database.read_bytes() == before
