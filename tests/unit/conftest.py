"""What the rooms stand on: a database with its tables, and a clock that a test moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from builders import Clock, copy_of
from depesche.store import upgrade
from depesche.store.sqlite import Sqlite, SqliteFile

settings.register_profile("house", deadline=None)  # properties are no stopwatch: the machine may be busy
settings.load_profile("house")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with its tables and nothing in them."""
    path = tmp_path_factory.mktemp("ready") / "depesche.db"
    upgrade.ready(SqliteFile(path))
    return path


@pytest.fixture
def database(ready: Path, tmp_path: Path) -> Iterator[Sqlite]:
    opened = copy_of(ready, tmp_path)
    yield opened
    opened.close()
