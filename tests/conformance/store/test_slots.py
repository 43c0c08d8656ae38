"""Slots of a channel, as an operator gives them."""

from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from builders import START, add_account, rows
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.store import deliveries, schema, slots, turns
from depesche.store.database import Database
from journeys import LEASE, OTHERS, ordered


def test_slots_are_given_changed_and_taken_away(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        assert slots.every(connection) == {}
        assert slots.put(connection, Channel.FAX, None) is None
        assert slots.put(connection, Channel.FAX, 20) is None
        assert slots.put(connection, Channel.SMS, 1) is None
        assert slots.put(connection, Channel.FAX, 30) == 20
        assert slots.every(connection) == {Channel.FAX: 30, Channel.SMS: 1}
        assert slots.put(connection, Channel.FAX, None) == 30
        assert slots.every(connection) == {Channel.SMS: 1}

    database.run_here(work)


def test_the_next_claims_keep_to_them(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> None:
        ordered(connection, account, *OTHERS)
        turns.stage(connection, START, 10)
        for number, taken in ((1, 1), (2, 1), (1, 0), (None, 1)):
            slots.put(connection, Channel.SMS, number)
            assert len(deliveries.claim(connection, "w1", Channel.SMS, 10, START + LEASE)) == taken

    database.run_here(work)


def test_of_many_nodes_that_claim_at_one_moment_none_takes_a_slot_of_another(database: Database) -> None:
    def prepare(connection: sa.Connection) -> None:
        for number in range(40):
            ordered(connection, add_account(connection, f"2{number:04}"))
        turns.stage(connection, START, 100)
        slots.put(connection, Channel.SMS, 7)

    def claim(worker: int) -> int:
        work = deliveries.claim
        taken = database.run_here(lambda c: work(c, f"w{worker}", Channel.SMS, 3, START + LEASE))
        return len(taken)

    database.run_here(prepare)
    with ThreadPoolExecutor(8) as nodes:
        assert sum(nodes.map(claim, range(16))) == 7
    kept = database.read_here(lambda connection: rows(connection, schema.delivery))
    assert [row["state"] for row in kept].count("claimed") == 7


def test_of_two_who_give_a_channel_its_first_slots_at_one_moment_the_second_finds_those_of_the_first(
    database: Database,
) -> None:
    with ThreadPoolExecutor(8) as people:
        give = slots.put
        had = list(people.map(lambda number: database.run_here(lambda c: give(c, Channel.FAX, number)), range(1, 17)))
    left = database.read_here(slots.every)[Channel.FAX]
    assert sorted(number or 0 for number in [*had, left]) == list(range(17))
