"""Pages that are hard on a fax, drawn by us and by others, and how much of them can be read afterwards."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from bench.table import Table
from depesche.render.pdf import PdfPages
from depesche.render.raster import decided
from legibility import KINDS, SETTINGS, Sample, accuracy, cairo, ghostscript, poppler

MIDDLE = 128
"""Of all greys."""

PROGRAMS = {
    "Ghostscript": ("ghostscript", "gs", "--version"),
    "Poppler": ("poppler-utils", "pdftoppm", "-v"),
    "tesseract": ("tesseract-ocr", "tesseract", "--version"),
}
"""Their Debian packages, and what tells the version."""

NOTES = (
    "Share of the characters that tesseract (deu) reads on a page of 204 x 196 dpi: 1 less edits / characters.",
    "Mean of three pages of a kind, in faces and sentences of their own; the raster was tuned on one of them.",
    "Of three ways in which it looks for lines (a column, a block, anywhere) the best counts, for each page.",
    "Ghostscript: `tiffg4`; Poppler: `pdftoppm -mono` and `pdftocairo -mono`, the better of the two.",
    "Threshold: the same grey page as ours (PDFium), black below the middle.",
)


def run(folder: Path, *, quick: bool) -> Table:
    """Draw in `folder`. Raises: OSError: a program is missing; subprocess.SubprocessError."""
    missing = [package for package, program, _ in PROGRAMS.values() if shutil.which(program) is None]
    if missing:
        raise FileNotFoundError(f"missing: apt-get install {' '.join(missing)}")
    settings = SETTINGS[:1] if quick else SETTINGS
    return Table(
        title="Legibility of fax pages",
        columns=("", "Depesche: %", "Ghostscript: %", "Poppler: %", "threshold: %"),
        rows=tuple(_row([make(setting) for setting in settings], folder) for make in KINDS[: 2 if quick else None]),
        versions={name: _version(program, ask) for name, (_, program, ask) in PROGRAMS.items()},
        notes=NOTES,
    )


def _row(samples: Sequence[Sample], folder: Path) -> tuple[str, ...]:
    """Of one kind: the means of its settings."""
    means = map(mean, zip(*(tuple(_shares(sample, folder)) for sample in samples), strict=True))
    return samples[0].name, *(f"{100 * share:.1f}" for share in means)


def _shares(sample: Sample, folder: Path) -> Iterator[float]:
    """What can be read of ours, Ghostscript's, Poppler's, and after a threshold."""
    pdf = folder / "page.pdf"
    pdf.write_bytes(sample.pdf)
    with pdf.open("rb") as file:
        grey = PdfPages(file, 10_000_000).grey(0)
    yield accuracy(np.unpackbits(decided(grey).bits, axis=1).astype(bool), sample)
    yield accuracy(ghostscript(pdf, folder), sample)
    yield max(accuracy(draw(pdf, folder), sample) for draw in (poppler, cairo))
    yield accuracy(grey < MIDDLE, sample)


def _version(program: str, ask: str) -> str:
    told = subprocess.run([program, ask], check=True, capture_output=True, text=True)
    return (told.stdout + told.stderr).split("\n", 1)[0].split()[-1]
