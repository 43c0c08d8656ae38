"""Every database that Depesche works on, empty and with its tables."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from builders import Clock, add_account, copy_of
from depesche.model.account import Account
from depesche.store import upgrade
from depesche.store.database import Database

T = TypeVar("T")
Work = Callable[[sa.Connection], T]


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ready") / "depesche.db"
    upgrade.ready(path)
    return path


def _sqlite(request: pytest.FixtureRequest) -> Database:
    return copy_of(request.getfixturevalue("ready"), request.getfixturevalue("tmp_path"))


OPENERS = {"sqlite": _sqlite}


@pytest.fixture(params=OPENERS)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    opened = OPENERS[request.param](request)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def account(database: Database) -> Account:
    return database.run_here(add_account)
