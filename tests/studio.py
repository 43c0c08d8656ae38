"""A conversion process that tests share: it takes a second to start."""

import asyncio
from collections.abc import Coroutine
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from depesche.config import Render
from depesche.render import office, sandbox
from depesche.render.detect import Format
from depesche.render.keeper import Keeper
from depesche.render.offices import Offices
from depesche.render.process import ConversionProcess
from depesche.render.renderer import Renderer, Source
from depesche.render.wire import Task

T = TypeVar("T")

ZONE = "Pacific/Kiritimati"
"""Of dates in documents: 14 hours before UTC, so that the day is another one for most of the day."""

PATIENT = {"seconds": 100.0}
"""Settings for orders that are not about time: a machine may be busy, and LibreOffice may have to start first."""


class Studio:
    """A running conversion process for renderers of any settings, with an event loop in a thread of its own."""

    def __init__(self, folder: Path, sandbox_mode: str) -> None:
        self.out = folder / "out"
        self._folder = folder
        self._numbers = count()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self.keeper, self.offices = self.run(self._start(sandbox_mode))

    async def _start(self, sandbox_mode: str) -> tuple[Keeper, Offices]:
        offices = await sandbox.command(sandbox_mode, office.steward(ZONE), office.mounts(Render().output))
        keeper = Keeper(await sandbox.command(sandbox_mode))
        await keeper.process()  # its start is no part of the first order's time, however busy the machine is
        return keeper, Offices(offices, kept=2)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the studio's loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def process(self) -> ConversionProcess:
        """The running process; it may be another one than before."""
        return await self.keeper.process()

    def renderer(self, **settings: Any) -> Renderer:
        """A renderer with settings of its own and the shared process; patient if they say nothing else."""
        made = Renderer(Render(**PATIENT | settings))
        made._open, made._keeper, made._offices = True, self.keeper, self.offices
        return made

    def pdf(self, source: Source, **settings: Any) -> bytes:
        """The PDF document that an Office document becomes before its pages are drawn."""

        async def work() -> bytes:
            async with self.renderer(**settings)._work(Task.COUNT, 0) as work:
                made = (await work.open(source)).file
                made.seek(0)
                return made.read()

        return self.run(work())

    def source(self, data: bytes, format_: Format = Format.PDF) -> Source:
        """A document on disk."""
        path = self._folder / f"source {next(self._numbers)}"
        path.write_bytes(data)
        return Source(path, format_)

    def close(self) -> None:
        """End the process and the loop."""
        self.run(self.offices.close())
        self.run(self.keeper.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
