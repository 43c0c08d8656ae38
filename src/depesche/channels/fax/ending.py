"""How a connection ended."""

from dataclasses import dataclass
from enum import Enum


class End(Enum):
    """Who or what ended a call."""

    ENGINE = "the T.30 engine came to its end"
    CANCELLED = "the order was cancelled, and we hung up"
    LOST = "the connection was lost"
    RANG_OUT = "nobody took the call, and we hung up"
    STALLED = "nothing happened on the line any more, and we hung up"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an answered call."""

    end: End
    seconds: float
    """Line time from the answer to hanging up."""
