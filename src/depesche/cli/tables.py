"""Jobs, recipients and faxes as tables for people and as JSON for machines."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from depesche.cli.common import local_time, out, plain
from depesche.cli.gateway import Fax, Row


def print_rows(rows: Iterable[Row]) -> None:
    """What became of the recipients."""
    rows = list(rows)
    table = titled("Recipient", "Result", "Pages", "Station id", "Seconds", "At", "Reference")
    for row in rows:
        table.add_row(
            plain(row.address),
            result(row.result),
            str(row.pages),
            plain(row.remote_id),
            str(row.seconds),
            local_time(row.at),
            plain(row.reference),
        )
    out.print(table)


def print_faxes(faxes: Iterable[Fax]) -> None:
    """Received faxes."""
    table = titled("Fax", "Received", "For", "From", "Station id", "Pages")
    for fax in faxes:
        table.add_row(
            str(fax.id),
            local_time(fax.received_at),
            plain(fax.called_number),
            plain(fax.originator),
            plain(fax.remote_id),
            str(fax.pages),
        )
    out.print(table)


def titled(*columns: str) -> Table:
    """A table; numbers stand at the right."""
    table = Table()
    for column in columns:
        is_number = column in ("Job", "Fax", "Pages", "Seconds", "Recipients", "Attempt", "Delivery", "Bit/s")
        table.add_column(column, justify="right" if is_number else "left")
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
