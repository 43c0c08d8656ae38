"""CancelJob."""

import tracemalloc
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, rows
from customers import Customer, Enter, OpenHouse, Order
from depesche.model.jobtype import JobType
from depesche.model.states import State
from depesche.store import deliveries, schema, turns
from depesche.store.deliveries import Cancelled
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.cancel import cancel
from depesche.usecases.status import status
from journeys import OTHERS, WAYS, begun, ordered

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("failure", LoginFailure)
async def test_who_is_not_logged_in(opened: OpenHouse, failure: LoginFailure) -> None:
    assert await cancel(opened.house, Login(failure=failure), 1) == -1


async def test_who_is_locked(opened: OpenHouse, enter: Enter) -> None:
    assert await cancel(opened.house, enter(state="locked").login, 1) == -3


@pytest.mark.parametrize("job", [0, -5, 2, 2**31 - 1])
async def test_a_job_that_is_not_there(opened: OpenHouse, customer: Customer, job: int) -> None:
    await customer.send(Order())
    assert await cancel(opened.house, customer.login, job) == -2


async def test_a_job_of_another_account_is_not_there_and_goes_on(
    opened: OpenHouse, customer: Customer, enter: Enter
) -> None:
    await customer.send(Order())
    assert await cancel(opened.house, enter("10002").login, 1) == -2
    assert (await status(opened.house, customer.login, 1)).code == 6


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.WAITING, 0),
        (State.READY, 0),
        (State.CLAIMED, 0),
        (State.HELD, 0),
        (State.SENDING, 1),
        (State.SENT, 1),
        (State.FAILED, 1),
        (State.CANCELLED, 1),
        (State.UNKNOWN, 1),
    ],
)
async def test_what_can_be_stopped_is(opened: OpenHouse, customer: Customer, state: State, code: int) -> None:
    account = customer.login.account
    assert account is not None
    opened.house.database.run_here(lambda connection: WAYS[state](connection, account))
    assert await cancel(opened.house, customer.login, 1) == code
    (row,) = opened.house.database.read_here(lambda connection: rows(connection, schema.delivery))
    assert row["cancel_requested"] is (state is State.SENDING)
    assert opened.hurry.rung == 1


async def test_a_call_on_the_line_is_stopped_and_a_message_handed_over_is_not(
    opened: OpenHouse, customer: Customer
) -> None:
    account = customer.login.account
    assert account is not None

    def send(connection: sa.Connection) -> None:
        for kind in (JobType.FAX, JobType.SMS, JobType.MAIL, JobType.LETTER, JobType.QSIGN):
            ordered(connection, account, type=kind)
            turns.stage(connection, START, 1)
            begun(connection, channel=kind.channel)

    opened.house.database.run_here(send)
    assert [await cancel(opened.house, customer.login, job) for job in range(1, 6)] == [0, 1, 1, 1, 1]


async def test_one_message_that_waits_makes_the_job_stopped(opened: OpenHouse, customer: Customer) -> None:
    account = customer.login.account
    assert account is not None

    def send(connection: sa.Connection) -> None:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 1)
        begun(connection)

    opened.house.database.run_here(send)
    assert await cancel(opened.house, customer.login, 1) == 0
    assert await cancel(opened.house, customer.login, 1) == 1


async def test_a_cancelled_job_is_final_at_once(opened: OpenHouse, customer: Customer) -> None:
    await customer.send(Order(send_at=START + timedelta(hours=1)))
    assert await cancel(opened.house, customer.login, 1) == 0
    answer = await status(opened.house, customer.login, 1)
    assert (answer.code, answer.result) == (0, "Canceled")
    assert await cancel(opened.house, customer.login, 1) == 1


async def test_an_expired_trial_may_still_cancel(opened: OpenHouse, enter: Enter) -> None:
    customer = enter(state="trial", trial_until=date(2026, 3, 2))
    await customer.send(Order(send_at=START + timedelta(days=7)))
    opened.clock.forward(days=2)
    assert (await status(opened.house, customer.login, 1)).code == 3
    assert await cancel(opened.house, customer.login, 1) == 0


# --- large jobs


async def large(opened: OpenHouse, customer: Customer, number: int) -> None:
    """A job of so many recipients."""
    account = customer.login.account
    assert account is not None
    addresses = [f"+49171{one:07}" for one in range(number)]
    opened.house.database.run_here(lambda connection: ordered(connection, account, *addresses))


def states(opened: OpenHouse) -> dict[str, int]:
    query = sa.select(schema.delivery.c.state, sa.func.count()).group_by(schema.delivery.c.state)
    return {str(state): number for state, number in opened.house.database.read_here(lambda c: c.execute(query).all())}


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Cancelled]:
    """What each transaction did; they are of two given rows each."""
    done: list[Cancelled] = []
    real = deliveries.cancel

    def cancel(connection: sa.Connection, job_id: int, now: datetime, first: int) -> Cancelled:
        done.append(real(connection, job_id, now, first, 2))
        return done[-1]

    monkeypatch.setattr(deliveries, "cancel", cancel)
    return done


async def test_a_large_job_is_cancelled_in_several_transactions(
    opened: OpenHouse, customer: Customer, parts: list[Cancelled]
) -> None:
    await large(opened, customer, 7)
    assert await cancel(opened.house, customer.login, 1) == 0
    assert [part.count for part in parts] == [2, 2, 2, 1]
    assert states(opened) == {"cancelled": 7}
    assert await cancel(opened.house, customer.login, 1) == 1


async def test_what_can_be_stopped_may_stand_at_the_end_of_a_large_job(
    opened: OpenHouse, customer: Customer, parts: list[Cancelled]
) -> None:
    await large(opened, customer, 7)
    last = schema.delivery.c.position == 6
    opened.house.database.run_here(lambda c: c.execute(schema.delivery.update().where(~last).values(state="failed")))
    assert await cancel(opened.house, customer.login, 1) == 0
    assert [part.count for part in parts] == [0, 0, 0, 1]


async def test_who_was_not_heard_to_the_end_cancels_again(
    opened: OpenHouse, customer: Customer, parts: list[Cancelled], monkeypatch: pytest.MonkeyPatch
) -> None:
    await large(opened, customer, 7)

    def die() -> None:
        if len(parts) == 2:
            raise SystemError

    monkeypatch.setattr(opened, "house", replace(opened.house, hurry=die))
    with pytest.raises(SystemError):
        await cancel(opened.house, customer.login, 1)
    assert states(opened) == {"cancelled": 4, "waiting": 3}
    assert await cancel(opened.house, customer.login, 1) == 0
    assert states(opened) == {"cancelled": 7}
    (job,) = opened.house.database.read_here(lambda connection: rows(connection, schema.job))
    assert (job["open"], job["not_ok"], job["final_at"]) == (0, 7, START)


async def test_memory_does_not_grow_with_the_job(opened: OpenHouse, customer: Customer) -> None:
    await large(opened, customer, 20_000)
    tracemalloc.start()
    assert await cancel(opened.house, customer.login, 1) == 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert states(opened) == {"cancelled": 20_000}
    assert peak < 6 << 20
