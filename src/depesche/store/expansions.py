"""Long lists of which the rest is still to become deliveries: chunk by chunk, by one node at a time.

A row says how far its list is written. Whoever works on it holds a lease; a chunk is written only by the one who holds
it and goes on where the last one ended, so none is written twice, whoever dies or wakes late.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from depesche.model.jobtype import JobType
from depesche.model.roll import Entry
from depesche.model.states import FINAL
from depesche.store import bulk, callbacks, deliveries, jobs, listing
from depesche.store.listing import Common
from depesche.store.schema import Row, delivery, document, expansion, job


@dataclass(frozen=True, slots=True)
class Expansion:
    """A list that a worker has taken."""

    common: Common
    key: str
    """Of the blob that is the list (`store.roll`)."""

    worker: str
    next: int
    """Position of the first given row that is not written yet."""

    rows: int

    @property
    def is_done(self) -> bool:
        """Whether all of it is written."""
        return self.next >= self.rows


def claim(connection: sa.Connection, worker: str, now: datetime, lease_until: datetime) -> Expansion | None:
    """Take the list that nobody works on for the longest time; None if there is none.

    A worker has one list at a time: it calls this when it has none, and may get back one that it lost sight of.
    """
    job_id = connection.execute(_FREE, {"now": now, "by": worker}).scalar()
    if job_id is None:
        return None
    connection.execute(_TAKE, {"job": job_id, "by": worker, "lease": lease_until})
    return _expansion(connection.execute(_DETAILS, {"job": job_id, "role": listing.ROLL}).one())


def others_wait(connection: sa.Connection, now: datetime) -> bool:
    """Whether there is a list that nobody works on."""
    return connection.execute(_FREE_AT_ALL, {"now": now}).first() is not None


def write(
    connection: sa.Connection, one: Expansion, entries: Sequence[Entry], now: datetime, lease_until: datetime
) -> Expansion | None:
    """Write the next given rows, and keep the lease. None: it is not ours any more, and nothing was changed.

    The job's row is locked meanwhile: a recipient that becomes final at this moment knows its doubles, or they know it.
    """
    job_id = one.common.job_id
    found = connection.execute(_OURS, _fence(one)).one_or_none()
    if found is None:
        return None
    listing.write(connection, one.common, entries, now)
    if found.cancelled:
        deliveries.cancel(connection, job_id, now, one.next, len(entries))
    if one.common.tells_each:
        listing.tell(connection, one.common, _told_already(connection, job_id, entries), now)
    written = replace(one, next=one.next + len(entries))
    if written.is_done:
        _finish(connection, one, found, now)
    else:
        good = 0 if found.cancelled else listing.good_of(entries)
        connection.execute(_ADVANCE, {"job": job_id, "to": written.next, "good": good, "lease": lease_until})
    return written


def put_down(connection: sa.Connection, one: Expansion, until: datetime) -> None:
    """Leave it to anybody, from `until` on."""
    connection.execute(_PUT_DOWN, {**_fence(one), "until": until})


def expire_leases(connection: sa.Connection, now: datetime) -> None:
    """Every worker of this database is known to be dead."""
    connection.execute(expansion.update().where(expansion.c.lease_until > now).values(lease_until=now))


def open_ones(connection: sa.Connection) -> int:
    """Recipients that are still to become deliveries, and to be sent."""
    good = sa.select(sa.func.sum(expansion.c.good)).where(expansion.c.cancelled.is_(False))
    return connection.scalar(good) or 0


_NOW = sa.bindparam("now", type_=expansion.c.lease_until.type)
_WAITS = expansion.c.lease_until <= _NOW
_FREE_AT_ALL = sa.select(expansion.c.job_id).where(_WAITS).limit(1)
_FREE = (
    sa.select(expansion.c.job_id)
    .where(sa.or_(_WAITS, expansion.c.worker == sa.bindparam("by")))  # what we lost sight of is ours all the same
    .order_by(expansion.c.lease_until, expansion.c.job_id)
    .limit(1)
    .with_for_update(skip_locked=True)
)

_TAKE = (
    expansion.update()
    .where(expansion.c.job_id == sa.bindparam("job"))
    .values(worker=sa.bindparam("by"), lease_until=sa.bindparam("lease", type_=expansion.c.lease_until.type))
)

_DETAILS = (
    sa.select(expansion, document.c.blob_key, job.c.account_id, job.c.type, job.c.recipients, job.c.send_at)
    .add_columns(job.c.sending)
    .join_from(expansion, job, job.c.id == expansion.c.job_id)
    .join(document, (document.c.job_id == job.c.id) & (document.c.role == sa.bindparam("role")))
    .where(expansion.c.job_id == sa.bindparam("job"))
)

_FENCED = (
    expansion.c.job_id == sa.bindparam("job"),
    expansion.c.worker == sa.bindparam("by"),
    expansion.c.next == sa.bindparam("at"),
)

_OURS = (
    sa.select(expansion.c.cancelled, expansion.c.rows)
    .join_from(expansion, job, job.c.id == expansion.c.job_id)
    .where(*_FENCED)
    .with_for_update(of=[expansion, job])
)

_ADVANCE = (
    expansion.update()
    .where(expansion.c.job_id == sa.bindparam("job"))
    .values(
        next=sa.bindparam("to"),
        good=expansion.c.good - sa.bindparam("good", type_=sa.Integer),
        lease_until=sa.bindparam("lease", type_=expansion.c.lease_until.type),
    )
)

_PUT_DOWN = (
    expansion.update()
    .where(*_FENCED)
    .values(worker=None, lease_until=sa.bindparam("until", type_=expansion.c.lease_until.type))
)

_FINAL = sa.select(delivery.c.position).where(
    delivery.c.job_id == sa.bindparam("job"),
    bulk.among(delivery.c.position, bulk.ids("positions")),
    delivery.c.state.in_([state.value for state in FINAL]),
)


def _fence(one: Expansion) -> dict[str, object]:
    return {"job": one.common.job_id, "by": one.worker, "at": one.next}


def _expansion(row: Row) -> Expansion:
    common = Common(
        job_id=row.job_id,
        account_id=row.account_id,
        channel=JobType(row.type).channel,
        lane=listing.lane_of(row.recipients),
        send_at=row.send_at,
        quote=listing.quote_of(row.prices),
        tells_each=bool(row.sending["status_url"]) and row.sending["tell_each"],
    )
    return Expansion(common, row.blob_key, row.worker, row.next, row.rows)


def _told_already(connection: sa.Connection, job_id: int, entries: Sequence[Entry]) -> list[int]:
    """The doubles among them whose first is final, and was told without them."""
    firsts = [entry.same_as for entry in entries if entry.same_as is not None]
    if not firsts:
        return []
    final = set(connection.execute(_FINAL, {"job": job_id, "positions": sorted(set(firsts))}).scalars())
    return [entry.position for entry in entries if entry.same_as in final]


def _finish(connection: sa.Connection, one: Expansion, found: Row, now: datetime) -> None:
    """The list itself counts no more; whoever did this deletes its blob."""
    job_id = one.common.job_id
    connection.execute(expansion.delete().where(expansion.c.job_id == job_id))
    connection.execute(document.delete().where(document.c.job_id == job_id, document.c.role == listing.ROLL))
    if found.rows >= bulk.VERY_MANY:
        bulk.analyze(connection, delivery)
    row = jobs.count_down(connection, job_id, final=1, not_ok=0, now=now)
    if row.open == 0:
        callbacks.final(
            connection,
            job_id=job_id,
            account_id=row.account_id,
            sending=row.sending,
            positions=[],
            is_last=True,
            now=now,
        )
