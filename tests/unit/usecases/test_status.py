"""JobStatus."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from builders import MOBILE, START
from customers import Customer, Enter, OpenHouse, Order
from depesche.config import Retention
from depesche.model.jobtype import Channel
from depesche.model.outcome import Outcome
from depesche.model.states import State
from depesche.store import deliveries, retention, turns
from depesche.store.retention import Kind
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.status import StatusAnswer, status
from journeys import BUSY, LATER, LEASE, OK, WAYS, begin_one, finish_one

pytestmark = pytest.mark.anyio

OTHER, THIRD = "+491713920003", "+491713920004"
HEAD = b'"RECIPIENT","JOBTYPE","RESULT","REMOTEID","PAGES","SENDDATETIME","DURATION","REFID"\r\n'


def end(opened: OpenHouse, *outcomes: Outcome) -> None:
    """The deliveries end like this, one minute after the other."""

    def work(connection: sa.Connection) -> None:
        turns.stage(connection, opened.clock(), 10)
        for outcome in outcomes:
            now = opened.clock.forward(minutes=1)
            (claimed,) = deliveries.claim(connection, "w1", Channel.SMS, 1, now + LEASE)
            begin_one(connection, claimed, now, now + LEASE)
            finish_one(connection, claimed, outcome, now, now + LATER if outcome is RETRY else None)

    opened.house.database.run_here(work)


RETRY = replace(BUSY, detail="again later")


@pytest.mark.parametrize(
    ("failure", "code"), [(LoginFailure.NO_ACCOUNT, 1), (LoginFailure.UNKNOWN, 1), (LoginFailure.WRONG_PASSWORD, 2)]
)
async def test_who_is_not_logged_in(opened: OpenHouse, failure: LoginFailure, code: int) -> None:
    assert await status(opened.house, Login(failure=failure), 1) == StatusAnswer(code)


async def test_whose_trial_is_over(opened: OpenHouse, enter: Enter) -> None:
    customer = enter(state="trial", trial_until=date(2026, 3, 1))
    assert await status(opened.house, customer.login, 1) == StatusAnswer(3)


async def test_who_is_locked(opened: OpenHouse, enter: Enter) -> None:
    assert await status(opened.house, enter(state="locked").login, 1) == StatusAnswer(4)


@pytest.mark.parametrize("job", [0, -1, 2, 2**31 - 1, 2**62])
async def test_a_job_that_is_not_there(opened: OpenHouse, customer: Customer, job: int) -> None:
    await customer.send(Order())
    assert await status(opened.house, customer.login, job) == StatusAnswer(5)


async def test_a_job_of_another_account_is_not_there(opened: OpenHouse, customer: Customer, enter: Enter) -> None:
    await customer.send(Order())
    assert await status(opened.house, enter("10002").login, 1) == StatusAnswer(5)


@pytest.mark.parametrize("state", [State.WAITING, State.READY, State.CLAIMED, State.SENDING, State.UNKNOWN, State.HELD])
async def test_a_job_in_work_tells_nothing_else(opened: OpenHouse, customer: Customer, state: State) -> None:
    account = customer.login.account
    assert account is not None
    opened.house.database.run_here(lambda connection: WAYS[state](connection, account))
    assert await status(opened.house, customer.login, 1) == StatusAnswer(6)


async def test_a_job_that_waits_for_a_retry_or_for_one_of_many_is_in_work(
    opened: OpenHouse, customer: Customer
) -> None:
    await customer.send(Order(recipient=f"{MOBILE},{OTHER}"))
    end(opened, OK, RETRY)
    assert await status(opened.house, customer.login, 1) == StatusAnswer(6)


async def test_one_recipient_has_its_own_result(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(recipient=f"{MOBILE}[r 1]"))
    end(opened, replace(OK, pages=2, remote_id="Muster", seconds=9))
    sent_at = START + timedelta(minutes=1)
    assert await status(opened.house, customer.login, 1) == StatusAnswer(
        code=0,
        result="OK",
        sent_at=sent_at,
        remote_id="Muster",
        status_file=HEAD + b'"+491713920000","SMS","OK","Muster","2","2026-03-02 09:01:00","0","r 1"\r\n',
    )


async def test_several_given_rows_are_multi_even_where_they_are_one_address(
    opened: OpenHouse, customer: Customer
) -> None:
    await customer.send(Order(recipient=f"{MOBILE}[a],{MOBILE}[b]"))
    end(opened, replace(OK, remote_id="Muster"))
    answer = await status(opened.house, customer.login, 1)
    assert (answer.code, answer.result, answer.remote_id) == (0, "multi", "")
    assert answer.status_file.count(b'"OK","Muster","1","2026-03-02 09:01:00"') == 2


async def test_every_given_row_is_in_the_file_in_its_order(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(recipient=f"{MOBILE}[a],x[b],{OTHER}[c],{MOBILE}[d],{THIRD}[e]"))
    end(opened, OK, BUSY)
    cancelled_at = opened.clock.forward(minutes=10)
    opened.house.database.run_here(lambda connection: deliveries.cancel(connection, 1, cancelled_at))
    answer = await status(opened.house, customer.login, 1)
    last_attempt = datetime(2026, 3, 2, 9, 2, tzinfo=UTC)
    assert (answer.code, answer.result, answer.sent_at) == (0, "multi", last_attempt)
    assert answer.status_file == HEAD + (
        b'"+491713920000","SMS","OK","","1","2026-03-02 09:01:00","0","a"\r\n'
        b'"x","SMS","Blacklist","","0","2026-03-02 09:00:00","0","b"\r\n'
        b'"+491713920003","SMS","busy","","0","2026-03-02 09:02:00","0","c"\r\n'
        b'"+491713920000","SMS","OK","","1","2026-03-02 09:01:00","0","d"\r\n'
        b'"+491713920004","SMS","Canceled","","0","2026-03-02 09:12:00","0","e"\r\n'
    )


async def test_the_file_is_written_as_the_account_wants_it(opened: OpenHouse, enter: Enter) -> None:
    customer = enter(status_encoding="windows-1252")
    await customer.send(Order(recipient=f"{MOBILE}[Müller]"))
    end(opened, OK)
    assert b'"M\xfcller"\r\n' in (await status(opened.house, customer.login, 1)).status_file


async def test_a_job_cancelled_before_its_first_attempt_has_the_moment_of_the_decision(
    opened: OpenHouse, customer: Customer
) -> None:
    await customer.send(Order(send_at=START + timedelta(days=1)))
    at = opened.clock.forward(hours=2)
    opened.house.database.run_here(lambda connection: deliveries.cancel(connection, 1, at))
    answer = await status(opened.house, customer.login, 1)
    assert (answer.result, answer.sent_at, answer.remote_id) == ("Canceled", at, "")


async def test_looking_changes_nothing(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order())
    end(opened, OK)
    first = await status(opened.house, customer.login, 1)
    opened.clock.forward(days=300)
    assert await status(opened.house, customer.login, 1) == first


def let_go(opened: OpenHouse, kind: Kind) -> None:
    """This is old enough of every job."""
    late = opened.clock() + timedelta(days=1000)

    def work(connection: sa.Connection) -> int:
        return retention.take(connection, kind, retention.due(connection, kind, Retention(), late), late).count

    assert opened.house.database.run_here(work) == 1


async def test_of_a_job_whose_documents_are_gone_all_is_told_as_before(opened: OpenHouse, customer: Customer) -> None:
    job = (await customer.send(Order(recipient=f"{MOBILE},{OTHER}"))).job_id
    end(opened, OK, BUSY)
    before = await status(opened.house, customer.login, job)
    assert before.code == 0
    let_go(opened, Kind.DOCUMENTS)
    assert await status(opened.house, customer.login, job) == before


async def test_a_job_whose_record_is_gone_is_not_there(opened: OpenHouse, customer: Customer) -> None:
    job = (await customer.send(Order())).job_id
    end(opened, OK)
    let_go(opened, Kind.JOBS)
    assert await status(opened.house, customer.login, job) == StatusAnswer(5)
