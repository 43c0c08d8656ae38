"""What happened, in order: written in the transaction that made it happen, read by whoever has to tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from depesche.store import bulk
from depesche.store.schema import event

_EVENT = event.insert()


def write(
    connection: sa.Connection,
    now: datetime,
    kind: str,
    account_id: int,
    *,
    job_id: int | None = None,
    delivery_id: int | None = None,
    inbound_id: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Append one event; `kind` is ``noun.verb``: ``job.accepted``, ``delivery.final``, ``fax.received``."""
    row = _row(now, kind, account_id, job_id=job_id, delivery_id=delivery_id)
    connection.execute(_EVENT, row | {"inbound_id": inbound_id, "data": data or {}})


def write_many(
    connection: sa.Connection,
    now: datetime,
    kind: str,
    account_id: int,
    *,
    job_id: int,
    delivery_ids: Sequence[int],
) -> None:
    """Append one event for each of these deliveries of a job, in this order."""
    rows = (_row(now, kind, account_id, job_id=job_id, delivery_id=one) for one in delivery_ids)
    bulk.insert(connection, event, rows)


def _row(now: datetime, kind: str, account_id: int, *, job_id: int | None, delivery_id: int | None) -> dict[str, Any]:
    return {
        "at": now,
        "kind": kind,
        "account_id": account_id,
        "job_id": job_id,
        "delivery_id": delivery_id,
        "inbound_id": None,
        "data": {},
    }
