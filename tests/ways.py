"""Ways out that do as a test tells them, and a desk to send from."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from builders import new_job
from depesche.channels.base import Attempt, Channel, Delivery, Document, Limited
from depesche.dispatch.desk import Desk
from depesche.dispatch.send import Sender
from depesche.dispatch.stage import stage
from depesche.model.account import Account
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store import jobs
from journeys import OK

Step = Outcome | Exception | Callable[[Delivery, Sequence[Document], threading.Event], Awaitable[Outcome]]


@dataclass
class Scripted(Channel):
    """Answers each delivery with the next step, the last one again and again."""

    steps: Sequence[Step] = (OK,)
    found: Outcome | Exception | None = None
    """What reconcile finds out."""

    delivered: list[Delivery] = field(default_factory=list)
    documents: list[list[tuple[str, int, bytes]]] = field(default_factory=list)
    """Name, pages and content of the documents of each delivery, read while it was under way."""

    reconciled: list[Attempt] = field(default_factory=list)

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        step = self.steps[min(len(self.delivered), len(self.steps) - 1)]
        self.delivered.append(delivery)
        self.documents.append([(one.filename, one.pages, one.path.read_bytes()) for one in documents])
        if isinstance(step, Outcome):
            return step
        if isinstance(step, Exception):
            raise step
        return await step(delivery, documents, cancelled)

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        self.reconciled.append(attempt)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@dataclass
class Narrow(Scripted, Limited):
    """One with so many places (`channels.base.Limited`)."""

    places: int = 1
    patience: float = 0
    """Seconds that a delivery waits for one."""

    held: list[int] = field(default_factory=list)

    async def hold(self, delivery: Delivery) -> bool:
        if len(self.held) == self.places:
            await asyncio.sleep(self.patience)
            return False
        self.held.append(delivery.id)
        return True

    def let_go(self, delivery: Delivery) -> None:
        if delivery.id in self.held:
            self.held.remove(delivery.id)


ENDED = Outcome(Result.SEND_FAILED, pages=1, retry=True, detail="ended by us")


class Call:
    """A step that takes as long as the test wants it to, or until it is cancelled."""

    def __init__(self, outcome: Outcome = OK, ended: Outcome | None = ENDED) -> None:
        """`ended` is what it answers when it is cancelled; None: it does not hear."""
        self.outcome = outcome
        self.ended = ended
        self.begun = asyncio.Event()
        self.hang_up = asyncio.Event()
        self.saw_cancel = False

    async def __call__(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        self.begun.set()
        while not self.hang_up.is_set():
            if self.ended is not None and cancelled.is_set():
                self.saw_cancel = True
                return self.ended
            await asyncio.sleep(0.001)
        return self.outcome


async def until(condition: Callable[[], object]) -> None:
    """Wait, but not for ever, for what loops bring about."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


async def ready_order(desk: Desk, account: Account, *addresses: str, **changes: Any) -> int:
    """An order whose deliveries are ready; its JobId."""
    new = new_job(account.id, *addresses, **{"sandbox": account.sandbox} | changes)
    job = await desk.database.run(lambda connection: jobs.insert(connection, new, desk.now()))
    await stage(desk)
    return job


async def carried(sender: Sender) -> None:
    """One round of the sender, and all that it began has ended."""
    await sender.claim()
    if sender._running:
        await asyncio.wait(sender._running, timeout=10)


def rename(desk: Desk, table: str, name: str) -> None:
    """A table that is gone is a database that cannot do its work."""
    desk.database.run_here(lambda connection: connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}"))
