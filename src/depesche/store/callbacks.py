"""Whom to tell: calls of STATURL that are still to be made, an outbox written in the transactions that end deliveries.

A row stands for the given rows of a job from `next` to `last`. Rows of one job follow each other strictly: only the
first open one has a time at which it is due, those behind it have `BEHIND`. What is claimed is due again when its
lease ends; the lease is the fence as well, for no two claims of a row have the same one. So a call is made at least
once: the worker that made it may die before it says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import sqlalchemy as sa

from depesche.model.result import Result
from depesche.model.states import State
from depesche.model.statusurl import Told
from depesche.store import events
from depesche.store.schema import Row, attempt, callback, delivery, job

BEHIND = datetime(9999, 1, 1, tzinfo=UTC)
"""When a row is due before which another of the same job is open."""

CHUNK = 500
"""Rows in one statement."""


@dataclass(frozen=True, slots=True)
class Callback:
    """Given rows of a job whose calls this worker has taken."""

    id: int
    job_id: int
    account_id: int
    position: int
    """Of the given row that is told next, from 0."""

    lease: datetime
    """Until then they are ours."""

    since: datetime
    """From here the hours count for which a failing call is repeated."""

    attempts: int
    """Failed calls for this given row so far."""

    url: str
    """The template, with its placeholders."""


def final(
    connection: sa.Connection,
    *,
    job_id: int,
    account_id: int,
    sending: Mapping[str, Any],
    positions: Sequence[int],
    is_last: bool,
    now: datetime,
) -> None:
    """These given rows have become final, `is_last`: and the job with them. Call it when the job's row was changed,
    in the same transaction: its lock keeps the order.

    `sending` is the job's column; it says whether anybody wants to know, and when.
    """
    if not sending.get("status_url"):
        return
    if sending.get("tell_each"):
        told = _with_doubles(connection, job_id, positions)
        enqueue_rows(connection, job_id=job_id, account_id=account_id, positions=told, now=now)
    elif is_last:
        enqueue(connection, job_id=job_id, account_id=account_id, first=0, last=_last_row(connection, job_id), now=now)


def enqueue(connection: sa.Connection, *, job_id: int, account_id: int, first: int, last: int, now: datetime) -> None:
    """Tell of the given rows from `first` to `last`, after all of this job that is still to be told."""
    _insert(connection, job_id, account_id, [(first, last)], now)


def enqueue_rows(
    connection: sa.Connection, *, job_id: int, account_id: int, positions: Iterable[int], now: datetime
) -> None:
    """The same for given rows one by one, in this order; neighbours become one row."""
    _insert(connection, job_id, account_id, _spans(positions), now)


def claim(connection: sa.Connection, now: datetime, lease_until: datetime, limit: int) -> list[Callback]:
    """Take up to `limit` rows that are due, those first that have been so for the longest."""
    ids = list(connection.execute(_DUE, {"now": now, "number": limit}).scalars())
    if not ids:
        return []
    connection.execute(callback.update().where(callback.c.id.in_(ids)).values(due_at=lease_until))
    found = {row.id: _callback(row) for row in connection.execute(_CLAIMED, {"ids": ids})}
    return [found[one] for one in ids]


def told(connection: sa.Connection, job_id: int, position: int) -> Told | None:
    """What is to be said of a given row. One whose address stood before shows the fate of that one with its own
    reference, and cost nothing more. None: the row is not there any more.
    """
    row = connection.execute(_TOLD, {"job": job_id, "at": position}).one_or_none()
    return None if row is None else _told(row)


def advance(connection: sa.Connection, one: Callback, now: datetime, due_at: datetime) -> Callback | None:
    """The call was answered well: the next given row follows, claimed until `due_at`.

    None: there is no further one, or it is not ours any more and nothing was changed.
    """
    moved = connection.execute(_ADVANCE, _fence(one) | {"due": due_at, "now": now}).one_or_none()
    if moved is not None and moved.done_at is not None:
        connection.execute(_UNBLOCK, _place(one) | {"due": now, "now": now})
    return _going_on(one, moved, due_at)


def give_up(connection: sa.Connection, one: Callback, reason: str, now: datetime, due_at: datetime) -> Callback | None:
    """This given row is not told any more, and an event says so; the next one follows. None: as for `advance`."""
    moved = connection.execute(_GIVE_UP, _fence(one) | {"due": due_at, "now": now}).one_or_none()
    if moved is None:
        return None
    if moved.done_at is not None:
        connection.execute(_UNBLOCK_AS_IT_IS, _place(one) | {"due": now})
    events.write(
        connection,
        now,
        "callback.given_up",
        one.account_id,
        job_id=one.job_id,
        delivery_id=connection.execute(_ROW_ID, {"job": one.job_id, "at": one.position}).scalar(),
        data={"position": one.position, "calls": one.attempts + 1, "reason": reason},
    )
    return _going_on(one, moved, due_at)


def postpone(connection: sa.Connection, one: Callback, due_at: datetime) -> bool:
    """The call failed, and is repeated at `due_at`. False: it is not ours any more, nothing was changed."""
    return connection.execute(_POSTPONE, _fence(one) | {"due": due_at}).rowcount == 1


def put_back(connection: sa.Connection, one: Callback, due_at: datetime) -> bool:
    """No call was made: let anybody have it from `due_at` on. False: as for `postpone`."""
    return connection.execute(_PUT_BACK, _fence(one) | {"due": due_at}).rowcount == 1


_LAST_OF_JOB = (
    sa.select(callback.c.done_at)
    .where(callback.c.job_id == sa.bindparam("job"))
    .order_by(callback.c.id.desc())
    .limit(1)
    .with_for_update()  # it may be done this very moment: then we are not behind it
)

_NEW = callback.insert()

_LAST_ROW = sa.select(sa.func.max(delivery.c.position)).where(delivery.c.job_id == sa.bindparam("job"))

_DOUBLES = sa.select(delivery.c.position).where(
    delivery.c.job_id == sa.bindparam("job"), delivery.c.same_as.in_(sa.bindparam("positions", expanding=True))
)

_DUE = (
    sa.select(callback.c.id)
    .where(callback.c.done_at.is_(None), callback.c.due_at <= sa.bindparam("now", type_=callback.c.due_at.type))
    .order_by(callback.c.due_at, callback.c.id)
    .limit(sa.bindparam("number", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)

_CLAIMED = (
    sa.select(callback, job.c.sending)
    .join_from(callback, job, job.c.id == callback.c.job_id)
    .where(callback.c.id.in_(sa.bindparam("ids", expanding=True)))
)

_FENCED = (
    callback.c.id == sa.bindparam("row"),
    callback.c.next == sa.bindparam("position"),
    callback.c.due_at == sa.bindparam("lease", type_=callback.c.due_at.type),
    callback.c.done_at.is_(None),
)
_TO_DUE = sa.bindparam("due", type_=callback.c.due_at.type)
_TO_NOW = sa.bindparam("now", type_=callback.c.due_at.type)

_POSTPONE = callback.update().where(*_FENCED).values(due_at=_TO_DUE, attempts=callback.c.attempts + 1)
_PUT_BACK = callback.update().where(*_FENCED).values(due_at=_TO_DUE)

_MOVE = (
    callback.update()
    .where(*_FENCED)
    .values(
        next=callback.c.next + 1,
        attempts=0,
        due_at=_TO_DUE,
        done_at=sa.case((callback.c.next >= callback.c.last, _TO_NOW), else_=None),
    )
    .returning(callback.c.next, callback.c.since, callback.c.done_at)
)
_ADVANCE = _MOVE.values(since=_TO_NOW)
_GIVE_UP = _MOVE.values(failed=callback.c.failed + 1)

_behind = callback.alias("behind")
_NEXT_OF_JOB = (
    sa.select(_behind.c.id)
    .where(_behind.c.job_id == sa.bindparam("job"), _behind.c.id > sa.bindparam("row"), _behind.c.done_at.is_(None))
    .order_by(_behind.c.id)
    .limit(1)
    .scalar_subquery()
)
_UNBLOCK_AS_IT_IS = callback.update().where(callback.c.id == _NEXT_OF_JOB).values(due_at=_TO_DUE)
_UNBLOCK = _UNBLOCK_AS_IT_IS.values(since=_TO_NOW)

_ROW_ID = sa.select(delivery.c.id).where(
    delivery.c.job_id == sa.bindparam("job"), delivery.c.position == sa.bindparam("at")
)

_fate = delivery.alias("fate")
_given = delivery.alias("given")
_FATES_POSITION = (
    sa.select(sa.func.coalesce(_given.c.same_as, _given.c.position))
    .where(_given.c.job_id == sa.bindparam("job"), _given.c.position == sa.bindparam("at"))
    .scalar_subquery()  # a value before the row is looked for: as a join it may be a walk over all rows of the job
)
_TOLD = (
    sa.select(
        delivery.c.id,
        delivery.c.job_id,
        delivery.c.address,
        delivery.c.reference,
        delivery.c.same_as,
        *(_fate.c[name] for name in ("state", "result", "pages", "price", "remote_id", "seconds", "attempts")),
        sa.func.coalesce(_fate.c.finished_at, _fate.c.attempted_at, job.c.created_at).label("ended_at"),
        attempt.c.coding,
        attempt.c.bit_rate,
    )
    .join_from(delivery, job, job.c.id == delivery.c.job_id)
    .join(_fate, (_fate.c.job_id == sa.bindparam("job")) & (_fate.c.position == _FATES_POSITION))
    .outerjoin(attempt, (attempt.c.delivery_id == _fate.c.id) & (attempt.c.number == _fate.c.attempts))
    .where(delivery.c.job_id == sa.bindparam("job"), delivery.c.position == sa.bindparam("at"))
)


def _insert(
    connection: sa.Connection, job_id: int, account_id: int, spans: Iterable[tuple[int, int]], now: datetime
) -> None:
    last = connection.execute(_LAST_OF_JOB, {"job": job_id}).one_or_none()
    due = now if last is None or last.done_at is not None else BEHIND
    rows = iter(spans)
    while chunk := list(islice(rows, CHUNK)):
        new = [_new(job_id, account_id, first, last, now) for first, last in chunk]
        new[0]["due_at"], due = due, BEHIND
        connection.execute(_NEW, new)


def _new(job_id: int, account_id: int, first: int, last: int, now: datetime) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "account_id": account_id,
        "next": first,
        "last": last,
        "due_at": BEHIND,
        "since": now,
        "attempts": 0,
        "failed": 0,
    }


def _spans(positions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours."""
    run: tuple[int, int] | None = None
    for position in positions:
        if run is not None and position == run[1] + 1:
            run = (run[0], position)
            continue
        if run is not None:
            yield run
        run = (position, position)
    if run is not None:
        yield run


