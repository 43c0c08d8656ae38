"""What holds a delivery up: holds, quiet hours, a number that is being called, slots. And lanes, so that less does."""

import threading
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from builders import START, add_account, rows
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.store import deliveries, holds, schema, turns
from depesche.store.database import Database
from depesche.store.postgres import Postgres
from journeys import LEASE, OK, begin_one, finish_one, ordered

BERLIN = ZoneInfo("Europe/Berlin")
NUMBERS = tuple(f"+4930231250{number:02}" for number in range(8))
UNTIL = START + LEASE


def states(connection: sa.Connection) -> list[str]:
    return [row["state"] for row in rows(connection, schema.delivery)]


def claim(connection: sa.Connection, limit: int = 10, channel: Channel = Channel.FAX) -> list[deliveries.Claimed]:
    return deliveries.claim(connection, "w1", channel, limit, UNTIL)


# numbers that are being called


def test_no_number_is_called_twice_at_a_time(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        for number in (NUMBERS[0], NUMBERS[0], NUMBERS[1]):
            ordered(connection, account, number, type=JobType.FAX)
        turns.stage(connection, START, 10)
        first, other = claim(connection)
        assert [first.address, other.address] == [NUMBERS[0], NUMBERS[1]]
        assert claim(connection) == []
        begin_one(connection, first, START, UNTIL)
        assert claim(connection) == []
        finish_one(connection, first, OK, START, None)
        (second,) = claim(connection)
        assert second.address == NUMBERS[0]

    database.run_here(work)


def test_messages_to_one_number_do_not_wait_for_each_other(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> int:
        for _ in range(3):
            ordered(connection, account, type=JobType.SMS)
        turns.stage(connection, START, 10)
        return len(claim(connection, channel=Channel.SMS))

    assert database.run_here(work) == 3


def test_of_two_nodes_that_take_the_same_number_at_one_moment_one_gets_it(postgres: Postgres) -> None:
    def prepare(connection: sa.Connection) -> None:
        account = add_account(connection)
        for _ in range(2):
            ordered(connection, account, NUMBERS[0], type=JobType.FAX)
        turns.stage(connection, START, 10)

    postgres.run_here(prepare)

    found: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def first(connection: sa.Connection) -> None:
        found.append(len(deliveries.claim(connection, "w1", Channel.FAX, 1, UNTIL)))
        begun.set()
        go_on.wait(5)

    def second(connection: sa.Connection) -> int:
        go_on.set()  # it sees nothing of the first one's claim yet, waits for its end, is refused, and looks again
        return len(deliveries.claim(connection, "w2", Channel.FAX, 2, UNTIL))

    thread = threading.Thread(target=postgres.run_here, args=(first,))
    thread.start()
    begun.wait()
    found.append(postgres.run_here(second))
    thread.join()
    assert found == [1, 0]
    assert sorted(postgres.read_here(states)) == ["claimed", "ready"]


# slots


def test_a_channel_has_no_more_on_their_way_than_it_has_slots(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(schema.slots.insert(), {"channel": "fax", "number": 3})
        ordered(connection, account, *NUMBERS, type=JobType.FAX)
        ordered(connection, account, type=JobType.SMS)
        turns.stage(connection, START, 10)
        taken = claim(connection, 2)
        assert len(taken) == 2
        assert len(claim(connection)) == 1
        assert claim(connection) == []
        assert len(claim(connection, channel=Channel.SMS)) == 1
        begin_one(connection, taken[0], START, UNTIL)
        finish_one(connection, taken[0], OK, START, None)
        deliveries.release(connection, taken[1])
        assert len(claim(connection)) == 2

    database.run_here(work)


# holds


@pytest.mark.parametrize(
    ("whose", "channel", "held"),
    [
        (holds.EVERYONE, None, {"a/fax", "a/sms", "b/fax", "b/sms"}),
        (holds.EVERYONE, Channel.FAX, {"a/fax", "b/fax"}),
        ("a", None, {"a/fax", "a/sms"}),
        ("a", Channel.SMS, {"a/sms"}),
    ],
)
def test_what_is_on_hold_is_put_aside_and_taken_up_again(
    database: Database, whose: str | int, channel: Channel | None, held: set[str]
) -> None:
    def work(connection: sa.Connection) -> None:
        accounts = {name: add_account(connection, number) for name, number in (("a", "1"), ("b", "2"))}
        names = {account.id: name for name, account in accounts.items()}
        concerned = whose if isinstance(whose, int) else accounts[whose].id

        def found(state: str) -> set[str]:
            kept = [row for row in rows(connection, schema.delivery) if row["state"] == state]
            return {f"{names[row['account_id']]}/{row['channel']}" for row in kept}

        def order() -> None:
            for account in accounts.values():
                for kind in (JobType.FAX, JobType.SMS):
                    ordered(connection, account, NUMBERS[account.id], type=kind)

        order()
        turns.stage(connection, START, 10)
        assert holds.put(connection, concerned, channel, START, "line is down")
        assert not holds.put(connection, concerned, channel, START, "again")
        assert holds.put_aside(connection, concerned, channel) == len(held)
        assert (found("held"), found("ready") & held) == (held, set())
        order()  # what comes now is put aside as well
        assert turns.stage(connection, START, 4).is_full, "those that are put aside were looked at as well"
        assert (found("held"), found("ready") & held, found("waiting")) == (held, set(), set())
        assert len(states(connection)) == 8
        assert holds.lift(connection, concerned, channel)
        assert not holds.lift(connection, concerned, channel)
        assert holds.take_up(connection, concerned, channel) == 2 * len(held)
        turns.stage(connection, START, 10)
        assert states(connection) == ["ready"] * 8

    database.run_here(work)


def test_what_two_holds_concern_waits_for_both(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ordered(connection, account, type=JobType.FAX)
        holds.put(connection, account.id, None, START, "")
        holds.put(connection, holds.EVERYONE, Channel.FAX, START, "")
        for lifted in ((holds.EVERYONE, Channel.FAX), (account.id, None)):
            turns.stage(connection, START, 10)
            assert states(connection) == ["held"]
            holds.lift(connection, *lifted)
            holds.take_up(connection, *lifted)
        turns.stage(connection, START, 10)
        assert states(connection) == ["ready"]

    database.run_here(work)


# quiet hours


def test_in_quiet_hours_nothing_rings_and_afterwards_it_does(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        account = add_account(connection, quiet_from=time(9), quiet_until=time(11, 30))
        for kind in (JobType.FAX, JobType.SMS, JobType.MAIL):
            ordered(connection, account, type=kind)
        assert turns.stage(connection, START, 10, BERLIN) == {"mail": 1}  # it is 10:00 in Berlin
        assert states(connection) == ["waiting", "waiting", "ready"]
        end = START + timedelta(hours=1, minutes=30)
        assert turns.stage(connection, end - timedelta(seconds=1), 10, BERLIN) == {}
        assert turns.stage(connection, end, 10, BERLIN) == {"fax": 1, "sms": 1}

    database.run_here(work)


# lanes


def test_a_single_order_does_not_stand_behind_the_accounts_own_broadcast(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ordered(connection, account, *(f"+49171{number:07}" for number in range(200)))
        turns.stage(connection, START, 1000)
        claim(connection, 20, Channel.SMS)
        single = ordered(connection, account)
        turns.stage(connection, START, 10)
        assert single in {one.job_id for one in claim(connection, 3, Channel.SMS)}

    database.run_here(work)


def test_what_was_out_when_the_hold_came_is_put_aside_when_it_comes_back(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> list[str]:
        ordered(connection, account, *NUMBERS[:3], type=JobType.FAX)
        turns.stage(connection, START, 10)
        given_back, *_ = claim(connection, 3)
        holds.put(connection, account.id, Channel.FAX, START, "")
        assert holds.put_aside(connection, account.id, Channel.FAX) == 0
        deliveries.release(connection, given_back)
        deliveries.rescue(connection, UNTIL + LEASE)
        assert states(connection) == ["held"] * 3
        holds.lift(connection, account.id, Channel.FAX)
        assert holds.take_up(connection, account.id, Channel.FAX) == 3
        return states(connection)

    assert database.run_here(work) == ["waiting"] * 3
