"""Whose turn it is: start-time fair queueing, so that a broadcast of a million never blocks another's single fax.

A delivery that becomes ready gets ``turn = max(clock, the account's last turn) + 1 / weight``; the clock of a channel
is the turn that is claimed next, and never goes back (a retry comes with the turn it had). It is read when turns are
given, so that claims, which come from many nodes at once, need not stand in line for it. Turns are given on becoming
ready, not on being ordered: what is scheduled for 8:00 cannot flood at 8:00. An account has two lanes: its single
orders do not stand behind its own broadcasts.

On the way from waiting to ready stand holds and quiet hours: what is on hold is put aside, what may not ring now waits.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche.model.jobtype import Channel
from depesche.model.quiet import quiet_until
from depesche.model.states import State
from depesche.store import bulk, holds
from depesche.store.leader import leads
from depesche.store.schema import Row, account, delivery, turn

CHANNEL = 0
"""The account id under which what concerns a channel as a whole is kept."""

RINGING = frozenset({Channel.FAX.value, Channel.SMS.value})
"""Channels that make themselves heard on the other side: they keep quiet hours."""


class Lane(StrEnum):
    """Each has turns of its own."""

    SINGLE = "single"
    BULK = "bulk"
    CLOCK = "clock"
    """Of account `CHANNEL`: the turn that was claimed next when turns were given last."""

    LATEST = "latest"
    """Of account `CHANNEL`: the latest turn that was given."""


ORDERS = (Lane.SINGLE, Lane.BULK)
"""The lanes in which deliveries go."""

Key = tuple[str, int, str]
"""Channel, account, lane."""


@dataclass(slots=True)
class _Turns:
    """The last turn given to each, as far as it is of interest now."""

    last: dict[Key, float]
    given: set[Key] = field(default_factory=set)

    def give(self, row: Row) -> float:
        key, latest = (row.channel, row.account_id, row.lane), (row.channel, CHANNEL, Lane.LATEST)
        start = max(self.last[row.channel, CHANNEL, Lane.CLOCK], self.last.get(key, 0.0))
        value: float = start + 1 / row.weight
        self.last[key] = value
        self.last[latest] = max(self.last[latest], value)
        self.given |= {key, latest, (row.channel, CHANNEL, Lane.CLOCK)}
        return value


class Staged(Counter[str]):
    """How many of each channel became ready."""

    is_full: bool = False
    """As many as may be at once were due, those among them that were put aside or put off: there may be more."""


def stage(
    connection: sa.Connection,
    now: datetime,
    limit: int,
    zone: ZoneInfo | None = None,
    lanes: Sequence[Lane] = ORDERS,
) -> Staged:
    """Up to `limit` waiting deliveries of each of these lanes whose time is come become ready: single orders need not
    wait until the last one of a broadcast has its turn. `zone`: in which quiet hours are reckoned.

    None while another node does it: turns are given by one at a time.
    """
    staged = Staged()
    if not leads(connection, "stage"):
        return staged
    due = [row for lane in lanes for row in connection.execute(_DUE, {"now": now, "lane": lane, "number": limit})]
    if not due:
        return staged
    staged.is_full = len(due) >= limit
    put_aside = holds.every(connection)
    turns = _Turns(_last_turns(connection, due))
    moved = []
    for row in due:
        if holds.concern(put_aside, row.account_id, row.channel):
            moved.append(_moved(row, State.HELD))
        elif row.channel in RINGING and (end := quiet_until(now, row.quiet_from, row.quiet_until, zone)) is not None:
            moved.append(_moved(row, State.WAITING, due_at=end))
        else:
            staged[row.channel] += 1
            # a retry keeps the turn it had: the older goes first
            moved.append(_moved(row, State.READY, turn=turns.give(row) if row.turn is None else row.turn))
    bulk.update(connection, delivery, ("id",), moved)
    _keep(connection, turns)
    return staged


_DUE = (
    sa.select(
        delivery.c.id,
        delivery.c.channel,
        delivery.c.account_id,
        delivery.c.due_at,
        delivery.c.turn,
        delivery.c.lane,
        account.c.weight,
        account.c.quiet_from,
        account.c.quiet_until,
    )
    .join_from(delivery, account, account.c.id == delivery.c.account_id)
    .where(
        delivery.c.state == sa.literal_column(f"'{State.WAITING.value}'"),  # the words of the partial index
        delivery.c.lane == sa.bindparam("lane"),
        delivery.c.due_at <= sa.bindparam("now", type_=delivery.c.due_at.type),
    )
    .order_by(delivery.c.due_at, delivery.c.id)
    .limit(sa.bindparam("number", type_=sa.Integer))
    .with_for_update(skip_locked=True, of=delivery)
)

_NEXT = (
    sa.select(sa.func.min(delivery.c.turn))
    .where(delivery.c.state == sa.literal_column(f"'{State.READY.value}'"), delivery.c.channel == sa.bindparam("on"))
    .scalar_subquery()
)
_LAST = sa.select(turn, _NEXT.label("next")).where(
    turn.c.channel == sa.bindparam("on"), bulk.among(turn.c.account_id, bulk.ids())
)
_KEEP = sa.text(
    "INSERT INTO turn (channel, account_id, lane, last) VALUES (:channel, :account_id, :lane, :last)"
    " ON CONFLICT (channel, account_id, lane) DO UPDATE SET last = excluded.last"
)


def _moved(row: Row, state: State, *, due_at: datetime | None = None, turn: float | None = None) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": state.value,
        "due_at": due_at or row.due_at,
        "turn": row.turn if turn is None else turn,
    }


def _last_turns(connection: sa.Connection, due: Iterable[Row]) -> dict[Key, float]:
    accounts: dict[str, set[int]] = {}
    for row in due:
        accounts.setdefault(row.channel, {CHANNEL}).add(row.account_id)
    last: dict[Key, float] = {}
    for channel, ids in accounts.items():
        rows = connection.execute(_LAST, {"on": channel, "ids": sorted(ids)}).all()
        last |= {(channel, row.account_id, row.lane): row.last for row in rows}
        latest = last.setdefault((channel, CHANNEL, Lane.LATEST), 0.0)
        clock = last.get((channel, CHANNEL, Lane.CLOCK), 0.0)
        last[channel, CHANNEL, Lane.CLOCK] = max(clock, _next_turn(rows, latest))
    return last


def _next_turn(rows: Sequence[Row], latest: float) -> float:
    """The turn that is claimed next; when nothing is ready all that were given have been claimed."""
    return latest if not rows or rows[0].next is None else float(rows[0].next)


def _keep(connection: sa.Connection, turns: _Turns) -> None:
    kept = [
        {"channel": channel, "account_id": account_id, "lane": lane, "last": turns.last[channel, account_id, lane]}
        for channel, account_id, lane in sorted(turns.given)
    ]
    if kept:
        connection.execute(_KEEP, kept)
