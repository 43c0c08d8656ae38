"""What is old enough goes."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from depesche.dispatch.prune import Pruner
from depesche.store.database import Work
from depesche.usecases import retention
from depesche.usecases.house import House


def pruner(house: House, leads: Work[bool] = lambda _: True) -> Pruner:
    """What lets go of what is old enough, by the settings; `leads`: whether it is this node's turn."""
    settings = house.settings
    return Pruner(house.database, house.blobs, settings.retention, house.now, ZoneInfo(settings.timezone), leads)


async def prune(house: House, actor: str, told: Callable[[str, int], None]) -> dict[str, int]:
    """Let all go that is old enough, now and not within the hour. Gives how much of each kind went.

    `told` is called after each piece: its kind, and how much of it went until then.
    Raises: sqlalchemy.exc.DBAPIError.
    """
    await retention.note(house, actor)
    gone = dict.fromkeys(retention.KINDS, 0)
    async for kind, count in pruner(house).chunks():
        gone[kind] += count
        told(kind.value, gone[kind])
    return gone
