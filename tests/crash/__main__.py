"""``PYTHONPATH=tests python -m crash``: the proof by killing at length, on both databases (``make crash``)."""

import argparse
import random
import signal
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from crash.places import Nodes, OneProcess, Place
from crash.proof import Figures, prove

DATABASES = ("postgresql", "sqlite")
TOLD_EVERY = 5
"""Kills."""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an exception, so that the servers are ended
    parser = argparse.ArgumentParser(
        prog="python -m crash", description="Kill workers, and count what the far side got."
    )
    parser.add_argument(
        "databases", nargs="*", metavar="DATABASE", help=f"{', '.join(DATABASES)}; both if none is named"
    )
    parser.add_argument("--deliveries", type=int, default=10_000, help="(default 10000)")
    parser.add_argument("--kills", type=int, default=100, help="(default 100)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9, help="of the random numbers")
    given = parser.parse_args()
    chosen = given.databases or list(DATABASES)
    if not set(chosen) <= set(DATABASES) or given.kills < 1 or given.deliveries < given.kills:
        parser.error(f"databases are {' and '.join(DATABASES)}; no more kills than deliveries, and at least one")
    print(f"{given.deliveries} deliveries, {given.kills} kills, seed {given.seed}", flush=True)
    done = {name: _prove(name, given) for name in chosen}
    _table(done)
    return 0 if all(figures.good for figures in done.values()) else 1


def _prove(name: str, given: argparse.Namespace) -> Figures:
    def tell(figures: Figures) -> None:
        if figures.kills % TOLD_EVERY == 0:
            print(
                f"{name}: {figures.kills} kills, {figures.deliveries} deliveries, {len(figures.sending)} attempts were "
                f"under way, {figures.seconds:.0f} s",
                flush=True,
            )

    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="depesche-crash-") as folder, _place(name, Path(folder), chance) as place:
        return prove(place, deliveries=given.deliveries, kills=given.kills, chance=chance, tell=tell)


def _place(name: str, folder: Path, chance: random.Random) -> AbstractContextManager[Place]:
    return Nodes.running(folder, chance) if name == "postgresql" else OneProcess.running(folder)


def _table(done: dict[str, Figures]) -> None:
    records = {
        name: {what: len(value) if isinstance(value, set) else value for what, value in asdict(figures).items()}
        for name, figures in done.items()
    }
    print(f"{'':<12}" + "".join(f"{name:>12}" for name in records))
    for field in next(iter(records.values())):
        print(f"{field:<12}" + "".join(f"{record[field]:>12.0f}" for record in records.values()))


if __name__ == "__main__":
    sys.exit(main())
