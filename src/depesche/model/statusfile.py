"""The StatusFile of JobStatus: CSV, every field quoted, CRLF after each line, no BOM."""

import io
from collections.abc import Iterable
from datetime import datetime

from depesche.model.job import Fate
from depesche.model.jobtype import Channel, JobType
from depesche.model.result import Result

COLUMNS = ("RECIPIENT", "JOBTYPE", "RESULT", "REMOTEID", "PAGES", "SENDDATETIME", "DURATION", "REFID")


def write(fates: Iterable[Fate], job_type: JobType, encoding: str) -> bytes:
    """One row per given row, in the order given. A character that `encoding` lacks becomes ``?``."""
    written = io.BytesIO()
    written.write(_line(COLUMNS).encode(encoding))
    for fate in fates:
        written.write(_line(_fields(fate, job_type)).encode(encoding, errors="replace"))
    return written.getvalue()


def _fields(fate: Fate, job_type: JobType) -> tuple[str, ...]:
    return (
        fate.address,
        job_type.status_name,
        (fate.result or Result.SEND_FAILED).word,
        fate.remote_id,
        str(fate.pages),
        _moment(fate.at),
        str(fate.seconds if job_type.channel is Channel.FAX else 0),
        fate.reference,
    )


def _line(fields: Iterable[str]) -> str:
    return ",".join('"' + field.replace('"', '""') + '"' for field in fields) + "\r\n"


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M:%S")
