"""Rescue: leases of dead workers end. What was only claimed is ready again; what was being sent is unknown."""

import structlog

from depesche.dispatch.desk import Desk
from depesche.store import deliveries

log = structlog.get_logger(__name__)


async def rescue(desk: Desk) -> int:
    """One round; gives how many deliveries changed."""
    now = desk.now()
    back, lost = await desk.database.run(lambda connection: deliveries.rescue(connection, now))
    if back or lost:
        log.warning("leases ran out", ready_again=back, unknown=lost)
    return back + lost
