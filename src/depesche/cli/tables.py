"""Jobs, recipients and faxes as tables for people and as JSON for machines."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from depesche.cli.common import local_time, out, plain
from depesche.cli.gateway import Fax, Row

MINUTES = "%Y-%m-%d %H:%M"
SHORT = "%d %b %H:%M"
"""Times in tables whose other columns need the room."""


def print_rows(rows: Iterable[Row]) -> None:
    """What became of the recipients; references only where there are some."""
    rows = list(rows)
    referring = any(row.reference for row in rows)
    table = titled("Recipient", "Result", "Pages", "Station id", "Seconds", "At", *(["Reference"] if referring else []))
    for row in rows:
        table.add_row(
            plain(row.address),
            result(row.result),
            str(row.pages),
            plain(row.remote_id),
            str(row.seconds),
            local_time(row.at, SHORT),
            *([plain(row.reference)] if referring else []),
        )
    out.print(table)


def print_faxes(faxes: Iterable[Fax]) -> None:
    """Received faxes."""
    table = titled("Fax", "Received", "For", "From", "Station id", "Pages")
    for fax in faxes:
        table.add_row(
            str(fax.id),
            local_time(fax.received_at, MINUTES),
            plain(fax.called_number),
            plain(fax.originator),
            plain(fax.remote_id),
            str(fax.pages),
        )
    out.print(table)


_NUMBERS = frozenset({"Job", "Fax", "Pages", "Seconds", "Recipients", "Attempt", "Delivery"})
_NARROWEST = {"Recipient": 14, "Station id": 14, "Reference": 9}
"""Room for a telephone number, and for the title, in one piece."""

_LONG = frozenset({"Recipient", "Station id", "Reference", "Name", "Types", "State", "Call"})


def titled(*columns: str) -> Table:
    """A table; numbers stand at the right, and only what may be long is broken where the terminal is narrow."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in _NUMBERS else "left"
        table.add_column(
            column, justify=justify, no_wrap=column not in _LONG, overflow="fold", min_width=_NARROWEST.get(column)
        )
    return table


def described(lines: Iterable[tuple[str, object]]) -> Table:
    """One thing, a line for each of its properties that has a value."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for word, value in lines:
        if value != "":
            table.add_row(Text(word, style="bold"), plain(value))
    return table


def result(word: str) -> Text:
    """A result or a state in its colour."""
    style = {"OK": "green", "sent": "green"}.get(word, "red" if word[:1].isupper() or word == "busy" else "yellow")
    return Text(word, style=style) if word.isprintable() else plain(word)


def print_json(value: Any) -> None:
    """For machines."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))  # noqa: T201


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
