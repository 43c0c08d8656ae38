"""Our side of the conversion process: start it, hand it conversions, never wait longer than they may take."""

import asyncio
import os
import signal
import socket
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import ExitStack
from typing import BinaryIO, Self

from depesche.render import wire
from depesche.render.errors import ConverterFailed, Damaged, RenderError
from depesche.render.sandbox import ENVIRONMENT
from depesche.render.wire import Done, Exit, ProtocolError, Request

START_SECONDS = 120
"""Loading everything takes a second, on a small machine several, and a minute where others take all of it."""

GRACE_SECONDS = 5
"""For what happens at once unless something is wrong: a killed child is gone, a closed process has ended."""

LONGEST_COMPLAINT = 2000


class ProcessLost(Exception):
    """The conversion process ended, or does not do as it is told: another one is needed."""


class ConversionProcess:
    """One running conversion process."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self._process = process
        self._control = control

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def listens(self) -> bool:
        """Whether the other end of its socket is open."""
        try:
            return bool(self._control.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Start it and wait until it is warm.

        Raises: ProcessLost, with what the process said; OSError: it cannot be started.
        """
        ours, theirs = _pair()
        with theirs, tempfile.TemporaryFile() as complaints, ExitStack() as on_failure:
            on_failure.enter_context(ours)
            started = cls(await _spawn(command, theirs, complaints), ours)
            on_failure.pop_all()
            theirs.close()
            if await started._is_ready():
                return started
            complaints.seek(0)
            raise ProcessLost(complaints.read(LONGEST_COMPLAINT).decode(errors="replace"))

    async def _is_ready(self) -> bool:
        """Wait for it; a process that does not get ready is ended.

        One that has ended is not waited for, even if its socket is open: a bwrap that is killed while it starts may
        leave a child behind that waits for ever.
        """
        ready = False
        waits = [
            asyncio.ensure_future(_receive(self._control, START_SECONDS)),
            asyncio.ensure_future(self._process.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            ready = waits[0].done() and waits[0].result() == wire.READY
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
            if not ready:
                await self.close()
        return ready

    async def convert(self, request: Request, files: Sequence[int]) -> Done:
        """One conversion in a child of its own; `files`: descriptors of the inputs, then of the output.

        The child is gone when this returns or raises.

        Raises: RenderError; ProcessLost.
        """
        with ExitStack() as sockets:
            talk, leash = self._fork(sockets, request, files)
            answer = await _receive(talk, request.seconds)
            leash.shutdown(socket.SHUT_WR)
            ended = await self._ended(leash)
        if answer is None:
            raise ConverterFailed(f"the conversion took longer than {request.seconds:.0f} seconds")
        if not answer:
            raise _death(ended, request)
        try:
            return wire.unpack_answer(answer, request.most)
        except ProtocolError as error:
            raise ConverterFailed(f"the converter gave no sensible answer: {error}") from error

    async def wait(self) -> None:
        """Wait until the process ends."""
        await self._process.wait()

    async def close(self) -> None:
        """End it and all its children."""
        self._control.close()
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _fork(self, sockets: ExitStack, request: Request, files: Sequence[int]) -> tuple[socket.socket, socket.socket]:
        """Have a child forked. Returns: the socket to talk to it, and its leash."""
        talk, childs_talk = _pair()
        leash, childs_leash = _pair()
        sockets.enter_context(talk)
        sockets.enter_context(leash)
        with childs_talk, childs_leash:
            try:
                socket.send_fds(talk, [wire.pack_request(request)], files)
                socket.send_fds(self._control, [b"fork"], [childs_talk.fileno(), childs_leash.fileno()])
            except OSError as error:
                raise ProcessLost(str(error)) from error
        return talk, leash

    async def _ended(self, leash: socket.socket) -> Exit:
        packet = await _receive(leash, GRACE_SECONDS)
        try:
            return wire.unpack_exit(packet or b"")
        except ProtocolError as error:
            raise ProcessLost("the conversion process does not tell what became of a child") from error


async def _spawn(command: Sequence[str], control: socket.socket, complaints: BinaryIO) -> Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=control.fileno(), stdout=DEVNULL, stderr=complaints,
        env=ENVIRONMENT, cwd="/", start_new_session=True,  # Ctrl-C in a terminal is for the server alone
    )  # fmt: skip


def _pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a socket that keeps packets apart; the first one, ours, never blocks."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    return ours, theirs


async def _receive(end: socket.socket, seconds: float) -> bytes | None:
    """The next packet; empty when the other end is closed, None when there was none in time."""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().sock_recv(end, wire.PACKET)
    except TimeoutError:
        return None
    except ConnectionError:
        return b""


def _death(ended: Exit, request: Request) -> RenderError:
    """Why a child ended without an answer."""
    number = os.WTERMSIG(ended.status) if os.WIFSIGNALED(ended.status) else 0
    if number == signal.SIGXCPU:
        return ConverterFailed(f"the conversion took more than {request.seconds:.0f} seconds of processor time")
    if number and ended.memory >= request.memory / 2:
        return Damaged("the document takes more memory than allowed")
    return ConverterFailed(f"the converter ended by {signal.Signals(number).name if number else 'itself'}")
