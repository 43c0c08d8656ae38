"""What the channel of trunks asks of the installation, and tells it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from depesche.model.lesson import Lesson
from depesche.model.line import Line, Standing
from depesche.model.reception import Reception


class Office(Protocol):
    """The installation, as a line sees it."""

    def now(self) -> datetime:
        """The clock, UTC."""

    async def lines(self) -> Sequence[tuple[Line, str]]:
        """What the operator set up, as it is now, each with its secret."""

    async def stand(self, lines: Sequence[Standing]) -> None:
        """How all lines stand here."""

    async def station(self, number: str) -> str | None:
        """The station id of whoever owns an E.164 number; None: nobody does."""

    async def receive(self, reception: Reception) -> bool:
        """Keep a fax for its inbox. False: there is none any more."""

    async def lesson(self, number: str) -> Lesson:
        """How calls to an E.164 number are made."""

    async def learn(self, number: str, lesson: Lesson, *, proven: bool) -> None:
        """How they are made from now on; `proven`: a fax got through so."""
