"""``PYTHONPATH=tests python -m fuzz [TARGET ...]``: every target, for as long as is wanted (``make fuzz``)."""

import argparse
import hashlib
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import depesche
from fuzz.engine import Report, Target, fuzz
from fuzz.targets import TARGETS

FOLDERS = (f"{Path(depesche.__file__).parent}{os.sep}",)
"""Whose steps count."""

BY_NAME = {target.name: target for target in TARGETS}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz what reads the input of customers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", choices=[[], *BY_NAME], help=", ".join(BY_NAME))
    parser.add_argument("--seconds", type=float, default=600, help="for all of them together (default 600)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9, help="of the random numbers")
    parser.add_argument(
        "--kept", type=Path, default=Path(".build/fuzz"), help="folder of the inputs that were worth it"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once")
    parser.add_argument("--input", type=Path, help="run one target on this file alone, and let it fail")
    given = parser.parse_args()
    chosen = [BY_NAME[name] for name in given.targets] or list(TARGETS)
    if given.input:
        for target in chosen:
            target.run(given.input.read_bytes())
        return 0
    share = given.seconds * min(given.jobs, len(chosen)) / len(chosen)
    print(f"{len(chosen)} targets, {share:.0f} seconds each, seed {given.seed}", flush=True)
    found = 0
    with ProcessPoolExecutor(given.jobs) as pool:
        work = [pool.submit(_run, target.name, share, given.seed, given.kept) for target in chosen]
        for target, done in zip(chosen, work, strict=True):
            report = done.result()
            print(report, flush=True)
            found += _told(target, report, given.kept)
    return 1 if found else 0


def _run(name: str, seconds: float, seed: int, kept: Path) -> Report:
    folder = kept / name
    folder.mkdir(parents=True, exist_ok=True)
    before = [path.read_bytes() for path in sorted(folder.glob("*.kept"))]
    report = fuzz(BY_NAME[name], seconds, seed, FOLDERS, before)
    for data in report.kept:
        (folder / f"{hashlib.sha256(data).hexdigest()[:16]}.kept").write_bytes(data)
    return report


def _told(target: Target, report: Report, kept: Path) -> int:
    if report.finding is None:
        return 0
    path = kept / target.name / "finding"
    path.write_bytes(report.finding.data)
    print(f"again: PYTHONPATH=tests python -m fuzz {target.name} --input {path}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
