"""How far jobs are: what the operator sees of them, whoever's they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.model.account import Account
from depesche.model.callrecord import CallRecord
from depesche.model.job import Sending
from depesche.model.result import Result
from depesche.model.states import State
from depesche.store import accounts, listing
from depesche.store.jobs import NOT_CONDEMNED
from depesche.store.schema import Row, account, attempt, delivery, job


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the deliveries of a job stand."""

    counts: dict[State, int]
    """How many are in each state; states without any are missing."""

    due_at: datetime | None
    """When the next of those that wait becomes due; None if none waits."""

    listed: int = 0
    """Recipients of a long list that are still to become deliveries."""


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """One attempt at one delivery; what came of it is empty as long as it is not known."""

    delivery_id: int
    position: int
    """Of the given row, from 0."""

    number: int
    """1 for the first."""

    sending_at: datetime
    ended_at: datetime | None
    result: Result | None
    pages: int
    remote_id: str
    seconds: int
    bit_rate: int
    """Bits per second; 0 if not fax."""

    coding: str
    ecm: bool
    bad_rows: tuple[int, ...]
    """Damaged rows, page by page."""

    detail: str
    call: CallRecord | None = None
    """Of a fax; None: nothing is known of the call."""


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One given row of a job, and what was done about it."""

    delivery_id: int
    address: str
    state: State
    same_as: int | None
    """The row, from 0, whose fate it shares."""

    sandbox: bool
    """The job ends there."""

    sending: Sending
    attempts: tuple[PastAttempt, ...]
    """The first one first."""


def owner(connection: sa.Connection, job_id: int) -> Account | None:
    """The account that ordered this job."""
    query = sa.select(account.c.number).join_from(job, account).where(job.c.id == job_id, NOT_CONDEMNED)
    number = connection.execute(query).scalar()
    return None if number is None else accounts.by_number(connection, number)


def standings(connection: sa.Connection, job_ids: Sequence[int]) -> dict[int, Standing]:
    """Of each of these jobs. Rows that share another's fate are not counted."""
    query = (
        sa.select(delivery.c.job_id, delivery.c.state, sa.func.count().label("number"), _NEXT_DUE)
        .where(delivery.c.job_id.in_(job_ids), delivery.c.state != State.SAME.value)
        .group_by(delivery.c.job_id, delivery.c.state)
    )
    counts: dict[int, dict[State, int]] = {job_id: {} for job_id in job_ids}
    due: dict[int, datetime | None] = {}
    for row in connection.execute(query):
        counts[row.job_id][State(row.state)] = row.number
        if State(row.state) is State.WAITING:
            due[row.job_id] = row.due_at
    listed = listing.left(connection, job_ids)
    return {job_id: Standing(counts[job_id], due.get(job_id), listed.get(job_id, 0)) for job_id in job_ids}


def attempts(connection: sa.Connection, job_id: int) -> list[PastAttempt]:
    """Every attempt at every delivery of the job, row by row, the first attempt first."""
    query = _ATTEMPTS.where(delivery.c.job_id == job_id)
    return [_past(row) for row in connection.execute(query)]


def given_row(connection: sa.Connection, job_id: int, position: int) -> GivenRow | None:
    """One row of the job with its attempts; None: the job has no such row."""
    query = (
        sa.select(delivery, job.c.sandbox, job.c.sending)
        .join_from(delivery, job, job.c.id == delivery.c.job_id)
        .where(delivery.c.job_id == job_id, delivery.c.position == position, NOT_CONDEMNED)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    attempts = connection.execute(_ATTEMPTS.where(delivery.c.id == row.id))
    return GivenRow(
        delivery_id=row.id,
        address=row.address,
        state=State(row.state),
        same_as=row.same_as,
        sandbox=row.sandbox,
        sending=Sending(**row.sending),
        attempts=tuple(_past(one) for one in attempts),
    )


def _past(row: Row) -> PastAttempt:
    return PastAttempt(
        delivery_id=row.delivery_id,
        position=row.position,
        number=row.number,
        sending_at=row.sending_at,
        ended_at=row.ended_at,
        result=None if row.result is None else Result(row.result),
        pages=row.pages or 0,
        remote_id=row.remote_id or "",
        seconds=row.seconds or 0,
        bit_rate=row.bit_rate or 0,
        coding=row.coding or "",
        ecm=bool(row.ecm),
        bad_rows=tuple(row.bad_rows or ()),
        detail=row.detail or "",
        call=CallRecord.of_json(row.call) if row.call else None,
    )


_ATTEMPTS = (
    sa.select(attempt, delivery.c.position)
    .join_from(attempt, delivery, delivery.c.id == attempt.c.delivery_id)
    .order_by(delivery.c.position, attempt.c.number)
)
_NEXT_DUE = sa.func.min(delivery.c.due_at, type_=delivery.c.due_at.type).label("due_at")
