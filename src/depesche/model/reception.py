"""A fax that came in."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reception:
    """What a line hands over when a call to one of our numbers has ended with at least one page."""

    source: str
    """Our own unique id of the call: the same reception handed over twice is kept once."""

    called_number: str
    """E.164 number that was called."""

    received_at: datetime
    """UTC."""

    originator: str
    """The caller's number as signalled; may be empty."""

    remote_id: str
    """The caller's station id (TSI, T.30 §5.3.6.2.9); may be empty."""

    pages: int
    """Pages in `tiff`, at least 1."""

    tiff: Path
    """A multi-page TIFF as the receiving engine wrote it; the taker copies it."""

    complete: bool
    """False if the call broke before its last page was confirmed."""

    bad_rows: tuple[int, ...] = ()
    """Damaged rows, page by page (repeated from the row above); 0 with ECM. Empty: it is not known."""
