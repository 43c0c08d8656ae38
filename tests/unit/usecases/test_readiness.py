"""Whether a node can do its work, part by part."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import embedded
from customers import OpenHouse
from depesche.config import Role
from depesche.store import revision
from depesche.store.schema import REVISION
from depesche.usecases import readiness as module
from depesche.usecases.house import House
from depesche.usecases.readiness import Readiness

pytestmark = pytest.mark.anyio

WELL = {"database": "", "migrations": "", "blobs": "", "renderer": ""}


async def looked(house: House) -> dict[str, str]:
    return await Readiness(house).look()


async def test_a_node_whose_parts_all_answer_is_ready(rendering: OpenHouse) -> None:
    async with asyncio.timeout(60):
        while not rendering.house.renderer.ready:
            await asyncio.sleep(0.01)
    assert await looked(rendering.house) == WELL


async def test_a_renderer_that_is_not_warm_is_told(opened: OpenHouse) -> None:
    assert await looked(opened.house) == WELL | {"renderer": "not warm"}


async def test_a_node_that_makes_no_pages_needs_no_renderer(opened: OpenHouse) -> None:
    settings = opened.house.settings.model_copy(update={"roles": frozenset({Role.LINES})})
    assert "renderer" not in await looked(replace(opened.house, settings=settings))


async def test_a_database_that_is_closed_is_told(opened: OpenHouse) -> None:
    opened.house.database.close()
    found = await looked(opened.house)
    assert (found["database"], found["migrations"], found["blobs"]) == ("not reached", "not reached", "")


async def test_a_database_file_that_was_taken_away_is_told_though_it_can_still_be_read(opened: OpenHouse) -> None:
    path = embedded(opened.house.database).path
    path.rename(path.with_suffix(".away"))
    assert (await looked(opened.house))["database"] == "not reached"
    assert not path.exists()
    path.with_suffix(".away").rename(path)
    assert (await looked(opened.house))["database"] == ""


async def test_a_database_file_that_became_something_else_is_told(opened: OpenHouse) -> None:
    path = embedded(opened.house.database).path
    path.rename(path.with_suffix(".away"))
    path.write_text("Dies ist keine Datenbank, sondern ein Brief. " * 100)
    assert (await looked(opened.house))["database"] == "not reached"


async def test_a_database_of_another_age_is_told(opened: OpenHouse) -> None:
    with closing(sqlite3.connect(embedded(opened.house.database).path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    found = await looked(opened.house)
    assert (found["database"], found["migrations"]) == ("", f"at 0001, not at {REVISION}")


async def test_blobs_whose_folder_is_gone_are_told(opened: OpenHouse) -> None:
    (opened.house.settings.data / "blobs").rename(opened.house.settings.data / "away")
    assert (await looked(opened.house))["blobs"] == "not reached"


class Slow:
    """A question to the database that is answered when the test wants it to be."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked = 0

    def __call__(self, connection: sa.Connection) -> str:
        self.asked += 1
        self.gate.wait(10)
        return REVISION


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    question = Slow()
    monkeypatch.setattr(revision, "seen", question)
    monkeypatch.setattr(module, "SECONDS", 0.05)
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    return question


async def test_a_database_that_hangs_is_told_in_time_and_gets_no_crowd(opened: OpenHouse, slow: Slow) -> None:
    readiness = Readiness(opened.house)
    for _ in range(5):
        found = await readiness.look()
        assert (found["database"], found["migrations"]) == ("no answer in time", "no answer in time")
    assert slow.asked == 2
    slow.gate.set()
    async with asyncio.timeout(10):
        while (found := await readiness.look())["database"] or found["migrations"]:
            await asyncio.sleep(0.01)


async def test_many_who_ask_are_one_question(opened: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = 0
    reach: Callable[[], Any] = opened.house.blobs.reach

    async def counting() -> None:
        nonlocal reached
        reached += 1
        await reach()

    monkeypatch.setattr(opened.house.blobs, "reach", counting)
    readiness = Readiness(opened.house)
    await asyncio.gather(*(readiness.look() for _ in range(50)))
    await readiness.look()
    assert reached == 1


async def test_changes_are_in_the_log_once_and_places_are_in_no_answer(
    opened: OpenHouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    readiness = Readiness(opened.house)
    readiness._looks.pop("renderer")
    folder = opened.house.settings.data / "blobs"
    with capture_logs() as logs:
        await readiness.look()
        folder.rename(tmp_path / "away")
        for _ in range(3):
            found = await readiness.look()
            assert str(tmp_path) not in str(found)
        (tmp_path / "away").rename(folder)
        await readiness.look()
    told = [line for line in logs if line["event"] != "not reached"]
    assert [(line["event"], line.get("blobs")) for line in told] == [
        ("not ready", "not reached"),
        ("ready again", None),
    ]
