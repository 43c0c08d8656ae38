"""How one attempt at one recipient ended. What the far side does is a value, never an exception."""

from dataclasses import dataclass

from depesche.model.callrecord import CallRecord
from depesche.model.result import Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt."""

    result: Result
    """What happened."""

    retry: bool = False
    """Whether trying again later may help (the number of repeats is the order's business)."""

    pages: int = 0
    """Pages that the far side confirmed; messages for SMS; sheets' pages for a letter."""

    remote_id: str = ""
    """The station id (CSI, T.30 §5.3.6.2.4) that the far machine sent; empty if none or not fax."""

    seconds: int = 0
    """Seconds on the line, rounded up; 0 if not fax or never answered."""

    bit_rate: int = 0
    """Bits per second of the last page; 0 if not fax."""

    coding: str = ""
    """``MMR`` (T.6), ``MR`` (T.4 2-D), ``MH`` (T.4 1-D); empty if not fax or no page went out."""

    ecm: bool = False
    """Whether the error correction mode (T.30 annex A) was in use."""

    bad_rows: tuple[int, ...] = ()
    """Damaged rows that the far end saw, page by page, as far as it is known (0 with ECM)."""

    detail: str = ""
    """The reason in plain English for the record: a T.30 phrase, a SIP status, a server's reply."""

    call: CallRecord | None = None
    """Of a fax: the call itself; None if there was none, or nobody knows of it."""
