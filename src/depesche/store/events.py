"""What happened, in order: written in the transaction that made it happen, read by whoever has to tell."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

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
    connection.execute(
        _EVENT,
        {
            "at": now,
            "kind": kind,
            "account_id": account_id,
            "job_id": job_id,
            "delivery_id": delivery_id,
            "inbound_id": inbound_id,
            "data": data or {},
        },
    )
