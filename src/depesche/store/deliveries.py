"""Deliveries on their way: each function is one row or column of the table in `model.states`.

Every change of a claimed or sending delivery names the state that it starts from. What its worker does is fenced as
well: `begin`, `release`, `put_off` and `finish` by the worker and the fence number of the claim, `renew` by the worker,
whose name is never used twice. So a worker that wakes late changes nothing, but tells how its own attempt ended that is
`unknown` meanwhile. What others do is bound to the lease: `rescue` takes only what ran out, and `expire_leases` is for
a folder whose workers are known to be dead. `cancel` may come at any moment: `begin` then finds nothing to begin, and
an attempt under way ends as it really ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from depesche.model.job import Sending
from depesche.model.jobtype import Channel, JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.states import FINAL, Event, State, sources
from depesche.store import bulk, endings, events, holds, listing
from depesche.store.nodes import ELSEWHERE
from depesche.store.schema import Row, account, attempt, delivery, job, slots

CAN_BE_ENDED = frozenset({Channel.FAX})
"""The channels whose attempts can be ended while they are under way: a call can be hung up, a message handed over
cannot be fetched back."""

CANCELLED_AT_ONCE = 2000
"""Given rows of a job that one transaction cancels: others have to write as well."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that a worker has taken, with all that the attempt needs."""

    id: int
    job_id: int
    worker: str
    fence: int
    """Claims so far, this one among them."""

    attempts: int
    """Attempts so far; the one to come is one more."""

    account_number: str
    sandbox: bool
    type: JobType
    address: str
    text: str
    sending: Sending
    repeats: int
    pages: int
    confirmed: int = 0
    """Pages of a fax that the far machine took, as the last attempt left it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended."""

    claimed: Claimed
    outcome: Outcome
    at: datetime
    retry_at: datetime | None
    """When it is tried again; None: never."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A delivery in `unknown`, with its last attempt."""

    id: int
    job_id: int
    attempts: int
    worker: str
    """Who made the last attempt."""

    sandbox: bool
    type: JobType
    address: str
    repeats: int
    sending_at: datetime
    pages: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What came of cancelling a job, or a part of it."""

    count: int
    """Deliveries that were stopped, or are being ended."""

    flagged: int
    """Deliveries that are being sent and will not be tried again; those among them that are being ended count above."""

    following: int | None
    """Of the given rows the one to go on at; None: that was all."""


def claim(connection: sa.Connection, worker: str, channel: Channel, limit: int, lease_until: datetime) -> list[Claimed]:
    """Take up to `limit` deliveries of this channel, in the order of their turns, as far as it has slots.

    No fax is taken whose number is being called: of two nodes that take two at the same moment, the database lets one.
    """
    calls = channel is Channel.FAX
    if not calls and (taken := _take(connection, worker, channel, limit, lease_until)):
        return taken
    ready = connection.execute(_READY_FAX if calls else _READY, {"on": channel.value, "number": limit})
    chosen = _one_of_each_address(ready) if calls else ready.all()
    if chosen and chosen[0].slots is not None:
        chosen = chosen[: _places(connection, channel)]
    if not chosen:
        return []
    connection.execute(_CLAIM, {"ids": [row.id for row in chosen], "by": worker, "lease": lease_until})
    return [_claimed(row, worker) for row in chosen]


def begin(connection: sa.Connection, claimed: Sequence[Claimed], now: datetime, lease_until: datetime) -> set[int]:
    """Say that these attempts start now. Gives the ids of those that may: what is missing is not ours any more."""
    found = _ours(connection, claimed, [State.CLAIMED])
    if not found:
        return set()
    ids = sorted(found)
    connection.execute(_BEGIN, {"ids": ids, "lease": lease_until})
    numbers = {one.id: one.attempts + 1 for one in claimed if one.id in found}
    worker = claimed[0].worker
    bulk.insert(
        connection,
        attempt,
        ({"delivery_id": one, "number": numbers[one], "worker": worker, "sending_at": now} for one in ids),
    )
    return set(ids)


def release(connection: sa.Connection, claimed: Claimed) -> None:
    """Give back what was claimed and never begun."""
    holds.stay(connection)
    connection.execute(_RELEASE, _fence(claimed))


def put_off(connection: sa.Connection, claimed: Claimed, due_at: datetime) -> None:
    """Give back what was claimed and cannot be begun now; it is due again at `due_at`, and no attempt was made."""
    connection.execute(_PUT_OFF, {**_fence(claimed), "due": due_at})


def renew(connection: sa.Connection, worker: str, ids: Sequence[int], lease_until: datetime) -> set[int]:
    """Keep the leases of what is being worked on; gives those whose cancellation was asked for."""
    mine = {"ids": ids, "by": worker}
    connection.execute(_RENEW, {**mine, "lease": lease_until})
    return set(connection.execute(_CANCELLED, mine).scalars())


def finish(connection: sa.Connection, ended: Sequence[Ended]) -> set[int]:
    """Write how attempts ended. Gives the ids of those that were written: what is missing is not ours any more.

    A worker may be late, and its deliveries be `unknown` meanwhile: it is the one who knows.
    """
    found = _ours(connection, [one.claimed for one in ended], [State.SENDING, State.UNKNOWN])
    known = [(found[one.claimed.id], one) for one in ended if one.claimed.id in found]
    _conclude(connection, [(row, one.outcome, one.at, one.retry_at) for row, one in known])
    return set(found)


def settle(
    connection: sa.Connection,
    delivery_id: int,
    number: int,
    outcome: Outcome,
    now: datetime,
    retry_at: datetime | None,
    *,
    overrule: bool = False,
) -> bool:
    """Write how a lost attempt ended, now that it is known. False: it was settled already, nothing was changed.

    `number` is the attempt's: an answer that comes late says nothing of the next one. With `overrule` a cancellation
    that came before does not stand in the way of `retry_at`.
    """
    lost = {"delivery": delivery_id, "of": number}
    if overrule:
        connection.execute(_WANTED_AGAIN, lost)
    found = connection.execute(_UNKNOWN, lost).one_or_none()
    if found is None:
        return False
    _conclude(connection, [(found, outcome, now, retry_at)])
    return True


def rescue(connection: sa.Connection, now: datetime) -> tuple[int, int]:
    """Expired leases: claimed becomes ready (or held) again, sending becomes unknown. Gives the two counts."""
    expired = (_LEASED, delivery.c.lease_until < now)
    holds.stay(connection)
    back = connection.execute(
        delivery.update()
        .where(*expired, delivery.c.state == State.CLAIMED.value)
        .values(state=_BACK, worker=None, lease_until=None)
    ).rowcount
    lost = connection.execute(
        delivery.update()
        .where(*expired, delivery.c.state == State.SENDING.value)
        .values(state=State.UNKNOWN.value, worker=None, lease_until=None)
        .returning(delivery.c.id, delivery.c.job_id, delivery.c.account_id)
    ).all()
    for row in lost:
        events.write(connection, now, "delivery.unknown", row.account_id, job_id=row.job_id, delivery_id=row.id)
    return back, len(lost)


def expire_leases(connection: sa.Connection, now: datetime) -> None:
    """Every worker of this database is known to be dead: nobody else holds its folder."""
    connection.execute(delivery.update().where(_LEASED, delivery.c.lease_until > now).values(lease_until=now))


def disown(connection: sa.Connection) -> None:
    """No folder and no record of this installation tells how attempts ended that are `unknown` now."""
    lost = sa.exists().where(
        delivery.c.id == attempt.c.delivery_id,
        delivery.c.attempts == attempt.c.number,
        delivery.c.state == _word(State.UNKNOWN),
    )
    connection.execute(attempt.update().where(lost).values(worker=ELSEWHERE))


def unknown(connection: sa.Connection, after: int, limit: int) -> list[Lost]:
    """Deliveries in `unknown` with an id above `after`."""
    query = (
        sa.select(
            delivery.c.id,
            delivery.c.job_id,
            delivery.c.attempts,
            delivery.c.address,
            job.c.sandbox,
            job.c.type,
            job.c.repeats,
            job.c.pages,
            attempt.c.sending_at,
            attempt.c.worker,
        )
        .join_from(delivery, job, job.c.id == delivery.c.job_id)
        .join(attempt, (attempt.c.delivery_id == delivery.c.id) & (attempt.c.number == delivery.c.attempts))
        .where(delivery.c.state == _word(State.UNKNOWN), delivery.c.id > after)
        .order_by(delivery.c.id)
        .limit(limit)
    )
    return [
        Lost(
            row.id,
            row.job_id,
            row.attempts,
            row.worker,
            row.sandbox,
            JobType(row.type),
            row.address,
            row.repeats,
            row.sending_at,
            row.pages,
        )
        for row in connection.execute(query)
    ]


def cancel(
    connection: sa.Connection, job_id: int, now: datetime, first: int = 0, limit: int = CANCELLED_AT_ONCE
) -> Cancelled:
    """Stop what is not yet being sent, and flag what is: it is not tried again, and ended where that can be done.

    It goes over `limit` given rows from the one at `first` on, of whom none is left then that would be tried again.
    Who begins at the first flags whatever of the job is being sent, wherever it stands: a call costs every second.
    """
    unwritten = listing.give_up(connection, job_id) if first == 0 else 0
    here = (delivery.c.job_id == job_id, delivery.c.position >= first, delivery.c.position < first + limit)
    stopped = connection.execute(
        delivery.update()
        .where(*here, delivery.c.state.in_(sources(Event.CANCEL, State.CANCELLED)))
        .values(
            state=State.CANCELLED.value, result=Result.CANCELED.value, finished_at=now, worker=None, lease_until=None
        )
        .returning(delivery.c.id, delivery.c.position, delivery.c.price)
    ).all()
    if first == 0:
        flagged = _flag(connection, delivery.c.id.in_(_under_way(connection, job_id)))
    else:  # begun since; the others are counted already
        flagged = _flag(connection, *here, delivery.c.cancel_requested.is_(False))
    if stopped:
        endings.record(connection, job_id, sorted(stopped, key=lambda row: row.position), sent=False, now=now)
    ending = sum(channel in CAN_BE_ENDED for channel in flagged)
    last = connection.execute(_LAST_ROW, {"job": job_id}).scalar()
    following = first + limit if last is not None and last >= first + limit else None
    return Cancelled(len(stopped) + ending + unwritten, len(flagged), following)


def _under_way(connection: sa.Connection, job_id: int) -> list[int]:
    """By way of what is leased, which is little: a job may have very many rows."""
    leased = connection.execute(sa.select(delivery.c.id, delivery.c.job_id).where(_LEASED))
    return [row.id for row in leased if row.job_id == job_id]


def _flag(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Channel]:
    flagged = connection.execute(
        delivery.update()
        .where(*which, delivery.c.state == State.SENDING.value)
        .values(cancel_requested=True)
        .returning(delivery.c.channel)
    )
    return [Channel(channel) for channel in flagged.scalars()]


def _word(state: State) -> sa.ColumnElement[str]:
    """As text in the statement: a planner uses a partial index only where it sees the index's own words."""
    return sa.literal_column(f"'{state.value}'")


