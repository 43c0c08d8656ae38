"""The trunks that carry faxes."""

from datetime import datetime

import sqlalchemy as sa

from depesche.model.line import Line
from depesche.store import leader
from depesche.store.schema import line


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
