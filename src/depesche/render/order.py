"""What is to be rendered, in plain values: both sides of the conversion process know them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from depesche.model.cover import Cover
from depesche.model.legibility import Legibility
from depesche.render.detect import Format
from depesche.render.wire import Finding


@dataclass(frozen=True, slots=True)
class Source:
    """A document on disk."""

    path: Path
    format: Format


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of documents."""

    pages: int
    warnings: tuple[str, ...] = ()
    """What is left out of them."""

    legibility: tuple[Legibility, ...] = ()
    """Of a fax: of each page."""

    findings: tuple[Finding, ...] = ()
    """Of a letter: what is wrong with its sheets."""


STANDARD = Cover()


@dataclass(frozen=True, slots=True)
class TextPage:
    """What goes on the sheets in front of a fax."""

    text: str
    sender: str
    """Name; may be empty."""

    sender_number: str
    """E.164, or as it shall stand there; may be empty."""

    recipient: str
    """Not shown if there are several."""

    sent_on: datetime
    """The sender's local time."""

    language: str = "de"
    """ISO 639-1: ``de``; anything else is taken for English."""

    recipients: int = 1
    cover: Cover = STANDARD
    """What differs from the standard template."""
