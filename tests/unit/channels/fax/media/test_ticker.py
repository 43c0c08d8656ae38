"""The beat: its pace, and what a stall makes of it. Nothing here depends on how fast the machine is."""

import asyncio
import itertools
import time
from collections.abc import Callable

from depesche.channels.fax.media.media import TICK_SECONDS
from depesche.channels.fax.media.ticker import Ticker


class Slow(asyncio.SelectorEventLoop):
    """A loop whose clock jumps when it is told to, as if something had blocked it, and else only when it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


def beaten(work: Callable[[Slow, Ticker], None], seconds: float) -> Ticker:
    """Run a ticker for so long by the loop's own clock."""
    loop = Slow()
    ticker = Ticker()

    async def run() -> None:
        work(loop, ticker)
        await asyncio.sleep(seconds)

    loop.run_until_complete(run())
    loop.close()
    return ticker


def test_fifty_ticks_a_second_for_everybody() -> None:
    calls: list[str] = []

    def work(loop: Slow, ticker: Ticker) -> None:
        ticker.add(lambda: calls.append("a"))
        ticker.add(lambda: calls.append("b"))

    ticker = beaten(work, 1.01)
    assert ticker.ticks == 50
    assert calls == ["a", "b"] * 50
    assert (ticker.late_seconds, ticker.skipped) == (0, 0)


def test_a_stall_is_made_up_for_at_twice_the_pace() -> None:
    times: list[float] = []

    def work(loop: Slow, ticker: Ticker) -> None:
        def tick() -> None:
            times.append(round(loop.now - 1000, 3))
            if len(times) == 10:
                loop.now += 0.2

        ticker.add(tick)

    ticker = beaten(work, 1.01)
    assert ticker.ticks == 50
    gaps = [round(later - before, 3) for before, later in itertools.pairwise(times)]
    assert gaps[9] == 0.2
    assert gaps[10:28] == [TICK_SECONDS / 2] * 18
    assert gaps[28:] == [TICK_SECONDS] * 21
    assert ticker.worst_seconds() > 0.17
    assert ticker.worst_seconds() == 0
    assert ticker.late_seconds > 1


def test_a_long_stall_is_not_made_up_for_to_its_end() -> None:
    def work(loop: Slow, ticker: Ticker) -> None:
        def tick() -> None:
            if ticker.ticks == 1:
                loop.now += 10

        ticker.add(tick)

    ticker = beaten(work, 20.01)
    assert 440 <= ticker.skipped <= 460
    assert ticker.ticks + ticker.skipped == 1000


def test_a_call_that_fails_is_left_out_and_the_others_go_on() -> None:
    calls: list[str] = []

    def work(loop: Slow, ticker: Ticker) -> None:
        def fail() -> None:
            calls.append("bad")
            raise LookupError

        ticker.add(fail)
        ticker.add(lambda: calls.append("good"))

    beaten(work, 0.1)
    assert calls.count("bad") == 1
    assert calls.count("good") >= 4


def test_a_call_may_go_during_a_beat_and_the_beat_rests_without_calls() -> None:
    calls: list[int] = []

    def work(loop: Slow, ticker: Ticker) -> None:
        def other() -> None:
            calls.append(2)

        def first() -> None:
            calls.append(1)
            ticker.remove(other)
            ticker.remove(first)

        ticker.add(first)
        ticker.add(other)

    ticker = beaten(work, 1)
    assert calls == [1]
    assert ticker.ticks == 1
    assert ticker._timer is None


def test_a_beat_that_rested_begins_again() -> None:
    ticker = Ticker()

    async def run() -> None:
        for _ in range(2):
            done = asyncio.Event()
            ticker.add(done.set)
            await done.wait()
            ticker.remove(done.set)
            ticker.remove(done.set)

    asyncio.run(run())
    assert ticker.ticks == 2


def test_real_time_passes() -> None:
    ticker = Ticker()

    async def run() -> float:
        begun = time.monotonic()
        done = asyncio.Event()

        def tick() -> None:
            if ticker.ticks == 10:
                done.set()

        ticker.add(tick)
        await done.wait()
        return time.monotonic() - begun

    assert asyncio.run(run()) >= 10 * TICK_SECONDS - 0.001