_BACK = sa.case((holds.ON_HOLD, State.HELD.value), else_=State.READY.value)
"""What was claimed comes back, past the hold that was put while it was out."""

_LEASED = delivery.c.state.in_([_word(State.CLAIMED), _word(State.SENDING)])

_READY = (
    sa.select(
        delivery.c.id,
        delivery.c.job_id,
        delivery.c.fence,
        delivery.c.attempts,
        delivery.c.address,
        job.c.type,
        job.c.text,
        job.c.sending,
        job.c.repeats,
        job.c.pages,
        delivery.c.pages.label("confirmed"),
        job.c.sandbox,
        account.c.number,
        sa.select(slots.c.number).where(slots.c.channel == sa.bindparam("on")).scalar_subquery().label("slots"),
    )
    .join_from(delivery, job, job.c.id == delivery.c.job_id)
    .join(account, account.c.id == delivery.c.account_id)
    .where(delivery.c.state == _word(State.READY), delivery.c.channel == sa.bindparam("on"))
    .order_by(delivery.c.turn, delivery.c.id)
    .limit(sa.bindparam("number", type_=sa.Integer))
    .with_for_update(skip_locked=True, of=delivery)
)

_on_the_line = delivery.alias("on_the_line")
_READY_FAX = _READY.where(
    ~sa.exists().where(
        _on_the_line.c.address == delivery.c.address,
        _on_the_line.c.channel == sa.literal_column(f"'{Channel.FAX.value}'"),
        _on_the_line.c.state.in_([_word(State.CLAIMED), _word(State.SENDING)]),
    )
)

