"""A delivery's way through the states, step by step, as workers take it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from builders import START, new_job, rows
from depesche.model.account import Account
from depesche.model.job import NewJob, Sending
from depesche.model.jobtype import Channel, JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.states import State
from depesche.store import deliveries, expansions, jobs, listing, schema, turns
from depesche.store.deliveries import Claimed, Ended
from depesche.store.expansions import Expansion

LEASE = timedelta(seconds=30)
LATER = timedelta(minutes=5)
OK = Outcome(Result.OK, pages=1)
BUSY = Outcome(Result.BUSY, retry=True, detail="486")

OTHERS = ("+491713920003", "+491713920004", "+491713920005")


def ordered(connection: sa.Connection, account: Account, *addresses: str, **changes: Any) -> int:
    """A job, and all its deliveries."""
    new = new_job(account.id, *addresses, **{"sandbox": account.sandbox} | changes)
    if not listing.is_long(new.roll.rows):
        return jobs.insert(connection, new, START)
    job_id = listed(connection, new)
    one = expansions.claim(connection, "w1", START, START + LEASE)
    while one is not None and not one.is_done:
        one = expand(connection, one, new)
    return job_id


def listed(connection: sa.Connection, new: NewJob) -> int:
    """A job with a long list, of which the first rows are deliveries."""
    kept = listing.document("roll.db", f"order/{new.order_key}", 0, "")
    return jobs.insert(connection, replace(new, files=(*new.files, kept)), START)


def expand(connection: sa.Connection, one: Expansion, new: NewJob, now: datetime = START) -> Expansion | None:
    """The next chunk of its list."""
    return expansions.write(connection, one, list(new.roll.entries(one.next, listing.CHUNK)), now, now + LEASE)


def claim_one(
    connection: sa.Connection, worker: str = "w1", now: datetime = START, channel: Channel = Channel.SMS
) -> Claimed:
    (claimed,) = deliveries.claim(connection, worker, channel, 1, now + LEASE)
    return claimed


def begin_one(connection: sa.Connection, claimed: Claimed, now: datetime, lease_until: datetime) -> bool:
    """Whether it began."""
    return deliveries.begin(connection, [claimed], now, lease_until) == {claimed.id}


def finish_one(
    connection: sa.Connection, claimed: Claimed, outcome: Outcome, at: datetime, retry_at: datetime | None
) -> bool:
    """Whether it was written."""
    return deliveries.finish(connection, [Ended(claimed, outcome, at, retry_at)]) == {claimed.id}


def begun(
    connection: sa.Connection, worker: str = "w1", now: datetime = START, channel: Channel = Channel.SMS
) -> Claimed:
    claimed = claim_one(connection, worker, now, channel)
    assert begin_one(connection, claimed, now, now + LEASE)
    return claimed


def only(connection: sa.Connection) -> dict[str, Any]:
    (row,) = rows(connection, schema.delivery)
    return row


def mine(connection: sa.Connection, **changes: Any) -> Claimed:
    """The delivery as the worker that has it, if one has, knows it."""
    row = only(connection)
    claimed = Claimed(
        id=row["id"],
        job_id=row["job_id"],
        worker=row["worker"] or "w1",
        fence=row["fence"],
        attempts=row["attempts"],
        account_number="10001",
        sandbox=True,
        type=JobType.SMS,
        address=row["address"],
        text="",
        sending=Sending(),
        repeats=3,
        pages=1,
    )
    return replace(claimed, **changes)


def events(connection: sa.Connection) -> list[tuple[str, int | None]]:
    return [(row["kind"], row["delivery_id"]) for row in rows(connection, schema.event)]


def _waiting(connection: sa.Connection, account: Account) -> None:
    ordered(connection, account)


def _ready(connection: sa.Connection, account: Account) -> None:
    ordered(connection, account)
    turns.stage(connection, START, 10)


def _claimed(connection: sa.Connection, account: Account) -> None:
    _ready(connection, account)
    claim_one(connection)


def _sending(connection: sa.Connection, account: Account) -> None:
    _ready(connection, account)
    begun(connection)


def _unknown(connection: sa.Connection, account: Account) -> None:
    _sending(connection, account)
    deliveries.rescue(connection, START + LEASE + LEASE)


def _held(connection: sa.Connection, account: Account) -> None:
    ordered(connection, account)
    connection.execute(schema.delivery.update().values(state=State.HELD.value))


def _sent(connection: sa.Connection, account: Account) -> None:
    _ready(connection, account)
    finish_one(connection, begun(connection), OK, START, None)


def _failed(connection: sa.Connection, account: Account) -> None:
    _ready(connection, account)
    finish_one(connection, begun(connection), BUSY, START, None)


def _cancelled(connection: sa.Connection, account: Account) -> None:
    deliveries.cancel(connection, ordered(connection, account), START)


WAYS: dict[State, Callable[[sa.Connection, Account], None]] = {
    State.WAITING: _waiting,
    State.READY: _ready,
    State.CLAIMED: _claimed,
    State.SENDING: _sending,
    State.UNKNOWN: _unknown,
    State.HELD: _held,
    State.SENT: _sent,
    State.FAILED: _failed,
    State.CANCELLED: _cancelled,
}
