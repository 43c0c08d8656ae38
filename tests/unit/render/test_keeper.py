"""A conversion process that is always there."""

import asyncio
import os
import signal
import sys

import pytest
import structlog

from depesche.render import keeper as keeper_module
from depesche.render.keeper import Keeper
from depesche.render.process import ConversionProcess, ProcessLost
from processes import Watch, descendants

READY = (sys.executable, "-c", "import socket; c = socket.socket(fileno=0); c.send(b'ready'); c.recv(1)")
"""A process that starts at once and does nothing."""


async def another(keeper: Keeper, than: ConversionProcess) -> ConversionProcess:
    async with asyncio.timeout(10):
        while (now := await keeper.process()) is than:
            await asyncio.sleep(0)
    return now


def test_it_starts_in_the_background_and_tells_when_it_is_ready() -> None:
    async def work() -> list[bool]:
        keeper = Keeper(READY)
        ready = [keeper.ready]
        await keeper.process()
        ready.append(keeper.ready)
        await keeper.close()
        return [*ready, keeper.ready]

    assert asyncio.run(work()) == [False, True, False]


def test_a_killed_process_is_replaced() -> None:
    async def work() -> None:
        keeper = Keeper(READY)
        first = await keeper.process()
        os.kill(first.pid, signal.SIGKILL)
        second = await another(keeper, first)
        assert second.pid != first.pid
        await keeper.close()

    asyncio.run(work())


def test_a_process_that_was_given_up_is_ended_and_replaced() -> None:
    async def work() -> None:
        keeper = Keeper(READY)
        first = await keeper.process()
        watch = Watch([first.pid])
        await keeper.give_up(first)
        assert watch.all_end()
        await another(keeper, first)
        await keeper.close()

    asyncio.run(work())


def test_giving_up_a_process_that_is_gone_leaves_the_new_one_alone() -> None:
    async def work() -> None:
        keeper = Keeper(READY)
        first = await keeper.process()
        os.kill(first.pid, signal.SIGKILL)
        second = await another(keeper, first)
        await keeper.give_up(first)
        assert await keeper.process() is second
        await keeper.close()

    asyncio.run(work())


def test_a_process_that_never_lives_is_started_at_growing_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "FIRST_PAUSE", 0.01)

    async def work() -> None:
        before = descendants(os.getpid())
        with structlog.testing.capture_logs() as logged:
            keeper = Keeper((sys.executable, "-c", "raise SystemExit('broken')"))
            async with asyncio.timeout(20):
                while len(logged) < 3:
                    await asyncio.sleep(0)
            await keeper.close()
        assert all("broken" in entry["why"] for entry in logged)
        assert descendants(os.getpid()) == before

    asyncio.run(work())


@pytest.mark.parametrize("started", [True, False])
def test_closing_ends_a_process_that_is_starting_or_running(started: bool) -> None:
    async def work() -> Watch:
        before = descendants(os.getpid())
        keeper = Keeper(READY)
        if started:
            await keeper.process()
        while not (new := descendants(os.getpid()) - before):
            await asyncio.sleep(0)
        watch = Watch(new)
        await keeper.close()
        return watch

    assert asyncio.run(work()).all_end()


def test_a_process_that_ends_before_it_is_ready_is_not_waited_for_though_its_child_holds_the_socket() -> None:
    program = "import os, time\nif os.fork(): os._exit(0)\ntime.sleep(30)"

    async def work() -> None:
        async with asyncio.timeout(20):
            with pytest.raises(ProcessLost):
                await ConversionProcess.start((sys.executable, "-c", program))

    asyncio.run(work())