_CLAIMED = {
    "state": State.CLAIMED.value,
    "worker": sa.bindparam("by"),
    "lease_until": sa.bindparam("lease", type_=delivery.c.lease_until.type),
    "fence": delivery.c.fence + 1,
}
_ready = (
    _READY.add_columns(delivery.c.turn).where(~sa.exists().where(slots.c.channel == sa.bindparam("on"))).cte("ready")
)
_TAKE = delivery.update().where(delivery.c.id == _ready.c.id).values(_CLAIMED).returning(*_ready.c)

_SLOTS = sa.select(slots.c.number).where(slots.c.channel == sa.bindparam("on")).with_for_update()
_TAKEN = sa.select(sa.func.count()).select_from(delivery).where(delivery.c.channel == sa.bindparam("on"), _LEASED)

_CLAIM = delivery.update().where(bulk.among(delivery.c.id, bulk.ids())).values(_CLAIMED)

_HELD = (bulk.among(delivery.c.id, bulk.ids()), delivery.c.worker == sa.bindparam("by"), _LEASED)
_RENEW = delivery.update().where(*_HELD).values(lease_until=sa.bindparam("lease", type_=delivery.c.lease_until.type))
_CANCELLED = sa.select(delivery.c.id).where(*_HELD, delivery.c.cancel_requested)

