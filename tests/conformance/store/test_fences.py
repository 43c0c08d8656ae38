"""A worker that wakes late, or never had the delivery, changes nothing."""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from builders import START, Clock, everything
from depesche.model.account import Account
from depesche.model.states import State
from depesche.store import deliveries, schema, turns
from depesche.store.database import Database
from journeys import BUSY, LATER, LEASE, OK, WAYS, begin_one, begun, claim_one, finish_one, mine, only

NOT_OURS = [{"worker": "w2"}, {"fence": 2}, {"fence": 0}, {"id": 99}]


@pytest.mark.parametrize("change", NOT_OURS)
def test_a_stranger_cannot_begin_or_give_back(database: Database, account: Account, change: dict[str, Any]) -> None:
    def meddle(connection: sa.Connection) -> None:
        WAYS[State.CLAIMED](connection, account)
        before = everything(connection)
        stranger = mine(connection, **change)
        assert not begin_one(connection, stranger, START, START + LEASE)
        deliveries.release(connection, stranger)
        deliveries.put_off(connection, stranger, START + LATER)
        assert everything(connection) == before

    database.run_here(meddle)


@pytest.mark.parametrize("change", NOT_OURS)
@pytest.mark.parametrize("retry_at", [None, START + LATER])
def test_a_stranger_cannot_end_it(
    database: Database, account: Account, change: dict[str, Any], retry_at: datetime | None
) -> None:
    def meddle(connection: sa.Connection) -> None:
        WAYS[State.SENDING](connection, account)
        before = everything(connection)
        for outcome in (OK, BUSY):
            assert not finish_one(connection, mine(connection, **change), outcome, START, retry_at)
        assert everything(connection) == before

    database.run_here(meddle)


def test_a_worker_that_wakes_late_changes_nothing(database: Database, account: Account, clock: Clock) -> None:
    def sleep_in(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        late = claim_one(connection, "w1", clock())
        clock.forward(seconds=31)
        assert deliveries.rescue(connection, clock()) == (1, 0)
        other = claim_one(connection, "w2", clock())
        assert other.fence == late.fence + 1
        assert not begin_one(connection, late, clock(), clock() + LEASE)
        assert begin_one(connection, other, clock(), clock() + LEASE)
        before = everything(connection)
        assert not begin_one(connection, late, clock(), clock() + LEASE)
        assert not finish_one(connection, late, OK, clock(), None)
        deliveries.release(connection, late)
        deliveries.put_off(connection, late, clock())
        assert deliveries.renew(connection, "w1", [late.id], clock() + LEASE * 9) == set()
        assert everything(connection) == before
        assert finish_one(connection, other, OK, clock(), None)

    database.run_here(sleep_in)


def test_the_fence_tells_apart_two_claims_of_one_worker(database: Database, account: Account, clock: Clock) -> None:
    def claim_twice(connection: sa.Connection) -> None:
        WAYS[State.READY](connection, account)
        first = claim_one(connection)
        deliveries.rescue(connection, clock.forward(seconds=31))
        second = claim_one(connection, now=clock())
        assert not begin_one(connection, first, clock(), clock() + LEASE)
        assert begin_one(connection, second, clock(), clock() + LEASE)
        assert not finish_one(connection, first, OK, clock(), None)
        assert only(connection)["state"] == "sending"

    database.run_here(claim_twice)


def test_a_lost_attempt_is_settled_once(database: Database, account: Account) -> None:
    def settle(connection: sa.Connection) -> None:
        WAYS[State.UNKNOWN](connection, account)
        lost = only(connection)["id"]
        assert not finish_one(connection, mine(connection, fence=99), OK, START, None)
        assert deliveries.settle(connection, lost, 1, OK, START, None)
        assert not finish_one(connection, mine(connection), BUSY, START, None)
        before = everything(connection)
        for overrule in (False, True):
            assert not deliveries.settle(connection, lost, 1, BUSY, START, START, overrule=overrule)
        assert everything(connection) == before

    database.run_here(settle)


def test_a_worker_whose_lease_ran_out_still_knows_how_its_attempt_ended(database: Database, account: Account) -> None:
    def end_late(connection: sa.Connection) -> str:
        WAYS[State.UNKNOWN](connection, account)
        assert finish_one(connection, mine(connection), OK, START, None)
        assert not finish_one(connection, mine(connection), BUSY, START, None)
        return str(only(connection)["state"])

    assert database.run_here(end_late) == "sent"


def test_what_is_learned_late_of_one_attempt_does_not_end_the_next(database: Database, account: Account) -> None:
    def learn_late(connection: sa.Connection) -> None:
        WAYS[State.UNKNOWN](connection, account)
        lost = only(connection)["id"]
        assert deliveries.settle(connection, lost, 1, BUSY, START, START)
        turns.stage(connection, START, 1)
        begun(connection)
        deliveries.rescue(connection, START + LEASE + LEASE)
        before = everything(connection)
        for overrule in (False, True):
            assert not deliveries.settle(connection, lost, 1, OK, START, START, overrule=overrule)
        assert everything(connection) == before
        assert deliveries.settle(connection, lost, 2, OK, START, None)

    database.run_here(learn_late)


@pytest.mark.parametrize("state", [state for state in WAYS if state not in (State.CLAIMED, State.SENDING)])
def test_a_lease_is_kept_only_of_what_is_in_hand(database: Database, account: Account, state: State) -> None:
    def renew(connection: sa.Connection) -> None:
        WAYS[state](connection, account)
        connection.execute(schema.delivery.update().values(worker="w1", cancel_requested=True))
        before = everything(connection)
        assert deliveries.renew(connection, "w1", [only(connection)["id"]], START + LEASE * 9) == set()
        assert everything(connection) == before

    database.run_here(renew)
