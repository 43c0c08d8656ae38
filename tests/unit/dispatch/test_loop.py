"""The shape of every loop."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from depesche.dispatch import loop as module
from depesche.dispatch.loop import Loop
from ways import until

pytestmark = pytest.mark.anyio

NEVER = 3600.0
"""Seconds between polls of a loop that only moves when it is woken."""


class Rounds:
    """Counts rounds, and does in each what the test wants."""

    def __init__(self, do: Callable[[int], bool] = lambda count: False) -> None:
        self.count = 0
        self._do = do

    async def __call__(self) -> bool:
        self.count += 1
        return self._do(self.count)


async def test_it_begins_with_a_round_and_then_waits() -> None:
    rounds = Rounds()
    loop = Loop("test", rounds, NEVER)
    loop.start()
    await until(lambda: rounds.count == 1)
    await asyncio.sleep(0.01)
    await loop.stop()
    assert rounds.count == 1


async def test_it_goes_on_while_there_is_more() -> None:
    rounds = Rounds(lambda count: count < 50)
    loop = Loop("test", rounds, NEVER)
    loop.start()
    await until(lambda: rounds.count == 50)
    await loop.stop()
    assert rounds.count == 50


async def test_it_looks_again_after_its_time_though_nobody_woke_it() -> None:
    rounds = Rounds()
    loop = Loop("test", rounds, 0.001)
    loop.start()
    await until(lambda: rounds.count >= 3)
    await loop.stop()


async def test_it_can_be_woken() -> None:
    rounds = Rounds()
    loop = Loop("test", rounds, NEVER)
    loop.start()
    for count in (1, 2, 3):
        await until(lambda count=count: rounds.count == count)  # type: ignore[misc]
        loop.wake()
    await loop.stop()


async def test_many_wakes_are_one_round() -> None:
    rounds = Rounds()
    loop = Loop("test", rounds, NEVER)
    loop.start()
    await until(lambda: rounds.count == 1)
    for _ in range(100):
        loop.wake()
    await until(lambda: rounds.count == 2)
    await asyncio.sleep(0.01)
    assert rounds.count == 2
    await loop.stop()


async def test_a_wake_during_a_round_is_not_lost() -> None:
    def do(count: int) -> bool:
        if count == 1:
            loop.wake()
        return False

    rounds = Rounds(do)
    loop = Loop("test", rounds, NEVER)
    loop.start()
    await until(lambda: rounds.count == 2)
    await loop.stop()


async def test_stopping_waits_for_the_round_under_way() -> None:
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def round_() -> bool:
        begun.set()
        await go_on.wait()
        ended.set()
        return True

    loop = Loop("test", round_, NEVER)
    loop.start()
    await begun.wait()
    stopping = asyncio.create_task(loop.stop())
    await asyncio.sleep(0.01)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert ended.is_set()


async def test_stopping_what_was_never_started_or_is_stopped_does_nothing() -> None:
    loop = Loop("test", Rounds(), NEVER)
    await loop.stop()
    loop.start()
    await loop.stop()
    await loop.stop()


async def test_a_round_that_fails_is_logged_and_tried_again() -> None:
    def do(count: int) -> bool:
        if count < 3:
            raise LookupError("a bug")
        return False

    rounds = Rounds(do)
    loop = Loop("test", rounds, 0.001)
    with capture_logs() as logs:
        loop.start()
        await until(lambda: rounds.count == 3)
        await loop.stop()
    assert [(entry["event"], entry["loop"], entry["failures"]) for entry in logs] == [
        ("loop failed", "test", 1),
        ("loop failed", "test", 2),
    ]


async def test_pauses_grow_while_rounds_fail_and_are_short_again_after_a_good_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def do(count: int) -> bool:
        if count not in (8, 10):
            raise LookupError("a bug")
        return False

    pauses: list[float] = []
    rounds = Rounds(do)
    loop = Loop("test", rounds, 1.0)

    async def rest(seconds: float, breath: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(loop, "_rest", rest)
    with capture_logs():
        loop.start()
        await until(lambda: rounds.count >= 10)
        await loop.stop()
    assert pauses[:10] == [2, 4, 8, 16, 30, 30, 30, 1, 2, 1]


async def test_it_outlives_any_number_of_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    def do(count: int) -> bool:
        if count < 1200:
            raise LookupError("a database that is away for half a day")
        return False

    rounds = Rounds(do)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.0)
    loop = Loop("test", rounds, 0.00001)
    with capture_logs():
        loop.start()
        await until(lambda: rounds.count >= 1200)
        await loop.stop()


async def test_a_failing_loop_can_be_stopped_in_its_pause() -> None:
    def do(count: int) -> bool:
        raise LookupError("a bug")

    rounds = Rounds(do)
    loop = Loop("test", rounds, NEVER)
    with capture_logs():
        loop.start()
        await until(lambda: rounds.count == 1)
        async with asyncio.timeout(5):
            await loop.stop()


async def test_while_there_is_more_it_leaves_others_as_much_time_as_it_took() -> None:
    took = 0.05
    begins: list[float] = []

    async def round_() -> bool:
        begins.append(asyncio.get_running_loop().time())
        await asyncio.sleep(took)
        return True

    loop = Loop("test", round_, NEVER)
    loop.start()
    await until(lambda: len(begins) == 4)
    await loop.stop()
    assert all(later - earlier >= 2 * took - 0.01 for earlier, later in pairwise(begins[:4]))


async def test_who_wakes_it_from_such_a_rest_is_served_at_once() -> None:
    begins: list[float] = []

    async def round_() -> bool:
        begins.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.5)
        return True

    loop = Loop("test", round_, NEVER)
    loop.start()
    await asyncio.sleep(0.6)
    loop.wake()
    await until(lambda: len(begins) == 2)
    await loop.stop()
    assert begins[1] - begins[0] < 0.8


async def test_after_a_long_rest_a_wake_is_served_at_once_and_the_next_one_takes_a_breath(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BREATH", 0.3)
    begins: list[float] = []

    async def round_() -> bool:
        begins.append(asyncio.get_running_loop().time())
        return False

    loop = Loop("test", round_, NEVER)
    loop.start()
    await asyncio.sleep(0.4)
    woken = asyncio.get_running_loop().time()
    loop.wake()
    await until(lambda: len(begins) == 2)
    loop.wake()
    await until(lambda: len(begins) == 3)
    await loop.stop()
    assert begins[1] - woken < 0.2
    assert begins[2] - begins[1] >= 0.29
