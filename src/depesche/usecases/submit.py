"""SendJob: judge an order in the order of the contract, make its pages, and write it all down before answering."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from depesche import metrics
from depesche.blobs.store import Blob, BlobError
from depesche.model import tariff
from depesche.model.account import Account
from depesche.model.codes import SendJobCode as Code
from depesche.model.job import JobHead, NewJob, StoredFile
from depesche.model.jobtype import Channel, JobType
from depesche.model.roll import Roll
from depesche.model.rules import Rule
from depesche.model.tariff import FREE, NOTHING, Price, Quote
from depesche.store import accounts, jobs, ledger, listing, prices, refusals
from depesche.store.database import CommitUncertain, DatabaseClosed
from depesche.store.ledger import Draft, Purse
from depesche.store.refusals import Refusal
from depesche.store.roll import LongRoll
from depesche.usecases import judge, simulate
from depesche.usecases.authenticate import Login
from depesche.usecases.compose import Composed, compose
from depesche.usecases.house import House
from depesche.usecases.order import Order, Submission, Upload
from depesche.usecases.reading import read_order
from depesche.usecases.refused import Refused
from depesche.usecases.rollcall import LONG_LIST, roll_of
from depesche.usecases.unbroken import unbroken

__all__ = ["Submission", "SubmitAnswer", "Upload", "submit"]

log = structlog.get_logger(__name__)


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
        super().__init__(Rule.DOUBLE, f"the same order is job {job.id}")
        self.job = job


async def submit(house: House, login: Login, submission: Submission) -> SubmitAnswer:
    """Accept the order or say why not. Takes over the submission's blobs: keeps them with the job, or deletes them."""
    written: list[Blob] = submission.blobs()
    try:
        async with AsyncExitStack() as stack:
            return await _accept(house, login, submission, written, stack)
    except _Double as double:
        answer = SubmitAnswer(Code.DOUBLE, double.job.id, double.job.recipients, double.job.pages)
        refused: Refused = double
    except Refused as error:
        answer, refused = SubmitAnswer(error.rule.code), error
    except BlobError as error:
        log.exception("order lost to the blob store")
        answer, refused = SubmitAnswer(Code.DOCUMENT_STORE), Refused(Rule.STORE, str(error))
    except CommitUncertain:
        log.exception("order perhaps lost to the database")
        written.clear()  # there may be a job that names them
        answer, refused = SubmitAnswer(Code.SERVER_ERROR), Refused(Rule.SERVER)
    except (SQLAlchemyError, DatabaseClosed):
        log.exception("order lost to the database")
        answer, refused = SubmitAnswer(Code.SERVER_ERROR), Refused(Rule.SERVER)
    except BaseException:
        await unbroken(_forget(house, written))
        raise
    await unbroken(_forget(house, written))
    await _refuse(house, login, refused)
    return answer


async def _accept(
    house: House, login: Login, submission: Submission, written: list[Blob], stack: AsyncExitStack
) -> SubmitAnswer:
    account = judge.account(login, house.today())
    order = await read_order(house, account, submission, stack)
    if order.files or order.type is JobType.FAX or len(order.given) >= LONG_LIST:
        await _refuse_double(house, account, order)  # before the work is done in vain; `_write` looks again
    try:
        roll, composed = await _judge_and_compose(house, account, order, written, stack)
    except Refused:
        await _refuse_double(house, account, order)  # which comes before all that is judged there
        raise
    new = await _new_job(house, account, order, roll, composed)
    if isinstance(roll, LongRoll) and listing.is_long(roll.rows):
        new = replace(new, files=(*new.files, await _put_away(house, roll, written)))
    job = await unbroken(_keep(house, account, order, new, written))
    log.info("order accepted", job=job, account=account.number, type=order.type.name, recipients=roll.rows)
    metrics.JOBS.labels(order.type.channel.value).inc()
    metrics.RECIPIENTS.labels(order.type.channel.value).inc(roll.good)
    return SubmitAnswer(Code.ACCEPTED, job, roll.good, composed.pages)


async def _put_away(house: House, roll: LongRoll, written: list[Blob]) -> StoredFile:
    """A long list is kept as it was judged until all of it are deliveries."""
    try:
        blob = await house.blobs.put_file("order", roll.path)
    except OSError as error:
        raise BlobError(f"the recipients could not be kept: {error}") from error
    written.append(blob)
    return listing.document(roll.path.name, blob.key, blob.size, blob.sha256)


