"""What is old enough goes, a small piece in each transaction: whoever else writes hardly waits.

A blob loses its name here, and is deleted by the caller once that is committed: a crash in between leaves an orphan,
which `dispatch.sweep` finds. `due` finds what is old enough, and holds nobody up; `take` looks again at all but the
age. Nodes that do so at once take turns. A job that goes is condemned first: nobody sees it any more, and what it
leaves is removed piece by piece (`store.condemned`), whoever goes on with that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from depesche.config import Retention
from depesche.store import bulk, leader
from depesche.store.schema import account, callback, delivery, document, event, inbound, job

CHUNK = 200
"""Jobs or faxes in one transaction."""

ROWS = 2000
"""Rows in one transaction, where they are many: a job may have a million."""

TURN = "prune"
"""What nodes take turns at (`leader.alone`)."""


class Kind(StrEnum):
    """What goes, each at its own age."""

    DOCUMENTS = "documents"
    """Of jobs: the blobs, the names of the files, the text."""

    DELETED_FAXES = "deleted faxes"
    """Their bytes."""

    KEPT_FAXES = "kept faxes"
    """Those that nobody deleted: they leave the inbox as well."""

    JOBS = "jobs"
    """Their records."""

    FAX_RECORDS = "fax records"
    """Of faxes whose bytes are gone."""

    REFUSALS = "refusals"
    USAGE = "daily sums"
    """Of what an account ordered, for its daily limits."""

    LEDGER = "ledger lines"
    AUDIT = "audit lines"

    @property
    def word(self) -> str:
        """For machines."""
        return self.value.replace(" ", "_")


AGED = (Kind.DOCUMENTS, Kind.DELETED_FAXES, Kind.KEPT_FAXES, Kind.JOBS, Kind.FAX_RECORDS)
"""Jobs and faxes, in the order in which they are taken; the others are `store.oldlines`."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What one transaction took away."""

    count: int
    keys: tuple[str, ...] = ()
    """Of the blobs that lost a name."""


def due(connection: sa.Connection, kind: Kind, ages: Retention, now: datetime) -> list[int]:
    """Ids of jobs or faxes, at most `CHUNK`, of which this is old enough to go."""
    bulk.step_by_step(connection)
    found: list[int] = []
    for old in _old(connection, kind, ages, now):
        found += connection.execute(_DUE[kind], old | {"number": CHUNK - len(found)}).scalars()
    return found


def count(connection: sa.Connection, kind: Kind, ages: Retention, now: datetime) -> int:
    """Of how many jobs or faxes this is old enough to go."""
    return sum(connection.execute(_COUNT[kind], old).scalar_one() for old in _old(connection, kind, ages, now))


def take(connection: sa.Connection, kind: Kind, ids: Sequence[int], now: datetime) -> Gone:
    """Let this go of the jobs or faxes that `due` found."""
    leader.alone(connection, TURN)
    return _TAKES[kind](connection, ids, now)


def with_documents(connection: sa.Connection, delivery_ids: Sequence[int]) -> set[int]:
    """Those of these deliveries whose job still has its documents."""
    return set(connection.execute(_WITH_DOCUMENTS, {"ids": delivery_ids}).scalars())


@dataclass(frozen=True, slots=True)
class _Aging:
    """How a kind grows old."""

    setting: str
    own: sa.Column[Any]
    """The account's own age, if it has one."""

    since: sa.Column[Any]
    """The moment from which the age counts."""

    where: tuple[sa.ColumnElement[bool], ...]

    def query(self, column: sa.ColumnElement[int]) -> sa.Select[Any]:
        """An index has what is old of each account."""
        cutoff = sa.bindparam("cutoff", type_=self.since.type)
        theirs = bulk.among(self.since.table.c.account_id, bulk.ids())
        return sa.select(column).where(theirs, self.since < cutoff, *self.where)


def _old(connection: sa.Connection, kind: Kind, ages: Retention, now: datetime) -> list[dict[str, Any]]:
    """For each age: the accounts that have it, and the moment to be older than."""
    own, days = _AGING[kind].own, attrgetter(_AGING[kind].setting)(ages)
    found: dict[int, list[int]] = {}
    for row in connection.execute(sa.select(account.c.id, own.label("days"))):
        found.setdefault(days if row.days is None else row.days, []).append(row.id)
    return [{"ids": ids, "cutoff": now - timedelta(days=age)} for age, ids in found.items() if age]


def _strip(connection: sa.Connection, job_ids: Sequence[int], now: datetime) -> Gone:
    del now
    ids = {"ids": connection.execute(_STRIP, {"ids": job_ids}).scalars().all()}
    keys = connection.execute(_NAMED, ids).scalars().all()
    connection.execute(_UNNAME, ids)
    return Gone(len(ids["ids"]), tuple(keys))


