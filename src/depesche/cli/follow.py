"""Watching a job until it is final, and telling people how far it is."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text

from depesche.cli.common import plain
from depesche.cli.gateway import Stage

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
"""Seconds between two questions."""


class Stages:
    """One line for each stage. On a terminal the present one moves, elsewhere each is printed as it begins."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console) if console.is_terminal else None
        self._words = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def begin(self, words: str, detail: str = "") -> None:
        """This stage is the present one; `detail` is shown while it lasts."""
        if words != self._words:
            self.end()
            self._words = words
            if self._status is None:
                self._console.print(plain(words), soft_wrap=True)
        self.tell(detail)

    def tell(self, detail: str) -> None:
        """What is going on within the present stage."""
        if self._status is not None:
            self._status.update(plain(f"{self._words} ({detail})" if detail else self._words))
            self._status.start()

    def end(self) -> None:
        """The present stage is over."""
        if self._status is not None and self._words:
            self._status.stop()
            self._console.print(Text.assemble(("✓ ", "green"), plain(self._words)), soft_wrap=True)
        self._words = ""


async def follow(ask: Callable[[], Awaitable[Stage]], stages: Stages) -> Stage:
    """Ask how far it is until it is final, or waits for somebody's decision."""
    for pause in _pauses():
        stage = await ask()
        stages.begin(stage.words, stage.detail)
        if stage.final or stage.undecided:
            stages.end()
            return stage
        await asyncio.sleep(pause)
    raise AssertionError("pauses never end")


def _pauses() -> Iterator[float]:
    """Short ones first: in the sandbox a fax takes less than a second."""
    return (min(FIRST_PAUSE * 1.2**count, LONGEST_PAUSE) for count in itertools.count())