async def _judge_and_compose(
    house: House, account: Account, order: Order, written: list[Blob], stack: AsyncExitStack
) -> tuple[Roll, Composed]:
    judge.bulk(account, order, house.settings.accounts.most_recipients)
    judge.sender(account, order)
    roll = await roll_of(house, account, order, stack)
    simulate.refuse(account, order, simulate.DOCUMENTS)
    composed = await compose(house, account, order, roll, written)
    judge.most_pages(account, order, composed.pages)
    judge.trial_pages(account, order, composed.pages)
    return roll, composed


async def _keep(house: House, account: Account, order: Order, new: NewJob, written: list[Blob]) -> int:
    """Write the order with its blobs, and delete the others."""
    used = {file.key for file in new.files}
    job = await _write(house, account, order, new, [blob for blob in written if blob.key in used])
    spare = [blob for blob in written if blob.key not in used]
    written.clear()
    house.wake()
    if listing.is_long(new.roll.rows):
        house.expand()
    await _forget(house, spare)
    return job


async def _refuse_double(house: House, account: Account, order: Order) -> None:
    since = _ok_since(house, account)
    found = await house.database.read(lambda connection: jobs.double(connection, account.id, order.key, since))
    if found is not None:
        raise _Double(found)


async def _write(house: House, account: Account, order: Order, new: NewJob, blobs: list[Blob]) -> int:
    """The one transaction of an order. Of two identical ones at the same moment the second finds the first here."""
    draft = await _draft(new)
    await house.blobs.keep(blobs)
    now, since = house.now(), _ok_since(house, account)
    if not order.is_dated:
        new = replace(new, send_at=now)  # had the clock been set since it was read, it would seem to have a date

    def work(connection: sa.Connection) -> int:
        accounts.hold(connection, new.account_id)
        found = jobs.double(connection, new.account_id, new.order_key, since)
        if found is not None:
            raise _Double(found)
        purse = ledger.hold(connection, draft) if account.is_limited else Purse.NONE
        if isinstance(purse, Rule):
            raise Refused(purse)
        judge.signing(account, order, sandbox=new.sandbox)
        simulate.refuse(account, order, simulate.AFTERWARDS)
        return jobs.insert(connection, new, now, purse)

    return await house.database.run(work)


async def _draft(new: NewJob) -> Draft:
    """What the order draws on the account, if all goes well."""
    total = NOTHING
    if new.quote.prices:
        total = await _sum(new.quote, new.roll)
    return Draft(new.account_id, total, new.pages * new.roll.good, new.day, new.type.is_letter)


async def _sum(quote: Quote, roll: Roll) -> Decimal:
    def add(addresses: Iterable[str]) -> Decimal:
        return sum(map(quote.of, addresses), NOTHING)

    return add(roll.addresses()) if roll.rows < LONG_LIST else await asyncio.to_thread(add, roll.addresses())


async def _quote(house: House, account: Account, order: Order, roll: Roll, pages: int) -> Quote:
    if not account.has_prices:
        return FREE

    def look(connection: sa.Connection) -> list[Price]:
        return prices.of_type(connection, account.tariff, order.type, wanted)

    wanted = None if roll.rows >= LONG_LIST else tariff.prefixes(roll.addresses())
    lines = await (house.database.read(look) if wanted is None else house.database.peek(look))
    return tariff.quote(lines, order.type, pages)


def _ok_since(house: House, account: Account) -> datetime:
    own = account.double_minutes
    return house.now() - timedelta(minutes=house.settings.accounts.double_minutes if own is None else own)


async def _new_job(house: House, account: Account, order: Order, roll: Roll, composed: Composed) -> NewJob:
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
        roll=roll,
        files=tuple(_source(file.filename, file.format.name, file.blob) for file in order.files) + composed.files,
        warnings=order.warnings + composed.warnings,
        sandbox=account.sandbox or house.settings.sandbox,
        quote=await _quote(house, account, order, roll, composed.pages),
        day=house.today(),
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


async def _refuse(house: House, login: Login, refused: Refused) -> None:
    """The line that a refused order leaves; its answer does not depend on it. What it names, an address or a document,
    is for whoever may read the record, and not for the log.
    """
    rule = refused.rule
    log.info("order refused", account=login.number[:64], code=int(rule.code), rule=rule.name)
    if login.quiet or rule is Rule.SERVER:  # the database has just failed: a second wait would cost the answer's time
        return
    line = Refusal(house.now(), login.number, rule, refused.reason)
    account_id = None if login.account is None else login.account.id
    try:
        await house.database.run(lambda connection: refusals.write(connection, account_id, line))
    except (SQLAlchemyError, DatabaseClosed) as error:
        log.warning("a refused order leaves no line", error=str(error))


async def _forget(house: House, blobs: list[Blob]) -> None:
    try:
        await house.blobs.delete(blob.key for blob in blobs)
    except BlobError as error:
        log.warning("blobs left behind", error=str(error))
