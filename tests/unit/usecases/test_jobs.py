"""What an operator sees of jobs, and decides about those of which nobody knows how they ended."""

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, rows
from customers import Customer, Enter, OpenHouse, Order
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.model.states import State
from depesche.store import deliveries, schema, turns
from depesche.usecases import jobs
from depesche.usecases.accounts import NotPossible
from depesche.usecases.jobs import Verdict
from depesche.usecases.status import status
from journeys import LATER, LEASE, OTHERS, WAYS, begun, finish_one, ordered

pytestmark = pytest.mark.anyio


@pytest.fixture
def undecided(opened: OpenHouse, customer: Customer) -> OpenHouse:
    """A house whose only delivery was lost in the middle of its attempt."""
    account = customer.login.account
    assert account is not None
    opened.house.database.run_here(lambda connection: WAYS[State.UNKNOWN](connection, account))
    return opened


@pytest.mark.parametrize(
    ("verdict", "state", "result"),
    [
        (Verdict.SENT, State.SENT, "OK"),
        (Verdict.FAILED, State.FAILED, "Send failed"),
        (Verdict.RESEND, State.WAITING, ""),
    ],
)
async def test_the_operator_ends_the_uncertainty(
    undecided: OpenHouse, customer: Customer, verdict: Verdict, state: State, result: str
) -> None:
    await jobs.resolve(undecided.house, "cli:eva", 1, verdict)
    assert (await jobs.standing(undecided.house, 1)).counts == {state: 1}
    assert (await status(undecided.house, customer.login, 1)).result == result


async def test_what_is_sent_again_is_due_at_once(undecided: OpenHouse) -> None:
    await jobs.resolve(undecided.house, "cli:eva", 1, Verdict.RESEND)
    now = undecided.house.now()
    assert undecided.house.database.run_here(lambda connection: turns.stage(connection, now, 10)) == {"sms": 1}
    assert undecided.wake.rung == 1


async def test_what_is_to_be_sent_again_is_though_the_customer_had_cancelled_it(
    opened: OpenHouse, customer: Customer
) -> None:
    account = customer.login.account
    assert account is not None

    def lose(connection: sa.Connection) -> None:
        WAYS[State.SENDING](connection, account)
        deliveries.cancel(connection, 1, START)
        deliveries.rescue(connection, START + LEASE + LEASE)

    opened.house.database.run_here(lose)
    await jobs.resolve(opened.house, "cli:eva", 1, Verdict.RESEND)
    assert (await jobs.standing(opened.house, 1)).counts == {State.WAITING: 1}
    (row,) = opened.house.database.read_here(lambda connection: rows(connection, schema.delivery))
    assert row["cancel_requested"] is False


async def test_a_verdict_is_on_the_audit_record(undecided: OpenHouse) -> None:
    await jobs.resolve(undecided.house, "cli:eva", 1, Verdict.SENT)
    (line,) = undecided.house.database.read_here(lambda connection: rows(connection, schema.audit))
    assert (line["actor"], line["action"], line["account_id"]) == ("cli:eva", "delivery.resolve", 1)
    assert line["data"] == {"delivery": 1, "job": 1, "address": MOBILE, "verdict": "sent"}


async def test_a_verdict_is_given_once(undecided: OpenHouse) -> None:
    await jobs.resolve(undecided.house, "cli:eva", 1, Verdict.SENT)
    with pytest.raises(NotPossible, match="no delivery 1 in the state unknown"):
        await jobs.resolve(undecided.house, "cli:eva", 1, Verdict.RESEND)
    assert (await jobs.standing(undecided.house, 1)).counts == {State.SENT: 1}
    assert len(undecided.house.database.read_here(lambda connection: rows(connection, schema.audit))) == 1


