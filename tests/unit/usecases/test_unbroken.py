"""Work that cannot be taken back is carried to its end."""

import asyncio

import pytest

from depesche.usecases.unbroken import unbroken

pytestmark = pytest.mark.anyio


class Work:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.ended = False

    async def __call__(self) -> str:
        self.begun.set()
        await self.go_on.wait()
        self.ended = True
        return "done"


async def test_it_gives_what_the_work_gives() -> None:
    work = Work()
    work.go_on.set()
    assert await unbroken(work()) == "done"


async def test_it_raises_what_the_work_raises() -> None:
    async def fail() -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        await unbroken(fail())


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_no_number_of_cancellations_stops_it(times: int) -> None:
    work = Work()
    task = asyncio.create_task(unbroken(work()))
    await work.begun.wait()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not task.done()
    work.go_on.set()
    assert await task == "done"
    assert work.ended


async def test_a_time_limit_around_it_does_not_hide_the_result() -> None:
    work = Work()

    async def release() -> None:
        await work.begun.wait()
        await asyncio.sleep(0.01)
        work.go_on.set()

    releasing = asyncio.create_task(release())
    async with asyncio.timeout(0.001):
        result = await unbroken(work())
    assert result == "done"
    await releasing
