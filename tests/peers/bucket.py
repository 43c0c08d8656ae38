"""An S3 server of the tests' own, moto, and a wire to it on which things go wrong: on free ports of this machine."""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from itertools import count
from types import TracebackType
from typing import Self
from urllib.request import Request, urlopen

from depesche.config import Blobs as Place

KEY = "tests-key"
SECRET = "tests-secret-that-nobody-may-read"

_RUNNING = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")


class S3Server:
    """A running server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._names = count()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Empty; nothing of it is left at the end."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            port = next((int(found[1]) for line in process.stderr if (found := _RUNNING.search(line))), 0)
            reader = threading.Thread(target=process.stderr.read)
            reader.start()
            try:
                assert port, "the S3 server did not start"
                yield cls(port)
            finally:
                process.kill()
                reader.join()

    def place(self, wire: "Wire | None" = None, seconds: float = 60) -> Place:
        """A new bucket, here or at the end of a wire to here."""
        bucket = f"depesche-{next(self._names)}"
        self._call(bucket, "PUT")
        return Place(
            url=f"s3://{bucket}/one/two",
            endpoint=f"http://127.0.0.1:{wire.port if wire else self.port}",
            region="eu-central-1",
            access_key=KEY,
            secret_key=SECRET,  # type: ignore[arg-type]  # as a settings file gives it
            allow_http=True,
            seconds=seconds,
        )

    def put(self, place: Place, key: str) -> None:
        """What somebody else might leave in the bucket; `key` is the whole one."""
        self._call(f"{_bucket(place)}/{key}", "PUT")

    def keys(self, place: Place) -> list[str]:
        """All that lies in the bucket, whoever put it there."""
        return re.findall("<Key>(.*?)</Key>", self._call(f"{_bucket(place)}?list-type=2"))

    def uploads(self, place: Place) -> list[str]:
        """Keys of what was begun in parts and neither completed nor given up."""
        return re.findall("<Key>(.*?)</Key>", self._call(f"{_bucket(place)}?uploads"))

    def _call(self, target: str, method: str = "GET") -> str:
        with urlopen(Request(f"http://127.0.0.1:{self.port}/{target}", method=method)) as answer:
            text: str = answer.read().decode()
        return text


def _bucket(place: Place) -> str:
    return place.url.removeprefix("s3://").partition("/")[0]


class Trouble(Enum):
    """What a wire does in place of its server."""

    GONE = "gone"
    """Nobody listens."""

    ERRORS = "errors"
    """Each request is answered with 500."""

    SILENCE = "silence"
    """No request is answered."""

    STANDSTILL = "standstill"
    """Answers stop in the middle of their bodies."""


_ERROR = b"HTTP/1.1 500 Word\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Wire:
    """Carries requests to a server on this machine; in the event loop of the test."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self.heads: list[str] = []
        """Of all requests that came."""

        self._to = to
        self._trouble: Trouble | None = None
        self._where = ""
        self._times = 0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hang_up()

    @property
    def requests(self) -> list[str]:
        """Methods and targets; of each target only what says what is done."""
        lines = (head.partition("\r\n")[0].split(" ") for head in self.heads)
        return [f"{method} {re.sub(r'^[^?]*|[&?]?uploadId=.*', '', target)}".strip() for method, target, _ in lines]

    async def fail(self, trouble: Trouble, where: str = "", times: int = sys.maxsize) -> None:
        """From now on, so many times; it befalls requests in whose first lines the pattern `where` is found."""
        self._trouble, self._where, self._times = trouble, where, times
        if trouble is Trouble.GONE:
            await self._hang_up()

    async def heal(self) -> None:
        """All is well again."""
        gone, self._trouble = self._trouble is Trouble.GONE, None
        if gone:
            await self._listen()

    @classmethod
    @contextmanager
    def in_a_thread(cls, to: int) -> Iterator["Switch"]:
        """For tests without an event loop of their own."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        wire = cls(to)
        try:
            asyncio.run_coroutine_threadsafe(wire.__aenter__(), loop).result()
            yield Switch(wire, loop)
            asyncio.run_coroutine_threadsafe(wire.__aexit__(None, None, None), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve_one(reader, writer)
        self._serving.discard(task)
        writer.transport.abort() if task.cancelling() else writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode("latin-1"))
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        trouble = self._befalls(head)
        if trouble is Trouble.GONE:
            raise ConnectionAbortedError  # it came just before
        if trouble is Trouble.SILENCE:
            await asyncio.sleep(3600)
        answer = _ERROR if trouble is Trouble.ERRORS else await self._carry(head, body)
        writer.write(answer[:-1] if trouble is Trouble.STANDSTILL else answer)
        await writer.drain()
        if trouble is Trouble.STANDSTILL:
            await asyncio.sleep(3600)

    def _befalls(self, head: bytes) -> Trouble | None:
        if not self._times or not re.search(self._where.encode(), head.partition(b"\r\n")[0]):
            return None
        self._times -= 1
        return self._trouble

    async def _carry(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            writer.write(head.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n" + body)
            return await reader.read()
        finally:
            writer.transport.abort()


class Switch:
    """A wire that is handled from outside its event loop."""

    def __init__(self, wire: Wire, loop: asyncio.AbstractEventLoop) -> None:
        self._wire = wire
        self._loop = loop
        self.endpoint = f"http://127.0.0.1:{wire.port}"

    def fail(self, trouble: Trouble) -> None:
        asyncio.run_coroutine_threadsafe(self._wire.fail(trouble), self._loop).result()

    def heal(self) -> None:
        asyncio.run_coroutine_threadsafe(self._wire.heal(), self._loop).result()
