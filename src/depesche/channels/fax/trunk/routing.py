"""Which line a number goes out on: one that can, the cheapest, the one that worked lately, the one with most room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from depesche.model.line import Line
from depesche.model.outcome import Outcome
from depesche.model.result import Result

FIRST_REST, LONGEST_REST = 30.0, 600.0
"""Seconds for which a line that failed comes last; twice as long each time in a row."""

_MEMORY = 0.9
"""How much of what it knows of a line's success is kept at each call."""


@dataclass(slots=True)
class LineState:
    """Of one line, on this node."""

    since: datetime
    """When it came to be up, or not."""

    up: bool = False
    why: str = "not started yet"
    calls: int = 0
    """On it now, ours and those of others."""

    success: float = 1.0
    """Share of calls, the latest ones above all, that the trunk itself did not fail."""

    failures: int = 0
    """In a row."""

    rests_until: float = 0.0

    def ended(self, outcome: Outcome, now: float) -> None:
        """Learn from a call."""
        failed = is_fault(outcome)
        self.success = _MEMORY * self.success + (1 - _MEMORY) * (not failed)
        self.failures = self.failures + 1 if failed else 0
        rest = min(LONGEST_REST, FIRST_REST * 2 ** (self.failures - 1)) if failed else 0.0
        self.rests_until = now + rest


def is_fault(outcome: Outcome) -> bool:
    """Whether the trunk, and not whoever was called, is why a call came to nothing: another line may do better."""
    return outcome.result is Result.LINE_ERROR and outcome.retry and not outcome.seconds


def ways(lines: Sequence[Line], state: Callable[[str], LineState], number: str, now: float) -> list[Line]:
    """All lines that a number may go out on, the best first. Those that rest come last: better than nothing."""
    fitting = [(line, price) for line in lines if line.enabled and (price := line.price(number)) is not None]

    def rank(entry: tuple[Line, object]) -> tuple[object, ...]:
        line, price = entry
        known = state(line.name)
        free = line.channels - known.calls
        return not known.up, free <= 0, now < known.rests_until, price, -round(known.success, 1), -free, line.name

    return [line for line, _ in sorted(fitting, key=rank)]
