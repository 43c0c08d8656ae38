"""What an operator sees and decides of whole channels; every change is on the audit record, in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from depesche.model.jobtype import Channel
from depesche.model.states import State
from depesche.store import audit, queue, slots
from depesche.usecases.accounts import NotPossible
from depesche.usecases.house import House

MOST_SLOTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is on a channel."""

    channel: Channel
    slots: int | None
    """Deliveries that may be on their way at once, on all nodes together; None: no such limit."""

    counts: Mapping[State, int]
    """How many deliveries are in each state; states without any are missing, and so are those that are final."""

    @property
    def on_the_way(self) -> int:
        """Deliveries that take a slot."""
        return self.counts.get(State.CLAIMED, 0) + self.counts.get(State.SENDING, 0)


async def listed(house: House) -> list[Traffic]:
    """All channels."""

    def look(connection: sa.Connection) -> list[Traffic]:
        numbers = slots.every(connection)
        counts: dict[Channel, dict[State, int]] = {channel: {} for channel in Channel}
        for depth in queue.depths(connection):
            counts[depth.channel][depth.state] = depth.count
        return [Traffic(channel, numbers.get(channel), counts[channel]) for channel in Channel]

    return await house.database.read(look)


async def set_slots(house: House, actor: str, channel: Channel, number: int | None) -> bool:
    """Let so many be on their way at once, or (None) as many as the nodes take. False: it was so already.

    Raises: NotPossible.
    """
    if number is not None and number < 1:
        raise NotPossible(f"slots: 1 is the least; `depesche hold add --channel {channel.value}` stops a channel")
    if number is not None and number > MOST_SLOTS:
        raise NotPossible(f"slots: {MOST_SLOTS} are the most")
    now = house.now()

    def work(connection: sa.Connection) -> bool:
        had = slots.put(connection, channel, number)
        if had != number:
            told = {"channel": channel.value, "slots": number, "slots_before": had}
            audit.write(connection, now, actor, "channel.set", None, told)
        return had != number

    return await house.database.run(work)
