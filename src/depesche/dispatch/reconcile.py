"""Reconcile: ask the far side, by our own ids, how a lost attempt ended. What nobody knows waits for the operator."""

from collections.abc import Container

import structlog

from depesche import metrics
from depesche.channels.base import Attempt
from depesche.dispatch.desk import Desk
from depesche.dispatch.retry import CUT_SHORT, retry_at
from depesche.store import deliveries
from depesche.store.deliveries import Lost
from depesche.store.nodes import ELSEWHERE, node_of

log = structlog.get_logger(__name__)

CHUNK = 100

MOST_LOST = 20
"""Attempts after which one that died with its worker may be the last: what kills workers must not do so for ever."""


async def reconcile(desk: Desk, carried: Container[int] = ()) -> int:
    """One round over all that is unknown; gives how many were settled.

    `carried` are deliveries that this process has in hand after all: their attempts will tell how they end. Of those
    begun before the database was restored our own records say nothing: that they do not have one proves nothing.
    """
    settled, after = 0, 0
    while lost := await _unknown(desk, after):
        for one in lost:
            if one.id in carried or one.worker == ELSEWHERE:
                continue
            try:
                settled += await _settle(desk, one)
            except Exception:
                log.exception("lost attempt cannot be settled", delivery=one.id, job=one.job_id)
        after = lost[-1].id
    return settled


async def _unknown(desk: Desk, after: int) -> list[Lost]:
    return await desk.database.read(lambda connection: deliveries.unknown(connection, after, CHUNK))


async def _settle(desk: Desk, lost: Lost) -> bool:
    here = not desk.shared or node_of(lost.worker) == node_of(desk.worker)
    attempt = Attempt(lost.id, lost.job_id, lost.attempts, lost.type, lost.address, lost.sending_at, lost.pages, here)
    outcome = await desk.way(lost.type.channel, sandbox=lost.sandbox).reconcile(attempt)
    if outcome is None:
        return False
    now = desk.now()
    repeats = lost.repeats
    if outcome.result in CUT_SHORT:  # that we died is not the far side's no
        repeats = max(repeats, min(lost.attempts, MOST_LOST))
    again = retry_at(desk.settings, outcome, attempts=lost.attempts, repeats=repeats, sandbox=lost.sandbox, now=now)
    done = await desk.database.run(
        lambda connection: deliveries.settle(connection, lost.id, lost.attempts, outcome, now, again)
    )
    if done:
        told = {"delivery": lost.id, "job": lost.job_id, "attempt": lost.attempts}
        log.info("lost attempt settled", **told, result=outcome.result.value, retry_at=again)
        metrics.ATTEMPTS.labels(lost.type.channel.value, outcome.result.value).inc()
    return done