_FENCED = (
    delivery.c.id == sa.bindparam("delivery"),
    delivery.c.worker == sa.bindparam("by"),
    delivery.c.fence == sa.bindparam("number"),
)

_BEGIN = (
    delivery.update()
    .where(bulk.among(delivery.c.id, bulk.ids()))
    .values(
        state=State.SENDING.value,
        attempts=delivery.c.attempts + 1,
        lease_until=sa.bindparam("lease", type_=delivery.c.lease_until.type),
    )
)

_RELEASE = (
    delivery.update()
    .where(*_FENCED, delivery.c.state == State.CLAIMED.value)
    .values(state=_BACK, worker=None, lease_until=None)
)

_PUT_OFF = (
    delivery.update()
    .where(*_FENCED, delivery.c.state == State.CLAIMED.value)
    .values(
        state=State.WAITING.value,
        due_at=sa.bindparam("due", type_=delivery.c.due_at.type),
        worker=None,
        lease_until=None,
    )
)

_LAST_ROW = sa.select(sa.func.max(delivery.c.position)).where(delivery.c.job_id == sa.bindparam("job"))

_HEAD = sa.select(
    delivery.c.id,
    delivery.c.job_id,
    delivery.c.position,
    delivery.c.price,
    delivery.c.attempts,
    delivery.c.cancel_requested,
)
_OURS = (
    _HEAD.add_columns(delivery.c.fence)
    .where(
        bulk.among(delivery.c.id, bulk.ids()),
        delivery.c.state.in_(sa.bindparam("states", expanding=True)),
        sa.or_(delivery.c.worker == sa.bindparam("by"), delivery.c.state == State.UNKNOWN.value),
    )
    .order_by(delivery.c.id)  # whoever locks several does so in one order
    .with_for_update()
)

_LOST = (
    delivery.c.id == sa.bindparam("delivery"),
    delivery.c.attempts == sa.bindparam("of"),
    delivery.c.state == State.UNKNOWN.value,
)
_WANTED_AGAIN = delivery.update().where(*_LOST).values(cancel_requested=False)
_UNKNOWN = _HEAD.where(*_LOST).with_for_update()


def _places(connection: sa.Connection, channel: Channel) -> int | None:
    """How many more the channel has slots for; None: it has no limit. Whoever else claims on such a channel waits."""
    of = {"on": channel.value}
    number = connection.execute(_SLOTS, of).scalar()
    return None if number is None else max(0, number - connection.execute(_TAKEN, of).scalar_one())


