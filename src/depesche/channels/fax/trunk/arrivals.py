"""Calls of others: whether they are taken, and what comes of them into its inbox."""

import asyncio
import re
import secrets
from collections.abc import Callable
from pathlib import Path

import structlog

from depesche.channels.fax.trunk import wire
from depesche.channels.fax.trunk.office import Office
from depesche.channels.fax.trunk.routing import LineState
from depesche.channels.fax.trunk.spool import Arriving, whole_pages
from depesche.model.reception import Reception
from depesche.model.station import station_id

HAND_OVER_SECONDS = 30.0
"""Between two tries to give a fax to its inbox."""

log = structlog.get_logger()


class Arrivals:
    """Of a node."""

    def __init__(self, office: Office, spool: Path, state: Callable[[str], LineState]) -> None:
        """`spool` keeps what came until its inbox has it; `state` is that of a line, by its name."""
        self._office = office
        self._now = office.now
        self._spool = spool
        self._state = state
        self._arriving: dict[str, Arriving] = {}

    async def called(self, call: wire.Called) -> wire.Take | wire.Refuse:
        """Somebody calls."""
        try:
            station = await self._office.station(call.number)
        except Exception:  # the database is not there: whoever calls may try again
            log.exception("nobody knows whose number is called", number=call.number)
            return wire.Refuse(call.call, 503, "Service Unavailable")
        if station is None:
            return wire.Refuse(call.call, 404, "Not Found")
        name = f"{self._now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        arriving = Arriving(name, call.number, call.caller, call.line, self._now().isoformat())
        try:
            await asyncio.to_thread(arriving.note, self._spool)
        except OSError:
            log.exception("there is no room for a fax")
            return wire.Refuse(call.call, 503, "Service Unavailable")
        self._arriving[name] = arriving
        self._state(call.line).calls += 1
        return wire.Take(call.call, station_id(station), str(arriving.pages(self._spool).absolute()), name)

    async def received(self, take: wire.Take, received: wire.Received) -> None:
        """What came of a call that was taken: into its inbox, if there is a page."""
        arriving = self._arriving.pop(take.name)
        self._state(arriving.line).calls -= 1
        log.info(
            "call ended", line=arriving.line, pages=received.pages, complete=received.complete, why=received.detail
        )
        await self.hand_over(arriving, received)

    async def hand_over(self, arriving: Arriving, received: wire.Received | None = None) -> None:
        """Until the inbox has it, or the account is no more; what is left of a dead process's call is not complete."""
        pages = await asyncio.to_thread(whole_pages, arriving.pages(self._spool))
        while pages:
            reception = Reception(
                source=f"sip:{arriving.source}",
                called_number=await self._extension(arriving.number, received.subaddress if received else ""),
                received_at=arriving.received_at,
                originator=arriving.caller,
                remote_id=received.remote_id if received else "",
                pages=pages,
                tiff=arriving.pages(self._spool),
                complete=bool(received and received.complete and received.pages == pages),
                bad_rows=tuple(received.bad_rows) if received else (),
            )
            try:
                if not await self._office.receive(reception):
                    log.warning("a fax came for a number that is nobody's any more", number=arriving.number)
            except Exception:  # whatever it was: the fax stays here until its inbox takes it
                log.exception("the inbox does not keep a fax", source=reception.source)
                await asyncio.sleep(HAND_OVER_SECONDS)
            else:
                break
        await asyncio.to_thread(arriving.forget, self._spool)

    async def _extension(self, number: str, subaddress: str) -> str:
        """The number of the account that a caller means: with the extension, if that is an account's."""
        digits = re.sub(r"[^0-9]", "", subaddress)
        if not digits:
            return number
        try:
            found = await self._office.station(number + digits)
        except Exception:  # the number itself is the account's for certain
            log.exception("nobody knows whose extension is meant", number=number)
            return number
        return number if found is None else number + digits
