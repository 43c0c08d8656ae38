"""Holds: what is put aside and not sent until the hold is lifted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.model.jobtype import Channel
from depesche.model.states import Event, State, sources
from depesche.store import leader
from depesche.store.schema import account, delivery, hold

EVERYONE = 0
"""The account of a hold that concerns all accounts."""

EVERY_CHANNEL = ""

AT_ONCE = 2000
"""Deliveries that one transaction puts aside, or takes up again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold."""

    account_id: int
    """`EVERYONE`, or whose deliveries."""

    account: str
    """Its customer number; empty for everyone's."""

    channel: Channel | None
    """None: every channel."""

    since: datetime
    note: str

    def concerns(self, account_id: int, channel: str) -> bool:
        """Whether it puts aside what this account sends on this channel."""
        return self.account_id in (EVERYONE, account_id) and (self.channel is None or self.channel.value == channel)


def every(connection: sa.Connection) -> list[Hold]:
    """All holds, those of everyone first."""
    return [
        Hold(row.account_id, row.number or "", Channel(row.channel) if row.channel else None, row.since, row.note)
        for row in connection.execute(_ALL)
    ]


def concern(found: Iterable[Hold], account_id: int, channel: str) -> bool:
    """Whether one of them puts aside what this account sends on this channel."""
    return any(one.concerns(account_id, channel) for one in found)


def held(connection: sa.Connection) -> dict[tuple[int, str], int]:
    """How many deliveries are held, by account and channel."""
    return {(row.account_id, row.channel): row.number for row in connection.execute(_NUMBERS)}


def put(connection: sa.Connection, account_id: int, channel: Channel | None, now: datetime, note: str) -> bool:
    """From the end of this transaction on nothing that it concerns becomes ready. False: there is this hold already."""
    _change(connection)
    if connection.execute(_ONE, _key(account_id, channel)).first() is not None:
        return False
    connection.execute(
        hold.insert(),
        {"account_id": account_id, "channel": _word(channel), "since": now, "note": note[:200]},
    )
    return True


def put_aside(connection: sa.Connection, account_id: int, channel: Channel | None) -> int:
    """What is ready, and concerned, is held as long as there is a hold: up to `AT_ONCE`. Gives how many; fewer: that
    was all.
    """
    leader.alone(connection, "stage")  # who lifts the hold meanwhile waits, and finds what was put aside
    return _move(connection, account_id, channel, Event.HOLD, State.READY, State.HELD, ON_HOLD)


def lift(connection: sa.Connection, account_id: int, channel: Channel | None) -> bool:
    """From the end of this transaction on nothing is put aside because of it. False: there is no such hold."""
    _change(connection)
    return connection.execute(_GONE, _key(account_id, channel)).rowcount > 0


def take_up(connection: sa.Connection, account_id: int, channel: Channel | None) -> int:
    """What is held, and concerned, waits again, but for what a hold concerns: up to `AT_ONCE`. Gives how many; fewer:
    that was all.
    """
    return _move(connection, account_id, channel, Event.LIFT, State.HELD, State.WAITING, ~ON_HOLD)


def stay(connection: sa.Connection) -> None:
    """No hold comes or goes before the end of this transaction: for who asks `ON_HOLD`, and gives back."""
    leader.beside(connection, "hold")


ON_HOLD = sa.exists().where(
    hold.c.account_id.in_((EVERYONE, delivery.c.account_id)),
    hold.c.channel.in_((EVERY_CHANNEL, delivery.c.channel)),
)
"""Whether a hold concerns a delivery."""

_ALL = (
    sa.select(hold, account.c.number)
    .outerjoin(account, account.c.id == hold.c.account_id)
    .order_by(hold.c.account_id, hold.c.channel)
)
_NUMBERS = (
    sa.select(delivery.c.account_id, delivery.c.channel, sa.func.count().label("number"))
    .where(delivery.c.state == sa.literal_column(f"'{State.HELD.value}'"))
    .group_by(delivery.c.account_id, delivery.c.channel)
)
_THIS = (hold.c.account_id == sa.bindparam("of"), hold.c.channel == sa.bindparam("on"))
_ONE = sa.select(hold.c.since).where(*_THIS)
_GONE = hold.delete().where(*_THIS)


def _change(connection: sa.Connection) -> None:
    """Wait for those who act by the holds that there are, and see what they did."""
    leader.alone(connection, "stage")
    leader.alone(connection, "hold")


def _move(
    connection: sa.Connection,
    account_id: int,
    channel: Channel | None,
    event: Event,
    source: State,
    target: State,
    *further: sa.ColumnElement[bool],
) -> int:
    assert source.value in sources(event, target)
    where = [delivery.c.state == sa.literal_column(f"'{source.value}'"), *further]
    if account_id != EVERYONE:
        where.append(delivery.c.account_id == account_id)
    if channel is not None:
        where.append(delivery.c.channel == channel.value)
    chosen = sa.select(delivery.c.id).where(*where).limit(AT_ONCE).with_for_update(skip_locked=True)
    ids = connection.execute(chosen).scalars().all()
    if ids:
        connection.execute(delivery.update().where(delivery.c.id.in_(ids)).values(state=target.value))
    return len(ids)


def _key(account_id: int, channel: Channel | None) -> dict[str, object]:
    return {"of": account_id, "on": _word(channel)}


def _word(channel: Channel | None) -> str:
    return EVERY_CHANNEL if channel is None else channel.value
