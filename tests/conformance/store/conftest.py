"""Every database that Depesche works on, empty and with its tables."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from builders import Clock, add_account, copy_of
from depesche.model.account import Account
from depesche.store import schema, upgrade
from depesche.store.database import Database
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile
from peers.postgres import Postgres

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ready") / "depesche.db"
    upgrade.ready(SqliteFile(path))
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def emptied(postgres: Postgres) -> Iterator[Database]:
    """Whoever uses it leaves it empty: a new one for each test would take ten times as long."""
    place = PostgresServer(postgres.url(postgres.database()))
    upgrade.ready(place)
    with closing(place.open()) as opened:
        yield opened


@contextmanager
def _sqlite(request: pytest.FixtureRequest) -> Iterator[Database]:
    with closing(copy_of(request.getfixturevalue("ready"), request.getfixturevalue("tmp_path"))) as opened:
        yield opened


@contextmanager
def _postgres(request: pytest.FixtureRequest) -> Iterator[Database]:
    opened: Database = request.getfixturevalue("emptied")
    yield opened
    opened.run_here(lambda connection: connection.execute(_EMPTY))


_EMPTY = sa.text(f"TRUNCATE {', '.join(schema.metadata.tables)} RESTART IDENTITY")

OPENERS: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[Database]]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
}


@pytest.fixture(params=OPENERS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    with OPENERS[request.param](request) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account(database: Database) -> Account:
    return database.run_here(add_account)
