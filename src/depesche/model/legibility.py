"""How much of a fax page can be read, and what is said about pages of which it is little."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

BEST = 100
READABLE = 50
"""A page with a lower score will hardly be read."""

MOST_NAMED = 10
"""Stretches of pages that one warning names."""


class Flaw(StrEnum):
    """Why text will not be read."""

    SMALL = "too small"
    PALE = "too pale"
    PICTURE = "on a picture"


@dataclass(frozen=True, slots=True)
class Legibility:
    """Of one page."""

    score: int
    """0 to 100: the share of its text that can be read; all of it where there is none."""

    flaw: Flaw | None = None
    """What most of the rest suffers from; None: there is no rest."""

    @property
    def is_readable(self) -> bool:
        """Whether nothing has to be said about it."""
        return self.score >= READABLE


def warnings(pages: Sequence[Legibility]) -> tuple[str, ...]:
    """A sentence, without its full stop, for each flaw of which pages will hardly be read."""
    return tuple(
        f"{_named(poor)} will hardly be readable: {'its' if len(poor) == 1 else 'their'} text is {flaw}"
        for flaw in Flaw
        if (poor := [number for number, page in enumerate(pages, 1) if page.flaw is flaw and not page.is_readable])
    )


def _named(numbers: Sequence[int]) -> str:
    """``page 3``, ``pages 1, 3 to 7``."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        first = ranges.pop()[0] if ranges and ranges[-1][1] == number - 1 else number
        ranges.append((first, number))
    words = [str(first) if first == last else f"{first} to {last}" for first, last in ranges]
    more = f" and {len(words) - MOST_NAMED} more stretches" if len(words) > MOST_NAMED else ""
    return f"page{'' if len(numbers) == 1 else 's'} {', '.join(words[:MOST_NAMED])}{more}"
