"""``python -m bench [NAME ...] [--quick]``: run the benchmarks, print their tables, keep them in the documentation."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Protocol

import typer
from rich.console import Console

from bench import broadcast, dispatch, fax, legibility, machine, office, page, render, submit, t30, thousand, upload
from bench.load import Untrue
from bench.servers.service import NotStarted
from bench.table import Table


class Bench(Protocol):
    """Measures in a folder that is there for it alone; `quick` is for a look, not for figures to keep."""

    def __call__(self, folder: Path, *, quick: bool) -> Table: ...


BENCHES: dict[str, Bench] = {
    "submit": submit.run,
    "upload": upload.run,
    "render": render.run,
    "thousand": thousand.run,
    "office": office.run,
    "legibility": legibility.run,
    "t30": t30.run,
    "fax": fax.run,
    "dispatch": dispatch.run,
    "broadcast": broadcast.run,
}

Names = Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(BENCHES)}; all if none is named.")]
Quick = Annotated[bool, typer.Option("--quick", help="Short runs; the documentation keeps its figures.")]
Disk = Annotated[
    Path, typer.Option("--disk", help="A folder on the disk that is measured.", file_okay=False, exists=True)
]

console = Console()


def main(names: Names = None, quick: Quick = False, disk: Disk = Path("/var/tmp")) -> None:
    """Measure Depesche and its peers, side by side."""
    if unknown := set(names or ()) - set(BENCHES):
        raise typer.BadParameter(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(BENCHES)}")
    if machine.file_system(disk) in machine.IN_MEMORY:
        raise typer.BadParameter(f"{disk} is kept in memory: name a folder on a disk with --disk")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that the servers are ended
    for name in names or BENCHES:
        load = machine.load()
        table = _measure(name, disk, quick=quick)
        console.print(table.rich())
        if not quick:
            page.write(name, table, load)


def _measure(name: str, disk: Path, *, quick: bool) -> Table:
    with (
        tempfile.TemporaryDirectory(prefix="depesche-bench-", dir=disk) as folder,
        console.status(f"{name} ..."),
    ):
        try:
            return BENCHES[name](Path(folder), quick=quick)
        except (NotStarted, Untrue, OSError, subprocess.SubprocessError) as error:
            console.print(f"{name}: {error}", markup=False)
            raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
