"""Stage: what waits and is due becomes ready, each with its turn."""

from functools import partial

from depesche.dispatch.desk import Desk
from depesche.store import turns
from depesche.store.turns import ORDERS, Staged

CHUNK = 500
"""Deliveries in one transaction: a single order that comes meanwhile waits as long."""


async def stage(desk: Desk) -> Staged:
    """One round, single orders first; gives how many of each channel became ready."""
    staged = Staged()
    for lane in ORDERS:
        work = partial(turns.stage, now=desk.now(), limit=CHUNK, zone=desk.zone, lanes=(lane,))
        some = await desk.database.run(work)
        staged.update(some)
        staged.is_full |= some.is_full
    return staged