def _condemn(connection: sa.Connection, job_ids: Sequence[int], now: datetime) -> Gone:
    del now
    return Gone(connection.execute(_CONDEMN, {"ids": job_ids}).rowcount)


def _empty(connection: sa.Connection, fax_ids: Sequence[int], now: datetime) -> Gone:
    keys = connection.execute(_BYTES, {"ids": fax_ids}).scalars().all()
    connection.execute(_EMPTY, {"ids": fax_ids, "now": now})
    return Gone(len(keys), tuple(keys))


def _remove(connection: sa.Connection, fax_ids: Sequence[int], now: datetime) -> Gone:
    del now
    connection.execute(_FAX_EVENTS, {"ids": fax_ids})
    return Gone(connection.execute(_FAX_RECORDS, {"ids": fax_ids}).rowcount)


_TAKES: dict[Kind, Callable[[sa.Connection, Sequence[int], datetime], Gone]] = {
    Kind.DOCUMENTS: _strip,
    Kind.DELETED_FAXES: _empty,
    Kind.KEPT_FAXES: _empty,
    Kind.JOBS: _condemn,
    Kind.FAX_RECORDS: _remove,
}

_ALL, _RECORD, _NO_KEY = (sa.literal_column(word, sa.String()) for word in ("'all'", "'record'", "''"))
"""In the words of the statement: a planner uses a partial index only where it sees the index's own."""

_EVERYBODY_TOLD = ~sa.exists().where(callback.c.job_id == job.c.id, callback.c.done_at.is_(None))
_IS_OVER = (job.c.final_at.is_not(None), job.c.open == 0, _EVERYBODY_TOLD)
_HAS_DOCUMENTS = (job.c.kept == _ALL, *_IS_OVER)
_HAS_RECORD = (job.c.kept.in_([_ALL, _RECORD]), *_IS_OVER)
_HAS_BYTES = inbound.c.blob_key != _NO_KEY
_HAS_NONE = sa.func.length(inbound.c.blob_key) == sa.literal_column("0")  # `= ''` lures SQLite to all of them

_AGING = {
    Kind.DOCUMENTS: _Aging("document_days", account.c.document_days, job.c.final_at, _HAS_DOCUMENTS),
    Kind.DELETED_FAXES: _Aging("fax_days", account.c.fax_days, inbound.c.deleted_at, (_HAS_BYTES,)),
    Kind.KEPT_FAXES: _Aging(
        "kept_fax_days", account.c.kept_fax_days, inbound.c.received_at, (inbound.c.deleted_at.is_(None),)
    ),
    Kind.JOBS: _Aging("record_days", account.c.record_days, job.c.final_at, _HAS_RECORD),
    Kind.FAX_RECORDS: _Aging("record_days", account.c.record_days, inbound.c.deleted_at, (_HAS_NONE,)),
}
_DUE = {
    kind: aging.query(aging.since.table.c.id).limit(sa.bindparam("number", type_=sa.Integer))
    for kind, aging in _AGING.items()
}
_COUNT = {kind: aging.query(sa.func.count()) for kind, aging in _AGING.items()}

_WITH_DOCUMENTS = (
    sa.select(delivery.c.id).join_from(delivery, job).where(bulk.among(delivery.c.id, bulk.ids()), job.c.kept == _ALL)
)

_THESE_JOBS = bulk.among(job.c.id, bulk.ids())
_STRIP = job.update().where(_THESE_JOBS, *_HAS_DOCUMENTS).values(kept="record", text="").returning(job.c.id)
_CONDEMN = job.update().where(_THESE_JOBS, *_HAS_RECORD).values(kept="nothing")

_OF_THESE_JOBS = bulk.among(document.c.job_id, bulk.ids())
_NAMED = sa.select(document.c.blob_key).where(_OF_THESE_JOBS, document.c.blob_key != _NO_KEY)
_UNNAME = document.update().where(_OF_THESE_JOBS).values(blob_key="", filename="")

_THESE_FAXES = bulk.among(inbound.c.id, bulk.ids())
_BYTES = sa.select(inbound.c.blob_key).where(_THESE_FAXES, _HAS_BYTES)
_EMPTY = (
    inbound.update()
    .where(_THESE_FAXES, _HAS_BYTES)
    .values(
        blob_key="",
        deleted_at=sa.func.coalesce(inbound.c.deleted_at, sa.bindparam("now", type_=inbound.c.deleted_at.type)),
    )
)
_FAX_EVENTS = event.delete().where(event.c.inbound_id.is_not(None), bulk.among(event.c.inbound_id, bulk.ids()))
_FAX_RECORDS = inbound.delete().where(_THESE_FAXES, _HAS_NONE)
