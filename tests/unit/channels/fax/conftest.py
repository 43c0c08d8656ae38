"""Pages, engines and calls for the fax tests."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from depesche.channels.fax.call import Call
from depesche.channels.fax.ending import Ending
from depesche.channels.fax.header import FONT
from depesche.channels.fax.line import Line
from depesche.channels.fax.t30.audio import AudioTerminal
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.t30.report import Report
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp

WIDTH = 1728
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüß0123456789     "


def page(seed: int, rows: int = 400, top: int = 60) -> Image.Image:
    """A page of text nobody wrote: the same for the same seed."""
    letters = random.Random(seed)
    image = Image.new("1", (WIDTH, rows), 1)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    font = ImageFont.truetype(str(FONT), 28)
    for row in range(top, rows - 40, 40):
        draw.text((100, row), "".join(letters.choices(LETTERS, k=80)), 0, font)
    return image


def write(path: Path, *pages: Image.Image) -> Path:
    """The pages as a document of ours: T.6, 204x196 dpi."""
    pages[0].save(path, save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 196))
    return path


def pixels(path: Path) -> list[Image.Image]:
    """Every page of a TIFF."""
    with Image.open(path) as image:
        pages = []
        for number in range(image.n_frames):
            image.seek(number)
            pages.append(image.convert("1"))
        return pages


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


@pytest.fixture(scope="session")
def spandsp() -> Spandsp:
    return verified()


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., Path]:
    """Makes a document of so many pages."""

    def make(pages: int = 1, seed: int = 1, rows: int = 400) -> Path:
        return write(tmp_path / f"document-{seed}.tif", *(page(100 * seed + number, rows) for number in range(pages)))

    return make


@dataclass(frozen=True)
class Result:
    """Both views of a call."""

    sent: Report
    received: Report
    ending: Ending


@pytest.fixture
def transmit(spandsp: Spandsp, tmp_path: Path) -> Callable[..., Result]:
    """Carries a document from one engine to another, into `received.tif`."""

    def run(
        document: Path,
        caller: dict[str, object] | None = None,
        answerer: dict[str, object] | None = None,
        line: Line | None = None,
        cancelled: threading.Event | None = None,
        **limits: float,
    ) -> Result:
        one = Station(**{"ident": "+49 40 123456", "send": document} | (caller or {}))  # type: ignore[arg-type]
        two = Station(**{"ident": "+49 30 99", "receive": tmp_path / "received.tif"} | (answerer or {}))  # type: ignore[arg-type]
        with AudioTerminal(spandsp, one, calling=True) as a, AudioTerminal(spandsp, two, calling=False) as b:
            ending = Call(a, b, line or Line(), cancelled or threading.Event(), **limits).carry()
            return Result(a.session.report(), b.session.report(), ending)

    return run
