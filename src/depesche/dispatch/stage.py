"""Stage: what waits and is due becomes ready, each with its turn."""

from functools import partial

from depesche.dispatch.desk import Desk
from depesche.model.jobtype import Channel
from depesche.store import bell, turns
from depesche.store.turns import ORDERS

CHUNK = 200
"""Deliveries in one transaction: a single order that comes meanwhile waits as long."""


async def stage(desk: Desk) -> bool:
    """One round, single orders first: they are on their way while those of a broadcast get their turns.

    True if there may be more to do.
    """
    more = False
    for lane in ORDERS:
        staged = await desk.database.run(
            partial(turns.stage, now=desk.now(), limit=CHUNK, zone=desk.zone, lanes=(lane,))
        )
        for channel in staged:
            desk.ring(bell.ready(Channel(channel)))
        more |= staged.is_full
    return more
