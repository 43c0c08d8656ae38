"""Slots of a channel, as an operator gives them."""

import sqlalchemy as sa

from builders import START
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.store import deliveries, slots, turns
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
