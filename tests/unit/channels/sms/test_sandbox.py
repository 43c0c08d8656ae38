"""The SMS sandbox."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from depesche.channels.base import Attempt, Delivery
from depesche.channels.sms.sandbox import SandboxSms
from depesche.model.outcome import Outcome
from depesche.model.result import Result

pytestmark = pytest.mark.anyio


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "sms"


async def test_a_message_lies_in_the_outbox_with_all_that_a_network_would_get(
    outbox: Path, delivery: Callable[..., Delivery], nobody_cancels: threading.Event
) -> None:
    outcome = await SandboxSms(outbox).deliver(delivery(sender="Muster", flash=True), [], nobody_cancels)
    assert outcome == Outcome(Result.OK, pages=2, detail="in the outbox")
    assert [path.name for path in outbox.iterdir()] == ["5-2.json"]
    written = json.loads((outbox / "5-2.json").read_text("utf-8"))
    assert written == {
        "id": 5,
        "job_id": 3,
        "attempt": 2,
        "account": "10001",
        "job_type": 1,
        "address": "+491713920000",
        "pages": 2,
        "text": "Grüße aus Hamburg",
        "sender": "Muster",
        "flash": True,
        "coding": "GSM-7",
        "parts": ["Grüße aus Hamburg"],
    }


async def test_a_long_message_is_shown_part_by_part(
    outbox: Path, delivery: Callable[..., Delivery], nobody_cancels: threading.Event
) -> None:
    await SandboxSms(outbox).deliver(delivery(text="ç" * 66 + "🙂" + "ç" * 10), [], nobody_cancels)
    written = json.loads((outbox / "5-2.json").read_text("utf-8"))
    assert (written["coding"], written["parts"]) == ("UCS-2", ["ç" * 66, "🙂" + "ç" * 10])


async def test_a_refused_number_fails_for_good_and_nothing_is_written(
    outbox: Path, delivery: Callable[..., Delivery], nobody_cancels: threading.Event
) -> None:
    outcome = await SandboxSms(outbox).deliver(delivery(address="+491713920001"), [], nobody_cancels)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, False, 0)
    assert not outbox.exists()


async def test_a_slow_network_takes_its_time(
    outbox: Path,
    delivery: Callable[..., Delivery],
    nobody_cancels: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", wait)
    outcome = await SandboxSms(outbox).deliver(delivery(address="+491713920002"), [], nobody_cancels)
    assert outcome.result is Result.OK
    assert waited == [5.0]


async def test_the_outbox_knows_what_became_of_a_lost_attempt(
    outbox: Path, delivery: Callable[..., Delivery], attempt: Attempt, nobody_cancels: threading.Event
) -> None:
    way = SandboxSms(outbox)
    lost = await way.reconcile(attempt)
    assert lost is not None
    assert (lost.result, lost.retry) == (Result.SEND_FAILED, True)
    await way.deliver(delivery(attempt=1), [], nobody_cancels)
    assert await way.reconcile(attempt) == lost
    await way.deliver(delivery(), [], nobody_cancels)
    assert await way.reconcile(attempt) == Outcome(Result.OK, pages=2, detail="found in the outbox")
    assert await way.reconcile(replace(attempt, here=False)) is None
