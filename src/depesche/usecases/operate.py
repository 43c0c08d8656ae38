"""What an operator does on a data folder with what belongs to an account.

Nobody logs in here: who may write the data folder owns it, so neither a lock nor an ended trial is in the way of
looking, cancelling and deleting; an order is judged like any other. Every change is on the audit record.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from depesche.blobs.store import Blob
from depesche.model.account import Account
from depesche.model.states import State
from depesche.store import audit, inbound, progress
from depesche.store.deliveries import Cancelled
from depesche.store.inbound import ReceivedFax
from depesche.store.progress import PastAttempt, Standing
from depesche.usecases.accounts import NotPossible
from depesche.usecases.authenticate import Login
from depesche.usecases.cancel import stop
from depesche.usecases.house import House
from depesche.usecases.submit import Submission, SubmitAnswer, Upload, submit

__all__ = [
    "FileTooLarge",
    "PastAttempt",
    "ReceivedFax",
    "Standing",
    "cancel",
    "delete_fax",
    "faxes",
    "fetch_fax",
    "order",
]


class FileTooLarge(Exception):
    """A file is larger than the setting allows; the message is a sentence, nothing was ordered."""


async def order(
    house: House, account: Account, submission: Submission, files: Sequence[Path], recipient_file: Path | None
) -> SubmitAnswer:
    """Hand in an order of an account, whose at most three files and recipients lie on this machine.

    It is judged like any other. Raises: FileTooLarge, BlobError, OSError.
    """
    taken: list[Blob] = []
    try:
        recipients = await _take(house, recipient_file, taken) if recipient_file else None
        uploads = [Upload(path.name, await _take(house, path, taken)) for path in files]
    except BaseException:
        await house.blobs.delete(blob.key for blob in taken)
        raise
    first, second, third = (*uploads, *submission.uploads)[:3]
    whole = replace(submission, recipient_file=recipients, uploads=(first, second, third))
    return await submit(house, Login(account, number=account.number), whole)


async def cancel(house: House, actor: str, job_id: int) -> None:
    """Stop what can still be stopped of a job, whoever ordered it. Raises: NotPossible, if nothing can."""
    account = await house.database.read(lambda connection: progress.owner(connection, job_id))
    if account is None:
        raise NotPossible(f"there is no job {job_id}")
    account_id = account.id

    def note(connection: sa.Connection, now: datetime, done: Cancelled) -> None:
        if done.count or done.flagged:
            audit.write(connection, now, actor, "job.cancel", account_id, {"job": job_id, "deliveries": done.count})

    if not await stop(house, job_id, note):
        standings = await house.database.read(lambda connection: progress.standings(connection, [job_id]))
        raise NotPossible(_why_not(job_id, standings[job_id].counts))


async def faxes(house: House, account_id: int, limit: int) -> list[ReceivedFax]:
    """The faxes in the account's inbox, the oldest first."""
    return await house.database.read(lambda connection: inbound.waiting(connection, account_id, limit))


async def fetch_fax(house: House, account_id: int, fax_id: int | None) -> tuple[ReceivedFax, bytes] | None:
    """This fax of the account's inbox, or the oldest, with its TIFF; None if it is not there. Raises: BlobError."""

    def look(connection: sa.Connection) -> ReceivedFax | None:
        if fax_id is None:
            return inbound.oldest(connection, account_id)
        return inbound.find(connection, account_id, fax_id)

    found = await house.database.read(look)
    return None if found is None else (found, await house.blobs.read(found.blob_key))


async def delete_fax(house: House, actor: str, account_id: int, fax_id: int) -> bool:
    """Take a fax out of the account's inbox; the bytes go with the retention. False: it is not there."""
    now = house.now()

    def work(connection: sa.Connection) -> bool:
        found = inbound.delete(connection, account_id, fax_id, now)
        if found:
            audit.write(connection, now, actor, "fax.delete", account_id, {"fax": fax_id})
        return found

    return await house.database.run(work)


async def _take(house: House, path: Path, taken: list[Blob]) -> Blob:
    """Copy a file into the blob store; `taken` holds what came in so far."""
    largest = house.settings.soap.max_file
    size = await asyncio.to_thread(lambda: path.stat().st_size)
    if size > largest:
        raise FileTooLarge(f"{path} is larger than the {largest >> 20} MiB of the setting soap.max_file")
    blob = await house.blobs.put_file("order", path)
    taken.append(blob)
    return blob


def _why_not(job_id: int, counts: Mapping[State, int]) -> str:
    if State.SENDING in counts:
        return f"nothing of job {job_id} can be stopped: the rest of it is being handed over, and not tried again"
    if State.UNKNOWN in counts:
        return f"nothing of job {job_id} can be stopped: somebody has to decide how it ended"
    return f"job {job_id} is done already: nothing of it can be stopped any more"
