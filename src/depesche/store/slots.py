"""Slots: how many deliveries of a channel may be on their way at once, on all nodes together."""

import sqlalchemy as sa

from depesche.model.jobtype import Channel
from depesche.store import leader
from depesche.store.schema import slots


def every(connection: sa.Connection) -> dict[Channel, int]:
    """By channel; one that is missing has no such limit."""
    return {Channel(row.channel): row.number for row in connection.execute(sa.select(slots))}


def put(connection: sa.Connection, channel: Channel, number: int | None) -> int | None:
    """Give the channel so many; None: no limit any more. Gives what it had. The next claims keep to it."""
    leader.alone(connection, "slots")  # a row that is not there yet cannot be locked
    this = slots.c.channel == channel.value
    had: int | None = connection.execute(sa.select(slots.c.number).where(this)).scalar()
    if number is None:
        connection.execute(slots.delete().where(this))
    elif had is None:
        connection.execute(slots.insert(), {"channel": channel.value, "number": number})
    else:
        connection.execute(slots.update().where(this).values(number=number))
    return had
