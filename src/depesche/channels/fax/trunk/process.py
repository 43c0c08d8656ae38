"""Our side of a line process: start it, tell it what to do, hear what becomes of it."""

import asyncio
import itertools
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from depesche import metrics
from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.talk import Talk

WORKER = (sys.executable, "-m", "depesche.channels.fax.trunk.worker")

START_SECONDS = 60.0
"""Loading takes half a second, on a busy machine more."""

STOP_SECONDS = 5.0

log = structlog.get_logger()


class ProcessLost(Exception):
    """The line process ended; what became of the call is not known by it."""

    def __init__(self, *, answered: bool) -> None:
        super().__init__("the line process ended during the call")
        self.answered = answered
        """The call had been taken."""


class Node(Protocol):
    """Whom a line process tells of lines and of calls of others."""

    def line_is(self, line: str, *, up: bool, why: str) -> None:
        """A line is up, or not."""

    async def called(self, call: wire.Called) -> wire.Take | wire.Refuse:
        """Somebody calls: whether it is taken."""

    async def received(self, take: wire.Take, received: wire.Received) -> None:
        """What came of a call that was taken."""


@dataclass(slots=True)
class _Calling:
    """A call that we make."""

    done: asyncio.Future[wire.Done]
    answered: bool = False


class LineProcess:
    """One that runs."""

    def __init__(self, process: Process, control: socket.socket, node: Node) -> None:
        self._process = process
        self._talk = Talk(control, self._hear, self._lost)
        self._node = node
        self._calling: dict[int, _Calling] = {}
        self._taken: dict[int, wire.Take] = {}
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = asyncio.Event()
        self.ended = asyncio.Event()
        """It does not run any more."""

        self.late = 0.0
        """Seconds that its latest tick came too late, in the last five seconds in which it had calls."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def calls(self) -> int:
        """That we make by it."""
        return len(self._calling)

    @classmethod
    async def start(cls, setup: wire.Setup, node: Node) -> "LineProcess":
        """Start it. Raises: OSError; ProcessLost: it does not come up, its own words say why."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            for end in (ours, theirs):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * wire.PACKET)
            process = await asyncio.create_subprocess_exec(*WORKER, stdin=theirs.fileno())
        started = cls(process, ours, node)
        started._talk.say(setup)
        waits = [asyncio.ensure_future(started._ready.wait()), asyncio.ensure_future(process.wait())]
        try:
            await asyncio.wait(waits, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not started._ready.is_set():
            await started.stop()
            raise ProcessLost(answered=False)
        return started

    def set_lines(self, lines: wire.Lines) -> None:
        """All lines, from now on."""
        self._talk.say(lines)

    async def dial(self, make: Callable[[int], wire.Dial], hang_up: Awaitable[object]) -> wire.Done:
        """Make a call and wait for its end. `hang_up`: when it is done, the call is ended.

        Raises: ProcessLost.
        """
        if self.ended.is_set():
            raise ProcessLost(answered=False)
        number = next(self._numbers)
        calling = _Calling(asyncio.get_running_loop().create_future())
        self._calling[number] = calling
        self._talk.say(make(number))
        wish = asyncio.ensure_future(hang_up)
        over: list[asyncio.Future[object]] = [wish, calling.done]  # type: ignore[list-item]  # only whether they are done
        try:
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
            if not calling.done.done():
                self._talk.say(wire.HangUp(number))
            return await asyncio.shield(calling.done)
        except asyncio.CancelledError:
            self._talk.say(wire.HangUp(number))
            await asyncio.wait([calling.done])
            raise
        finally:
            wish.cancel()
            self._calling.pop(number, None)

    async def stop(self) -> None:
        """Have it unregister and end; one that does not is killed."""
        if self._process.returncode is None:
            self._talk.leave()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self._lost()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._talk.close()

    def _hear(self, message: wire.Message) -> None:
        match message:
            case wire.Ready():
                self._ready.set()
            case wire.Beat(late):
                self.late = late
                metrics.TICK_LATE.observe(late)
            case wire.State(line, up, why):
                self._node.line_is(line, up=up, why=why)
            case wire.Answered(number) if number in self._calling:
                self._calling[number].answered = True
            case wire.Done() as done if done.id in self._calling and not self._calling[done.id].done.done():
                self._calling[done.id].done.set_result(done)
            case wire.Called() as called:
                self._start(self._decide(called))
            case wire.Received() as received:
                take = self._taken.pop(received.call, None)
                if take is not None:
                    self._start(self._node.received(take, received))
            case _:
                log.warning("a line process says what it should not", message=type(message).__name__)

    async def _decide(self, called: wire.Called) -> None:
        answer = await self._node.called(called)
        if isinstance(answer, wire.Take):
            self._taken[called.call] = answer
        self._talk.say(answer)
        if self.ended.is_set():
            self._break_off()

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _lost(self) -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        for calling in self._calling.values():
            if not calling.done.done():
                calling.done.set_exception(ProcessLost(answered=calling.answered))
        self._break_off()

    def _break_off(self) -> None:
        """What came until now is all that comes."""
        taken, self._taken = self._taken, {}
        for call, take in taken.items():
            broken = wire.Received(call, 0, False, "", 0, "the line process ended during the call")
            self._start(self._node.received(take, broken))
