"""The fax sandbox: a real T.30 call in memory, to a machine or to the inbox of a local account."""

import asyncio
import dataclasses
import tempfile
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from depesche.channels.base import Abandoned, Attempt, Delivery, Document
from depesche.channels.fax.dial import Dialled, Transmission, dial
from depesche.channels.fax.header import HeaderLine, require_font
from depesche.channels.fax.numbers import Lost, Machine, Person, Refused, behaviour, far_station, is_special
from depesche.channels.fax.t30.layout import verified
from depesche.channels.fax.t30.report import Report
from depesche.model.callrecord import CallRecord
from depesche.model.outcome import Outcome
from depesche.model.reception import Reception
from depesche.model.result import Result
from depesche.model.station import station_id

log = structlog.get_logger()


class SandboxFax:
    """The channel `depesche.channels.base.Channel` for faxes that nobody outside is to get."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        scratch: Path,
        has_inbox: Callable[[str], Awaitable[bool]],
        receive: Callable[[Reception], Awaitable[None]],
        received: Callable[[str], Awaitable[bool]],
        timezone: str = "Europe/Berlin",
    ) -> None:
        """Check the engine and the header's face, so that a call cannot fail for them.

        Args:
            now: the clock, UTC.
            scratch: an existing folder for files that live as long as a call.
            has_inbox: whether an E.164 number is a local account's.
            receive: keeps a fax for its inbox; the fax counts as delivered only when this returned.
            received: whether a reception with this `source` was kept.
            timezone: zone of the time in the header line.

        Raises: EngineError, FontMissing, zoneinfo.ZoneInfoNotFoundError.
        """
        self._spandsp = verified()
        require_font()
        self._now = now
        self._scratch = scratch
        self._has_inbox = has_inbox
        self._receive = receive
        self._received = received
        self._zone = ZoneInfo(timezone)

    async def deliver(self, delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        """Carry one attempt to its end.

        Raises: Abandoned (number 009); ValueError unless `documents` is one TIFF of fax pages.
        """
        if len(documents) != 1:
            raise ValueError(f"a fax is one document, not {len(documents)}")
        if cancelled.is_set():
            return Outcome(Result.CANCELED, detail="cancelled before it was dialled")
        match behaviour(delivery.address, delivery.attempt):
            case Lost():
                raise Abandoned(f"{delivery.address} loses its attempts")
            case Refused(result, retry, detail):
                return Outcome(result, retry=retry, detail=detail, call=CallRecord(sandbox=True))
            case Machine() | Person() as answers:
                return await self._call(delivery, documents[0], answers, cancelled)

    async def reconcile(self, attempt: Attempt) -> Outcome | None:
        """What became of an attempt whose worker died: the far end died with it, so only what was kept has arrived."""
        if isinstance(behaviour(attempt.address, attempt.number), Lost):
            return None
        if await self._is_inbox(attempt.address) and await self._received(_source(attempt.delivery_id, attempt.number)):
            station = far_station(attempt.address)
            return Outcome(Result.OK, pages=attempt.pages, remote_id=station, detail="found in the inbox")
        return Outcome(Result.SEND_FAILED, retry=True, detail="the line process ended during the call")

    async def _call(
        self, delivery: Delivery, document: Document, answers: Machine | Person, cancelled: threading.Event
    ) -> Outcome:
        inbox = await self._is_inbox(delivery.address)
        with tempfile.TemporaryDirectory(prefix="fax-", dir=self._scratch) as folder:
            transmission = self._transmission(delivery, document, answers, Path(folder))
            dialled = await _to_its_end(asyncio.to_thread(dial, self._spandsp, transmission, cancelled), cancelled)
            if inbox and dialled.far and dialled.far.confirmed:
                return await self._hand_over(delivery, dialled.outcome, dialled.far, transmission.received)
            return dialled.outcome

    def _transmission(
        self, delivery: Delivery, document: Document, answers: Machine | Person, folder: Path
    ) -> Transmission:
        header = HeaderLine(
            at=self._now().astimezone(self._zone),
            sender=delivery.station_id,
            note=delivery.fax_header or delivery.caller_number,
            recipient=delivery.address,
        )
        return Transmission(
            document=document.path,
            header=header,
            station=station_id(delivery.station_id),
            far_station=far_station(delivery.address),
            answers=answers,
            seed=delivery.id,
            folder=folder,
        )

    async def _is_inbox(self, number: str) -> bool:
        return not is_special(number) and await self._has_inbox(number)

    async def _hand_over(self, delivery: Delivery, result: Outcome, far: Report, tiff: Path) -> Outcome:
        reception = Reception(
            source=_source(delivery.id, delivery.attempt, whole=far.whole),
            called_number=delivery.address,
            received_at=self._now(),
            originator=delivery.caller_number,
            remote_id=far.remote_id,
            pages=len(far.confirmed),
            tiff=tiff,
            complete=far.whole,
            bad_rows=tuple(page.bad_rows for page in far.confirmed),
        )
        try:
            await self._receive(reception)
        except Exception as error:  # whatever the inbox raised, the fax is not there
            log.warning("the inbox did not keep a fax", source=reception.source, exc_info=error)
            detail = f"the receiving side could not keep the fax: {error}"
            again = result.retry or result.result is Result.OK
            return dataclasses.replace(result, result=Result.SEND_FAILED, retry=again, pages=0, detail=detail)
        return result


def _source(delivery_id: int, attempt: int, *, whole: bool = True) -> str:
    """Our id of a reception. A broken one has another, so that `reconcile` cannot take it for the fax."""
    return f"sandbox:{delivery_id}:{attempt}" + ("" if whole else ":broken")


async def _to_its_end(call: Coroutine[object, object, Dialled], cancelled: threading.Event) -> Dialled:
    """Await a call in a thread. A cancelled task cannot leave it behind: its files would go under its feet."""
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        cancelled.set()
        await asyncio.wait([task])
        raise
