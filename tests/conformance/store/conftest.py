"""Every database that Depesche works on, empty and with its tables."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from builders import Clock, add_account, copy_of
from depesche.model.account import Account
from depesche.store import schema, upgrade
from depesche.store.database import Database
from depesche.store.postgres import Postgres, PostgresServer
from depesche.store.sqlite import Sqlite, SqliteFile
from peers.postgres import Server

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ready") / "depesche.db"
    upgrade.ready(SqliteFile(path))
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server.running() as running:
        yield running


@pytest.fixture(scope="session")
def shared(server: Server) -> Iterator[Postgres]:
    """One for all tests: a new one for each would take ten times as long."""
    place = PostgresServer(server.url(server.database()))
    upgrade.ready(place)
    with closing(place.open()) as opened:
        yield opened


@pytest.fixture
def postgres(shared: Postgres) -> Iterator[Postgres]:
    """On PostgreSQL alone."""
    yield shared
    shared.run_here(lambda connection: connection.execute(_EMPTY))


@pytest.fixture
def sqlite(ready: Path, tmp_path: Path) -> Iterator[Sqlite]:
    """On SQLite alone."""
    with closing(copy_of(ready, tmp_path)) as opened:
        yield opened


_EMPTY = sa.text(f"TRUNCATE {', '.join(schema.metadata.tables)} RESTART IDENTITY")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    opened: Database = request.getfixturevalue(request.param)
    return opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account(database: Database) -> Account:
    return database.run_here(add_account)
