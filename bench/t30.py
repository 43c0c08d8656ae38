"""Faxes through the sandbox: header line, two T.30 engines, the line between them, on one core."""

import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from bench.table import Table
from depesche.channels.fax.dial import Transmission, dial
from depesche.channels.fax.header import FONT, HeaderLine, stamp
from depesche.channels.fax.numbers import PREFIX, Machine, behaviour, far_station
from depesche.channels.fax.t30.layout import verified
from depesche.model.resolution import WIDTH
from depesche.model.result import Result

ROWS = 2292
"""A4 at 196 rows an inch."""

CASES = (("1 page", "000", 1), ("3 pages", "000", 3), ("3 pages, no ECM", "008", 3), ("3 pages, noise", "007", 3))

NOTES = (
    "A call: the header line is drawn and every page coded anew, then both engines run until they hang up.",
    "One core, one thread, no database; median of the calls. Line time is what a call would last on a telephone line.",
    "The pages are A4, dense with text: 60 kB each on the line.",
    "There is no peer: nothing else that we know of runs both ends of a fax call in one process.",
)


class NotSent(Exception):
    """A call that should have been OK was not."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One call."""

    seconds: float
    line_seconds: int


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`."""
    calls = 3 if quick else 12
    with _one_core():
        rows = tuple(_row(name, folder, number, pages, calls) for name, number, pages in CASES)
    return Table(
        title="Faxes in the sandbox",
        columns=("", "calls/s", "ms a call", "of which header ms", "line seconds", "times faster than the line"),
        rows=rows,
        versions={"spandsp": "0.0.6"},
        notes=NOTES,
    )


@contextmanager
def _one_core() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _row(name: str, folder: Path, number: str, pages: int, calls: int) -> tuple[str, ...]:
    document = drawn(folder / f"{pages}.tif", pages)
    _call(folder, document, number, pages)  # the first one also loads the library and the face
    runs = [_call(folder, document, number, pages) for _ in range(calls)]
    seconds, line_seconds = median(one.seconds for one in runs), median(one.line_seconds for one in runs)
    header = median(_stamp(folder, document) for _ in range(calls))
    return (
        name,
        f"{1 / seconds:,.1f}",
        f"{seconds * 1000:,.0f}",
        f"{header * 1000:,.0f}",
        f"{line_seconds:,.0f}",
        f"{line_seconds / seconds:,.0f}",
    )


def _call(folder: Path, document: Path, number: str, pages: int) -> _Run:
    address = PREFIX + number
    answers = behaviour(address, 1)
    assert isinstance(answers, Machine)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        transmission = Transmission(
            document, _header(), "Muster GmbH", far_station(address), answers, seed=1, folder=Path(scratch)
        )
        start = time.perf_counter()
        outcome = dial(verified(), transmission, threading.Event()).outcome
        seconds = time.perf_counter() - start
    if (outcome.result, outcome.pages) != (Result.OK, pages):
        raise NotSent(f"{address}: {outcome}")
    return _Run(seconds, outcome.seconds)


def _stamp(folder: Path, document: Path) -> float:
    start = time.perf_counter()
    stamp(document, folder / "stamped.tif", _header())
    return time.perf_counter() - start


def _header() -> HeaderLine:
    return HeaderLine(datetime.now(UTC), "Muster GmbH", "+49 30 23125 100", f"{PREFIX}000")


def drawn(path: Path, pages: int, rows: int = ROWS) -> Path:
    """A document in `path`, each of its pages dense with a text of its own."""
    first, *others = (_page(seed, rows) for seed in range(pages))
    first.save(path, save_all=True, append_images=others, compression="group4", dpi=(204, 196))
    return path


def _page(seed: int, rows: int) -> Image.Image:
    letters = random.Random(seed)
    image = Image.new("1", (WIDTH, rows), 1)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    font = ImageFont.truetype(str(FONT), 30)
    for row in range(120, rows - 60, 44):
        draw.text((100, row), "".join(letters.choices("abcdefghijklmnopqrstuvwxyz0123456789    ", k=85)), 0, font)
    return image


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        Console().print(run(Path(place), quick=False).rich())
