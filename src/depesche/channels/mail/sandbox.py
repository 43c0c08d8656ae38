"""The mail sandbox: each mail lies in a maildir; three addresses at ``sandbox.invalid`` show what mail servers do."""

import asyncio
import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from depesche.channels.base import Attempt, Delivery, Document
from depesche.channels.mail.message import build
from depesche.channels.outbox import Shelf, Special, deposit
from depesche.model.outcome import Outcome
from depesche.model.result import Result

REFUSED = "refuse@sandbox.invalid"

SPECIAL = (
    Special("ok@sandbox.invalid", "taken by the mail server: OK", "vom Mailserver angenommen: OK"),
    Special(
        "bounce@sandbox.invalid",
        "taken by the mail server, and returned later: OK, for the interface knows no more",
        "vom Mailserver angenommen und später zurückgewiesen: OK, denn mehr sagt die Schnittstelle nicht",
    ),
    Special(REFUSED, "refused by the mail server: Send failed", "vom Mailserver abgelehnt: Send failed"),
)
"""A domain that cannot exist (RFC 6761); every other address behaves like the first."""


class SandboxMail:
    """Mails end in the folder ``new`` of a maildir; QSign's too."""

    def __init__(self, maildir: Path, now: Callable[[], datetime]) -> None:
        self._maildir = maildir
        self._now = now

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """Where they lie: a program that reads mail moves them to ``cur``, and writes what it knows behind the name."""
        return tuple(Shelf(self._maildir / folder, re.compile(r"(\d+)\.\d+\.depesche")) for folder in ("new", "cur"))

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """One file a mail, named by delivery and attempt."""
        del cancelled
        if delivery.address.casefold() == REFUSED:
            return Outcome(Result.SEND_FAILED, detail="550 5.1.1 no such user (sandbox)")
        await asyncio.to_thread(self._deposit, delivery, documents)
        return Outcome(Result.OK, pages=delivery.pages, detail="in the maildir")

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        """The maildir knows: the mail is there whole, or nothing was sent. Another node's cannot be seen."""
        if not attempt.here:
            return None
        path = self._maildir / "new" / _name(attempt.delivery_id, attempt.number)
        if await asyncio.to_thread(path.exists):
            return Outcome(Result.OK, pages=attempt.pages, detail="found in the maildir")
        return Outcome(Result.SEND_FAILED, retry=True, detail="the worker ended before it was sent")

    def _deposit(self, delivery: Delivery, documents: Sequence[Document]) -> None:
        for folder in ("cur", "tmp"):
            (self._maildir / folder).mkdir(parents=True, exist_ok=True)
        mail = build(delivery, documents, self._now())
        deposit(self._maildir / "new", _name(delivery.id, delivery.attempt), mail)


def _name(delivery_id: int, attempt: int) -> str:
    return f"{delivery_id}.{attempt}.depesche"
