"""Pages, engines and calls for the fax tests."""

import asyncio
import random
import resource
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageSequence

from depesche.channels.base import Delivery, Document
from depesche.channels.fax.call import STALL_SECONDS, Call
from depesche.channels.fax.ending import Ending
from depesche.channels.fax.header import FONT
from depesche.channels.fax.line import Line
from depesche.channels.fax.numbers import PREFIX
from depesche.channels.fax.sandbox import SandboxFax
from depesche.channels.fax.t30.audio import AudioTerminal
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.t30.report import Report
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp
from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome
from depesche.model.reception import Reception

WIDTH = 1728
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß0123456789     "


def drawn(seed: int, rows: int = 400, top: int = 60) -> Image.Image:
    """A page of text, the same for the same seed; nothing above row `top`."""
    letters = random.Random(seed)
    image = Image.new("1", (WIDTH, rows), 1)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    font = ImageFont.truetype(str(FONT), 28)
    for row in range(top, rows - 40, 40):
        draw.text((100, row), "".join(letters.choices(LETTERS, k=80)), 0, font)
    return image


@pytest.fixture(scope="session")
def spandsp() -> Spandsp:
    return verified()


@pytest.fixture(scope="session")
def page() -> Callable[..., Image.Image]:
    """Draws a page: `page(seed, rows, top)`."""
    return drawn


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., Path]:
    """Writes pages as a document of ours, T.6 of 204x196 dpi unless given: `document(page, page)` or `document(3)`."""

    def write(*pages: Image.Image | int, name: str = "document.tif", dpi: tuple[int, int] = (204, 196)) -> Path:
        images = [image for one in pages for image in (map(drawn, range(one)) if isinstance(one, int) else [one])]
        first, *others = images
        path = tmp_path / name
        first.save(path, save_all=True, append_images=others, compression="group4", dpi=dpi)
        return path

    return write


@pytest.fixture
def pixels() -> Callable[[Path], list[tuple[tuple[int, int], bytes]]]:
    """Reads a TIFF: size and pixels of each page, to be compared."""

    def read(path: Path) -> list[tuple[tuple[int, int], bytes]]:
        with Image.open(path) as image:
            return [(one.size, one.convert("1").tobytes()) for one in ImageSequence.Iterator(image)]

    return read


@dataclass(frozen=True)
class Carried:
    """Both views of a call, and what was received."""

    sent: Report
    received: Report
    ending: Ending
    tiff: Path


@pytest.fixture
def transmit(spandsp: Spandsp, tmp_path: Path) -> Callable[..., Carried]:
    """Carries a document from one engine to another."""

    def carry(
        document: Path,
        *,
        caller: dict[str, Any] | None = None,
        answerer: dict[str, Any] | None = None,
        line: Line | None = None,
        cancelled: threading.Event | None = None,
        stall_seconds: float = STALL_SECONDS,
    ) -> Carried:
        tiff = tmp_path / "received.tif"
        ours = Station(**{"ident": "+49 40 123456", "send": document, **(caller or {})})
        theirs = Station(**{"ident": "+49 30 99", "receive": tiff, **(answerer or {})})
        with AudioTerminal(spandsp, ours, calling=True) as one, AudioTerminal(spandsp, theirs, calling=False) as other:
            ending = Call(one, other, line or Line(), cancelled or threading.Event(), stall_seconds).carry()
            return Carried(one.session.report(), other.session.report(), ending, tiff)

    return carry


class CountingEvent(threading.Event):
    """An event that is set by being looked at for the so-many-th time: a moment of line time, not of the clock."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def is_set(self) -> bool:
        self._looks -= 1
        return self._looks < 0 or super().is_set()


@pytest.fixture
def after_blocks() -> Callable[[int], threading.Event]:
    """An event that is set after so many blocks of a call."""
    return CountingEvent


class DiskFull(threading.Event):
    """Fills the disk, as far as this process is concerned, at the so-many-th look at it: files get no longer."""

    def __init__(self, look: int, longest: int = 4096) -> None:
        super().__init__()
        self._looks_left = look
        self._longest = longest

    def is_set(self) -> bool:
        self._looks_left -= 1
        if self._looks_left == 0:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self._longest, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return False


@pytest.fixture
def disk_full() -> Iterator[Callable[..., threading.Event]]:
    """An event that fills the disk at its first look, before the pages are made, or at its second, when they are."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield DiskFull
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 5, 29, 12, 3, tzinfo=UTC)


@pytest.fixture
def delivery() -> Delivery:
    """Our side of every call."""
    return Delivery(
        id=71,
        job_id=7,
        attempt=1,
        account="10002",
        job_type=JobType.FAX,
        address=f"{PREFIX}000",
        caller_number=f"{PREFIX}200",
        station_id="Muster GmbH",
        fax_header="Buchhaltung",
    )


@dataclass
class Inbox:
    """One local account; what it was given."""

    folder: Path
    full: bool = False
    receptions: list[Reception] = field(default_factory=list)

    async def owns(self, number: str) -> bool:
        return number in (f"{PREFIX}100", f"{PREFIX}000")

    async def receive(self, reception: Reception) -> None:
        if self.full:
            raise OSError("No space left on device")
        kept = self.folder / f"{reception.tiff.parent.name}.tif"
        shutil.copy(reception.tiff, kept)
        self.receptions.append(replace(reception, tiff=kept))

    async def received(self, source: str) -> bool:
        return any(reception.source == source for reception in self.receptions)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def sandbox(inbox: Inbox, scratch: Path, now: datetime) -> Iterator[SandboxFax]:
    yield SandboxFax(
        now=lambda: now, scratch=scratch, has_inbox=inbox.owns, receive=inbox.receive, received=inbox.received
    )
    assert list(scratch.iterdir()) == []


@pytest.fixture
def send(sandbox: SandboxFax, delivery: Delivery, document: Callable[..., Path]) -> Callable[..., Outcome]:
    """Delivers to a number, of which the last three digits do: `send("001", 2, attempt=3)`."""

    def deliver(
        number: str, pages: Path | int = 1, *, attempt: int = 1, cancelled: threading.Event | None = None
    ) -> Outcome:
        path = pages if isinstance(pages, Path) else document(pages)
        address = number if number.startswith("+") else PREFIX + number
        one = replace(delivery, address=address, attempt=attempt)
        sheet = Document(path, "fax.tif", 1)
        return asyncio.run(sandbox.deliver(one, [sheet], cancelled or threading.Event()))

    return deliver
