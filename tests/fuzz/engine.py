"""A small coverage-guided fuzzer: inputs that take new steps through the code are kept, and changed further.

Why not Atheris: its wheels are for one kind of processor, and 35 MB. Its targets look like ours, so it can be run
over them from an environment of its own.
"""

import contextlib
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

LONGEST = 1024
"""Octets of an input."""

PATIENCE = 10.0
"""Seconds of processor time; whatever takes longer is a finding as well. The tracing itself costs the most of it."""


@dataclass(frozen=True)
class Target:
    """Code that is given any octets, and may do anything but raise."""

    name: str
    run: Callable[[bytes], object]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    """What stands in good inputs and is hard to guess."""


@dataclass(frozen=True)
class Finding:
    """An input that should not have led to this."""

    data: bytes
    what: str


@dataclass
class Report:
    """What came of one target."""

    target: str
    runs: int = 0
    steps: int = 0
    """Different steps from line to line that were taken, and how often, roughly."""

    kept: list[bytes] = field(default_factory=list)
    finding: Finding | None = None

    def __str__(self) -> str:
        words = f"{self.target}: {self.runs} inputs, {self.steps} steps, {len(self.kept)} kept"
        return words if self.finding is None else f"{words}; {self.finding.data!r}\n{self.finding.what}"


class Coverage:
    """Which steps the code in these folders takes."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = tuple(folders)
        self._ours: dict[CodeType, bool] = {}
        self._numbers: dict[CodeType, int] = {}
        self._taken: dict[tuple[int, int, int], int] = {}
        self._before = 0

    @contextlib.contextmanager
    def watching(self) -> Iterator[dict[tuple[int, int, int], int]]:
        """Counts of the steps that are taken meanwhile."""
        self._taken, self._before = {}, 0
        others = sys.gettrace()
        sys.settrace(self._called)
        try:
            yield self._taken
        finally:
            sys.settrace(others)

    def _called(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any] | None:
        code = frame.f_code
        ours = self._ours.get(code)
        if ours is None:
            ours = self._ours[code] = code.co_filename.startswith(self._folders)
            self._numbers[code] = len(self._numbers)
        return self._moved if ours else None

    def _moved(self, frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        if event == "line":
            step = (self._numbers[frame.f_code], self._before, frame.f_lineno)
            self._taken[step] = self._taken.get(step, 0) + 1
            self._before = frame.f_lineno
        return self._moved


def fuzz(target: Target, seconds: float, seed: int, folders: Sequence[str], kept: Sequence[bytes] = ()) -> Report:
    """Run the target for so long, or until something is found. `kept`: inputs of an earlier run."""
    chance = random.Random(seed)
    report = Report(target.name)
    coverage, seen = Coverage(folders), set[tuple[tuple[int, int, int], int]]()
    until = time.monotonic() + seconds
    given = [b"", *target.seeds, *kept]
    first = list(given)
    while report.finding is None and (first or time.monotonic() < until):
        data = first.pop() if first else changed(chance, report.kept or given, target.words)
        report.runs += 1
        begun = time.process_time()
        try:
            with coverage.watching() as taken:
                target.run(data)
        except Exception:  # noqa: BLE001  whatever it was: there is to be none
            report.finding = Finding(data, traceback.format_exc())
        if time.process_time() - begun > PATIENCE:
            report.finding = Finding(data, f"it took {time.process_time() - begun:.0f} seconds")
        steps = {(step, min(count.bit_length(), 5)) for step, count in taken.items()}
        if not steps <= seen:
            seen |= steps
            report.kept.append(data)
    report.steps = len(seen)
    if report.finding is not None:
        report.finding = shortest(target, report.finding)
    return report


def changed(chance: random.Random, kept: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """One of the inputs, changed in a few places; the younger ones more often."""
    data = bytearray(kept[max(chance.randrange(len(kept)), chance.randrange(len(kept)))])
    for _ in range(1 << chance.randrange(4)):
        start = chance.randint(0, len(data))
        end = min(len(data), start + chance.choice((0, 1, 1, 2, 4, 8, 32, 256)))
        data[start:end] = _piece(chance, bytes(data[start:end]), kept, words)
    return bytes(data[:LONGEST])


def _piece(chance: random.Random, there: bytes, kept: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """What may stand in place of `there`."""
    match chance.randrange(8):
        case 0:
            return b""
        case 1:
            return there + there
        case 2:
            return bytes([chance.randrange(256)])
        case 3:
            return bytes(octet ^ (1 << chance.randrange(8)) for octet in there)
        case 4:
            return there * chance.choice((2, 3, 16, 100))
        case 5 | 6 if words:
            return chance.choice(words)
        case _:
            other = chance.choice(kept)
            start = chance.randint(0, len(other))
            return other[start : start + chance.choice((1, 4, 16, 64, 256))]


def shortest(target: Target, finding: Finding) -> Finding:
    """A shorter input that fails as well, if leaving something out gives one."""
    step = len(finding.data)
    while step := step // 2:
        start = 0
        while start < len(finding.data):
            shorter = finding.data[:start] + finding.data[start + step :]
            failed = _failure(target, shorter)
            if failed:
                finding = Finding(shorter, failed)
            else:
                start += step
    return finding


def _failure(target: Target, data: bytes) -> str:
    try:
        target.run(data)
    except Exception:  # noqa: BLE001  as above
        return traceback.format_exc()
    return ""
