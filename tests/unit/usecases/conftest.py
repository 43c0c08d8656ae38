"""A house with real rooms below, and customers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from builders import Clock, add_account
from customers import Customer, Enter, OpenHouse, customer_of, open_house
from depesche.config import Render
from depesche.render.renderer import Renderer
from depesche.store.sqlite import Sqlite


@pytest.fixture
def opened(tmp_path: Path, database: Sqlite, clock: Clock) -> OpenHouse:
    return open_house(tmp_path, database, clock)


@pytest.fixture(scope="session")
async def renderer() -> AsyncIterator[Renderer]:
    async with Renderer(Render(pages=5)) as warm:
        await warm.start()
        yield warm


@pytest.fixture
def rendering(tmp_path: Path, database: Sqlite, clock: Clock, renderer: Renderer) -> OpenHouse:
    """A house that makes pages, at most five of one order."""
    return open_house(tmp_path, database, clock, renderer)


@pytest.fixture
def enter(opened: OpenHouse) -> Enter:
    def build(number: str = "10001", *numbers: str, **changes: Any) -> Customer:
        account = opened.house.database.run_here(
            lambda connection: add_account(connection, number, *numbers, **changes)
        )
        return customer_of(opened.house, account)

    return build


@pytest.fixture
def customer(enter: Enter) -> Customer:
    return enter()
