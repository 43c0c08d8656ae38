"""The letter sandbox: each letter is a PDF with its ticket in a folder, as a print centre would fetch them."""

import asyncio
import re
import threading
from collections.abc import Sequence
from pathlib import Path

from depesche.channels.base import Attempt, Delivery, Document
from depesche.channels.letter.ticket import ticket
from depesche.channels.outbox import Shelf, deposit
from depesche.model.outcome import Outcome
from depesche.model.result import Result

PIECE = 1 << 20
"""Octets in memory."""


class SandboxLetter:
    """Letters end in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """Where they lie."""
        return (Shelf(self._folder, re.compile(r"\d+-(\d+)-\d+\.(?:pdf|json)")),)

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """One PDF a letter, named by job, delivery and attempt; its ticket lies there before it does."""
        del cancelled
        name = _name(delivery.job_id, delivery.id, delivery.attempt)
        await asyncio.to_thread(self._deposit, documents[0].path, name, ticket(delivery, name))
        return Outcome(Result.OK, pages=delivery.pages, detail="in the folder of letters")

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        """The folder knows: the letter is there whole, or nothing was sent. Another node's cannot be seen."""
        if not attempt.here:
            return None
        path = self._folder / _name(attempt.job_id, attempt.delivery_id, attempt.number)
        if await asyncio.to_thread(path.exists):
            return Outcome(Result.OK, pages=attempt.pages, detail="found in the folder of letters")
        return Outcome(Result.SEND_FAILED, retry=True, detail="the worker ended before it was sent")

    def _deposit(self, letter: Path, name: str, told: bytes) -> None:
        deposit(self._folder, f"{Path(name).stem}.json", [told])
        with letter.open("rb") as file:
            deposit(self._folder, name, iter(lambda: file.read(PIECE), b""))


def _name(job_id: int, delivery_id: int, attempt: int) -> str:
    return f"{job_id}-{delivery_id}-{attempt}.pdf"