@pytest.mark.parametrize("delivery", [0, 2, 2**40])
async def test_only_what_is_unknown_can_be_decided(undecided: OpenHouse, delivery: int) -> None:
    with pytest.raises(NotPossible):
        await jobs.resolve(undecided.house, "cli:eva", delivery, Verdict.SENT)
    assert (await jobs.standing(undecided.house, 1)).counts == {State.UNKNOWN: 1}


async def test_jobs_of_one_account_are_listed_the_newest_first(
    opened: OpenHouse, customer: Customer, enter: Enter
) -> None:
    for address in OTHERS:
        await customer.send(Order(recipient=address))
    await enter("10002").send(Order())
    account = customer.login.account
    assert account is not None
    found = await jobs.newest(opened.house, account.id, 2)
    assert [(head.id, standing.counts) for head, standing in found] == [
        (3, {State.WAITING: 1}),
        (2, {State.WAITING: 1}),
    ]


async def test_rows_that_share_a_fate_are_counted_once(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(recipient=f"{MOBILE}[a],{MOBILE}[b]"))
    assert (await jobs.standing(opened.house, 1)).counts == {State.WAITING: 1}
    assert [fate.reference for fate in await jobs.fates(opened.house, 1)] == ["a", "b"]


async def test_a_job_is_shown_with_its_owner_and_every_attempt(opened: OpenHouse, customer: Customer) -> None:
    account = customer.login.account
    assert account is not None
    busy = Outcome(Result.BUSY, retry=True, detail="486 Busy Here")
    good = Outcome(Result.OK, pages=2, remote_id="+49 1", seconds=31, bit_rate=14400, coding="MMR", ecm=True)

    def carry(connection: sa.Connection) -> None:
        ordered(connection, account)
        for outcome, again in ((busy, START), (good, None)):
            turns.stage(connection, START, 10)
            finish_one(connection, begun(connection), outcome, START + LATER, again)

    opened.house.database.run_here(carry)
    record = await jobs.show(opened.house, 1)
    assert (record.account.number, record.head.id) == ("10001", 1)
    assert record.standing.counts == {State.SENT: 1}
    first, second = record.attempts
    assert (first.number, first.result, first.detail) == (1, Result.BUSY, "486 Busy Here")
    assert (second.number, second.result, second.pages, second.remote_id) == (2, Result.OK, 2, "+49 1")
    assert (second.seconds, second.bit_rate, second.coding, second.ecm) == (31, 14400, "MMR", True)
    assert (second.sending_at, second.ended_at) == (START, START + LATER)


async def test_an_attempt_under_way_has_no_result_yet(opened: OpenHouse, customer: Customer) -> None:
    account = customer.login.account
    assert account is not None
    opened.house.database.run_here(lambda connection: WAYS[State.SENDING](connection, account))
    (attempt,) = (await jobs.show(opened.house, 1)).attempts
    assert (attempt.result, attempt.ended_at, attempt.pages, attempt.bad_rows) == (None, None, 0, ())


async def test_the_next_due_time_is_that_of_the_first_that_waits(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(recipient=f"{OTHERS[0]},{OTHERS[1]}", send_at=START + LATER))
    assert (await jobs.standing(opened.house, 1)).due_at == START + LATER
    now = START + LATER + LEASE
    opened.house.database.run_here(lambda connection: turns.stage(connection, now, 10))
    assert (await jobs.standing(opened.house, 1)).due_at is None
    opened.house.database.run_here(lambda connection: deliveries.claim(connection, "w1", Channel.SMS, 1, now + LEASE))
    assert (await jobs.standing(opened.house, 1)).counts == {State.CLAIMED: 1, State.READY: 1}


@pytest.mark.parametrize("job", [0, 2, 2**31])
async def test_a_job_that_is_not_there_is_told(opened: OpenHouse, customer: Customer, job: int) -> None:
    await customer.send(Order())
    with pytest.raises(NotPossible, match=f"there is no job {job}"):
        await jobs.show(opened.house, job)
    with pytest.raises(NotPossible, match=f"there is no job {job}"):
        await jobs.owner(opened.house, job)
