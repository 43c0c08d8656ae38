"""Jobs, recipients and faxes as tables for people and as JSON for machines."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from rich import box
from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

from depesche.cli.common import euro, local_time, out, plain
from depesche.cli.gateway import Fax, Row
from depesche.model.legibility import BEST

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
    show(table)


def legibility(scores: Sequence[int]) -> str:
    """``98, 100, 12 of 100``; empty for what has no scores."""
    return f"{', '.join(map(str, scores))} of {BEST}" if scores else ""


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
            _pages(fax),
        )
    show(table)


def damaged(bad_rows: Sequence[int]) -> str:
    """``damaged rows on page 2: 5, page 3: 1``; empty if there are none."""
    pages = [f"page {page}: {rows}" for page, rows in enumerate(bad_rows, start=1) if rows]
    return f"damaged rows on {', '.join(pages)}" if pages else ""


def _pages(fax: Fax) -> str:
    """``3``, ``3 (broken off)``, ``3 (damaged rows on page 2: 5)``."""
    words = ", ".join(filter(None, ("broken off" if fax.complete is False else "", damaged(fax.bad_rows))))
    return f"{fax.pages} ({words})" if words else str(fax.pages)


_NUMBERS = frozenset(
    {
        *("Job", "Fax", "Pages", "Seconds", "Recipients", "Attempt", "Delivery"),
        *("Code", "#", "Amount", "Units", "Base", "Unit", "Lines"),
        *("Slots", "On the way", "Ready", "Waiting", "Held", "Unknown"),
    }
)
_NARROWEST = {"Recipient": 13, "Station id": 10, "Call": 16, "Situation": 30, "Reason": 20, "Rule": 12, "Note": 12}
"""Room for a telephone number in one piece, and for words that shall be read; the others' is that of their titles."""

_LONG = frozenset(
    {
        *("Recipient", "Station id", "Reference", "Name", "Types", "State", "Call"),
        *("Situation", "Reason", "Rule", "Note", "Address", "Accounts"),
    }
)


def titled(*columns: str) -> Table:
    """A table; numbers stand at the right, and only what may be long is broken where the terminal is narrow."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column in _NUMBERS else "left"
        narrowest = max(_NARROWEST.get(column, 0), len(column))
        table.add_column(column, justify=justify, no_wrap=column not in _LONG, overflow="fold", min_width=narrowest)
    return table


def show(table: Table) -> None:
    """Print it; where the terminal is too narrow for its columns, row by row with a line for each of them."""
    room = out.width - _GAP * (len(table.columns) - 1)
    whole = [_whole(column) for column in table.columns]
    least = [_least(column, wanted) for column, wanted in zip(table.columns, whole, strict=True)]
    if sum(least) > room:
        _show_rows(table)
        return
    for column, width in zip(table.columns, _shared(whole, least, room), strict=True):
        column.width = width
    out.print(table)


_GAP = 2
"""Blanks between columns."""


def _whole(column: Column) -> int:
    """Characters of its longest line."""
    return max(cell_len(line) for cell in (column.header, *column.cells) for line in str(cell).split("\n"))


def _least(column: Column, whole: int) -> int:
    """Characters that it needs; what may be broken needs few of them."""
    return min(whole, column.min_width or whole) if not column.no_wrap else whole


def _shared(whole: list[int], least: list[int], room: int) -> list[int]:
    """The width of each column: what is left of the room goes to the narrowest that want more."""
    widths = list(least)
    for _ in range(min(room, sum(whole)) - sum(least)):
        narrowest = min((width, place) for place, width in enumerate(widths) if width < whole[place])[1]
        widths[narrowest] += 1
    return widths


def _show_rows(table: Table) -> None:
    titles = [str(column.header) for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        out.print(described(zip(titles, cells, strict=True)), "")


def described(lines: Iterable[tuple[str, object]]) -> Table:
    """One thing, a line for each of its properties that has a value."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for word, value in lines:
        if str(value):
            table.add_row(Text(word, style="bold"), value if isinstance(value, Text) else plain(value))
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
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return euro(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
