"""What is put on hold, what that means to those who order, and how it goes on."""

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, everything, rows
from customers import Customer, Enter, OpenHouse, Order
from depesche.model.jobtype import Channel, JobType
from depesche.model.states import State
from depesche.store import holds as store
from depesche.store import schema, turns
from depesche.usecases import holds, jobs
from depesche.usecases.accounts import NotPossible
from depesche.usecases.cancel import cancel
from depesche.usecases.holds import Added, Hold, Lifted
from depesche.usecases.status import status
from journeys import LATER, OTHERS, WAYS, ordered

pytestmark = pytest.mark.anyio


async def stage(opened: OpenHouse) -> None:
    """What dispatch does again and again."""
    now = opened.house.now()
    await opened.house.database.run(lambda connection: turns.stage(connection, now, 100))


async def stage_in_berlin(opened: OpenHouse) -> None:
    now = opened.house.now()
    await opened.house.database.run(lambda connection: turns.stage(connection, now, 100, ZoneInfo("Europe/Berlin")))


async def order(opened: OpenHouse, customer: Customer, *kinds: JobType) -> None:
    """Orders of these kinds, as far as they go by themselves."""
    account = customer.login.account
    assert account is not None
    for kind in kinds:
        await opened.house.database.run(lambda connection: ordered(connection, account, MOBILE, type=kind))  # noqa: B023
    await stage(opened)


def states(opened: OpenHouse) -> list[str]:
    return [row["state"] for row in opened.house.database.read_here(lambda c: rows(c, schema.delivery))]


def audited(opened: OpenHouse) -> list[tuple[str, str, int | None, dict[str, Any]]]:
    lines = opened.house.database.read_here(lambda connection: rows(connection, schema.audit))
    return [(line["actor"], line["action"], line["account_id"], line["data"]) for line in lines]


async def test_what_is_ready_is_put_aside_and_goes_on_when_the_hold_is_lifted(
    opened: OpenHouse, customer: Customer
) -> None:
    await order(opened, customer, JobType.FAX, JobType.SMS)
    added = await holds.add(opened.house, "anna", "10001", Channel.FAX, "line is down")
    assert added == Added(Hold(1, "10001", Channel.FAX, START, "line is down"), is_new=True, moved=1)
    assert states(opened) == ["held", "ready"]
    assert await holds.lift(opened.house, "anna", "10001", Channel.FAX) == Lifted(was_there=True, moved=1, others=())
    assert states(opened) == ["waiting", "ready"]
    await stage(opened)
    assert states(opened) == ["ready", "ready"]


async def test_who_lifts_a_hold_wakes_dispatch(opened: OpenHouse, customer: Customer) -> None:
    await order(opened, customer, JobType.SMS)
    await holds.add(opened.house, "anna", None, None)
    before = opened.wake.rung
    await holds.lift(opened.house, "anna", None, None)
    assert opened.wake.rung == before + 1


async def test_an_order_that_is_held_is_accepted_in_work_and_can_be_cancelled(
    opened: OpenHouse, customer: Customer
) -> None:
    await holds.add(opened.house, "anna", "10001", None)
    assert (await customer.send(Order())).code == 0
    await stage(opened)
    assert states(opened) == ["held"]
    assert (await status(opened.house, customer.login, 1)).code == 6
    assert await cancel(opened.house, customer.login, 1) == 0
    answer = await status(opened.house, customer.login, 1)
    assert (answer.code, answer.result) == (0, "Canceled")
    assert (await holds.lift(opened.house, "anna", "10001", None)).moved == 0
    assert states(opened) == ["cancelled"]


async def test_a_hold_that_is_there_stays_as_it_is(opened: OpenHouse, customer: Customer) -> None:
    first = await holds.add(opened.house, "anna", None, Channel.SMS, "first")
    opened.clock.forward(hours=1)
    again = await holds.add(opened.house, "bernd", None, Channel.SMS, "second")
    assert again == Added(first.hold, is_new=False, moved=0)
    assert [line[0] for line in audited(opened)] == ["anna"]


async def test_to_lift_what_is_not_there_changes_nothing(opened: OpenHouse, customer: Customer) -> None:
    await order(opened, customer, JobType.SMS)
    await holds.add(opened.house, "anna", "10001", Channel.SMS)
    before = opened.house.database.read_here(everything)
    for whose, channel in ((None, None), ("10001", None), (None, Channel.SMS), ("10001", Channel.FAX)):
        lifted = await holds.lift(opened.house, "bernd", whose, channel)
        assert (lifted.was_there, lifted.moved) == (False, 0)
    assert opened.house.database.read_here(everything) == before


