"""Jobs that nobody sees any more: what is left of them is removed, piece by piece, the jobs themselves last."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from depesche.store import bulk, leader
from depesche.store.retention import CHUNK, ROWS, TURN, Gone
from depesche.store.schema import attempt, callback, delivery, document, event, job


def erase(connection: sa.Connection) -> Gone:
    """Remove one piece, of at most `ROWS` rows. Gives how many they were; 0: nothing is left."""
    leader.alone(connection, TURN)
    bulk.step_by_step(connection)
    jobs = connection.execute(_CONDEMNED).scalars().all()
    for step in (_events, _callbacks, _documents, _deliveries, _jobs) if jobs else ():
        gone = step(connection, jobs)
        if gone.count:
            return gone
    return Gone(0)


def _events(connection: sa.Connection, jobs: Sequence[int]) -> Gone:
    found = connection.execute(_EVENTS, _some(jobs)).scalars().all()
    return Gone(bulk.delete(connection, event.c.id, found))


def _callbacks(connection: sa.Connection, jobs: Sequence[int]) -> Gone:
    found = connection.execute(_CALLBACKS, _some(jobs)).scalars().all()
    return Gone(bulk.delete(connection, callback.c.id, found))


def _documents(connection: sa.Connection, jobs: Sequence[int]) -> Gone:
    rows = connection.execute(_DOCUMENTS, _some(jobs)).all()
    keys = tuple(row.blob_key for row in rows if row.blob_key)
    return Gone(bulk.delete(connection, document.c.id, [row.id for row in rows]), keys)


def _deliveries(connection: sa.Connection, jobs: Sequence[int]) -> Gone:
    """With their attempts, which count as well."""
    found = connection.execute(_DELIVERIES, _some(jobs)).all()
    rows = accumulate(1 + row.attempts for row in found)
    ids = [row.id for row, so_far in zip(found, rows, strict=True) if so_far <= ROWS] or [row.id for row in found[:1]]
    attempts = bulk.delete(connection, attempt.c.delivery_id, ids)
    return Gone(attempts + bulk.delete(connection, delivery.c.id, ids))


def _jobs(connection: sa.Connection, jobs: Sequence[int]) -> Gone:
    return Gone(bulk.delete(connection, job.c.id, jobs))


def _some(jobs: Sequence[int]) -> dict[str, Any]:
    """Rows of these jobs, as many as one transaction takes."""
    return {"ids": jobs, "number": ROWS}


_CONDEMNED = sa.select(job.c.id).where(job.c.kept == sa.literal_column("'nothing'")).order_by(job.c.id).limit(CHUNK)

_EVENTS, _CALLBACKS, _DOCUMENTS, _DELIVERIES = (
    sa.select(*columns).where(bulk.among(table.c.job_id, bulk.ids())).limit(sa.bindparam("number", type_=sa.Integer))
    for table, columns in (
        (event, (event.c.id,)),
        (callback, (callback.c.id,)),
        (document, (document.c.id, document.c.blob_key)),
        (delivery, (delivery.c.id, delivery.c.attempts)),
    )
)
