"""Every row and column of the state table: what may happen to a delivery in each state, and what may not."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa

from builders import START, everything, rows
from depesche.model.account import Account
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.states import FINAL, TRANSITIONS, Event, State
from depesche.store import deliveries, schema, turns
from depesche.store.database import Database
from journeys import BUSY, LATER, LEASE, OK, WAYS, begin_one, finish_one, mine, only


def end(connection: sa.Connection, outcome: Outcome, retry_at: datetime | None) -> None:
    """The worker tells how it ended, and whoever asked the far side does."""
    finish_one(connection, mine(connection), outcome, START, retry_at)
    row = only(connection)
    deliveries.settle(connection, row["id"], row["attempts"], outcome, START, retry_at)


HAPPENINGS: dict[Event, Callable[[sa.Connection], object]] = {
    Event.DUE: lambda connection: turns.stage(connection, START, 10),
    Event.CLAIM: lambda connection: deliveries.claim(connection, "w2", Channel.SMS, 10, START + LEASE),
    Event.BEGIN: lambda connection: begin_one(connection, mine(connection), START, START + LEASE),
    Event.RELEASE: lambda connection: deliveries.release(connection, mine(connection)),
    Event.PUT_OFF: lambda connection: deliveries.put_off(connection, mine(connection), START + LATER),
    Event.EXPIRE: lambda connection: deliveries.rescue(connection, START + LEASE + LEASE),
    Event.SUCCEED: lambda connection: end(connection, OK, None),
    Event.FAIL: lambda connection: end(connection, BUSY, None),
    Event.RETRY: lambda connection: end(connection, BUSY, START + LATER),
    Event.CANCEL: lambda connection: deliveries.cancel(connection, only(connection)["job_id"], START),
}


@pytest.mark.parametrize("event", HAPPENINGS)
@pytest.mark.parametrize("state", WAYS)
def test_a_delivery_goes_as_the_table_says_and_else_stays_as_it_is(
    database: Database, account: Account, state: State, event: Event
) -> None:
    def happen(connection: sa.Connection) -> None:
        WAYS[state](connection, account)
        assert only(connection)["state"] == state.value
        before = everything(connection)
        HAPPENINGS[event](connection)
        expected = TRANSITIONS.get(state, {}).get(event)
        if expected is None:
            assert everything(connection) == before
        else:
            assert only(connection)["state"] == expected.value

    database.run_here(happen)


@pytest.mark.parametrize("state", WAYS)
def test_only_what_a_worker_has_in_hand_has_a_worker_and_a_lease(
    database: Database, account: Account, state: State
) -> None:
    database.run_here(lambda connection: WAYS[state](connection, account))
    row = database.read_here(only)
    in_hand = state in (State.CLAIMED, State.SENDING)
    assert (row["worker"] is not None) is in_hand
    assert (row["lease_until"] is not None) is in_hand


@pytest.mark.parametrize("state", WAYS)
def test_a_job_is_final_when_its_last_delivery_is(database: Database, account: Account, state: State) -> None:
    database.run_here(lambda connection: WAYS[state](connection, account))
    (job,) = database.read_here(lambda connection: rows(connection, schema.job))
    assert job["open"] == (0 if state in FINAL else 1)
    assert job["final_at"] == (START if state in FINAL else None)
    assert job["not_ok"] == (1 if state in (State.FAILED, State.CANCELLED) else 0)
