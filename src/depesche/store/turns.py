"""Whose turn it is: start-time fair queueing, so that a broadcast of a million never blocks another's single fax.

A delivery that becomes ready gets ``turn = max(clock, the account's last turn) + 1 / weight``; the clock of a channel
is the turn that is claimed next, and never goes back (a retry comes with the turn it had). It is read when turns are
given, so that claims, which come from many nodes at once, need not stand in line for it. Turns are given on becoming
ready, not on being ordered: what is scheduled for 8:00 cannot flood at 8:00.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from depesche.model.states import State
from depesche.store import bulk
from depesche.store.leader import leads
from depesche.store.schema import Row, account, delivery, turn

CLOCK = 0
"""The account id under which a channel's clock is kept."""

LATEST = -1
"""And the latest turn that was given."""


def stage(connection: sa.Connection, now: datetime, limit: int) -> Counter[str]:
    """Up to `limit` waiting deliveries whose time is come become ready. Gives how many of each channel.

    None while another node does it: turns are given by one at a time.
    """
    if not leads(connection, "stage"):
        return Counter()
    due = connection.execute(_DUE, {"now": now, "number": limit}).all()
    if not due:
        return Counter()
    last = _last_turns(connection, due)
    moved = []
    for row in due:
        value = row.turn  # a retry keeps the turn it had: the older goes first
        if value is None:
            key = (row.channel, row.account_id)
            start = max(last[row.channel, CLOCK], last.get(key, 0.0))
            value = last[key] = start + 1 / row.weight
            last[row.channel, LATEST] = max(last[row.channel, LATEST], value)
        moved.append({"id": row.id, "state": State.READY.value, "turn": value})
    bulk.update(connection, delivery, ("id",), moved)
    _keep(connection, last, {(row.channel, one) for row in due for one in (row.account_id, CLOCK, LATEST)})
    return Counter(row.channel for row in due)


_DUE = (
    sa.select(delivery.c.id, delivery.c.channel, delivery.c.account_id, delivery.c.turn, account.c.weight)
    .join_from(delivery, account, account.c.id == delivery.c.account_id)
    .where(
        delivery.c.state == sa.literal_column(f"'{State.WAITING.value}'"),  # the words of the partial index
        delivery.c.due_at <= sa.bindparam("now", type_=delivery.c.due_at.type),
    )
    .order_by(delivery.c.due_at, delivery.c.id)
    .limit(sa.bindparam("number", type_=sa.Integer))
    .with_for_update(skip_locked=True, of=delivery)
)


_NEXT = sa.select(sa.func.min(delivery.c.turn)).where(
    delivery.c.state == sa.literal_column(f"'{State.READY.value}'"), delivery.c.channel == sa.bindparam("channel")
)


def _last_turns(connection: sa.Connection, due: Iterable[Row]) -> dict[tuple[str, int], float]:
    accounts: dict[str, set[int]] = {}
    for row in due:
        accounts.setdefault(row.channel, {CLOCK, LATEST}).add(row.account_id)
    last: dict[tuple[str, int], float] = {}
    for channel, ids in accounts.items():
        last |= _last_turns_of(connection, channel, ids)
        last[channel, LATEST] = latest = last.get((channel, LATEST), 0.0)
        last[channel, CLOCK] = max(last.get((channel, CLOCK), 0.0), _next_turn(connection, channel, latest))
    return last


def _next_turn(connection: sa.Connection, channel: str, latest: float) -> float:
    """The turn that is claimed next; when nothing is ready all that were given have been claimed."""
    found = connection.execute(_NEXT, {"channel": channel}).scalar()
    return latest if found is None else float(found)


def _last_turns_of(connection: sa.Connection, channel: str, ids: Iterable[int]) -> dict[tuple[str, int], float]:
    query = sa.select(turn.c.account_id, turn.c.last).where(turn.c.channel == channel, turn.c.account_id.in_(list(ids)))
    return {(channel, row.account_id): row.last for row in connection.execute(query)}


def _keep(connection: sa.Connection, last: dict[tuple[str, int], float], keys: set[tuple[str, int]]) -> None:
    for channel, account_id in keys:
        value = last.get((channel, account_id))
        if value is None:
            continue
        known = (turn.c.channel == channel, turn.c.account_id == account_id)
        if connection.execute(turn.update().where(*known).values(last=value)).rowcount == 0:
            connection.execute(turn.insert().values(channel=channel, account_id=account_id, last=value))
