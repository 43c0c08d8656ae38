"""What an operator asks about what is old enough to go."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche.store import audit, oldlines, retention
from depesche.store.retention import AGED, Kind
from depesche.usecases.house import House

KINDS = tuple(kind.value for kind in Kind)


async def foresee(house: House) -> dict[str, int]:
    """How much of each kind is old enough to go."""
    return await house.database.read(lambda connection: _foreseen(house, connection))


async def note(house: House, actor: str) -> None:
    """Before it goes: who wants it, and what it is, on the audit record."""

    going = {kind: count for kind, count in (await foresee(house)).items() if count}
    now = house.now()
    await house.database.run(lambda connection: audit.write(connection, now, actor, "retention.prune", None, going))


def _foreseen(house: House, connection: sa.Connection) -> dict[str, int]:
    ages, now, zone = house.settings.retention, house.now(), ZoneInfo(house.settings.timezone)
    found = {kind: retention.count(connection, kind, ages, now) for kind in AGED}
    for kind in (*oldlines.REMOVED, Kind.LEDGER):
        before = oldlines.cutoff(kind, ages, now, zone)
        found[kind] = 0 if before is None else oldlines.count(connection, kind, before)
    return {kind.value: found[kind] for kind in Kind}
