"""A house with a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import Clock
from customers import OpenHouse, open_house
from depesche.store import upgrade
from depesche.store.sqlite import Sqlite, SqliteFile


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenHouse]:
    path = tmp_path / "depesche.db"
    upgrade.ready(SqliteFile(path))
    database = Sqlite(path)
    yield open_house(tmp_path, database, Clock())
    database.close()