def _take(connection: sa.Connection, worker: str, channel: Channel, limit: int, lease_until: datetime) -> list[Claimed]:
    """The same in one statement, as PostgreSQL has it; nothing where the channel has slots."""
    if connection.dialect.name != "postgresql":
        return []
    taken = connection.execute(_TAKE, {"on": channel.value, "number": limit, "by": worker, "lease": lease_until})
    return [_claimed(row, worker) for row in sorted(taken, key=lambda row: (row.turn, row.id))]


def _one_of_each_address(rows: Iterable[Row]) -> list[Row]:
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.address, row)
    return list(first.values())


def _claimed(row: Row, worker: str) -> Claimed:
    return Claimed(
        id=row.id,
        job_id=row.job_id,
        worker=worker,
        fence=row.fence + 1,
        attempts=row.attempts,
        account_number=row.number,
        sandbox=row.sandbox,
        type=JobType(row.type),
        address=row.address,
        text=row.text,
        sending=Sending(**row.sending),
        repeats=row.repeats,
        pages=row.pages,
        confirmed=row.confirmed,
    )


def _fence(claimed: Claimed) -> dict[str, Any]:
    return {"delivery": claimed.id, "by": claimed.worker, "number": claimed.fence}


def _ours(connection: sa.Connection, claimed: Sequence[Claimed], states: Sequence[State]) -> dict[int, Row]:
    """Those that are in one of these states by the very claim, locked, by their ids. All of them are one worker's."""
    if not claimed:
        return {}
    fences = {one.id: one.fence for one in claimed}
    rows = connection.execute(
        _OURS, {"ids": list(fences), "by": claimed[0].worker, "states": [state.value for state in states]}
    )
    return {row.id: row for row in rows if row.fence == fences[row.id]}


def _conclude(connection: sa.Connection, ended: Sequence[tuple[Row, Outcome, datetime, datetime | None]]) -> None:
    """Attempts, deliveries, jobs and events, in the one transaction that makes the ends known."""
    if not ended:
        return
    judged = [(row, outcome, at, again, _state_after(row, outcome, again)) for row, outcome, at, again in ended]
    attempts = [_ended_attempt(row, outcome, at) for row, outcome, at, _, _ in judged]
    bulk.update(connection, attempt, ("delivery_id", "number"), attempts)
    bulk.update(connection, delivery, ("id",), [_ended_delivery(*one) for one in judged])
    final: dict[tuple[int, bool], list[tuple[Row, datetime]]] = {}
    for row, _, at, _, state in judged:
        if state in FINAL:
            final.setdefault((row.job_id, state is State.SENT), []).append((row, at))
    for (job_id, sent), rows in sorted(final.items()):  # whoever locks several jobs does so in one order
        endings.record(connection, job_id, [row for row, _ in rows], sent=sent, now=max(at for _, at in rows))


def _ended_attempt(row: Row, outcome: Outcome, at: datetime) -> dict[str, Any]:
    return {**_record(outcome), **_told(outcome), "delivery_id": row.id, "number": row.attempts, "ended_at": at}


def _ended_delivery(row: Row, outcome: Outcome, at: datetime, again: datetime | None, state: State) -> dict[str, Any]:
    final = state in FINAL
    return {
        **_told(outcome),
        "id": row.id,
        "worker": None,
        "lease_until": None,
        "state": state.value,
        "due_at": None if final else again,
        "result": outcome.result.value if final else None,
        "attempted_at": at,
        "finished_at": at if final else None,
    }


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"pages": outcome.pages, "remote_id": outcome.remote_id, "seconds": outcome.seconds}


def _state_after(row: Row, outcome: Outcome, retry_at: datetime | None) -> State:
    if outcome.result is Result.OK:
        return State.SENT
    return State.FAILED if retry_at is None or row.cancel_requested else State.WAITING


def _record(outcome: Outcome) -> dict[str, Any]:
    return {
        "result": outcome.result.value,
        "bit_rate": outcome.bit_rate,
        "coding": outcome.coding,
        "ecm": outcome.ecm,
        "bad_rows": list(outcome.bad_rows),
        "detail": outcome.detail,
        "call": outcome.call.as_json() if outcome.call else None,
    }
