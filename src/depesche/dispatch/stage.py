"""Stage: what waits and is due becomes ready, each with its turn."""

from collections import Counter

from depesche.dispatch.desk import Desk
from depesche.store import turns

CHUNK = 1000
"""Deliveries in one transaction."""


async def stage(desk: Desk) -> Counter[str]:
    """One round; gives how many of each channel became ready."""
    now = desk.now()
    return await desk.database.run(lambda connection: turns.stage(connection, now, CHUNK))