async def test_what_an_account_or_a_note_cannot_be_is_told_and_nothing_is_held(
    opened: OpenHouse, customer: Customer
) -> None:
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await holds.add(opened.house, "anna", "10009", None)
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await holds.lift(opened.house, "anna", "10009", None)
    with pytest.raises(NotPossible, match="the note is longer than 200 characters"):
        await holds.add(opened.house, "anna", "10001", None, "x" * 201)
    assert opened.house.database.read_here(everything) == before


async def test_every_change_is_on_record(opened: OpenHouse, customer: Customer) -> None:
    await order(opened, customer, JobType.SMS, JobType.FAX)
    await holds.add(opened.house, "anna", "10001", Channel.SMS, "why")
    await holds.add(opened.house, "anna", None, None)
    await holds.lift(opened.house, "bernd", None, None)
    assert audited(opened) == [
        ("anna", "hold.add", 1, {"channel": "sms", "note": "why"}),
        ("anna", "hold.put_aside", 1, {"channel": "sms", "deliveries": 1}),
        ("anna", "hold.add", None, {"channel": None, "note": ""}),
        ("anna", "hold.put_aside", None, {"channel": None, "deliveries": 1}),
        ("bernd", "hold.lift", None, {"channel": None}),
        ("bernd", "hold.take_up", None, {"channel": None, "deliveries": 1}),
    ]


@pytest.mark.parametrize(
    ("whose", "channel", "others"),
    [
        (None, None, [("", Channel.FAX), ("10001", None), ("10002", Channel.SMS)]),
        (None, Channel.SMS, [("10001", None), ("10002", Channel.SMS)]),
        ("10001", None, [("", Channel.FAX)]),
        ("10001", Channel.FAX, [("", Channel.FAX), ("10001", None)]),
        ("10002", None, [("", Channel.FAX), ("10002", Channel.SMS)]),
        ("10003", Channel.MAIL, []),
    ],
)
async def test_who_lifts_a_hold_hears_which_others_concern_the_same(
    opened: OpenHouse, enter: Enter, whose: str | None, channel: Channel | None, others: list[Any]
) -> None:
    for number in ("10001", "10002", "10003"):
        enter(number)
    for hold in ((None, Channel.FAX), ("10001", None), ("10002", Channel.SMS), (whose, channel)):
        await holds.add(opened.house, "anna", *hold)
    lifted = await holds.lift(opened.house, "anna", whose, channel)
    kept = {(hold.account, hold.channel) for hold in lifted.others}
    assert kept == {(account, on) for account, on in others if (account or None, on) != (whose, channel)}


# --- many


