"""Documents of a thousand pages: how much memory they take, of ours and of others."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from bench.papers import PAPERS
from bench.render import PROGRAMS, ghostscript, poppler, version
from bench.servers.service import family
from bench.table import Table
from bench.upload import memory
from depesche.config import Render
from depesche.render.detect import Format
from depesche.render.renderer import Renderer, Source

PAGES = 1000
SECONDS = 600
"""For one document."""

OUTPUT = 4 << 30
"""Octets that the pages may have."""

ADDRESSES = 4 << 30
"""Octets of address space: a document is mapped, and a thousand scans are more than an order may bring."""

PAUSE = 0.02
"""Seconds between two looks at a process."""

NOTES = (
    f"{PAGES} pages made of copies of the pages of “PDF to fax pages”, all with pictures of their own; one worker.",
    "Memory: resident, the peak (VmHWM) of the largest process; what is mapped of the document counts.",
)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: OSError: a peer is not installed; subprocess.SubprocessError."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        raise FileNotFoundError(f"missing: apt-get install {' '.join(missing)}")
    rows = [_row(name, make, folder, 100 if quick else PAGES) for name, make in PAPERS.items()]
    return Table(
        title=f"A document of {PAGES:,} pages",
        columns=("pages of", "its size: MB", "Depesche: MB", "Ghostscript: MB", "Poppler: MB"),
        rows=tuple(rows),
        versions={"Ghostscript": version("gs", "--version"), "Poppler": version("pdftoppm", "-v")},
        notes=NOTES,
    )


def _row(name: str, make: Callable[[Path], int], folder: Path, pages: int) -> tuple[str, ...]:
    few, many = folder / "few.pdf", folder / "many.pdf"
    make(few)
    _repeat(few, many, pages)
    peaks = asyncio.run(_ours(many, pages)), *(asyncio.run(_theirs(draw(many))) for draw in (ghostscript, poppler))
    for drawn in folder.glob("poppler-*"):
        drawn.unlink()
    return name, *(f"{octets / 1e6:.0f}" for octets in (many.stat().st_size, *peaks))


def _repeat(few: Path, many: Path, pages: int) -> None:
    """The pages again and again, each time as if they were others."""
    document = pdfium.PdfDocument.new()
    while len(document) < pages:
        with pdfium.PdfDocument(few) as source:
            document.import_pages(source, range(min(len(source), pages - len(document))))
    document.save(many)
    document.close()


async def _ours(pdf: Path, pages: int) -> int:
    """Octets of the largest process that is not this one."""
    async with Renderer(Render(workers=1, pages=pages, seconds=SECONDS, output=OUTPUT, memory=ADDRESSES)) as renderer:
        drawing = asyncio.ensure_future(renderer.fax(None, [Source(pdf, Format.PDF)], pdf.with_name("ours.tif")))
        peak = await _watched(drawing)
        if (found := drawing.result().pages) != pages:
            raise OSError(f"{found} pages instead of {pages}")
        return peak


async def _theirs(command: Sequence[str]) -> int:
    process = await asyncio.create_subprocess_exec(*command)
    peak = await _watched(asyncio.ensure_future(process.wait()))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak


async def _watched(work: asyncio.Future[Any]) -> int:
    """Octets of the largest of our descendants while `work` goes on."""
    peak = 0
    while not work.done():
        peak = max([peak, *(_now(pid) for pid in family([os.getpid()]) if pid != os.getpid())])
        await asyncio.wait([work], timeout=PAUSE)
    return peak


def _now(pid: int) -> int:
    """0 if it has ended meanwhile."""
    try:
        return memory(pid, "VmHWM")
    except (FileNotFoundError, ProcessLookupError):
        return 0
