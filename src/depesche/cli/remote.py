"""A running server, reached through its FAX.de interface."""

import csv
import io
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from depesche.cli.common import Failed, NoAnswer
from depesche.cli.envelope import Answer, File, Value, write
from depesche.cli.exchange import Address, exchange
from depesche.cli.gateway import MOST_FILES, Fax, Order, Receipt, Row, Stage
from depesche.cli.words import meaning
from depesche.fronts.soap.operations import (
    CANCEL_JOB,
    DELETE_RECEIVED,
    JOB_STATUS,
    REQUEST_RECEIVED,
    SEND_JOB,
    Operation,
)
from depesche.model.codes import CancelJobCode, DeleteReceivedCode, JobStatusCode, RequestReceivedCode
from depesche.model.statusfile import COLUMNS

MOST_DIGITS = 9
"""Of a number in a StatusFile."""


class Server:
    """A `Gateway` through the interface."""

    def __init__(self, address: Address, account: str, password: str) -> None:
        self._address = address
        self._login: dict[str, Value] = {"Account": account, "Password": password}

    async def submit(self, order: Order, sent: Callable[[str], None]) -> Receipt:
        with ExitStack() as files:
            answer = await self._call(SEND_JOB, _order_values(order, files), sent)
        return Receipt(
            answer.code, answer.number("JobId"), answer.number("RecipientsCount"), answer.number("PageCount")
        )

    async def stage(self, job_id: int) -> Stage:
        answer = await self._status(job_id)
        final = answer.code == JobStatusCode.FINISHED
        return Stage("finished" if final else "in work at the server", final=final)

    async def rows(self, job_id: int) -> list[Row]:
        return _rows((await self._status(job_id)).data("StatusFile"))

    async def cancel(self, job_id: int) -> None:
        """Stop what can be stopped. Raises: Failed."""
        code = (await self._call(CANCEL_JOB, {"JobId": job_id})).code
        if code != CancelJobCode.CANCELLED:
            raise Failed(f"job {job_id} is not cancelled: {meaning(CANCEL_JOB.name, code)}")

    async def faxes(self, limit: int) -> list[Fax]:
        del limit  # the interface shows the oldest alone
        found = await self.fetch(None)
        return [found[0]] if found else []

    async def fetch(self, fax_id: int | None) -> tuple[Fax, bytes] | None:
        answer = await self._call(REQUEST_RECEIVED, {})
        if answer.code == RequestReceivedCode.NO_FAX:
            return None
        if answer.code != RequestReceivedCode.FOUND:
            raise Failed(meaning(REQUEST_RECEIVED.name, answer.code))
        fax = _fax(answer)
        if fax_id not in (None, fax.id):
            raise Failed(f"a server hands out its oldest fax, {fax.id}: take that one first, or use --data")
        return fax, answer.data("FaxImage")

    async def delete(self, fax_id: int) -> bool:
        code = (await self._call(DELETE_RECEIVED, {"FaxId": fax_id})).code
        if code not in (DeleteReceivedCode.DELETED, DeleteReceivedCode.UNKNOWN_FAX):
            raise Failed(meaning(DELETE_RECEIVED.name, code))
        return code == DeleteReceivedCode.DELETED

    async def _status(self, job_id: int) -> Answer:
        answer = await self._call(JOB_STATUS, {"JobId": job_id})
        if answer.code not in (JobStatusCode.FINISHED, JobStatusCode.IN_WORK):
            raise Failed(f"job {job_id}: {meaning(JOB_STATUS.name, answer.code)}")
        return answer

    async def _call(
        self, operation: Operation, values: Mapping[str, Value], sent: Callable[[str], None] = lambda _words: None
    ) -> Answer:
        return await exchange(self._address, operation, write(operation, {**self._login, **values}), sent)


def _order_values(order: Order, files: ExitStack) -> dict[str, Value]:
    values: dict[str, Value] = {
        "JobType": int(order.type),
        "Recipient": order.recipients,
        "SendText": order.text,
        "Options": order.options,
    }
    if order.send_at is not None:
        values["SendDateTime"] = order.send_at
    if order.recipient_file is not None:
        values["RecipientFile"] = _opened(order.recipient_file, files)
    for number, path in enumerate(order.files[:MOST_FILES], start=1):
        values[f"SendFilename{number}"] = path.name
        values[f"SendFile{number}"] = _opened(path, files)
    return values


def _opened(path: Path, files: ExitStack) -> File:
    file = files.enter_context(path.open("rb"))
    return File(file, os.fstat(file.fileno()).st_size)


def _rows(status_file: bytes) -> list[Row]:
    try:
        text = status_file.decode()
    except UnicodeDecodeError:
        text = status_file.decode("windows-1252", errors="replace")
    lines = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        if set(COLUMNS) <= set(lines.fieldnames or ()):
            return [_row(line) for line in lines]
    except csv.Error:
        pass
    raise NoAnswer("the server's StatusFile is not understood")


def _row(line: Mapping[str, str]) -> Row:
    return Row(
        address=line["RECIPIENT"],
        result=line["RESULT"],
        pages=_number(line["PAGES"]),
        remote_id=line["REMOTEID"],
        seconds=_number(line["DURATION"]),
        at=_moment(line["SENDDATETIME"]),
        reference=line["REFID"],
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None


def _fax(answer: Answer) -> Fax:
    return Fax(
        id=answer.number("FaxId"),
        called_number=answer.text("CalledNumber"),
        received_at=answer.moment("ReceiveDate"),
        originator=answer.text("Originator"),
        remote_id=answer.text("RemoteId"),
        pages=answer.number("Pages"),
    )
