"""A Depesche with trunks to a real exchange."""

import asyncio
import base64
import hashlib
import io
import json
import re
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image, ImageSequence

from depesche.config import Settings
from depesche.model.line import T38, Caller, Line, Route, Transport
from depesche.model.result import Result
from depesche.node.house import open_house
from depesche.usecases import accounts, lines
from depesche.usecases.house import House
from documents import fax_page
from peers import ports
from peers.asterisk import Asterisk
from serving import Serving
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}

OURS = "+493023125100"
"""The account's number."""

RING_SECONDS = 8

UNWANTED = "+493055512345"
"""Who calls from there is sent away."""

_SECONDS = 90

Found = TypeVar("Found")


def until(look: Callable[[], Found]) -> Found:
    """Wait until it finds something."""
    deadline = time.monotonic() + _SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.1)
    return found


@contextmanager
def meanwhile(work: Callable[[], object], pause: float) -> Iterator[None]:
    """Do it again and again in a thread, with a pause of so many seconds before each time."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(pause):
            work()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="session")
def exchange(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, int]]:
    """A server with a line for each trunk of the exchange, and its SIP port."""
    folder = tmp_path_factory.mktemp("lines")
    with ports.block(2) as block:
        serving = Serving(
            folder / "data",
            DEPESCHE_LINES__PORT=str(block[0]),
            DEPESCHE_DISPATCH__FAX_CALLS="60",
            DEPESCHE_DISPATCH__LEASE_SECONDS="12",
            DEPESCHE_DISPATCH__RETRY_MINUTES="[0.05]",
            DEPESCHE_DISPATCH__RESUME_FAXES="true",
        )
        serving.start()
        change(serving.data, partial(_fill, asterisk.port))
        until(lambda: lines_up(serving) == len(KINDS))
        yield serving, block[0]
        assert serving.stop() == 0


KINDS: dict[str, dict[str, Any]] = {
    "7": {},
    "8": {"transport": Transport.TCP},
    "9": {"user": "audio", "t38": T38.PREFER},
    "6": {"user": "secret"},
    "5": {"ring_seconds": 120},
    "4": {"channels": 1, "numbers": ()},  # nobody who calls finds it taken
}
"""Lines of `exchange`, by the last digit of how their numbers begin: +4930231257 ..."""


async def _fill(port: int, house: House) -> None:
    for code, more in KINDS.items():
        usual = {"numbers": ("+4930231251*",), "denied": (UNWANTED,), "ring_seconds": RING_SECONDS}
        line = line_to(port, f"line{code}", f"+493023125{code}", **(usual | more))
        await lines.add(house, "test", line, "geheim" if line.user == "secret" else "")
    await accounts.change(house, "test", "10001", {"sandbox": False})


@dataclass(frozen=True)
class Tried:
    """An attempt that is over."""

    result: Result
    pages: int
    detail: str
    call: dict[str, Any]
    """`CallRecord.as_json`."""


@dataclass
class Sent:
    """Orders under way."""

    serving: Serving
    jobs: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)

    def order(self, name: str, number: str, tiff: bytes, options: str = "FAXRETRY=0", **more: Any) -> None:
        self.order_all({name: number}, tiff, options, **more)

    def order_all(self, numbers: Mapping[str, str], tiff: bytes, options: str = "FAXRETRY=0", **more: Any) -> None:
        """One order for all of them."""
        file, recipients = base64.b64encode(tiff).decode(), ",".join(numbers.values())
        given = {"JobType": 0, "Recipient": recipients, "SendFilename1": "fax.tif", "SendFile1": file}
        answer = call(self.serving.base_url, "SendJob", **LOGIN, **given, Options=options, **more)
        assert answer["return"] == "0", (numbers, answer)
        self.jobs |= dict.fromkeys(numbers, answer["JobId"])
        self.numbers |= numbers

    def state(self, name: str) -> str:
        """Of its delivery."""
        [(state,)] = self._rows("SELECT state FROM delivery WHERE job_id = ? AND address = ?", name)
        return str(state)

    def attempts(self, name: str) -> list[Tried]:
        """Those of its delivery that are over, the first one first."""
        found = self._rows(
            "SELECT attempt.result, attempt.pages, attempt.detail, attempt.call"
            " FROM attempt JOIN delivery ON delivery.id = delivery_id"
            " WHERE job_id = ? AND address = ? AND attempt.ended_at IS NOT NULL ORDER BY number",
            name,
        )
        return [Tried(Result(result), pages, detail, json.loads(call or "{}")) for result, pages, detail, call in found]

    def _rows(self, statement: str, name: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.serving.data / 'depesche.db'}?mode=ro", uri=True)) as database:
            return database.execute(statement, (self.jobs[name], self.numbers[name])).fetchall()

    def result(self, name: str, seconds: float = 180) -> dict[str, str]:
        deadline = time.monotonic() + seconds
        while (answer := call(self.serving.base_url, "JobStatus", **LOGIN, JobId=self.jobs[name]))["return"] == "6":
            assert time.monotonic() < deadline, f"{name} is still in work"
            time.sleep(0.2)
        return answer


def change(data: Path, do: Callable[[House], Awaitable[object]]) -> None:
    """Something in the folder of a server that runs; it has its lines within two seconds."""

    async def work() -> None:
        async with open_house(Settings(data=data)) as house:
            await do(house)

    asyncio.run(work())


def lines_up(serving: Serving) -> int:
    """How many of its lines came up, so far."""
    return len(re.findall(r'^{"line": "\S+", "up": true', serving.log.read_text(), re.MULTILINE))


def add_lines(data: Path, *added: Line) -> None:
    """To a server that runs."""

    async def add(house: House) -> None:
        for line in added:
            await lines.add(house, "test", line, "")

    change(data, add)


def line_to(port: int, name: str, beginning: str, **more: Any) -> Line:
    """One to a port of this machine, for numbers that begin so."""
    given: dict[str, Any] = {"user": "fax", "register": False, "caller": Caller.ASSERTED, "channels": 20} | more
    return Line(name, "127.0.0.1", port, routes=(Route.parse(beginning),), **given)


def print_of(*tiffs: Path) -> str:
    """What an attempt that sent these pages has on record (`depesche.model.callrecord.Prints.document`)."""
    digest = hashlib.sha256()
    for page in (page for tiff in tiffs for page in rows(tiff)):
        digest.update(f"P4\n{page.shape[1]} {page.shape[0]}\n".encode() + np.packbits(~page, axis=1).tobytes())
    return digest.hexdigest()


def noisy_page() -> Image.Image:
    """Ten seconds of data at 14400 bit/s, where a page of rectangles is over in two."""
    page = np.array(fax_page(800))
    page[200:300] ^= np.random.default_rng(1).random((100, page.shape[1])) < 0.05
    return Image.fromarray(page)


def fetched(serving: Serving) -> tuple[dict[str, str], list[np.ndarray[Any, Any]]]:
    """The oldest fax of the inbox and its pages, once there is one; it is gone from there."""
    until(lambda: call(serving.base_url, "RequestReceived", **LOGIN)["return"] == "0")
    fax = call(serving.base_url, "RequestReceived", **LOGIN)
    assert call(serving.base_url, "DeleteReceived", **LOGIN, FaxId=fax["FaxId"])["return"] == "0"
    return fax, rows(base64.b64decode(fax["FaxImage"]))


def are(got: Sequence[np.ndarray[Any, Any]], pages: Sequence[Image.Image]) -> bool:
    """Whether these are those pages, pixel by pixel."""
    return len(got) == len(pages) and all(map(np.array_equal, got, map(np.asarray, pages)))


def rows(tiff: bytes | Path) -> list[np.ndarray[Any, Any]]:
    """The pages, pixel by pixel, with their header lines if they have any."""
    with Image.open(io.BytesIO(tiff) if isinstance(tiff, bytes) else tiff) as image:
        return [np.asarray(page.convert("1")) for page in ImageSequence.Iterator(image)]