@pytest.fixture
def five(opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> OpenHouse:
    """So many deliveries are ready, and two are moved at once."""
    monkeypatch.setattr(store, "AT_ONCE", 2)
    account = customer.login.account
    assert account is not None

    def work(connection: sa.Connection) -> None:
        ordered(connection, account, *(f"+49171{number:07}" for number in range(5)))
        turns.stage(connection, START, 10)

    opened.house.database.run_here(work)
    return opened


async def test_many_are_moved_in_pieces_and_people_hear_how_far_it_is(five: OpenHouse) -> None:
    told: list[int] = []
    assert (await holds.add(five.house, "anna", None, None, "", told.append)).moved == 5
    assert told == [2, 4]
    assert (await holds.lift(five.house, "anna", None, None, told.append)).moved == 5
    assert told == [2, 4, 2, 4]
    assert five.wake.rung == 3
    assert [line[3]["deliveries"] for line in audited(five) if "deliveries" in line[3]] == [2, 2, 1, 2, 2, 1]


@pytest.mark.parametrize("done", [2, 4])
async def test_who_did_not_come_to_the_end_does_the_rest_with_the_same_command(five: OpenHouse, done: int) -> None:
    def die(moved: int) -> None:
        if moved == done:
            raise SystemError

    with pytest.raises(SystemError):
        await holds.add(five.house, "anna", None, None, "", die)
    assert states(five).count("ready") == 5 - done
    again = await holds.add(five.house, "anna", None, None)
    assert (again.is_new, again.moved) == (False, 5 - done)
    with pytest.raises(SystemError):
        await holds.lift(five.house, "anna", None, None, die)
    assert (await holds.listed(five.house)).astray == 5 - done
    lifted = await holds.lift(five.house, "anna", None, None)
    assert (lifted.was_there, lifted.moved) == (False, 5 - done)
    assert states(five) == ["waiting"] * 5


# --- what is seen of it


async def test_holds_are_listed_with_what_they_put_aside(opened: OpenHouse, enter: Enter) -> None:
    for number in ("10001", "10002"):
        await order(opened, enter(number), JobType.FAX, JobType.SMS)
    await holds.add(opened.house, "anna", "10002", None, "asked for")
    await holds.add(opened.house, "anna", None, Channel.SMS)
    found = await holds.listed(opened.house)
    assert [(one.hold.account, one.hold.channel, one.hold.note, one.held) for one in found.holds] == [
        ("", Channel.SMS, "", 2),
        ("10002", None, "asked for", 2),
    ]
    assert found.astray == 0


async def test_a_job_tells_by_what_it_is_held(opened: OpenHouse, customer: Customer, enter: Enter) -> None:
    enter("10002")
    await customer.send(Order(send_at=START + LATER))
    await customer.send(Order(recipient=OTHERS[0]))
    for whose, channel in ((None, Channel.SMS), ("10001", None), ("10002", None), (None, Channel.FAX)):
        await holds.add(opened.house, "anna", whose, channel)
    await stage(opened)
    for job, state in ((1, State.WAITING), (2, State.HELD)):
        record = await jobs.show(opened.house, job)
        assert record.standing.counts == {state: 1}
        assert [(hold.account, hold.channel) for hold in record.holds] == [("", Channel.SMS), ("10001", None)]


async def test_a_job_tells_of_quiet_hours_before_it_is_put_off_and_afterwards(opened: OpenHouse, enter: Enter) -> None:
    """It is 10:00 in Berlin."""
    customer = enter("10001", quiet_from=time(9), quiet_until=time(11, 30), job_types=[1, 3])
    end = START + timedelta(hours=1, minutes=30)
    await customer.send(Order())
    for _ in range(2):
        record = await jobs.show(opened.house, 1)
        assert (record.waits_until, record.is_quiet, record.standing.counts) == (end, True, {State.WAITING: 1})
        await stage_in_berlin(opened)
    opened.clock.forward(minutes=90)
    await stage_in_berlin(opened)
    record = await jobs.show(opened.house, 1)
    assert (record.waits_until, record.is_quiet, record.standing.counts) == (None, False, {State.READY: 1})


async def test_what_is_ordered_for_later_does_not_wait_for_quiet_hours(opened: OpenHouse, enter: Enter) -> None:
    customer = enter("10001", quiet_from=time(9), quiet_until=time(11, 30))
    later = START + timedelta(hours=2)
    await customer.send(Order(send_at=later))
    record = await jobs.show(opened.house, 1)
    assert (record.waits_until, record.is_quiet) == (later, False)


async def test_what_does_not_ring_does_not_wait_for_quiet_hours(opened: OpenHouse, customer: Customer) -> None:
    account = customer.login.account
    assert account is not None
    quiet = {"quiet_from": time(9), "quiet_until": time(11, 30)}
    opened.house.database.run_here(lambda connection: connection.execute(schema.account.update().values(quiet)))
    opened.house.database.run_here(lambda connection: ordered(connection, account, type=JobType.LETTER))
    assert not (await jobs.show(opened.house, 1)).is_quiet


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.CANCELLED, State.UNKNOWN])
async def test_a_job_of_which_nothing_can_be_held_tells_of_no_hold(
    opened: OpenHouse, customer: Customer, state: State
) -> None:
    account = customer.login.account
    assert account is not None
    opened.house.database.run_here(lambda connection: WAYS[state](connection, account))
    await holds.add(opened.house, "anna", None, None)
    assert (await jobs.show(opened.house, 1)).holds == ()


async def test_what_becomes_due_while_it_is_on_hold_is_held_from_then_on(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(send_at=START + timedelta(hours=1)))
    await holds.add(opened.house, "anna", None, None)
    await stage(opened)
    assert states(opened) == ["waiting"]
    opened.clock.forward(hours=1)
    await stage(opened)
    assert states(opened) == ["held"]
    await holds.lift(opened.house, "anna", None, None)
    await stage(opened)
    assert states(opened) == ["ready"]
