"""Office documents to PDF: the product's warm LibreOffice beside a cold ``soffice`` for each document."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.table import Table
from depesche.config import Render
from depesche.render.detect import Format
from depesche.render.office import PROGRAM
from depesche.render.renderer import Renderer, Source
from offices import docx, odt, xlsx
from processes import descendants, named

PAGES, ROWS = 3, 120
PARAGRAPH = (
    "Sehr geehrte Damen und Herren, die Rechnung über den Betrag von 1.234,56 Euro ist zum Monatsende fällig. " * 12
)

PAPERS: dict[Format, Callable[[], bytes]] = {
    Format.DOCX: lambda: docx(*[PARAGRAPH] * PAGES),
    Format.ODT: lambda: odt(*[PARAGRAPH] * PAGES),
    Format.XLSX: lambda: xlsx([[number, "Kugellager 6204", number * 1.19, "=A1*2"] for number in range(ROWS)]),
}

COLUMNS = ("", "Depesche: documents/s", "one at a time", "cold `soffice`", "Depesche / cold", "one at a time / cold")

NOTES = (
    f"DOCX and ODT: {PAGES} pages of text; XLSX: {ROWS} rows with formulas that have no value yet. Medians of rounds.",
    "Depesche: the way of an order until its pages are counted, through LibreOffice in its sandbox, {workers} at once.",
    "Cold: `soffice --headless --convert-to pdf`, a start for each document, one at a time, its profile made before.",
    "The first document waited {first:.1f} s for LibreOffice to start.",
    "A warm LibreOffice with its steward and the sandbox has {resident:.0f} MB resident, {own:.0f} MB of that no file.",
)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: OSError (LibreOffice is not installed), subprocess.SubprocessError."""
    rounds, many = (1, 4) if quick else (3, 20)
    rows, notes = asyncio.run(_measure(folder, rounds, many))
    return Table("Office documents to PDF", COLUMNS, rows, {"LibreOffice": _version()}, notes)


async def _measure(folder: Path, rounds: int, many: int) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    async with Renderer(Render()) as renderer:
        if renderer.lacking:
            raise FileNotFoundError(f"missing: apt-get install {' '.join(sorted(set(renderer.lacking.values())))}")
        sources = {format_: _written(folder, format_, make()) for format_, make in PAPERS.items()}
        _cold(folder, sources[Format.DOCX])  # makes the profile
        first = await _converted(renderer, sources[Format.DOCX], 1, 1)
        await _converted(renderer, sources[Format.DOCX], many, Render().workers)
        rows = [await _row(renderer, folder, source, rounds, many) for source in sources.values()]
        resident, own = _memory()
    figures = {"workers": Render().workers, "first": first, "resident": resident, "own": own}
    return tuple(rows), tuple(note.format(**figures) for note in NOTES)


async def _row(renderer: Renderer, folder: Path, source: Source, rounds: int, many: int) -> tuple[str, ...]:
    """Documents a second."""
    speeds = [
        (
            many / await _converted(renderer, source, many, Render().workers),
            many / await _converted(renderer, source, many, 1),
            1 / _cold(folder, source),
        )
        for _ in range(rounds)
    ]
    ours, one, cold = map(median, zip(*speeds, strict=True))
    return (source.format.name, *(f"{speed:.1f}" for speed in (ours, one)), f"{cold:.2f}",
            f"{ours / cold:.0f}", f"{one / cold:.0f}")  # fmt: skip


async def _converted(renderer: Renderer, source: Source, many: int, at_once: int) -> float:
    """Seconds for so many orders, each of this one document."""
    turns = asyncio.Semaphore(at_once)

    async def order(account: int) -> None:
        async with turns:
            await renderer.count(source, account=account)

    begun = time.perf_counter()
    await asyncio.gather(*map(order, range(many)))
    return time.perf_counter() - begun


def _cold(folder: Path, source: Source) -> float:
    """Seconds for one document."""
    command = ["soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
               "--convert-to", "pdf", "--outdir", str(folder / "cold"), str(source.path)]  # fmt: skip
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return time.perf_counter() - begun


def _memory() -> tuple[float, float]:
    """MB of one warm LibreOffice and what is around it: resident, and what of that is no file."""
    offices = [pid for pid in descendants(os.getpid()) if named(pid) == "soffice.bin"]
    family = [*_ancestors(offices[0]), offices[0]]
    told = [Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in family]
    resident, own = (sum(_megabytes(text, field) for text in told) for field in ("VmRSS", "RssAnon"))
    return resident, own


def _ancestors(pid: int) -> list[int]:
    """Those between it and us."""
    parent = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
    return [] if parent == os.getpid() else [*_ancestors(parent), parent]


def _megabytes(text: str, field: str) -> float:
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{field}:")) * 1024 / 1e6


def _written(folder: Path, format_: Format, data: bytes) -> Source:
    path = folder / f"paper.{format_.name.lower()}"
    path.write_bytes(data)
    return Source(path, format_)


def _version() -> str:
    told = subprocess.run([str(PROGRAM / "soffice.bin"), "--version"], check=True, capture_output=True, text=True)
    return told.stdout.split()[1]
