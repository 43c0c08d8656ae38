"""What is to be rendered, in plain values: both sides of the conversion process know them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

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


Lines = tuple[tuple[str, str], ...]
"""Names with their values."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """Below it."""


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences under a heading."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a fax that was sent, or was not: every word of it, in the language of who reads it."""

    language: str
    """ISO 639-1."""

    title: str
    sender: str
    sender_number: str
    alarm: tuple[str, ...]
    """In large letters, the first in the largest; empty: there is no need."""

    mark: str
    """``good``, ``bad`` or ``open``."""

    result: str
    meaning: str
    parties: Lines
    times: Lines
    picture: str
    """Over the picture of page 1."""

    notes: Lines
    """Beside the picture."""

    facts: Table
    """Of two columns: names and values."""

    tables: tuple[Table, ...]
    points: tuple[Points, ...]
    foot: str
    page: str
    of: str
    """As in "Page 1 of 2"."""

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> Self:
        """What `dataclasses.asdict` made of it, after JSON."""
        given = {key: _tuples(value) for key, value in values.items()}
        given["facts"] = Table(**{key: _tuples(value) for key, value in values["facts"].items()})
        given["tables"] = tuple(
            Table(**{key: _tuples(value) for key, value in one.items()}) for one in values["tables"]
        )
        given["points"] = tuple(
            Points(**{key: _tuples(value) for key, value in one.items()}) for one in values["points"]
        )
        return cls(**given)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
