"""Rescue: leases of dead workers end. What was only claimed is ready again; what was being sent is unknown."""

from datetime import datetime

import structlog

from depesche.dispatch.desk import Desk
from depesche.store import deliveries

log = structlog.get_logger(__name__)


async def rescue(desk: Desk, now: datetime) -> int:
    """One round over the leases that had run out at `now`; gives how many deliveries changed."""
    back, lost = await desk.database.run(lambda connection: deliveries.rescue(connection, now))
    if back or lost:
        log.warning("leases ran out", ready_again=back, unknown=lost)
    return back + lost
