"""Keeps one line process running, and tells it which lines are its."""

import asyncio
from collections.abc import Callable

import structlog

from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.process import LineProcess, Node, ProcessLost

FIRST_REST, LONGEST_REST = 1.0, 60.0
"""Seconds until a process that ended is started again; twice as long each time that it does not last."""

_LASTED_SECONDS = 300.0

log = structlog.get_logger()


class Keeper:
    """Of one. It starts the process when there is a first line for it."""

    def __init__(self, setup: wire.Setup, node: Node, ended: Callable[[], None]) -> None:
        """`ended` is called when the process ended, whatever of."""
        self._setup = setup
        self._node = node
        self._ended = ended
        self._lines: wire.Lines | None = None
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.process: LineProcess | None = None

    def start(self) -> None:
        """Look after it from now on."""
        self._task = asyncio.create_task(self._keep(), name="line process")

    def set(self, lines: wire.Lines) -> None:
        """These are its lines."""
        if lines == self._lines:
            return
        self._lines = lines
        if lines.lines:
            self._wanted.set()
        if self.process is not None:
            self.process.set_lines(lines)

    async def stop(self) -> None:
        """Have it unregister its lines, and end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self.process is not None:
            await self.process.stop()

    async def _keep(self) -> None:
        rest, loop = FIRST_REST, asyncio.get_running_loop()
        while True:
            await self._wanted.wait()
            began = loop.time()
            try:
                self.process = process = await LineProcess.start(self._setup, self._node)
            except (OSError, ProcessLost):
                log.exception("no line process starts")
            else:
                assert self._lines is not None
                process.set_lines(self._lines)
                await process.ended.wait()
                log.error("a line process ended", pid=process.pid)
                self.process = None
                await process.stop()
                self._ended()
            rest = FIRST_REST if loop.time() - began > _LASTED_SECONDS else min(2 * rest, LONGEST_REST)
            await asyncio.sleep(rest)
