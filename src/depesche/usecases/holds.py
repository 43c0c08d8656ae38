"""What an operator puts on hold and lets go; every change is on the audit record, in the same transaction.

A hold is in force as soon as it is written. What is ready is put aside after that, and taken up again after it was
lifted, in pieces, so that others can write in between. If this process dies meanwhile, the same command does the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from depesche.model.jobtype import Channel
from depesche.store import audit, holds
from depesche.store.holds import EVERYONE, Hold
from depesche.usecases.accounts import NotPossible, found
from depesche.usecases.house import House

__all__ = ["Added", "Hold", "Lifted", "Listed", "Overview", "add", "lift", "listed"]

LONGEST_NOTE = 200
"""Characters."""

Told = Callable[[int], None]
"""Hears how many deliveries were moved so far, as long as there are more."""


@dataclass(frozen=True, slots=True)
class Added:
    """A hold that is in force."""

    hold: Hold
    is_new: bool
    moved: int
    """Deliveries that were put aside now; others will be when they become due."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A hold that is not in force."""

    was_there: bool
    moved: int
    """Deliveries that go on."""

    others: tuple[Hold, ...]
    """Holds in force that concern something of the same."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A hold with its deliveries."""

    hold: Hold
    held: int
    """Deliveries that were put aside, those included that another hold concerns as well."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All holds."""

    holds: tuple[Listed, ...]
    astray: int
    """Deliveries that are held though no hold concerns them: whoever lifted it did not come to the end."""


async def add(
    house: House, actor: str, whose: str | None, channel: Channel | None, note: str = "", told: Told = lambda _: None
) -> Added:
    """Hold what an account sends, or (None) everyone, on a channel, or (None) on each.

    A hold that is there already stays as it is. Raises: NotPossible.
    """
    if len(note) > LONGEST_NOTE:
        raise NotPossible(f"the note is longer than {LONGEST_NOTE} characters")
    now = house.now()

    def work(connection: sa.Connection) -> tuple[_Scope, Hold, bool]:
        of = _scope(connection, whose, channel)
        is_new = holds.put(connection, of.account_id, channel, now, note)
        if is_new:
            audit.write(connection, now, actor, "hold.add", of.audited, {"channel": of.word, "note": note})
        (hold,) = (one for one in holds.every(connection) if (one.account_id, one.channel) == (of.account_id, channel))
        return of, hold, is_new

    of, hold, is_new = await house.database.run(work)
    return Added(hold, is_new, await _moved(house, actor, of, holds.put_aside, "hold.put_aside", told))


async def lift(
    house: House, actor: str, whose: str | None, channel: Channel | None, told: Told = lambda _: None
) -> Lifted:
    """Take this hold away, and let go on what no other one concerns. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> tuple[_Scope, bool]:
        of = _scope(connection, whose, channel)
        was_there = holds.lift(connection, of.account_id, channel)
        if was_there:
            audit.write(connection, now, actor, "hold.lift", of.audited, {"channel": of.word})
        return of, was_there

    def go_on(moved: int) -> None:
        house.wake()
        told(moved)

    of, was_there = await house.database.run(work)
    moved = await _moved(house, actor, of, holds.take_up, "hold.take_up", go_on)
    house.wake()
    others = await house.database.read(lambda connection: tuple(filter(of.meets, holds.every(connection))))
    return Lifted(was_there, moved, others)


async def listed(house: House) -> Overview:
    """All holds, those of everyone first."""

    def look(connection: sa.Connection) -> Overview:
        every, held = holds.every(connection), holds.held(connection)
        return Overview(
            tuple(Listed(hold, sum(held[key] for key in held if hold.concerns(*key))) for hold in every),
            astray=sum(held[key] for key in held if not holds.concern(every, *key)),
        )

    return await house.database.read(look)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a hold concerns."""

    account_id: int
    channel: Channel | None

    @property
    def audited(self) -> int | None:
        """The account on the audit record."""
        return None if self.account_id == EVERYONE else self.account_id

    @property
    def word(self) -> str | None:
        """The channel on the audit record."""
        return None if self.channel is None else self.channel.value

    def meets(self, hold: Hold) -> bool:
        """Whether some delivery can be concerned by both."""
        one_account = EVERYONE in (self.account_id, hold.account_id) or self.account_id == hold.account_id
        return one_account and (None in (self.channel, hold.channel) or self.channel is hold.channel)


def _scope(connection: sa.Connection, whose: str | None, channel: Channel | None) -> _Scope:
    return _Scope(EVERYONE if whose is None else found(connection, whose).id, channel)


Step = Callable[[sa.Connection, int, Channel | None], int]


async def _moved(house: House, actor: str, of: _Scope, step: Step, action: str, told: Told) -> int:
    """Move all, in pieces; gives how many."""
    moved = 0
    while count := await house.database.run(partial(_piece, house=house, actor=actor, of=of, step=step, action=action)):
        moved += count
        if count < holds.AT_ONCE:
            break
        told(moved)
    return moved


def _piece(connection: sa.Connection, *, house: House, actor: str, of: _Scope, step: Step, action: str) -> int:
    count = step(connection, of.account_id, of.channel)
    if count:
        told = {"channel": of.word, "deliveries": count}
        audit.write(connection, house.now(), actor, action, of.audited, told)
    return count
