"""What is said between a node and its line process: one JSON object a packet, on a socket that keeps packets apart."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from depesche.model.callrecord import CallRecord
from depesche.model.outcome import Outcome
from depesche.model.result import Result

PACKET = 1 << 18
"""Octets of one message at most."""


class ProtocolError(Exception):
    """What came is no message."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the line process needs to know first."""

    host: str
    """Address of this machine to work on; empty: the one by which each line is reached."""

    nameserver: str
    """Address, or address and port, of the DNS server that knows trunks' names; empty: the machine's own."""

    advertised: str
    port: int
    tls_port: int
    media_first: int
    media_last: int
    certificate: str
    key: str
    authorities: str
    """PEM file of those who sign trunks' certificates; empty: the machine's own."""


@dataclass(frozen=True, slots=True)
class Lines:
    """All lines, from now on."""

    lines: dict[str, dict[str, Any]]
    """By name, as `model.line.Line.as_json`."""

    secrets: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dial:
    """Make a call."""

    id: int
    line: str
    number: str
    """E.164."""

    caller: str
    """E.164; may be empty."""

    station: str
    document: str
    """TIFF of fax pages, ready to go out."""

    pages: int
    first_page: int
    """To send, from 0: those before it were confirmed by earlier calls."""

    lesson: dict[str, Any]
    """Of its number, as `model.lesson.Lesson` has it."""

    note: str
    """File that is written to when the call is taken; see `journal`."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End a call that we made: nobody wants it any more."""

    id: int


@dataclass(frozen=True, slots=True)
class Take:
    """Take a call of somebody, and write what comes."""

    call: int
    station: str
    document: str
    name: str
    """The node's own for what comes."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not take it."""

    call: int
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Unregister, end all calls, and go."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The first word of a line process."""


@dataclass(frozen=True, slots=True)
class Beat:
    """How the calls of a line process keep time; said while there are any."""

    late: float
    """Seconds that the latest tick came too late since this was last said."""


@dataclass(frozen=True, slots=True)
class State:
    """A line is up, or is not."""

    line: str
    up: bool
    why: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that we made was taken."""

    id: int


@dataclass(frozen=True, slots=True)
class Done:
    """A call that we made is over."""

    id: int
    outcome: dict[str, Any]

    @classmethod
    def of(cls, number: int, outcome: Outcome) -> "Done":
        """With an outcome."""
        call = outcome.call.as_json() if outcome.call else None
        return cls(number, {**asdict(outcome), "result": outcome.result.value, "call": call})

    def read(self) -> Outcome:
        """The outcome. Raises: ProtocolError."""
        try:
            values = dict(self.outcome)
            values["result"] = Result(values["result"])
            values["bad_rows"] = tuple(values["bad_rows"])
            values["call"] = CallRecord.of_json(values["call"]) if values["call"] else None
            return Outcome(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(f"no outcome: {error}") from error


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody calls."""

    call: int
    line: str
    number: str
    """E.164, that they called."""

    caller: str
    """As signalled, E.164 where it is a number; may be empty."""


@dataclass(frozen=True, slots=True)
class Received:
    """A call of somebody is over."""

    call: int
    pages: int
    """Those that were confirmed."""

    complete: bool
    remote_id: str
    seconds: int
    detail: str
    bad_rows: tuple[int, ...] = ()
    """Damaged rows of each of the pages."""

    subaddress: str = ""
    """The extension that the caller named."""


Message = (
    Setup | Lines | Dial | HangUp | Take | Refuse | Stop | Ready | Beat | State | Answered | Done | Called | Received
)

_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (Setup, Lines, Dial, HangUp, Take, Refuse, Stop, Ready, Beat, State, Answered, Done, Called, Received)
}


def pack(message: Message) -> bytes:
    """As a packet."""
    return json.dumps([type(message).__name__, asdict(message)]).encode()


def unpack(packet: bytes) -> Message:
    """Raises: ProtocolError."""
    try:
        kind, values = json.loads(packet)
        return _KINDS[kind](**values)
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolError(f"no message: {error}") from error
