"""What is kept of a fax call beside its outcome: enough to show later what went out, and what was answered."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from depesche.model.resolution import Resolution


@dataclass(frozen=True, slots=True)
class Prints:
    """The rasters of a fax, to know them again whatever codes them: TIFF files of the same pages differ."""

    pages: int
    document: str
    """SHA-256 of all pages as PBM images (P4) one after the other, in hexadecimal."""

    first_page: str
    """The same of the first one alone."""

    resolution: Resolution
    """Of the first page."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The header line that the pages of an attempt got, and what they were with it."""

    at: datetime
    """In the zone that it was printed in."""

    sender: str
    note: str
    recipient: str
    prints: Prints
    finest: Resolution = Resolution.SUPERFINE
    """The far machine took no pages of closer rows: rows of those that had them were joined."""


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """One page that was transmitted to its end, as its sender saw it."""

    answer: str
    """The frame of the far machine (T.30 §5.3.6.1): ``MCF``, ``RTP``, ``RTN`` and others."""

    confirmed: bool
    bit_rate: int
    """Bits per second."""

    coding: str
    """As in `Outcome`."""

    ecm: bool
    rows: int
    octets: int
    """Of the coded page."""

    repeated: int
    """ECM frames that had to be sent again."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt by fax."""

    sandbox: bool = False
    """It went to a machine in memory, and to nobody outside."""

    line: str = ""
    """Name of the trunk; empty in the sandbox."""

    t38: bool = False
    """T.38 was used; else audio, as far as anything was transmitted."""

    taken: bool = False
    """The call was taken."""

    begun: bool = False
    """A page was on the line: the far machine had confirmed the training (CFR)."""

    too_fine: bool = False
    """The far machine takes no pages whose rows are so close; it has got none of them."""

    stamp: Stamp | None = None
    """None: the pages were not made ready, or it is not known how."""

    first_page: int = 0
    """That was sent, from 0: those before it were confirmed in earlier attempts."""

    answers: tuple[PageAnswer, ...] = ()
    """In the order in which they came; a page that was refused may come again."""

    def as_json(self) -> dict[str, Any]:
        """What `of_json` reads."""
        values = asdict(self)
        values["answers"] = list(values["answers"])
        if self.stamp is not None:
            values["stamp"]["at"] = self.stamp.at.isoformat()
        return values

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> Self:
        """What `as_json` gave. Raises: KeyError, TypeError, ValueError."""
        given = dict(values)
        given["answers"] = tuple(PageAnswer(**answer) for answer in given.get("answers", ()))
        if given.get("stamp") is not None:
            stamp = dict(given["stamp"])
            stamp["at"] = datetime.fromisoformat(stamp["at"])
            prints = stamp["prints"]
            stamp["finest"] = Resolution(stamp.get("finest", Resolution.SUPERFINE))
            stamp["prints"] = Prints(**{**prints, "resolution": Resolution(prints["resolution"])})
            given["stamp"] = Stamp(**stamp)
        return cls(**given)
