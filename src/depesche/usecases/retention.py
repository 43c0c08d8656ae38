"""What an operator asks about what is old enough to go."""

from collections.abc import Callable
from functools import partial
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche.store import audit, oldlines, retention
from depesche.store.retention import AGED, Kind
from depesche.usecases.house import House

KINDS = tuple(kind.value for kind in Kind)


async def foresee(house: House, told: Callable[[str], None] = lambda _: None) -> dict[str, int]:
    """How much of each kind is old enough to go; `told` is called with the kind that is counted next."""
    found: dict[str, int] = {}
    for kind in Kind:
        told(kind.value)
        found[kind.value] = await house.database.read(partial(_count, house=house, kind=kind))
    return found


async def note(house: House, actor: str) -> None:
    """Before it goes: who wants it, and what it is, on the audit record."""

    going = {kind: count for kind, count in (await foresee(house)).items() if count}
    now = house.now()
    await house.database.run(lambda connection: audit.write(connection, now, actor, "retention.prune", None, going))


def _count(connection: sa.Connection, house: House, kind: Kind) -> int:
    ages, now = house.settings.retention, house.now()
    if kind in AGED:
        return retention.count(connection, kind, ages, now)
    before = oldlines.cutoff(kind, ages, now, ZoneInfo(house.settings.timezone))
    return 0 if before is None else oldlines.count(connection, kind, before)
