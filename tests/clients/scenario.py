"""What every program of a customer does, and where to find what came of it.

Each program, in its own language, from account 10001 to 10002, with the files of a folder:

1. sends a fax: text, a PDF with umlauts in its name, missing and null arguments, no time; waits until it is final;
2. fetches the fax as 10002, deletes it, deletes it again, finds nothing any more;
3. schedules a message one day ahead, asks for it, cancels it, asks again, cancels again;
4. gives a wrong password, an unknown account, an unknown job;
5. sends a message to the recipients of a file; waits until it is final.

It prints one JSON object: for each step the answer with all its outs by their names (moments in UTC, files by their
length), and ``send_at``, the time of step 3. It saves the files ``status.csv``, ``fax.tif`` and ``bulk.csv``.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import weasyprint  # type: ignore[import-untyped]

HEADER = b'"RECIPIENT","JOBTYPE","RESULT","REMOTEID","PAGES","SENDDATETIME","DURATION","REFID"\r\n'

NEVER = "1899-12-30T00:00:00Z"
NO_JOB = {"JobId": 0, "RecipientsCount": 0, "PageCount": 0}
NO_STATUS = {"SendResult": "", "SendDateTime": NEVER, "RemoteId": "", "StatusFile": 0}
NO_FAX = {
    "FaxId": 0,
    "CalledNumber": "",
    "ReceiveDate": NEVER,
    "Originator": "",
    "RemoteId": "",
    "Pages": 0,
    "FaxImage": 0,
}

_CLOCK = timedelta(seconds=1)
"""The interface tells whole seconds."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a program printed and saved, and when it ran."""

    customer: str
    answers: Mapping[str, Any]
    folder: Path
    started: datetime
    ended: datetime

    def happened_meanwhile(self, moment: str) -> bool:
        return self.started - _CLOCK <= instant(moment) <= self.ended + _CLOCK


def lay_out(folder: Path, customer: str) -> None:
    """The files that a program sends; each program's differ, for the same order twice would be a double (-77)."""
    document = f'<h1>Für {customer}</h1><p style="page-break-after: always">Seite 1</p><p>Seite 2: Maßstäbe</p>'
    weasyprint.HTML(string=document).write_pdf(folder / "document.pdf")
    recipients = f"+4917139200000,{customer}-1\r\n+4917139200042,{customer}-Zwölf\r\n"
    (folder / "recipients.csv").write_text(recipients, encoding="utf-8", newline="")


def rows(status_file: bytes) -> list[dict[str, str]]:
    """The rows of a StatusFile, which is exactly as the interface has it: every field quoted, CRLF after each line."""
    assert status_file.startswith(HEADER)
    table = list(csv.reader(io.StringIO(status_file.decode("utf-8"), newline="")))
    quoted = "".join(",".join(f'"{field}"' for field in row) + "\r\n" for row in table)
    assert status_file.decode("utf-8") == quoted
    return [dict(zip(table[0], row, strict=True)) for row in table[1:]]


def instant(moment: str) -> datetime:
    """A moment as programs report it."""
    return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def in_status_file(moment: str) -> str:
    """A moment as programs report it, as the StatusFile has it."""
    return moment.replace("T", " ").removesuffix("Z")
