"""The mail sandbox."""

import email
import email.policy
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from builders import Clock
from depesche.channels.base import Attempt, Delivery
from depesche.channels.mail.sandbox import SandboxMail
from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result

pytestmark = pytest.mark.anyio


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.mark.parametrize("address", ["ok@sandbox.invalid", "bounce@sandbox.invalid", "kunde@firma.de"])
async def test_a_mail_lies_in_a_maildir(
    maildir: Path,
    clock: Clock,
    delivery: Callable[..., Delivery],
    nobody_cancels: threading.Event,
    address: str,
) -> None:
    order = delivery(job_type=JobType.MAIL, address=address)
    outcome = await SandboxMail(maildir, clock).deliver(order, [], nobody_cancels)
    assert outcome == Outcome(Result.OK, pages=2, detail="in the maildir")
    assert sorted(path.name for path in maildir.iterdir()) == ["cur", "new", "tmp"]
    (path,) = (maildir / "new").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert message["To"] == address
    assert message["Date"].datetime == clock()


@pytest.mark.parametrize("address", ["refuse@sandbox.invalid", "Refuse@Sandbox.INVALID"])
async def test_a_refused_address_fails_for_good_and_nothing_is_written(
    maildir: Path,
    clock: Clock,
    delivery: Callable[..., Delivery],
    nobody_cancels: threading.Event,
    address: str,
) -> None:
    outcome = await SandboxMail(maildir, clock).deliver(delivery(address=address), [], nobody_cancels)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, False, 0)
    assert outcome.detail.startswith("550 ")
    assert not maildir.exists()


async def test_the_maildir_knows_what_became_of_a_lost_attempt(
    maildir: Path,
    clock: Clock,
    delivery: Callable[..., Delivery],
    attempt: Attempt,
    nobody_cancels: threading.Event,
) -> None:
    way = SandboxMail(maildir, clock)
    lost = await way.reconcile(attempt)
    assert lost is not None
    assert (lost.result, lost.retry) == (Result.SEND_FAILED, True)
    await way.deliver(delivery(address="kunde@firma.de"), [], nobody_cancels)
    assert await way.reconcile(attempt) == Outcome(Result.OK, pages=2, detail="found in the maildir")
    assert await way.reconcile(replace(attempt, here=False)) is None
