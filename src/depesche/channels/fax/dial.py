"""One call of the fax sandbox, from the pages to the outcome. It blocks: a thread's work."""

import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from depesche.channels.fax import outcome
from depesche.channels.fax.call import Call, Voice
from depesche.channels.fax.header import UNREADABLE, BadDocument, HeaderLine, stamp
from depesche.channels.fax.line import Line
from depesche.channels.fax.numbers import Machine, Person
from depesche.channels.fax.t30.audio import AudioTerminal
from depesche.channels.fax.t30.report import Report
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp
from depesche.model.callrecord import CallRecord
from depesche.model.outcome import Outcome
from depesche.model.result import Result


@dataclass(frozen=True, slots=True)
class Transmission:
    """What is to be sent, and to whom."""

    document: Path
    """Multi-page TIFF as `header.stamp` takes it."""

    header: HeaderLine
    station: str
    """Our TSI."""

    far_station: str
    """CSI of the machine that answers."""

    answers: Machine | Person
    seed: int
    """For the noise of the line."""

    folder: Path
    """An empty folder for the files of this call."""

    @property
    def sent(self) -> Path:
        """The pages with their header."""
        return self.folder / "sent.tif"

    @property
    def received(self) -> Path:
        """What the machine that answers writes."""
        return self.folder / "received.tif"


@dataclass(frozen=True, slots=True)
class Dialled:
    """A call that is over."""

    outcome: Outcome
    far: Report | None = None
    """What the machine that answered saw; its pages lie in `Transmission.received`."""


def dial(spandsp: Spandsp, transmission: Transmission, cancelled: threading.Event) -> Dialled:
    """Write the header, call, transmit. Ends early once `cancelled` is set."""
    try:
        prints = stamp(transmission.document, transmission.sent, transmission.header)
    except BadDocument as error:
        return Dialled(Outcome(Result.LINE_ERROR, detail=f"the document cannot be sent: {error}"))
    except OSError as error:
        return Dialled(Outcome(Result.LINE_ERROR, retry=True, detail=f"the pages cannot be prepared: {error}"))
    station = Station(transmission.station, send=transmission.sent)
    with AudioTerminal(spandsp, station, calling=True) as caller:
        if isinstance(transmission.answers, Person):
            dialled = _talk(caller, prints.pages, cancelled)
        else:
            dialled = _transfer(spandsp, caller, transmission, transmission.answers, prints.pages, cancelled)
    call = dataclasses.replace(
        dialled.outcome.call or CallRecord(), sandbox=True, stamp=transmission.header.stamp(prints)
    )
    return dataclasses.replace(dialled, outcome=dataclasses.replace(dialled.outcome, call=call))


def _talk(caller: AudioTerminal, pages: int, cancelled: threading.Event) -> Dialled:
    ending = Call(caller, Voice(), Line(), cancelled).carry()
    return Dialled(outcome.sent(caller.session.report(), pages, ending))


def _transfer(
    spandsp: Spandsp,
    caller: AudioTerminal,
    transmission: Transmission,
    machine: Machine,
    pages: int,
    cancelled: threading.Event,
) -> Dialled:
    station = Station(transmission.far_station, receive=transmission.received, ecm=machine.ecm, modems=machine.modems)
    with AudioTerminal(spandsp, station, calling=False) as answerer:
        ending = Call(caller, answerer, machine.line(transmission.seed), cancelled).carry()
        far = answerer.session.report()
    result = outcome.sent(caller.session.report(), pages, ending, far.pages)
    if _pages_in(transmission.received) < len(far.confirmed):  # spandsp confirms pages that it could not write
        detail = "the receiving side could not write the pages"
        return Dialled(dataclasses.replace(result, result=Result.SEND_FAILED, retry=True, pages=0, detail=detail))
    return Dialled(result, far)


def _pages_in(tiff: Path) -> int:
    """Pages that can be found in what the far end wrote; 0 if the file breaks off so that none can."""
    try:
        with Image.open(tiff, formats=["TIFF"]) as image:
            return int(getattr(image, "n_frames", 1))
    except UNREADABLE:
        return 0
