"""What an operator does with the orders and faxes of accounts, whoever may log in."""

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders import MOBILE, START, new_job, rows
from customers import Customer, Enter, OpenHouse, Order
from depesche.blobs.store import BlobError
from depesche.model.account import Account
from depesche.model.codes import SendJobCode
from depesche.model.jobtype import JobType
from depesche.model.reception import Reception
from depesche.model.states import State
from depesche.store import deliveries, jobs, schema, turns
from depesche.usecases import accounts, operate
from depesche.usecases.accounts import NotPossible
from depesche.usecases.receive import receive
from depesche.usecases.status import status
from depesche.usecases.submit import Submission
from journeys import LEASE, WAYS, begin_one

pytestmark = pytest.mark.anyio

OURS, THEIRS = "+493023125100", "+493023125200"
TIFF = b"II*\x00 three pages"
EXCLUDED: list[dict[str, Any]] = [{"state": "locked"}, {"state": "trial", "trial_until": date(2026, 3, 1)}]
"""Accounts that may not act themselves."""


def audited(opened: OpenHouse) -> list[tuple[str, str, int, dict[str, Any]]]:
    lines = opened.house.database.read_here(lambda connection: rows(connection, schema.audit))
    return [(line["actor"], line["action"], line["account_id"], line["data"]) for line in lines]


def delivery(opened: OpenHouse) -> dict[str, Any]:
    (row,) = opened.house.database.read_here(lambda connection: rows(connection, schema.delivery))
    return row


def account_of(customer: Customer) -> Account:
    assert customer.login.account is not None
    return customer.login.account


@pytest.fixture
def reception(tmp_path: Path) -> Reception:
    tiff = tmp_path / "received.tif"
    tiff.write_bytes(TIFF)
    return Reception("call-1", OURS, START, "+4940123456", "Muster", 3, tiff, complete=True)


# --- cancelling


@pytest.mark.parametrize("excluded", EXCLUDED)
async def test_a_job_of_an_account_that_may_not_act_itself_is_cancelled(
    opened: OpenHouse, customer: Customer, excluded: dict[str, Any]
) -> None:
    await customer.send(Order())
    await accounts.change(opened.house, "root", "10001", excluded)
    await operate.cancel(opened.house, "cli:eva", 1)
    assert delivery(opened)["state"] == State.CANCELLED.value
    assert opened.hurry.rung == 1
    assert audited(opened)[1:] == [("cli:eva", "job.cancel", 1, {"job": 1, "deliveries": 1})]


@pytest.mark.parametrize("state", [State.WAITING, State.READY, State.CLAIMED, State.HELD])
async def test_what_is_not_yet_being_sent_is_stopped(opened: OpenHouse, customer: Customer, state: State) -> None:
    opened.house.database.run_here(lambda connection: WAYS[state](connection, account_of(customer)))
    await operate.cancel(opened.house, "cli:eva", 1)
    assert delivery(opened)["state"] == State.CANCELLED.value


def sending(connection: sa.Connection, account: Account, kind: JobType) -> None:
    """An order that is under way."""
    jobs.insert(connection, new_job(account.id, type=kind), START)
    turns.stage(connection, START, 1)
    (claimed,) = deliveries.claim(connection, "w1", kind.channel, 1, START + LEASE)
    assert begin_one(connection, claimed, START, START + LEASE)


async def test_a_call_on_the_line_is_ended(opened: OpenHouse, customer: Customer) -> None:
    opened.house.database.run_here(lambda connection: sending(connection, account_of(customer), JobType.FAX))
    await operate.cancel(opened.house, "cli:eva", 1)
    assert (delivery(opened)["state"], delivery(opened)["cancel_requested"]) == (State.SENDING.value, True)
    assert opened.hurry.rung == 1


async def test_a_message_that_is_being_handed_over_is_marked_though_it_cannot_be_stopped(
    opened: OpenHouse, customer: Customer
) -> None:
    opened.house.database.run_here(lambda connection: sending(connection, account_of(customer), JobType.SMS))
    with pytest.raises(NotPossible, match="the rest of it is being handed over, and not tried again"):
        await operate.cancel(opened.house, "cli:eva", 1)
    assert delivery(opened)["cancel_requested"]
    assert audited(opened) == [("cli:eva", "job.cancel", 1, {"job": 1, "deliveries": 0})]


async def test_each_part_of_a_large_job_is_on_the_record_when_it_is_done(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = deliveries.cancel
    monkeypatch.setattr(deliveries, "cancel", partial(real, limit=2))
    addresses = [f"+49171392000{number}" for number in range(5)]
    new = new_job(account_of(customer).id, *addresses)
    opened.house.database.run_here(lambda connection: jobs.insert(connection, new, START))
    await operate.cancel(opened.house, "cli:eva", 1)
    assert [line[3]["deliveries"] for line in audited(opened)] == [2, 2, 1]
    with pytest.raises(NotPossible, match="done already"):
        await operate.cancel(opened.house, "cli:eva", 1)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.SENT, "job 1 is done already: nothing of it can be stopped any more"),
        (State.FAILED, "job 1 is done already"),
        (State.CANCELLED, "job 1 is done already"),
        (State.UNKNOWN, "nothing of job 1 can be stopped: somebody has to decide how it ended"),
    ],
)
async def test_what_cannot_be_stopped_is_told_with_its_reason_and_leaves_no_record(
    opened: OpenHouse, customer: Customer, state: State, reason: str
) -> None:
    opened.house.database.run_here(lambda connection: WAYS[state](connection, account_of(customer)))
    with pytest.raises(NotPossible, match=reason):
        await operate.cancel(opened.house, "cli:eva", 1)
    assert audited(opened) == []


