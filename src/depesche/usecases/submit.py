"""SendJob: judge an order in the order of the contract, make its pages, and write it all down before answering."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from depesche.blobs.store import Blob, BlobError
from depesche.model.account import Account
from depesche.model.codes import SendJobCode as Code
from depesche.model.job import JobHead, NewJob, Recipient, StoredFile
from depesche.model.jobtype import Channel, JobType
from depesche.store import jobs
from depesche.store.database import DatabaseClosed
from depesche.usecases import judge
from depesche.usecases.authenticate import Login
from depesche.usecases.compose import Composed, compose
from depesche.usecases.house import House
from depesche.usecases.order import Order, Refused, Submission, Upload, read_order
from depesche.usecases.unbroken import unbroken

__all__ = ["Submission", "SubmitAnswer", "Upload", "submit"]

log = structlog.get_logger(__name__)

LONG_LIST = 200
"""Recipients that are judged in another thread, so that everybody else is served meanwhile."""


@dataclass(frozen=True, slots=True)
class SubmitAnswer:
    """What SendJob answers; every number is 0 unless the order was accepted, or is a double."""

    code: int
    job_id: int = 0
    recipients: int = 0
    pages: int = 0


class _Double(Refused):
    """The same order is set up already."""

    def __init__(self, job: JobHead) -> None:
        super().__init__(Code.DOUBLE, f"the same order is job {job.id}")
        self.job = job


async def submit(house: House, login: Login, submission: Submission) -> SubmitAnswer:
    """Accept the order or say why not. Takes over the submission's blobs: keeps them with the job, or deletes them."""
    written: list[Blob] = submission.blobs()
    try:
        return await _accept(house, login, submission, written)
    except _Double as double:
        log.info("order refused", code=int(Code.DOUBLE), job=double.job.id)
        await _forget(house, written)
        return SubmitAnswer(Code.DOUBLE, double.job.id, double.job.recipients, double.job.pages)
    except Refused as refused:
        log.info("order refused", code=int(refused.code), reason=refused.reason)
        await _forget(house, written)
        return SubmitAnswer(refused.code)
    except BlobError:
        log.exception("order lost to the blob store")
        await _forget(house, written)
        return SubmitAnswer(Code.DOCUMENT_STORE)
    except (SQLAlchemyError, DatabaseClosed):
        log.exception("order lost to the database")
        await _forget(house, written)
        return SubmitAnswer(Code.SERVER_ERROR)
    except BaseException:
        await _forget(house, written)
        raise


async def _accept(house: House, login: Login, submission: Submission, written: list[Blob]) -> SubmitAnswer:
    account = judge.account(login, house.now())
    order = await read_order(house, account, submission)
    if order.files or order.type is JobType.FAX:
        await _refuse_double(house, account, order)  # before the pages are made in vain; `_write` looks again
    try:
        recipients, composed = await _judge_and_compose(house, account, order, written)
    except Refused:
        await _refuse_double(house, account, order)  # which comes before all that is judged there
        raise
    new = _new_job(account, order, recipients, composed)
    job = await _keep(house, new, written)
    house.wake()
    log.info("order accepted", job=job, account=account.number, type=order.type.name, recipients=len(recipients))
    return SubmitAnswer(Code.ACCEPTED, job, judge.good(recipients), composed.pages)


async def _judge_and_compose(
    house: House, account: Account, order: Order, written: list[Blob]
) -> tuple[tuple[Recipient, ...], Composed]:
    judge.bulk(account, order)
    judge.sender(account, order)
    recipients = await _recipients(account, order)
    composed = await compose(house, account, order, recipients)
    written += composed.blobs
    judge.trial_pages(account, order, composed.pages)
    return recipients, composed


async def _recipients(account: Account, order: Order) -> tuple[Recipient, ...]:
    if len(order.given) < LONG_LIST:
        return judge.recipients(account, order)
    return await asyncio.to_thread(judge.recipients, account, order)


async def _keep(house: House, new: NewJob, written: list[Blob]) -> int:
    """Write the order with its blobs, and delete the others."""
    used = {file.key for file in new.files}
    job = await unbroken(_write(house, new, [blob for blob in written if blob.key in used]))
    spare = [blob for blob in written if blob.key not in used]
    written.clear()
    await _forget(house, spare)
    return job


async def _refuse_double(house: House, account: Account, order: Order) -> None:
    since = _ok_since(house)
    found = await house.database.read(lambda connection: jobs.double(connection, account.id, order.key, since))
    if found is not None:
        raise _Double(found)


async def _write(house: House, new: NewJob, blobs: list[Blob]) -> int:
    """The one transaction of an order. Of two identical ones at the same moment the second finds the first here."""
    await house.blobs.keep(blobs)
    now, since = house.now(), _ok_since(house)

    def work(connection: sa.Connection) -> int:
        found = jobs.double(connection, new.account_id, new.order_key, since)
        if found is not None:
            raise _Double(found)
        return jobs.insert(connection, new, now)

    return await house.database.run(work)


def _ok_since(house: House) -> datetime:
    return house.now() - timedelta(minutes=house.settings.accounts.double_minutes)


def _new_job(account: Account, order: Order, recipients: tuple[Recipient, ...], composed: Composed) -> NewJob:
    return NewJob(
        account_id=account.id,
        type=order.type,
        send_at=order.send_at,
        order_key=order.key,
        options=order.submission.options,
        text=_text(account, order),
        sending=composed.sending,
        repeats=composed.repeats,
        pages=composed.pages,
        recipients=recipients,
        files=tuple(_source(file.filename, file.format.name, file.blob) for file in order.files) + composed.files,
        warnings=order.warnings + composed.warnings,
    )


def _text(account: Account, order: Order) -> str:
    """What the channel itself has to write; the text of a fax is on its pages already."""
    if order.type.channel is Channel.FAX or order.type.is_letter:
        return ""
    if order.type is JobType.QSIGN and not order.submission.text.strip():
        return f"Guten Tag,\n\nanbei erhalten Sie unsere Rechnung.\n\nMit freundlichen Grüßen\n{account.name}\n"
    return order.submission.text


def _source(filename: str, form: str, blob: Blob) -> StoredFile:
    return StoredFile("source", filename, form, 0, blob.key, blob.size, blob.sha256)


async def _forget(house: House, blobs: list[Blob]) -> None:
    try:
        await house.blobs.delete(blob.key for blob in blobs)
    except BlobError as error:
        log.warning("blobs left behind", error=str(error))
