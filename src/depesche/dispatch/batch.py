"""Many small steps become one transaction: what comes while one is under way goes into the next.

Whoever is alone is served at once; under load the price of a transaction is shared by many.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError

from depesche.store.database import CommitUncertain, DatabaseClosed

Item = TypeVar("Item")

MOST = 200
"""Steps of one transaction."""

_OF_ALL = (OperationalError, DatabaseClosed, CommitUncertain)
"""What is wrong with the database and not with a step."""


class Batch(Generic[Item]):
    """Of one kind of step, each for a delivery."""

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[set[int]]]) -> None:
        """`write`: one transaction; gives the ids of the deliveries for which the step was taken."""
        self._write = write
        self._waiting: list[tuple[int, Item, asyncio.Future[bool]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, delivery_id: int, item: Item) -> bool:
        """Whether the step was taken. Raises: what `write` raises."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery_id, item, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._together(self._next())
        finally:
            self._task = None

    def _next(self) -> dict[int, tuple[Item, asyncio.Future[bool]]]:
        """What goes together: no delivery twice, for an answer is one delivery's."""
        chosen: dict[int, tuple[Item, asyncio.Future[bool]]] = {}
        later = []
        for delivery_id, item, done in self._waiting:
            if len(chosen) < MOST and delivery_id not in chosen:
                chosen[delivery_id] = (item, done)
            else:
                later.append((delivery_id, item, done))
        self._waiting = later
        return chosen

    async def _together(self, chosen: dict[int, tuple[Item, asyncio.Future[bool]]]) -> None:
        try:
            taken = await self._write([item for item, _ in chosen.values()])
        except _OF_ALL as error:
            _fail(chosen, error)
        except Exception as error:  # noqa: BLE001  it is the answer of whoever waits
            if len(chosen) == 1:
                _fail(chosen, error)
            else:  # one of them cannot be written: the others can
                for delivery_id, one in chosen.items():
                    await self._together({delivery_id: one})
        else:
            for delivery_id, (_, done) in chosen.items():
                if not done.done():
                    done.set_result(delivery_id in taken)


def _fail(chosen: dict[int, tuple[Item, asyncio.Future[bool]]], error: Exception) -> None:
    for _, done in chosen.values():
        if not done.done():
            done.set_exception(error)
