"""What an operator sees of whole channels, and how many slots they have."""

from typing import Any

import pytest
import sqlalchemy as sa

from builders import START, rows
from customers import Customer, OpenHouse
from depesche.model.jobtype import Channel, JobType
from depesche.model.states import State
from depesche.store import deliveries, schema, turns
from depesche.usecases import channels, holds
from depesche.usecases.accounts import NotPossible
from journeys import LATER, LEASE, OTHERS, WAYS, begun, claim_one, ordered

pytestmark = pytest.mark.anyio


def audited(opened: OpenHouse) -> list[tuple[str, str, Any]]:
    lines = opened.house.database.read_here(lambda connection: rows(connection, schema.audit))
    return [(line["actor"], line["action"], line["data"]) for line in lines]


async def test_each_channel_is_listed_with_its_slots_and_what_is_on_it(opened: OpenHouse, customer: Customer) -> None:
    account = customer.login.account
    assert account is not None

    def fill(connection: sa.Connection) -> None:
        WAYS[State.UNKNOWN](connection, account)
        ordered(connection, account, *OTHERS)
        ordered(connection, account, OTHERS[0], type=JobType.FAX)
        turns.stage(connection, START, 10)
        begun(connection)
        claim_one(connection)
        ordered(connection, account, *OTHERS, send_at=START + LATER)
        WAYS[State.CANCELLED](connection, account)

    opened.house.database.run_here(fill)
    await holds.add(opened.house, "anna", None, Channel.FAX)
    await channels.set_slots(opened.house, "anna", Channel.SMS, 20)
    found = {one.channel: one for one in await channels.listed(opened.house)}
    assert list(found) == list(Channel)
    assert {channel: one.slots for channel, one in found.items() if one.slots} == {Channel.SMS: 20}
    sms = found[Channel.SMS]
    assert (sms.on_the_way, sms.counts[State.READY], sms.counts[State.WAITING], sms.counts[State.UNKNOWN]) == (
        2,
        1,
        3,
        1,
    )
    assert (found[Channel.FAX].on_the_way, found[Channel.FAX].counts) == (0, {State.HELD: 1})
    assert found[Channel.MAIL].counts == {}


async def test_what_has_no_slot_is_not_claimed(opened: OpenHouse, customer: Customer) -> None:
    account = customer.login.account
    assert account is not None

    def claimed(connection: sa.Connection) -> int:
        return len(deliveries.claim(connection, "w1", Channel.SMS, 10, START + LEASE))

    await opened.house.database.run(lambda connection: ordered(connection, account, *OTHERS))
    await opened.house.database.run(lambda connection: turns.stage(connection, START, 10))
    for slots, taken in ((1, 1), (2, 1), (None, 1)):
        assert await channels.set_slots(opened.house, "anna", Channel.SMS, slots)
        assert await opened.house.database.run(claimed) == taken


async def test_every_change_is_on_record_and_what_is_none_is_not(opened: OpenHouse) -> None:
    done = [await channels.set_slots(opened.house, "anna", Channel.FAX, slots) for slots in (None, 20, 20, 1, None)]
    assert done == [False, True, False, True, True]
    assert audited(opened) == [
        ("anna", "channel.set", {"channel": "fax", "slots": 20, "slots_before": None}),
        ("anna", "channel.set", {"channel": "fax", "slots": 1, "slots_before": 20}),
        ("anna", "channel.set", {"channel": "fax", "slots": None, "slots_before": 1}),
    ]


@pytest.mark.parametrize(
    ("slots", "reason"),
    [
        (0, "slots: 1 is the least; `depesche hold add --channel fax` stops a channel"),
        (-1, "slots: 1 is the least"),
        (1_000_001, "slots: 1000000 are the most"),
    ],
)
async def test_a_number_of_slots_that_makes_no_sense_is_told(opened: OpenHouse, slots: int, reason: str) -> None:
    with pytest.raises(NotPossible, match=reason):
        await channels.set_slots(opened.house, "anna", Channel.FAX, slots)
    assert audited(opened) == []
