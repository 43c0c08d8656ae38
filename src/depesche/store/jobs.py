"""Jobs: written once with all their recipients, then counted down."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from depesche.model import sheets
from depesche.model.job import Fate, JobHead, NewJob, Sending, StoredFile
from depesche.model.jobtype import JobType
from depesche.model.result import Result
from depesche.model.states import State
from depesche.model.tariff import NOTHING
from depesche.store import events, listing
from depesche.store.ledger import Purse
from depesche.store.schema import Row, delivery, document, job
from depesche.store.sequence import assigned

NOT_CONDEMNED = job.c.kept != sa.literal_column("'nothing'")
"""The job is there for everybody; else its rows are going (`store.retention`), and nobody may see a part of them."""


def insert(connection: sa.Connection, new: NewJob, now: datetime, purse: Purse = Purse.NONE) -> int:
    """Write the job, its files, its first recipients and the event; give the JobId."""
    job_id = assigned(connection.execute(_JOB, _job_row(new, purse, now)))
    listing.begin(connection, job_id, new, now)
    if new.files:
        connection.execute(_DOCUMENT, [_document(job_id, *item) for item in enumerate(new.files)])
    events.write(connection, now, "job.accepted", new.account_id, job_id=job_id)
    return job_id


def double(connection: sa.Connection, account_id: int, order_key: str, ok_since: datetime) -> JobHead | None:
    """A job of the same order that is not final, or went OK for every recipient since `ok_since`."""
    row = connection.execute(
        _DOUBLE, {"account_id": account_id, "order_key": order_key, "ok_since": ok_since}
    ).one_or_none()
    return None if row is None else _head(row)


def head(connection: sa.Connection, account_id: int, job_id: int) -> JobHead | None:
    """The job, if it is this account's."""
    query = sa.select(job).where(job.c.id == job_id, job.c.account_id == account_id, NOT_CONDEMNED)
    row = connection.execute(query).one_or_none()
    return None if row is None else _head(row)


def newest(connection: sa.Connection, account_id: int, limit: int) -> list[JobHead]:
    """The account's last jobs, the newest first."""
    mine = (job.c.account_id == account_id, NOT_CONDEMNED)
    query = sa.select(job).where(*mine).order_by(job.c.id.desc()).limit(limit)
    return [_head(row) for row in connection.execute(query)]


def fates(connection: sa.Connection, job_id: int) -> Iterator[Fate]:
    """Every given row in the order given; one that stood before shows what became of that one."""
    first, fate = delivery.alias("first"), delivery.alias("fate")
    # A value of each row, not a join: as a join it may be a walk over all rows of the job for each of them.
    same = (
        sa.select(first.c.id)
        .where(first.c.job_id == delivery.c.job_id, first.c.position == delivery.c.same_as)
        .scalar_subquery()
    )
    query = (
        sa.select(
            delivery.c.position, delivery.c.address, delivery.c.reference, delivery.c.same_as, *_fate_columns(fate)
        )
        .join_from(delivery, fate, fate.c.id == sa.func.coalesce(same, delivery.c.id))
        .where(delivery.c.job_id == job_id)
        .order_by(delivery.c.position)
    )
    for row in connection.execute(query):
        yield _fate(row)


def count_down(connection: sa.Connection, job_id: int, *, final: int, not_ok: int, now: datetime) -> Row:
    """So many recipients have become final; the last one makes the job final. Gives the job's row as it is now."""
    return connection.execute(_COUNT_DOWN, {"job": job_id, "final": final, "bad": not_ok, "now": now}).one()


def files(connection: sa.Connection, job_id: int) -> list[StoredFile]:
    """The job's files in order."""
    query = sa.select(document).where(document.c.job_id == job_id).order_by(document.c.position)
    return [
        StoredFile(
            row.role,
            row.filename,
            row.format,
            row.pages,
            row.blob_key,
            row.size,
            row.sha256,
            tuple(row.legibility or ()),
        )
        for row in connection.execute(query)
    ]


_JOB = job.insert()
_DOCUMENT = document.insert()

_DOUBLE = (
    sa.select(job)
    .where(
        job.c.account_id == sa.bindparam("account_id"),
        job.c.order_key == sa.bindparam("order_key"),
        NOT_CONDEMNED,
        sa.or_(
            job.c.final_at.is_(None),
            sa.and_(job.c.not_ok == 0, job.c.final_at > sa.bindparam("ok_since", type_=job.c.final_at.type)),
        ),
    )
    .order_by(job.c.id.desc())
    .limit(1)
)

_COUNT_DOWN = (
    job.update()
    .where(job.c.id == sa.bindparam("job"))
    .values(
        open=job.c.open - sa.bindparam("final", type_=sa.Integer),
        not_ok=job.c.not_ok + sa.bindparam("bad", type_=sa.Integer),
        final_at=sa.case(
            (job.c.open == sa.bindparam("final", type_=sa.Integer), sa.bindparam("now", type_=job.c.final_at.type)),
            else_=job.c.final_at,
        ),
    )
    .returning(job.c.id, job.c.account_id, job.c.pages, job.c.purse, job.c.day, job.c.sending, job.c.open)
)


def _job_row(new: NewJob, purse: Purse, now: datetime) -> dict[str, Any]:
    return {
        "account_id": new.account_id,
        "type": int(new.type),
        "created_at": now,
        "send_at": new.send_at,
        "order_key": new.order_key,
        "options": new.options,
        "text": new.text,
        "sending": asdict(new.sending),
        "repeats": new.repeats,
        "recipients": new.roll.good,
        "pages": new.pages,
        "open": new.roll.good + listing.is_long(new.roll.rows),
        "not_ok": new.roll.bad,
        "warnings": list(new.warnings),
        "sandbox": new.sandbox,
        "purse": purse.value,
        "day": new.day,
    }


def _document(job_id: int, position: int, file: StoredFile) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "position": position,
        "role": file.role,
        "filename": file.filename,
        "format": file.format,
        "pages": file.pages,
        "blob_key": file.key,
        "size": file.size,
        "sha256": file.sha256,
        "legibility": list(file.legibility) or None,
    }


def _fate_columns(fate: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    names = ("state", "result", "code", "pages", "remote_id", "seconds", "attempted_at", "finished_at", "attempts")
    return [*(fate.c[name] for name in names), fate.c.due_at, fate.c.price]


def _fate(row: Row) -> Fate:
    return Fate(
        position=row.position,
        address=row.address,
        reference=row.reference,
        state=State(row.state),
        result=None if row.result is None else Result(row.result),
        code=row.code,
        pages=row.pages,
        remote_id=row.remote_id,
        seconds=row.seconds,
        at=row.finished_at or row.attempted_at,
        attempts=row.attempts,
        due_at=row.due_at,
        cost=row.price if row.state == State.SENT.value and row.same_as is None else NOTHING,
    )


def _head(row: Row) -> JobHead:
    kind, duplex = JobType(row.type), Sending(**row.sending).duplex
    return JobHead(
        id=row.id,
        type=kind,
        created_at=row.created_at,
        send_at=row.send_at,
        recipients=row.recipients,
        pages=row.pages,
        open=row.open,
        final_at=row.final_at,
        warnings=tuple(row.warnings),
        duplex=duplex,
        sheets=sheets.count(row.pages, duplex=duplex) if kind.is_letter else 0,
    )