@pytest.mark.parametrize("job", [0, -5, 2, 2**31])
async def test_a_job_that_is_not_there_is_told(opened: OpenHouse, customer: Customer, job: int) -> None:
    await customer.send(Order())
    with pytest.raises(NotPossible, match=f"there is no job {job}"):
        await operate.cancel(opened.house, "cli:eva", job)
    assert (await status(opened.house, customer.login, 1)).code == 6


# --- the inbox


@pytest.mark.parametrize("excluded", EXCLUDED)
async def test_the_inbox_of_an_account_that_may_not_act_itself_is_read_and_emptied(
    opened: OpenHouse, enter: Enter, reception: Reception, excluded: dict[str, Any]
) -> None:
    owner = account_of(enter("10001", OURS, **excluded))
    for number in (1, 2):
        await receive(opened.house, replace(reception, source=f"call-{number}"))
    first, second = await operate.faxes(opened.house, owner.id, 10)
    assert (first.id, second.id) == (1, 2)
    assert await operate.faxes(opened.house, owner.id, 1) == [first]
    assert await operate.fetch_fax(opened.house, owner.id, None) == (first, TIFF)
    assert await operate.fetch_fax(opened.house, owner.id, 2) == (second, TIFF)
    assert await operate.delete_fax(opened.house, "cli:eva", owner.id, 1)
    assert not await operate.delete_fax(opened.house, "cli:eva", owner.id, 1)
    assert await operate.fetch_fax(opened.house, owner.id, 1) is None
    assert await operate.fetch_fax(opened.house, owner.id, None) == (second, TIFF)
    assert audited(opened) == [("cli:eva", "fax.delete", owner.id, {"fax": 1})]


async def test_a_fax_of_another_account_is_not_there(opened: OpenHouse, enter: Enter, reception: Reception) -> None:
    enter("10001", OURS)
    other = account_of(enter("10002", THEIRS))
    await receive(opened.house, reception)
    assert await operate.faxes(opened.house, other.id, 10) == []
    assert await operate.fetch_fax(opened.house, other.id, None) is None
    assert await operate.fetch_fax(opened.house, other.id, 1) is None
    assert not await operate.delete_fax(opened.house, "cli:eva", other.id, 1)
    assert audited(opened) == []


async def test_a_fax_whose_bytes_are_gone_is_an_error_not_an_empty_fax(
    opened: OpenHouse, enter: Enter, reception: Reception
) -> None:
    owner = account_of(enter("10001", OURS))
    await receive(opened.house, reception)
    for path in opened.blobs():
        path.unlink()
    with pytest.raises(BlobError):
        await operate.fetch_fax(opened.house, owner.id, 1)


# --- ordering


async def test_an_order_is_made_of_files_of_this_machine(rendering: OpenHouse, enter: Enter, tmp_path: Path) -> None:
    account = account_of(enter())
    recipients, letter = tmp_path / "liste.csv", tmp_path / "brief.txt"
    recipients.write_text(f"{MOBILE}\n+493023125000\n")
    letter.write_text("Guten Tag")
    answer = await operate.order(rendering.house, account, Submission(job_type=0), [letter, letter], recipients)
    assert (answer.code, answer.job_id, answer.recipients) == (SendJobCode.ACCEPTED, 1, 2)
    kept = rendering.house.database.read_here(lambda connection: rows(connection, schema.document))
    assert [row["filename"] for row in kept] == ["brief.txt", "brief.txt", "fax.tif"]
    assert len(rendering.blobs()) == 3, "the list of recipients is not kept"


async def test_an_order_is_judged_like_any_other(opened: OpenHouse, enter: Enter) -> None:
    account = account_of(enter(state="locked"))
    submission = Submission(job_type=1, recipient=MOBILE, text="Guten Tag")
    assert (await operate.order(opened.house, account, submission, [], None)).code == SendJobCode.NOT_AUTHORISED


@pytest.mark.parametrize("bad", ["large.txt", "nowhere.txt"])
async def test_an_order_with_a_file_that_cannot_be_taken_leaves_nothing(
    opened: OpenHouse, customer: Customer, tmp_path: Path, bad: str
) -> None:
    good, large = tmp_path / "good.txt", tmp_path / "large.txt"
    good.write_text("Guten Tag")
    with large.open("wb") as file:
        file.truncate(opened.house.settings.soap.max_file + 1)
    with pytest.raises((operate.FileTooLarge, FileNotFoundError), match=bad):
        await operate.order(opened.house, account_of(customer), Submission(job_type=0), [good, tmp_path / bad], None)
    assert opened.blobs() == []
