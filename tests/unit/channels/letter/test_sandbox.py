"""The letter sandbox."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from depesche.channels.base import Attempt, Delivery, Document
from depesche.channels.letter.sandbox import SandboxLetter
from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome
from depesche.model.result import Result

pytestmark = pytest.mark.anyio


@pytest.fixture
def letter(tmp_path: Path) -> Document:
    path = tmp_path / "brief"
    path.write_bytes(b"%PDF-1.7\n" + os.urandom(1000))
    return Document(path, "brief.pdf", 2)


async def test_a_letter_lies_in_the_folder_to_the_byte(
    tmp_path: Path, letter: Document, delivery: Callable[..., Delivery], nobody_cancels: threading.Event
) -> None:
    folder = tmp_path / "letters"
    order = delivery(job_type=JobType.LETTER, address="Muster, Hamburg", text="")
    outcome = await SandboxLetter(folder).deliver(order, [letter], nobody_cancels)
    assert outcome == Outcome(Result.OK, pages=2, detail="in the folder of letters")
    assert [path.name for path in folder.iterdir()] == ["3-5-2.pdf"]
    assert (folder / "3-5-2.pdf").read_bytes() == letter.path.read_bytes()


async def test_the_folder_knows_what_became_of_a_lost_attempt(
    tmp_path: Path,
    letter: Document,
    delivery: Callable[..., Delivery],
    attempt: Attempt,
    nobody_cancels: threading.Event,
) -> None:
    way = SandboxLetter(tmp_path / "letters")
    lost = await way.reconcile(attempt)
    assert lost is not None
    assert (lost.result, lost.retry) == (Result.SEND_FAILED, True)
    await way.deliver(delivery(), [letter], nobody_cancels)
    assert await way.reconcile(attempt) == Outcome(Result.OK, pages=2, detail="found in the folder of letters")
    assert await way.reconcile(replace(attempt, here=False)) is None
