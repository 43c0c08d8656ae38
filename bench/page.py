"""docs/reference/benchmarks.md: the last figures of every benchmark, each with its day, machine and command."""

import re
from pathlib import Path

from bench import machine
from bench.table import Table

PATH = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"

_INTRODUCTION = """# Benchmarks

Written by `make bench`; each section says what it was measured on and how to repeat it. Load and servers share the
machine. Compare figures within a table: from another day or machine they mean little.
"""
_SECTION = re.compile(r"^## (.+)\n((?:(?!## ).*\n)*)", re.MULTILINE)


def write(name: str, table: Table, load: float) -> None:
    """Put what the benchmark `name` gave in the place of its section, or at the end if it has none yet.

    `load` is the machine's before the benchmark.
    """
    sections = _read() | {table.title: _section(name, table, load)}
    body = "\n".join(f"## {title}\n\n{section.strip()}\n" for title, section in sections.items())
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(f"{_INTRODUCTION}\n{body}", encoding="utf-8")


def _read() -> dict[str, str]:
    """The sections that are there, by title."""
    return dict(_SECTION.findall(PATH.read_text(encoding="utf-8"))) if PATH.exists() else {}


def _section(name: str, table: Table, load: float) -> str:
    measured_with = "; ".join([machine.line(), *(f"{product} {number}" for product, number in table.versions.items())])
    return f"{measured_with}. Load before: {load:.1f}. Repeat: `make bench ARGS={name}`.\n\n{table.markdown()}"
