"""How much waits and is under way, for those who watch: asked every few seconds, however much it is.

Each statement reads a partial index, which holds what is in one state; none looks at what is over. Those of `waiting`,
`claimed`, `sending` and `unknown` go on to the rows, for what a channel is and since when it is due.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.model.jobtype import Channel
from depesche.model.states import State
from depesche.store.schema import delivery

OPEN = (State.WAITING, State.READY, State.CLAIMED, State.SENDING, State.UNKNOWN, State.HELD)
"""The states of what is not final, `same` apart."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The deliveries of one channel in one state; there are some."""

    channel: Channel
    state: State
    count: int
    due_at: datetime | None
    """When the oldest of them was due, or is; for `ready` the one whose turn is next. None for `held`."""


def depths(connection: sa.Connection) -> list[Depth]:
    """Of every channel and state in which there are any."""
    return [*_of_rows(connection), *_ready(connection), *_held(connection)]


def _of_rows(connection: sa.Connection) -> Iterator[Depth]:
    for query in _ROWS:
        for row in connection.execute(query):
            yield Depth(Channel(row.channel), State(row.state), row.number, row.due_at)


def _ready(connection: sa.Connection) -> Iterator[Depth]:
    for row in connection.execute(_READY).all():
        due = connection.execute(_NEXT, {"channel": row.channel}).scalar()
        yield Depth(Channel(row.channel), State.READY, row.number, due)


def _held(connection: sa.Connection) -> Iterator[Depth]:
    for row in connection.execute(_HELD):
        yield Depth(Channel(row.channel), State.HELD, row.number, None)


def _in(*states: State) -> sa.ColumnElement[bool]:
    """As text in the statement: a planner uses a partial index only where it sees the index's own words."""
    words: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{state.value}'") for state in states]
    return delivery.c.state == words[0] if len(words) == 1 else delivery.c.state.in_(words)


_NUMBER = sa.func.count().label("number")

_ROWS = [
    sa.select(delivery.c.channel, delivery.c.state, _NUMBER, sa.func.min(delivery.c.due_at).label("due_at"))
    .where(_in(*states))
    .group_by(delivery.c.channel, delivery.c.state)
    for states in ((State.WAITING,), (State.CLAIMED, State.SENDING), (State.UNKNOWN,))
]
_READY = sa.select(delivery.c.channel, _NUMBER).where(_in(State.READY)).group_by(delivery.c.channel)
_HELD = sa.select(delivery.c.channel, _NUMBER).where(_in(State.HELD)).group_by(delivery.c.channel)
_NEXT = (
    sa.select(delivery.c.due_at)
    .where(_in(State.READY), delivery.c.channel == sa.bindparam("channel"))
    .order_by(delivery.c.turn, delivery.c.id)
    .limit(1)
)
