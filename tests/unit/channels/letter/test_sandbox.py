"""The letter sandbox."""

import json
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
    assert sorted(path.name for path in folder.iterdir()) == ["3-5-2.json", "3-5-2.pdf"]
    assert (folder / "3-5-2.pdf").read_bytes() == letter.path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "duplex", "said"),
    [
        (JobType.LETTER, False, ("monochrome", "one-sided", 3)),
        (JobType.LETTER, True, ("monochrome", "two-sided-long-edge", 2)),
        (JobType.LETTER_COLOUR, True, ("color", "two-sided-long-edge", 2)),
    ],
)
async def test_the_ticket_tells_how_it_is_printed(
    tmp_path: Path,
    letter: Document,
    delivery: Callable[..., Delivery],
    nobody_cancels: threading.Event,
    kind: JobType,
    duplex: bool,
    said: tuple[str, str, int],
) -> None:
    order = delivery(job_type=kind, pages=3, duplex=duplex)
    await SandboxLetter(tmp_path).deliver(order, [letter], nobody_cancels)
    told = json.loads((tmp_path / "3-5-2.json").read_text())
    assert (told["print-color-mode"], told["sides"], told["job-media-sheets"]) == said
    assert (told["document-name"], told["job-impressions"]) == ("3-5-2.pdf", 3)


async def test_a_ticket_goes_with_its_letter(
    tmp_path: Path, letter: Document, delivery: Callable[..., Delivery], nobody_cancels: threading.Event
) -> None:
    way = SandboxLetter(tmp_path)
    await way.deliver(delivery(job_type=JobType.LETTER), [letter], nobody_cancels)
    (shelf,) = way.shelves
    assert {piece.path.name: piece.delivery_id for piece in shelf.pieces()} == {"3-5-2.json": 5, "3-5-2.pdf": 5}


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
