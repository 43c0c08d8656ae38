"""The processes that work on this database, each with a row for as long as it lives."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from depesche.store.schema import node

FORGOTTEN = timedelta(days=1)
"""After which a process that was lost is listed no longer."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One process."""

    worker: str
    """Never used twice."""

    name: str
    """Of the node; its next process has it again."""

    roles: tuple[str, ...]
    version: str
    started_at: datetime
    seen_at: datetime
    draining: bool = False
    """It takes nothing new, and carries what it has to its end."""


ELSEWHERE = "another installation"
"""Stands for the worker of an attempt whose process worked on another database, of which this one is a copy."""


def worker_of(name: str, process: int, token: str) -> str:
    """Name of a process of the node `name`; `token` makes that it is never used twice."""
    return f"{name[:40]}/{process}-{token}"


def node_of(worker: str) -> str:
    """The node that this process belongs to."""
    return worker.rpartition("/")[0]


def enter(connection: sa.Connection, new: NodeRow) -> None:
    """A process begins; who was lost long ago is forgotten."""
    connection.execute(node.delete().where(node.c.seen_at < new.seen_at - FORGOTTEN))
    connection.execute(
        node.insert(),
        {
            "worker": new.worker,
            "name": new.name,
            "roles": ",".join(new.roles),
            "version": new.version,
            "started_at": new.started_at,
            "seen_at": new.seen_at,
            "draining": new.draining,
        },
    )


def beat(connection: sa.Connection, worker: str, now: datetime) -> bool | None:
    """It lives. Gives whether it shall drain; None: its row is gone, `enter` again."""
    return connection.execute(_BEAT, {"by": worker, "now": now}).scalar()


def leave(connection: sa.Connection, worker: str) -> None:
    """It ends."""
    connection.execute(node.delete().where(node.c.worker == worker))


def drain(connection: sa.Connection, name: str, *, draining: bool) -> int:
    """Let the processes of this name drain, or not any more. Gives how many there are."""
    return connection.execute(node.update().where(node.c.name == name).values(draining=draining)).rowcount


def forget(connection: sa.Connection) -> None:
    """None of them works on this database: it is a copy of theirs."""
    connection.execute(node.delete())


def every(connection: sa.Connection) -> list[NodeRow]:
    """All of them, in the order of their names."""
    rows = connection.execute(sa.select(node).order_by(node.c.name, node.c.started_at))
    return [
        NodeRow(
            row.worker, row.name, tuple(row.roles.split(",")), row.version, row.started_at, row.seen_at, row.draining
        )
        for row in rows
    ]


def leads(connection: sa.Connection, worker: str, role: str, since: datetime) -> bool:
    """Whether this process does what one node is enough for: it is the eldest of those with the role that live.

    They live if they were seen since then. A file of SQLite has one process with roles, which is it.
    """
    if connection.dialect.name == "sqlite":
        return True
    living = [one for one in every(connection) if role in one.roles and one.seen_at >= since]
    eldest = min(living, key=lambda one: (one.started_at, one.worker), default=None)
    return eldest is None or eldest.worker == worker


def carriers(connection: sa.Connection, role: str, since: datetime) -> list[str]:
    """The processes with this role that were seen since then and do not drain, the eldest first."""
    living = [one for one in every(connection) if role in one.roles and one.seen_at >= since and not one.draining]
    return [one.worker for one in sorted(living, key=lambda one: (one.started_at, one.worker))]


_BEAT = (
    node.update()
    .where(node.c.worker == sa.bindparam("by"))
    .values(seen_at=sa.bindparam("now", type_=node.c.seen_at.type))
    .returning(node.c.draining)
)
