"""Faxes from one local account to another, and what becomes of them when something fails."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from depesche.channels.base import Attempt
from depesche.channels.fax.numbers import PREFIX
from depesche.channels.fax.sandbox import SandboxFax
from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome
from depesche.model.reception import Reception
from depesche.model.resolution import WIDTH, Resolution
from depesche.model.result import Result

AfterBlocks = Callable[[int], threading.Event]
DiskFull = Callable[..., threading.Event]
Make = Callable[..., Path]
Pixels = Callable[[Path], list[Any]]
Send = Callable[..., Outcome]

INBOX = f"{PREFIX}100"
HEIGHT = Resolution.FINE.header_rows


def test_a_fax_to_an_account_lies_in_its_inbox(send: Send, inbox: Any, document: Make, pixels: Pixels) -> None:
    sent = document(3)
    outcome = send(INBOX, sent)
    assert (outcome.result, outcome.pages, outcome.remote_id) == (Result.OK, 3, INBOX)
    (reception,) = inbox.receptions
    assert reception == Reception(
        source="sandbox:71:1",
        called_number=INBOX,
        received_at=datetime(2026, 5, 29, 12, 3, tzinfo=UTC),
        originator=f"{PREFIX}200",
        remote_id="Muster GmbH",
        pages=3,
        tiff=reception.tiff,
        complete=True,
        bad_rows=(0, 0, 0),
    )
    for (before, ink), (after, received) in zip(pixels(sent), pixels(reception.tiff), strict=True):
        line = HEIGHT * WIDTH // 8
        assert after == before
        assert received[line:] == ink[line:]
        assert received[:line] != ink[:line]


@pytest.mark.parametrize("number", ["+4940123456", f"{PREFIX}000"])
def test_nothing_is_received_for_a_strange_or_a_special_number(send: Send, inbox: Any, number: str) -> None:
    assert send(number).result is Result.OK
    assert inbox.receptions == []


def test_a_fax_that_the_inbox_could_not_keep_is_not_sent(send: Send, inbox: Any) -> None:
    inbox.full = True
    outcome = send(INBOX, 2)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 0)
    assert outcome.detail == "the receiving side could not keep the fax: No space left on device"


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, before it gives up
@pytest.mark.parametrize("longest", [8, *range(1_000, 31_000, 1_000)])
def test_pages_that_the_far_end_confirmed_but_could_not_write_are_not_sent(
    send: Send, inbox: Any, document: Make, disk_full: DiskFull, longest: int
) -> None:
    pages = document(3)
    assert pages.stat().st_size > 31_000  # what arrives is no shorter: the disk is full on page 1, 2 or 3
    outcome = send(INBOX, pages, cancelled=disk_full(2, longest))
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 0)
    assert outcome.detail == "the receiving side could not write the pages"
    assert inbox.receptions == []


def lost(number: str, attempt: int = 1) -> Attempt:
    return Attempt(71, 7, attempt, JobType.FAX, number, datetime(2026, 5, 29, tzinfo=UTC), pages=3)


def test_a_lost_attempt_whose_fax_was_kept_was_ok(sandbox: SandboxFax, send: Send) -> None:
    send(INBOX, 3)
    found = asyncio.run(sandbox.reconcile(lost(INBOX)))
    assert found == Outcome(Result.OK, pages=3, remote_id=INBOX, detail="found in the inbox")


@pytest.mark.parametrize("number", [INBOX, f"{PREFIX}000", "+4940123456"])
def test_a_lost_attempt_of_which_nothing_was_kept_is_tried_again(sandbox: SandboxFax, number: str) -> None:
    found = asyncio.run(sandbox.reconcile(lost(number)))
    assert found == Outcome(Result.SEND_FAILED, retry=True, detail="the line process ended during the call")


def test_another_attempts_fax_is_not_this_ones(sandbox: SandboxFax, send: Send) -> None:
    send(INBOX, 1)
    found = asyncio.run(sandbox.reconcile(lost(INBOX, attempt=2)))
    assert found is not None
    assert found.result is Result.SEND_FAILED


def test_a_broken_fax_does_not_pass_for_the_whole(sandbox: SandboxFax, send: Send, after_blocks: AfterBlocks) -> None:
    send(INBOX, 3, cancelled=after_blocks(261))
    found = asyncio.run(sandbox.reconcile(lost(INBOX)))
    assert found is not None
    assert found.result is Result.SEND_FAILED


def test_009_stays_unknown(sandbox: SandboxFax) -> None:
    assert asyncio.run(sandbox.reconcile(lost(f"{PREFIX}009"))) is None
