"""PDF in, fax pages out: the product's renderer beside Ghostscript and Poppler, on the same documents."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.papers import PAPERS
from bench.table import Table
from depesche.config import Render
from depesche.render.detect import Format
from depesche.render.renderer import Renderer, Source

PROGRAMS = {"gs": "ghostscript", "pdftoppm": "poppler-utils"}
"""Debian's packages of the peers."""

COLUMNS = (
    "",
    "Depesche, whole machine: pages/s",
    "Depesche, one worker",
    "Ghostscript",
    "Poppler",
    "whole machine / faster peer",
    "one worker / faster peer",
)

NOTES = (
    "Out comes a TIFF of G4 pages, 1728 picture elements wide, 204 x 196 dpi; Poppler writes a file for each page.",
    "Depesche: the whole way of an order, through the conversion process in its sandbox, pages in parallel.",
    "Ghostscript: `tiffg4`; Poppler: `pdftoppm -mono -tiff -tiffcompression ccittfax4`; both cold, on one core.",
    "All write to the same disk, in turn; median of the runs.",
)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: OSError (a peer is not installed), subprocess.SubprocessError."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        raise FileNotFoundError(f"missing: apt-get install {' '.join(missing)}")
    rows = [(name, *_figures(make, folder / "paper.pdf", 1 if quick else 5)) for name, make in PAPERS.items()]
    return Table(
        title="PDF to fax pages",
        columns=COLUMNS,
        rows=tuple(rows),
        versions={"Ghostscript": version("gs", "--version"), "Poppler": version("pdftoppm", "-v")},
        notes=NOTES,
    )


def _figures(make: Callable[[Path], int], pdf: Path, times: int) -> list[str]:
    """Pages a second of all, and how we stand beside the faster peer."""
    pages = make(pdf)
    ours, one, *theirs = asyncio.run(_measure(pdf, pages, times))
    speeds = [f"{pages / seconds:.1f}" for seconds in (ours, one, *theirs)]
    return [*speeds, f"{min(theirs) / ours:.2f}", f"{min(theirs) / one:.2f}"]


async def _measure(pdf: Path, pages: int, times: int) -> tuple[float, ...]:
    """Seconds for the document: ours with all workers, ours with one, Ghostscript's, Poppler's."""
    taken: list[tuple[float, ...]] = []
    async with Renderer(Render()) as all_workers, Renderer(Render(workers=1)) as one_worker:
        await _render(all_workers, pdf, pages)
        await _render(one_worker, pdf, pages)
        for _ in range(times):
            ours, one = await _render(all_workers, pdf, pages), await _render(one_worker, pdf, pages)
            taken.append((ours, one, _timed(ghostscript(pdf)), _timed(poppler(pdf))))
    return tuple(map(median, zip(*taken, strict=True)))


async def _render(renderer: Renderer, pdf: Path, pages: int) -> float:
    begun = time.perf_counter()
    found = (await renderer.fax(None, [Source(pdf, Format.PDF)], pdf.with_name("ours.tif"))).pages
    if found != pages:
        raise OSError(f"{found} pages instead of {pages}")
    return time.perf_counter() - begun


def _timed(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, timeout=120)
    return time.perf_counter() - begun


def ghostscript(pdf: Path) -> list[str]:
    """The command that writes all pages beside the document."""
    options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffg4", "-r204x196", "-g1728x2292"]
    return ["gs", *options, f"-sOutputFile={pdf.with_name('gs.tif')}", str(pdf)]


def poppler(pdf: Path) -> list[str]:
    """The same, a file a page."""
    options = ["-mono", "-tiff", "-tiffcompression", "ccittfax4", "-rx", "204", "-ry", "196"]
    return ["pdftoppm", *options, str(pdf), str(pdf.with_name("poppler"))]


def version(program: str, ask: str) -> str:
    told = subprocess.run([program, ask], check=True, capture_output=True, text=True)
    return (told.stdout + told.stderr).split("\n", 1)[0].split()[-1]
