"""PDF in, fax pages out: the product's renderer beside Ghostscript, on the same document."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import weasyprint  # type: ignore[import-untyped]

from bench.table import Table
from depesche.config import Render
from depesche.render.detect import Format
from depesche.render.renderer import Renderer, Source

PAGES = 100
LINES = 60

NOTES = (
    f"{PAGES} dense pages of {LINES} lines, one PDF; out comes one TIFF of G4 pages, 1728 pixels wide, 204 x 196 dpi.",
    "Depesche: the whole way of an order, through the conversion process in its sandbox; Ghostscript: `tiffg4`, cold.",
    "Both write to the same disk, in turn; median of the runs.",
)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: OSError (Ghostscript is not installed), subprocess.SubprocessError."""
    if shutil.which("gs") is None:
        raise FileNotFoundError("Ghostscript is missing: apt-get install ghostscript")
    pdf = folder / "dense.pdf"
    weasyprint.HTML(string=_dense()).write_pdf(pdf)
    ours, one, theirs = asyncio.run(_measure(pdf, folder, 2 if quick else 5))
    rows = (
        ("Depesche, whole machine", f"{PAGES / ours:.1f}", f"{theirs / ours:.2f}"),
        ("Depesche, one worker", f"{PAGES / one:.1f}", f"{theirs / one:.2f}"),
        ("Ghostscript", f"{PAGES / theirs:.1f}", "1.00"),
    )
    return Table(
        title="PDF to fax pages",
        columns=("", "pages/s", "times Ghostscript"),
        rows=rows,
        versions={"Ghostscript": _version()},
        notes=NOTES,
    )


async def _measure(pdf: Path, folder: Path, times: int) -> tuple[float, float, float]:
    """Seconds for the document: ours with all workers, ours with one, Ghostscript's."""
    ours, one, theirs = [], [], []
    async with Renderer(Render()) as all_workers, Renderer(Render(workers=1)) as one_worker:
        await _render(all_workers, pdf, folder)
        await _render(one_worker, pdf, folder)
        for _ in range(times):
            ours.append(await _render(all_workers, pdf, folder))
            one.append(await _render(one_worker, pdf, folder))
            theirs.append(_timed(lambda: _ghostscript(pdf, folder / "gs.tif")))
    return median(ours), median(one), median(theirs)


async def _render(renderer: Renderer, pdf: Path, folder: Path) -> float:
    begun = time.perf_counter()
    pages = await renderer.fax(None, [Source(pdf, Format.PDF)], folder / "ours.tif")
    if pages != PAGES:
        raise OSError(f"{pages} pages instead of {PAGES}")
    return time.perf_counter() - begun


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _ghostscript(pdf: Path, out: Path) -> None:
    options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=tiffg4", "-r204x196", "-g1728x2292"]
    subprocess.run(["gs", *options, f"-sOutputFile={out}", str(pdf)], check=True, timeout=120)


def _version() -> str:
    return subprocess.run(["gs", "--version"], check=True, capture_output=True, text=True).stdout.strip()


def _dense() -> str:
    line = "Der Zustelldienst nimmt den Auftrag an, prüft ihn, wandelt die Seiten um und meldet das Ergebnis."
    page = "".join(f"<div>{number:02d} {line}</div>" for number in range(LINES))
    style = "@page{size:A4;margin:15mm}div{font:9pt sans-serif;line-height:4.4mm}section{break-after:page}"
    return f"<style>{style}</style>" + f"<section>{page}</section>" * PAGES
