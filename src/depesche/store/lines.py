"""The trunks that carry faxes."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from depesche.model.line import Line, Standing
from depesche.store import leader
from depesche.store.nodes import node_of
from depesche.store.schema import line, line_state, node


def every(connection: sa.Connection) -> list[tuple[Line, str]]:
    """Each with its secret, by name."""
    rows = connection.execute(sa.select(line.c.name, line.c.settings, line.c.secret).order_by(line.c.name))
    return [(Line.of_json(row.name, row.settings), row.secret) for row in rows]


def one(connection: sa.Connection, name: str) -> tuple[Line, str] | None:
    """That one, with its secret."""
    return next((found for found in every(connection) if found[0].name == name), None)


def put(connection: sa.Connection, wanted: Line, secret: str, now: datetime) -> None:
    """Keep it, in place of the one of this name."""
    leader.alone(connection, "lines")
    remove(connection, wanted.name)
    values = {"name": wanted.name, "settings": wanted.as_json(), "secret": secret, "changed_at": now}
    connection.execute(line.insert(), values)


def remove(connection: sa.Connection, name: str) -> bool:
    """Whether it was there."""
    return connection.execute(line.delete().where(line.c.name == name)).rowcount > 0


def stand(connection: sa.Connection, worker: str, standing: Sequence[Standing]) -> None:
    """All lines at a process, in place of what it said before; what processes said that are gone goes."""
    here = line_state.c.worker == worker
    connection.execute(line_state.delete().where(sa.or_(here, line_state.c.worker.not_in(sa.select(node.c.worker)))))
    if standing:
        values = [
            {"worker": worker, "line": one.line, "up": one.up, "why": one.why, "since": one.since} for one in standing
        ]
        connection.execute(line_state.insert(), values)


def standings(connection: sa.Connection, since: datetime) -> list[Standing]:
    """Of all processes that were seen since then, the eldest first."""
    query = (
        sa.select(line_state)
        .join(node, node.c.worker == line_state.c.worker)
        .where(node.c.seen_at >= since)
        .order_by(node.c.started_at, node.c.worker, line_state.c.line)
    )
    rows = connection.execute(query)
    return [Standing(row.line, node_of(row.worker), row.up, row.why, row.since) for row in rows]
