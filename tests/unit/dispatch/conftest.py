"""A desk with real rooms below it, and ways out that a test chooses."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from builders import Clock, add_account, rows
from depesche.blobs.store import Blobs
from depesche.channels.base import Channel as Way
from depesche.config import Dispatch
from depesche.dispatch.desk import Desk
from depesche.dispatch.send import Sender
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.store import schema
from depesche.store.sqlite import Sqlite
from ways import Scripted

Deliveries = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def way() -> Scripted:
    """The way of every channel, in the sandbox and out of it."""
    return Scripted()


@pytest.fixture
def desk(tmp_path: Path, database: Sqlite, clock: Clock, way: Scripted) -> Desk:
    ways: dict[Channel, Way] = dict.fromkeys(Channel, way)
    return Desk(
        settings=Dispatch(poll_seconds=0.01, lease_seconds=30),
        database=database,
        blobs=Blobs.in_folder(tmp_path / "blobs", tmp_path / "scratch"),
        worker="w1",
        sandbox=ways,
        real=ways,
        now=clock,
        zone=ZoneInfo("Europe/Berlin"),
        ring=lambda _what: None,
    )


@pytest.fixture
def sender(desk: Desk) -> Sender:
    """Carries two SMS at once."""
    return Sender(desk, Channel.SMS, 2)


@pytest.fixture
def account(database: Sqlite) -> Account:
    return database.run_here(add_account)


@pytest.fixture
def deliveries(database: Sqlite) -> Deliveries:
    """All deliveries as they are now."""
    return lambda: database.read_here(partial(rows, table=schema.delivery))
