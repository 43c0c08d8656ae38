"""Keeps a conversion process running, whatever becomes of the one before."""

import asyncio
from collections.abc import Sequence

import structlog

from depesche.render.process import ConversionProcess, ProcessLost

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
"""Seconds between two starts when the process does not live; the pause doubles."""

LIVES = 5.0
"""Seconds after which a start counts as a good one."""

_log = structlog.get_logger(__name__)


class Keeper:
    """One conversion process after the other."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: ConversionProcess | None = None
        self._warm = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    @property
    def ready(self) -> bool:
        return self._warm.is_set()

    @property
    def sound(self) -> bool:
        """Whether there is a process, and it has not said that it ends."""
        return self._process is not None and self._process.listens

    async def process(self) -> ConversionProcess:
        """The running process; waits until there is one."""
        while self._process is None:
            await self._warm.wait()
        return self._process

    async def give_up(self, process: ConversionProcess) -> None:
        """This one does not do as it is told."""
        if process is self._process:
            self._forget()
        await process.close()

    async def close(self) -> None:
        """End the process; no other one is started."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        while True:
            started = loop.time()
            await self._one_life()
            pause = FIRST_PAUSE if loop.time() - started > LIVES else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _one_life(self) -> None:
        try:
            process = await ConversionProcess.start(self._command)
        except (ProcessLost, OSError) as error:
            _log.error("the conversion process does not start", why=str(error))
            return
        self._process = process
        self._warm.set()
        try:
            await process.wait()
        finally:
            self._forget()
            await process.close()
        _log.warning("the conversion process ended; another one is started")

    def _forget(self) -> None:
        self._process = None
        self._warm.clear()
