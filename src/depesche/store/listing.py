"""The given rows of a job become deliveries: the first of them with the order itself, the rest of a long list behind
the answer (`expansions`).

A long list counts as one more open recipient of its job until all of it is written: the job cannot be final before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from depesche.model.job import NewJob, StoredFile
from depesche.model.jobtype import Channel
from depesche.model.result import Result
from depesche.model.roll import Entry
from depesche.model.states import State
from depesche.model.tariff import NOTHING, Quote
from depesche.store import bulk, callbacks
from depesche.store.schema import delivery, expansion
from depesche.store.turns import Lane

CHUNK = 2000
"""Given rows that one transaction writes: others have to write as well."""

ROLL = "roll"
"""Role of the document that is the list, of which the rest is still to be written."""


@dataclass(frozen=True, slots=True)
class Common:
    """What all deliveries of a job have in common."""

    job_id: int
    account_id: int
    channel: Channel
    lane: Lane
    send_at: datetime
    quote: Quote
    tells_each: bool
    """The customer's program is told of each row, of the bad ones at once."""


def is_long(rows: int) -> bool:
    """Whether a list of so many rows is too long for the order's own transaction."""
    return rows > CHUNK


def document(filename: str, key: str, size: int, sha256: str) -> StoredFile:
    """A roll as a document of its job: so its blob is somebody's."""
    return StoredFile(ROLL, filename, "", 0, key, size, sha256)


def begin(connection: sa.Connection, job_id: int, new: NewJob, now: datetime) -> None:
    """Write the first rows of a new job; what does not fit is left to `expansions`."""
    entries = list(new.roll.entries(0, CHUNK))
    write(connection, _common(job_id, new), entries, now)
    if is_long(new.roll.rows):
        connection.execute(_LEFT, _left(job_id, new, good_of(entries), now))


def write(connection: sa.Connection, common: Common, entries: Sequence[Entry], now: datetime) -> None:
    """Write these given rows: good ones wait for their time, doubles point at the first, bad ones are over."""
    bulk.insert(connection, delivery, _rows(common, entries, now))
    bad = [entry.position for entry in entries if entry.recipient.code]
    if common.tells_each and bad:
        tell(connection, common, bad, now)


def tell(connection: sa.Connection, common: Common, positions: Iterable[int], now: datetime) -> None:
    """Each of these given rows is final from the first."""
    callbacks.enqueue_rows(connection, job_id=common.job_id, account_id=common.account_id, positions=positions, now=now)


def good_of(entries: Iterable[Entry]) -> int:
    """How many of them are recipients."""
    return sum(1 for entry in entries if not entry.recipient.code and entry.same_as is None)


def give_up(connection: sa.Connection, job_id: int) -> int:
    """What is not yet written of the job's list is written as cancelled; gives how many recipients that stops."""
    return connection.execute(_GIVE_UP, {"job": job_id}).scalar() or 0


def left(connection: sa.Connection, job_ids: Sequence[int]) -> dict[int, int]:
    """Of those of these jobs whose list is not all written: how many recipients are still only there."""
    rows = connection.execute(_NOT_WRITTEN, {"ids": job_ids})
    return {row.job_id: row.good for row in rows}


_LEFT = expansion.insert()

_GIVE_UP = (
    expansion.update()
    .where(expansion.c.job_id == sa.bindparam("job"), expansion.c.cancelled.is_(False))
    .values(cancelled=True)
    .returning(expansion.c.good)
)

_NOT_WRITTEN = sa.select(expansion.c.job_id, expansion.c.good).where(bulk.among(expansion.c.job_id, bulk.ids()))


def _common(job_id: int, new: NewJob) -> Common:
    return Common(
        job_id=job_id,
        account_id=new.account_id,
        channel=new.type.channel,
        lane=lane_of(new.roll.good),
        send_at=new.send_at,
        quote=new.quote,
        tells_each=bool(new.sending.status_url) and new.sending.tell_each,
    )


def lane_of(recipients: int) -> Lane:
    """In which lane of its account a job with so many recipients goes."""
    return Lane.SINGLE if recipients == 1 else Lane.BULK


def _left(job_id: int, new: NewJob, written: int, now: datetime) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "next": CHUNK,
        "rows": new.roll.rows,
        "good": new.roll.good - written,
        "prices": {prefix: str(price) for prefix, price in new.quote.prices.items()},
        "cancelled": False,
        "lease_until": now,
    }


def quote_of(prices: dict[str, str]) -> Quote:
    """What was agreed when the job was ordered."""
    return Quote({prefix: Decimal(price) for prefix, price in prices.items()}, max(map(len, prices), default=0))


def _rows(common: Common, entries: Iterable[Entry], now: datetime) -> Iterator[dict[str, Any]]:
    for entry in entries:
        row = _row(common, entry)
        if entry.recipient.code:
            row |= {"state": State.FAILED.value, "result": Result.BLACKLIST.value, "finished_at": now}
        elif entry.same_as is not None:
            row |= {"state": State.SAME.value, "same_as": entry.same_as}
        else:
            price = common.quote.of(entry.recipient.address)
            row |= {"state": State.WAITING.value, "due_at": common.send_at, "price": price}
        yield row


def _row(common: Common, entry: Entry) -> dict[str, Any]:
    return {
        "job_id": common.job_id,
        "account_id": common.account_id,
        "channel": common.channel.value,
        "lane": common.lane.value,
        "position": entry.position,
        "address": entry.recipient.address,
        "reference": entry.recipient.reference,
        "same_as": None,
        "due_at": None,
        "fence": 0,
        "attempts": 0,
        "cancel_requested": False,
        "code": entry.recipient.code,
        "result": None,
        "pages": 0,
        "remote_id": "",
        "seconds": 0,
        "finished_at": None,
        "price": NOTHING,
    }
