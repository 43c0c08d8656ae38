"""The SMS sandbox: each message becomes a JSON file in the outbox; three numbers show what networks do."""

import asyncio
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from depesche.channels.base import Attempt, Delivery, Document
from depesche.channels.outbox import Shelf, Special, deposit
from depesche.model import gsm
from depesche.model.outcome import Outcome
from depesche.model.result import Result

REFUSED = "+491713920001"
LATE = "+491713920002"
LATE_SECONDS = 5.0

SPECIAL = (
    Special("+491713920000", "taken by the network: OK", "vom Netz angenommen: OK"),
    Special(REFUSED, "refused by the network: Send failed", "vom Netz abgelehnt: Send failed"),
    Special(LATE, "taken by the network after 5 seconds: OK", "nach 5 Sekunden vom Netz angenommen: OK"),
)
"""Numbers that are never assigned to anybody; every other one behaves like the first."""


class SandboxSms:
    """Messages end in a folder."""

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """Where they lie."""
        return (Shelf(self._outbox, re.compile(r"(\d+)-\d+\.json")),)

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """One file a message, named by delivery and attempt."""
        del documents, cancelled
        if delivery.address == REFUSED:
            return Outcome(Result.SEND_FAILED, detail="the network refuses this number (sandbox)")
        if delivery.address == LATE:
            await asyncio.sleep(LATE_SECONDS)
        told = asdict(delivery)
        del told["duplex"], told["confirmed"]  # a letter's, a fax's
        record = {key: value for key, value in told.items() if value not in ("", None)}
        record |= {"coding": "GSM-7" if gsm.is_gsm(delivery.text) else "UCS-2", "parts": gsm.parts(delivery.text)}
        data = json.dumps(record, ensure_ascii=False, indent=2).encode()
        await asyncio.to_thread(deposit, self._outbox, _name(delivery.id, delivery.attempt), [data])
        return Outcome(Result.OK, pages=delivery.pages, detail="in the outbox")

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        """The outbox knows: the file is there whole, or nothing was sent. Another node's cannot be seen."""
        if not attempt.here:
            return None
        path = self._outbox / _name(attempt.delivery_id, attempt.number)
        if await asyncio.to_thread(path.exists):
            return Outcome(Result.OK, pages=attempt.pages, detail="found in the outbox")
        return Outcome(Result.SEND_FAILED, retry=True, detail="the worker ended before it was sent")


def _name(delivery_id: int, attempt: int) -> str:
    return f"{delivery_id}-{attempt}.json"
