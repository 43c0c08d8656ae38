"""Received faxes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from depesche.blobs.store import Blob
from depesche.model.reception import Reception
from depesche.store import events
from depesche.store.schema import Row, inbound
from depesche.store.sequence import assigned


@dataclass(frozen=True, slots=True)
class ReceivedFax:
    """A fax that waits in an account's inbox."""

    id: int
    called_number: str
    received_at: datetime
    originator: str
    remote_id: str
    pages: int
    complete: bool
    blob_key: str
    size: int
    bad_rows: tuple[int, ...] = ()
    """Damaged rows, page by page, as far as it is known."""


def insert(connection: sa.Connection, account_id: int, reception: Reception, blob: Blob, now: datetime) -> bool:
    """Put it into the inbox. False: this reception (`source`) is there already."""
    if stored(connection, reception.source):
        return False
    made = connection.execute(
        inbound.insert(),
        {
            "account_id": account_id,
            "source": reception.source,
            "called_number": reception.called_number,
            "received_at": reception.received_at,
            "originator": reception.originator,
            "remote_id": reception.remote_id,
            "pages": reception.pages,
            "complete": reception.complete,
            "bad_rows": list(reception.bad_rows),
            "blob_key": blob.key,
            "size": blob.size,
            "sha256": blob.sha256,
        },
    )
    events.write(connection, now, "fax.received", account_id, inbound_id=assigned(made))
    return True


def stored(connection: sa.Connection, source: str) -> bool:
    """Whether a reception of this `source` is kept, deleted from the inbox or not."""
    return connection.execute(sa.select(inbound.c.id).where(inbound.c.source == source)).first() is not None


def oldest(connection: sa.Connection, account_id: int) -> ReceivedFax | None:
    """The oldest fax that was not deleted."""
    row = connection.execute(_kept(account_id).limit(1)).one_or_none()
    return None if row is None else _fax(row)


def waiting(connection: sa.Connection, account_id: int, limit: int) -> list[ReceivedFax]:
    """The faxes not deleted, the oldest first."""
    return [_fax(row) for row in connection.execute(_kept(account_id).limit(limit))]


def find(connection: sa.Connection, account_id: int, fax_id: int) -> ReceivedFax | None:
    """A fax of this account that was not deleted."""
    row = connection.execute(_kept(account_id).where(inbound.c.id == fax_id)).one_or_none()
    return None if row is None else _fax(row)


def delete(connection: sa.Connection, account_id: int, fax_id: int, now: datetime) -> bool:
    """Take it out of the inbox; the bytes go with the operator's retention. False: no such fax."""
    changed = connection.execute(
        inbound.update()
        .where(inbound.c.id == fax_id, inbound.c.account_id == account_id, inbound.c.deleted_at.is_(None))
        .values(deleted_at=now)
    )
    return changed.rowcount > 0


def _kept(account_id: int) -> sa.Select[Any]:
    return (
        sa.select(inbound)
        .where(inbound.c.account_id == account_id, inbound.c.deleted_at.is_(None))
        .order_by(inbound.c.id)
    )


def _fax(row: Row) -> ReceivedFax:
    return ReceivedFax(
        id=row.id,
        called_number=row.called_number,
        received_at=row.received_at,
        originator=row.originator,
        remote_id=row.remote_id,
        pages=row.pages,
        complete=row.complete,
        blob_key=row.blob_key,
        size=row.size,
        bad_rows=tuple(row.bad_rows or ()),
    )
