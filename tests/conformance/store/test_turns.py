"""Whose turn it is: a broadcast never blocks another customer's single message."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from builders import START, add_account, new_job, rows
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.store import deliveries, jobs, schema, turns
from depesche.store.database import Database
from depesche.store.postgres import Postgres
from journeys import LEASE, ordered


def broadcast(connection: sa.Connection, account: Account, count: int, **changes: Any) -> None:
    jobs.insert(connection, new_job(account.id, *(f"+49171{number:07}" for number in range(count)), **changes), START)


def stage_all(connection: sa.Connection) -> None:
    while turns.stage(connection, START, 1000):
        pass


def claimed_accounts(connection: sa.Connection, count: int, channel: Channel = Channel.SMS) -> list[str]:
    """Account numbers of the next claims, one at a time."""
    lease = START + LEASE
    claims = [deliveries.claim(connection, "w1", channel, 1, lease) for _ in range(count)]
    return [one.account_number for claim in claims for one in claim]


def test_nothing_is_staged_before_its_time(database: Database, account: Account) -> None:
    def stage(connection: sa.Connection) -> None:
        later = START + timedelta(hours=1)
        ordered(connection, account, send_at=later)
        assert turns.stage(connection, later - timedelta(microseconds=1), 10) == {}
        assert deliveries.claim(connection, "w1", Channel.SMS, 10, later) == []
        assert turns.stage(connection, later, 10) == {"sms": 1}
        assert len(deliveries.claim(connection, "w1", Channel.SMS, 10, later)) == 1

    database.run_here(stage)


def test_staging_counts_by_channel_and_stops_at_its_limit_in_each_lane(database: Database, account: Account) -> None:
    def stage(connection: sa.Connection) -> None:
        broadcast(connection, account, 5)
        ordered(connection, account, type=JobType.FAX)
        ordered(connection, account, type=JobType.LETTER)
        assert turns.stage(connection, START, 4) == {"sms": 4, "fax": 1, "letter": 1}
        assert turns.stage(connection, START, 4) == {"sms": 1}
        assert turns.stage(connection, START, 4) == {}

    database.run_here(stage)


def test_what_is_due_first_is_staged_first(database: Database, account: Account) -> None:
    def stage(connection: sa.Connection) -> list[int]:
        later = ordered(connection, account, send_at=START + timedelta(seconds=2))
        sooner = ordered(connection, account, send_at=START + timedelta(seconds=1))
        turns.stage(connection, START + timedelta(seconds=3), 10)
        claims = deliveries.claim(connection, "w1", Channel.SMS, 2, START + LEASE)
        assert {claimed.job_id for claimed in claims} == {later, sooner}
        return [claimed.job_id - sooner for claimed in claims]

    assert database.run_here(stage) == [0, -1]


def test_a_single_message_waits_for_a_few_of_a_thousand(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[str]:
        other = add_account(connection, "10002")
        broadcast(connection, account, 1000)
        ordered(connection, other)
        stage_all(connection)
        return claimed_accounts(connection, 3)

    assert "10002" in database.run_here(send)


def test_who_comes_in_the_middle_of_a_broadcast_is_next(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[str]:
        other = add_account(connection, "10002")
        broadcast(connection, account, 600)
        stage_all(connection)
        assert claimed_accounts(connection, 400) == ["10001"] * 400
        ordered(connection, other)
        stage_all(connection)
        return claimed_accounts(connection, 3)

    assert "10002" in database.run_here(send)


def test_who_was_away_has_saved_nothing_up(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[str]:
        other = add_account(connection, "10002")
        ordered(connection, other)
        broadcast(connection, account, 200)
        stage_all(connection)
        claimed_accounts(connection, 101)
        broadcast(connection, other, 50)
        stage_all(connection)
        return claimed_accounts(connection, 60)

    found = database.run_here(send)
    assert 25 <= found.count("10001") <= 35


def test_a_single_order_goes_before_its_accounts_own_broadcast_has_all_its_turns(
    database: Database, account: Account
) -> None:
    def send(connection: sa.Connection) -> tuple[bool, int]:
        broadcast(connection, account, 600)
        single = ordered(connection, account)
        assert turns.stage(connection, START, 50) == {"sms": 51}
        first = deliveries.claim(connection, "w1", Channel.SMS, 2, START + LEASE)
        return single in {claimed.job_id for claimed in first}, turns.stage(connection, START, 1000).total()

    assert database.run_here(send) == (True, 550)


def test_two_broadcasts_share_evenly(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[str]:
        other = add_account(connection, "10002")
        broadcast(connection, account, 100)
        broadcast(connection, other, 100)
        stage_all(connection)
        return claimed_accounts(connection, 40)

    found = database.run_here(send)
    assert all(found[:count].count("10001") - count / 2 <= 1 for count in range(1, 41))
    assert found.count("10002") == 20


def test_an_account_of_more_weight_has_a_larger_share(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[str]:
        heavy = add_account(connection, "10002", weight=3)
        broadcast(connection, account, 100)
        broadcast(connection, heavy, 100)
        stage_all(connection)
        return claimed_accounts(connection, 40)

    assert database.run_here(send).count("10002") == 30


def test_channels_do_not_wait_for_each_other(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> dict[str, float]:
        broadcast(connection, account, 300)
        ordered(connection, account, type=JobType.FAX)
        stage_all(connection)
        assert claimed_accounts(connection, 1, Channel.FAX) == ["10001"]
        kept = [row for row in rows(connection, schema.turn) if row["account_id"] == account.id]
        return {row["channel"]: row["last"] for row in kept}

    assert database.run_here(send) == {"fax": 1.0, "sms": 300.0}


def test_what_comes_back_with_an_early_turn_lets_nobody_jump_the_queue(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[float]:
        broadcast(connection, account, 100)
        stage_all(connection)
        first, *_ = deliveries.claim(connection, "w1", Channel.SMS, 50, START + LEASE)
        for number in ("10002", "10003"):
            ordered(connection, add_account(connection, number))
            stage_all(connection)
            deliveries.release(connection, first)
        return [row["turn"] for row in rows(connection, schema.delivery)][100:]

    assert database.run_here(send) == [52.0, 52.0]


def test_who_sent_much_yesterday_does_not_stand_behind_who_begins_today(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> list[str]:
        broadcast(connection, account, 100)
        stage_all(connection)
        claimed_accounts(connection, 100)
        for sender in (add_account(connection, "10002"), account):
            broadcast(connection, sender, 20)
        stage_all(connection)
        return claimed_accounts(connection, 20)

    assert database.run_here(send).count("10001") == 10


def test_turns_are_given_by_one_node_at_a_time(postgres: Postgres) -> None:
    """On SQLite there is one writer."""
    postgres.run_here(lambda connection: broadcast(connection, add_account(connection), 3))

    def stage(connection: sa.Connection) -> tuple[int, int, int]:
        first = turns.stage(connection, START, 1).total()
        beside = postgres.run_here(lambda other: turns.stage(other, START, 1).total())
        return first, beside, turns.stage(connection, START, 1).total()

    assert postgres.run_here(stage) == (1, 0, 1)
    assert postgres.run_here(lambda connection: turns.stage(connection, START, 9).total()) == 1


def test_what_is_given_back_is_next_again(database: Database, account: Account) -> None:
    def send(connection: sa.Connection) -> None:
        broadcast(connection, account, 3)
        stage_all(connection)
        first, *_ = deliveries.claim(connection, "w1", Channel.SMS, 2, START + LEASE)
        deliveries.release(connection, first)
        (again,) = deliveries.claim(connection, "w2", Channel.SMS, 1, START + LEASE)
        assert (again.id, again.fence) == (first.id, first.fence + 1)

    database.run_here(send)
