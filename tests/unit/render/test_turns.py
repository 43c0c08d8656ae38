"""Whose turn it is among accounts."""

import asyncio

import pytest

from depesche.render.turns import Turns

A, B, C = 1, 2, 3

pytestmark = pytest.mark.anyio


class Queue:
    """Orders that want a turn, and those that got one, in that order."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.came: list[int] = []

    async def ask(self, *accounts: int) -> list[asyncio.Task[None]]:
        """One after the other; returns when all that need not wait have their turn."""
        tasks = [asyncio.create_task(self._one(account)) for account in accounts]
        await settled()
        return tasks

    async def give_back(self, account: int) -> list[int]:
        """Who came for it."""
        self.came.clear()
        self.turns.give_back(account)
        await settled()
        return self.came

    async def _one(self, account: int) -> None:
        await self.turns.take(account)
        self.came.append(account)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_an_account_alone_may_take_all_places_and_no_more() -> None:
    queue = Queue(2)
    tasks = await queue.ask(A, A, A)
    assert queue.came == [A, A]
    assert await queue.give_back(A) == [A]
    await end(*tasks)


async def test_another_account_does_not_wait_for_one_that_has_all_places() -> None:
    queue = Queue(2)
    tasks = await queue.ask(A, A, A, B, B, C)
    assert queue.came == [A, A, B]
    await end(*tasks)


@pytest.mark.parametrize("places", [1, 2, 5])
async def test_no_more_than_one_turn_is_given_beside_the_places(places: int) -> None:
    queue = Queue(places)
    tasks = await queue.ask(*[A] * 9, *[B] * 9, *[C] * 9)
    assert queue.came == [A] * places + [B]
    assert await queue.give_back(B) == [B]
    await end(*tasks)


async def test_a_free_place_goes_to_the_account_that_has_the_fewest() -> None:
    queue = Queue(3)
    tasks = await queue.ask(A, A, B, A, A, B, C)
    assert queue.came == [A, A, B]
    assert await queue.give_back(A) == [C]
    assert await queue.give_back(A) == [A]
    assert await queue.give_back(A) == [A]
    assert await queue.give_back(C) == [B]
    await end(*tasks)


async def test_among_equals_it_goes_to_who_waits_longest() -> None:
    queue = Queue(2)
    tasks = await queue.ask(A, B, C, A, B, C)
    assert queue.came == [A, B]
    assert await queue.give_back(A) == [C]
    assert await queue.give_back(B) == [A]
    assert await queue.give_back(A) == [B]
    await end(*tasks)


async def test_a_spare_turn_is_one_that_nobody_waits_for() -> None:
    queue = Queue(3)
    tasks = await queue.ask(A)
    assert queue.turns.has_spare()
    assert [queue.turns.take_spare(A) for _ in range(3)] == [True, True, False]
    assert not queue.turns.has_spare()
    tasks += await queue.ask(A, B)
    assert queue.came == [A, B]
    assert not queue.turns.take_spare(A)
    queue.turns.give_back(A)
    assert not queue.turns.take_spare(A)
    await end(*tasks)


async def test_who_gives_up_waiting_takes_no_place() -> None:
    queue = Queue(1)
    first, second, third = await queue.ask(A, A, A)
    await end(second)
    assert await queue.give_back(A) == [A]
    assert await queue.give_back(A) == []
    assert third.done()
    await end(*await queue.ask(A), first)
    assert queue.came == [A]


async def test_a_turn_that_comes_just_after_giving_up_goes_to_the_next() -> None:
    queue = Queue(1)
    _, second, third = await queue.ask(A, A, A)
    queue.came.clear()
    second.cancel()
    assert await queue.give_back(A) == [A]
    assert second.cancelled()
    assert third.done()


async def test_a_turn_that_comes_at_the_moment_of_giving_up_goes_to_the_next() -> None:
    queue = Queue(1)
    _, second, _ = await queue.ask(A, A, A)
    queue.came.clear()
    queue.turns.give_back(A)
    await end(second)
    await settled()
    assert queue.came == [A]
    assert second.cancelled()
