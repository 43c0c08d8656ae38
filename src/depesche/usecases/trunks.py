"""What the channel of trunks asks of the installation, and tells it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from depesche.config import Role
from depesche.model.lesson import PROVEN_FOR, TRIED_FOR, Lesson
from depesche.model.line import Line, Standing
from depesche.model.reception import Reception
from depesche.store import lessons, nodes
from depesche.store.lessons import Learnt
from depesche.store.lines import every, stand
from depesche.usecases import receive
from depesche.usecases.house import House


class Office:
    """A `channels.fax.trunk.office.Office`."""

    def __init__(self, house: House, worker: str) -> None:
        """`worker` is this process, in the list of all nodes."""
        self._house = house
        self._worker = worker

    def now(self) -> datetime:
        """The clock, UTC."""
        return self._house.now()

    async def lines(self) -> list[tuple[Line, str]]:
        """What the operator set up, as it is now, each with its secret: this node's share of it."""
        since = self._house.alive_since()

        def work(connection: sa.Connection) -> tuple[list[tuple[Line, str]], list[str]]:
            return every(connection), nodes.carriers(connection, Role.LINES, since)

        found, living = await self._house.database.read(work)
        if self._worker not in living:  # it is new, or was silent: the others do not reckon with it
            living.append(self._worker)
        place = living.index(self._worker)
        return [(line.share(place, len(living)), secret) for line, secret in found]

    async def stand(self, lines: Sequence[Standing]) -> None:
        """How all lines stand here."""
        await self._house.database.run(lambda connection: stand(connection, self._worker, lines))

    async def station(self, number: str) -> str | None:
        """The station id of whoever owns an E.164 number; None: nobody does."""
        return await receive.station(self._house, number)

    async def receive(self, reception: Reception) -> bool:
        """Keep a fax for its inbox. False: there is none any more. Raises as `usecases.receive.receive`."""
        try:
            await receive.receive(self._house, reception)
        except receive.NobodyHere:
            return False
        return True

    async def lesson(self, number: str) -> Lesson:
        """How calls to an E.164 number are made."""
        now = self.now()
        return await self._house.database.read(lambda connection: lessons.of(connection, number, now))

    async def learn(self, number: str, lesson: Lesson, *, proven: bool) -> None:
        """How they are made from now on; `proven`: a fax got through so."""
        now = self.now()
        learnt = Learnt(number, lesson, now + (PROVEN_FOR if proven else TRIED_FOR))
        await self._house.database.run(lambda connection: lessons.put(connection, learnt, now))
