"""Stage: what waits and is due becomes ready, each with its turn."""

from depesche.dispatch.desk import Desk
from depesche.store import turns
from depesche.store.turns import Staged

CHUNK = 1000
"""Deliveries in one transaction."""


async def stage(desk: Desk) -> Staged:
    """One round; gives how many of each channel became ready."""
    now = desk.now()
    return await desk.database.run(lambda connection: turns.stage(connection, now, CHUNK, desk.zone))
