"""What a T.30 terminal tells about its call."""

from dataclasses import dataclass

from depesche.channels.fax.t30.spandsp import Coding

OK = 0
"""``T30_ERR_OK``: the call came to its proper end. Not every page need have been taken."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, when the command after it was answered (T.30 phase D). Every figure is this page's alone."""

    frame: str
    """The frame that ended it: MCF, RTP, RTN at the sender; MPS, EOM, EOP at the receiver."""

    confirmed: bool
    """The receiver took it (MCF, or RTP: taken, train again)."""

    bit_rate: int
    coding: Coding
    ecm: bool
    width: int
    """Pixels across."""

    rows: int
    """Pixels down."""

    x_resolution: int
    """Pixels per metre."""

    y_resolution: int
    """Pixels per metre."""

    coded_bytes: int
    """Bytes on the line."""

    bad_rows: int
    """Damaged rows at the receiver (repeated from the row above); 0 with ECM and at the sender."""

    ecm_retries: int
    """ECM frames that had to come again."""


@dataclass(frozen=True, slots=True)
class Report:
    """A call as one terminal saw it."""

    completion: int | None
    """``T30_ERR_…`` at phase E; None if the call goes on."""

    phases_b: tuple[str, ...]
    """Each start of phase B, by its frame: DIS at the caller, DCS at the answerer."""

    page_begun: bool
    """Training was confirmed (CFR): from there on a page is on the line. Known at the sender, and where the
    station is watched."""

    pages: tuple[Page, ...]
    remote_id: str
    """TSI or CSI of the far end."""

    subaddress: str = ""
    """The extension that the caller named (SUB)."""

    @property
    def confirmed(self) -> tuple[Page, ...]:
        """The pages that the receiver took."""
        return tuple(page for page in self.pages if page.confirmed)

    @property
    def whole(self) -> bool:
        """The call came to its proper end, and its last page was taken: what a receiver can know."""
        return self.completion == OK and bool(self.pages) and self.pages[-1].confirmed