def _with_doubles(connection: sa.Connection, job_id: int, positions: Sequence[int]) -> list[int]:
    """These, and the given rows that share their fate."""
    found = set(positions)
    for begin in range(0, len(positions), CHUNK):
        chunk = {"job": job_id, "positions": list(positions[begin : begin + CHUNK])}
        found.update(connection.execute(_DOUBLES, chunk).scalars())
    return sorted(found)


def _last_row(connection: sa.Connection, job_id: int) -> int:
    last: int = connection.execute(_LAST_ROW, {"job": job_id}).scalar_one()
    return last


def _place(one: Callback) -> dict[str, Any]:
    return {"job": one.job_id, "row": one.id}


def _fence(one: Callback) -> dict[str, Any]:
    return {"row": one.id, "position": one.position, "lease": one.lease}


def _callback(row: Row) -> Callback:
    return Callback(
        id=row.id,
        job_id=row.job_id,
        account_id=row.account_id,
        position=row.next,
        lease=row.due_at,
        since=row.since,
        attempts=row.attempts,
        url=row.sending["status_url"],
    )


def _going_on(one: Callback, moved: Row | None, due_at: datetime) -> Callback | None:
    if moved is None or moved.done_at is not None:
        return None
    return replace(one, position=moved.next, lease=due_at, since=moved.since, attempts=0)


def _told(row: Row) -> Told:
    paid = row.same_as is None and State(row.state) is State.SENT
    return Told(
        job_id=row.job_id,
        delivery_id=row.id,
        recipient=row.address,
        reference=row.reference,
        result=Result.SEND_FAILED if row.result is None else Result(row.result),
        pages=row.pages,
        cost=row.price if paid else Decimal(0),
        remote_id=row.remote_id,
        ended_at=row.ended_at,
        seconds=row.seconds,
        attempts=row.attempts,
        coding=row.coding or "",
        bit_rate=row.bit_rate or 0,
    )
