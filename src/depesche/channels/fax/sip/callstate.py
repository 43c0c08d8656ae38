"""The life of a call as a table, from our end (RFC 3261 §9, §13, §15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class CallState(Enum):
    """Where a call stands."""

    DIALLING = "dialling"
    RINGING = "ringing"
    GIVING_UP = "giving up"
    CANCELLING = "cancelling"
    OFFERED = "offered"
    ANSWERED = "answered"
    PARTING = "parting"
    UP = "up"
    ENDING = "ending"
    OVER = "over"


class Happening(Enum):
    """What happens to it."""

    PROGRESS = "1xx comes"
    TAKEN = "2xx comes"
    REFUSED = "3xx to 6xx comes, or nothing at all"
    CANCEL = "CANCEL comes"
    ACK = "ACK comes"
    NO_ACK = "no ACK comes"
    BYE = "BYE comes"
    GONE = "the far end does not know the call any more, or cannot be reached"
    CLOSED = "our BYE is answered, or never will be"
    ANSWER = "we take the call"
    REFUSE = "we do not take it"
    HANG_UP = "we want no more of it"


class Deed(Enum):
    """What is to be done."""

    ACK = "send ACK"
    CANCEL = "send CANCEL"
    BYE = "send BYE"
    TAKE = "send 2xx"
    REFUSE = "send 4xx"
    WITHDRAWN = "answer the INVITE with 487"


@dataclass(frozen=True, slots=True)
class Move:
    """What something leads to."""

    state: CallState
    deeds: tuple[Deed, ...] = ()


_OVER = Move(CallState.OVER)

CALL: Mapping[CallState, Mapping[Happening, Move]] = {
    CallState.DIALLING: {
        Happening.PROGRESS: Move(CallState.RINGING),
        Happening.TAKEN: Move(CallState.UP, (Deed.ACK,)),
        Happening.REFUSED: _OVER,
        Happening.HANG_UP: Move(CallState.GIVING_UP),  # no CANCEL before the first 1xx (§9.1)
    },
    CallState.RINGING: {
        Happening.TAKEN: Move(CallState.UP, (Deed.ACK,)),
        Happening.REFUSED: _OVER,
        Happening.HANG_UP: Move(CallState.CANCELLING, (Deed.CANCEL,)),
    },
    CallState.GIVING_UP: {
        Happening.PROGRESS: Move(CallState.CANCELLING, (Deed.CANCEL,)),
        Happening.TAKEN: Move(CallState.ENDING, (Deed.ACK, Deed.BYE)),
        Happening.REFUSED: _OVER,
    },
    CallState.CANCELLING: {
        Happening.TAKEN: Move(CallState.ENDING, (Deed.ACK, Deed.BYE)),  # it crossed our CANCEL
        Happening.REFUSED: _OVER,
        Happening.GONE: _OVER,  # nobody answered the INVITE after its CANCEL
    },
    CallState.OFFERED: {
        Happening.ANSWER: Move(CallState.ANSWERED, (Deed.TAKE,)),
        Happening.REFUSE: Move(CallState.OVER, (Deed.REFUSE,)),
        Happening.HANG_UP: Move(CallState.OVER, (Deed.REFUSE,)),
        Happening.CANCEL: Move(CallState.OVER, (Deed.WITHDRAWN,)),
        Happening.BYE: Move(CallState.OVER, (Deed.WITHDRAWN,)),
        Happening.GONE: _OVER,
    },
    CallState.ANSWERED: {
        Happening.ACK: Move(CallState.UP),
        Happening.BYE: _OVER,
        Happening.NO_ACK: Move(CallState.ENDING, (Deed.BYE,)),
        Happening.HANG_UP: Move(CallState.PARTING),  # no BYE before the ACK (§15)
        Happening.GONE: _OVER,
    },
    CallState.PARTING: {
        Happening.ACK: Move(CallState.ENDING, (Deed.BYE,)),
        Happening.NO_ACK: Move(CallState.ENDING, (Deed.BYE,)),
        Happening.BYE: _OVER,
        Happening.GONE: _OVER,
    },
    CallState.UP: {
        Happening.BYE: _OVER,
        Happening.NO_ACK: Move(CallState.ENDING, (Deed.BYE,)),  # of a later INVITE of theirs
        Happening.HANG_UP: Move(CallState.ENDING, (Deed.BYE,)),
        Happening.GONE: _OVER,
    },
    CallState.ENDING: {
        Happening.BYE: _OVER,
        Happening.CLOSED: _OVER,
        Happening.GONE: _OVER,
    },
}
