"""Calls that are cancelled before, during and after their pages."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from depesche.channels.base import Delivery, Document
from depesche.channels.fax.numbers import PREFIX
from depesche.channels.fax.sandbox import SandboxFax
from depesche.model.outcome import Outcome
from depesche.model.result import Result

AfterBlocks = Callable[[int], threading.Event]
DiskFull = Callable[[int], threading.Event]
Make = Callable[..., Path]
Draw = Callable[..., Image.Image]
Pixels = Callable[[Path], list[Any]]
Send = Callable[..., Outcome]

INBOX = f"{PREFIX}100"


def test_a_cancelled_order_is_not_dialled(send: Send) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert send("000", cancelled=cancelled).result is Result.CANCELED


@pytest.mark.parametrize(
    ("blocks", "result", "pages"),
    [(20, Result.CANCELED, 0), (140, Result.SEND_FAILED, 0), (260, Result.SEND_FAILED, 1), (10_000, Result.OK, 3)],
)
def test_a_call_cancelled_on_the_line_is_what_really_happened(
    send: Send, after_blocks: AfterBlocks, blocks: int, result: Result, pages: int
) -> None:
    outcome = send("000", 3, cancelled=after_blocks(blocks + 1))
    assert (outcome.result, outcome.retry, outcome.pages) == (result, False, pages)
    if result is not Result.OK:
        assert outcome.seconds == blocks // 10


def test_a_broken_fax_reaches_the_inbox_with_the_pages_it_has(
    send: Send, inbox: Any, after_blocks: AfterBlocks, pixels: Pixels
) -> None:
    outcome = send(INBOX, 3, cancelled=after_blocks(261))
    (reception,) = inbox.receptions
    assert (outcome.pages, reception.pages, reception.complete) == (1, 1, False)
    assert len(pixels(reception.tiff)) == 1


def test_a_broken_fax_that_the_inbox_could_not_keep_is_not_dialled_again(
    send: Send, inbox: Any, after_blocks: AfterBlocks
) -> None:
    inbox.full = True
    outcome = send(INBOX, 3, cancelled=after_blocks(261))
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, False, 0)


def test_a_task_that_is_cancelled_takes_its_call_along(
    sandbox: SandboxFax, delivery: Delivery, document: Make, scratch: Path
) -> None:
    async def abandon() -> None:
        begun, cancelled = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        class Begun(threading.Event):
            """Says when the call looks at it."""

            def is_set(self) -> bool:
                loop.call_soon_threadsafe(begun.set)
                return cancelled.is_set()

            def set(self) -> None:
                cancelled.set()

        sheet = Document(document(3), "fax.tif", 3)
        task = asyncio.create_task(sandbox.deliver(delivery, [sheet], Begun()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cancelled.is_set()
        assert list(scratch.iterdir()) == []

    asyncio.run(abandon())
