"""Reading an order: from the parameters of SendJob to something that can be judged. Rules 6 to 14."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC
from typing import TypeVar

from depesche.blobs.store import Blob, BlobError
from depesche.model import options
from depesche.model.account import Account
from depesche.model.jobtype import Channel, JobType
from depesche.model.options import Options
from depesche.model.recipients import Given, NoList, from_parameter, from_single
from depesche.model.rules import Rule
from depesche.render.detect import Format, detect
from depesche.render.errors import Unsupported
from depesche.usecases import judge
from depesche.usecases.house import House
from depesche.usecases.listfile import ListFile, fingerprint, read_list
from depesche.usecases.order import Order, OrderFile, Submission, Upload
from depesche.usecases.refused import Refused

T = TypeVar("T")

HEAD = 4096
"""Bytes of a file that tell its format."""

LONG_PARAMETER = 10_000
"""Characters, or rows."""

LONGEST_LIST = 32 << 20
"""Bytes of a recipient file that are read."""


async def read_order(house: House, account: Account, submission: Submission, stack: AsyncExitStack) -> Order:
    """The order; a recipient file of it can be read as long as `stack` is open. Raises: Refused, BlobError."""
    as_it_came, submission = submission, submission.as_text()
    job_type = _job_type(submission)
    _check_released(account, job_type)
    judge.paid(account, house.today())
    if submission.files_lost:
        raise BlobError("the files could not be written")  # what follows cannot be judged for certain without them
    _check_first_file(job_type, submission)
    given = await _read_recipients(house, job_type, submission, stack)
    _check_single(job_type, submission, given)
    _check_content(job_type, submission)
    files, warnings = await _read_files(house, job_type, submission)
    parsed = await _off_the_loop(options.parse, submission.options)
    now = house.now()
    ignored = _ignored(job_type, submission, parsed)
    order = Order(
        submission=submission,
        type=job_type,
        given=given,
        files=files,
        options=parsed,
        send_at=max(submission.send_at or now, now),
        key="",
        warnings=(
            *_replaced(as_it_came, submission),
            *warnings,
            *parsed.warnings,
            *ignored,
        ),
    )
    scheduled = order.send_at > now
    many = len(order.given) >= LONG_PARAMETER
    return replace(order, key=await asyncio.to_thread(_key, order, scheduled) if many else _key(order, scheduled))


async def _off_the_loop(read: Callable[[str], T], text: str) -> T:
    """A long text is read in another thread, so that everybody else is served meanwhile."""
    return read(text) if len(text) < LONG_PARAMETER else await asyncio.to_thread(read, text)


def _job_type(submission: Submission) -> JobType:
    try:
        return JobType(submission.job_type)
    except ValueError:
        raise Refused(Rule.JOB_TYPE, f"JobType {submission.job_type} is none of 0, 1, 2, 3, 4, 8") from None


def _check_released(account: Account, job_type: JobType) -> None:
    if job_type not in account.job_types:
        raise Refused(Rule.TYPE_NOT_RELEASED, f"{job_type.name} is not released for the account")


def _check_first_file(job_type: JobType, submission: Submission) -> None:
    first = submission.uploads[0]
    if (job_type.is_letter or job_type is JobType.QSIGN) and not first.filename.strip() and not _has_content(first):
        raise Refused(Rule.FIRST_FILE_MISSING, f"{job_type.name} needs SendFile1")


async def _read_recipients(
    house: House, job_type: JobType, submission: Submission, stack: AsyncExitStack
) -> tuple[Given, ...] | ListFile:
    file = submission.recipient_file
    given: tuple[Given, ...] | ListFile
    if file is not None and file.size:
        given = await _read_list(house, file, stack)
    elif job_type.is_letter:
        given = (from_single(submission.recipient),)
    else:
        given = await _off_the_loop(from_parameter, submission.recipient)
    if job_type.is_letter:
        return given or (Given("", ""),)  # its address lies in the window
    if not given:
        raise Refused(Rule.NO_RECIPIENT)
    return given


async def _read_list(house: House, file: Blob, stack: AsyncExitStack) -> ListFile:
    if file.size > LONGEST_LIST:
        raise Refused(Rule.LIST_UNREADABLE, f"the recipient file is larger than {LONGEST_LIST >> 20} MiB")
    path = await stack.enter_async_context(house.blobs.local(file.key))
    try:
        return await asyncio.to_thread(read_list, path)
    except NoList as error:
        raise Refused(Rule.LIST_UNREADABLE, f"the recipient file is no CSV: {error}") from error
    except OSError as error:
        raise BlobError(str(error)) from error


def _check_single(job_type: JobType, submission: Submission, given: tuple[Given, ...] | ListFile) -> None:
    listed = submission.recipient_file is not None and len(given) > 1
    if (job_type is JobType.QSIGN and len(given) > 1) or (job_type.is_letter and listed):
        raise Refused(Rule.ONE_RECIPIENT, f"{job_type.name} goes to one recipient")


def _check_content(job_type: JobType, submission: Submission) -> None:
    text = bool(submission.text.strip())
    files = any(upload.filename.strip() or _has_content(upload) for upload in submission.uploads)
    if job_type is JobType.SMS and not text:
        raise Refused(Rule.NOTHING_TO_SEND, "an SMS needs a text")
    if job_type in (JobType.FAX, JobType.MAIL) and not (text or files):
        raise Refused(Rule.NOTHING_TO_SEND, "neither text nor file is given")


async def _read_files(
    house: House, job_type: JobType, submission: Submission
) -> tuple[tuple[OrderFile, ...], tuple[str, ...]]:
    if job_type is JobType.SMS:
        return (), ()
    files: list[OrderFile] = []
    warnings: list[str] = []
    for position, upload in enumerate(submission.uploads, start=1):
        name = upload.filename.strip()
        if not name and not _has_content(upload):
            continue
        if not _has_content(upload):
            raise Refused(Rule.FILE_EMPTY, f"SendFile{position} ({name[:100]}) has no content")
        assert upload.blob is not None
        found, warning = await _detect(house, job_type, position, name, upload.blob)
        files.append(OrderFile(position, name, found, upload.blob))
        warnings += [warning] if warning else []
    return tuple(files), tuple(warnings)


async def _detect(house: House, job_type: JobType, position: int, name: str, blob: Blob) -> tuple[Format, str | None]:
    if not name:
        raise Refused(Rule.FORMAT, f"SendFile{position} has no name")
    is_attachment = job_type is JobType.MAIL or (job_type is JobType.QSIGN and position > 1)
    try:
        found, warning = detect(name, await house.blobs.head(blob.key, HEAD))
    except Unsupported as error:
        if is_attachment:
            return Format.OTHER, None
        raise Refused(Rule.FORMAT, str(error)) from error
    if not house.renderer.takes(found) and not is_attachment:
        raise Refused(Rule.FORMAT, f"{name[:100]}: no converter for a {found.value} is installed")
    return found, warning


_FAX, _SMS, _MAIL = (Channel.FAX,), (Channel.SMS,), (Channel.MAIL, Channel.QSIGN)
_OF_CHANNELS = {
    "CALLERID": _FAX,
    "ISDNABS": _FAX,
    "STATIONID": _FAX,
    "FAXHEADER": _FAX,
    "FAXRETRY": _FAX,
    "RESOLUTION": _FAX,
    "FLASHSMS": _SMS,
    "SMSFROM": _SMS,
    "MAILFROM": _MAIL,
}
"""Whom each switch is for; STATURL is for all."""


def _replaced(given: Submission, read: Submission) -> list[str]:
    return [] if read is given else ["characters that are no text were replaced: what encoding has it?"]


def _ignored(job_type: JobType, submission: Submission, given: Options) -> list[str]:
    """What this job type does not use, though it was given."""
    warnings = [
        f"option {name} was ignored: it is for {' and '.join(channel.value for channel in channels)}"
        for name, channels in _OF_CHANNELS.items()
        if name in given and job_type.channel not in channels
    ]
    if given.get("CALLERID") and given.get("ISDNABS") not in ("", given.get("CALLERID")):
        warnings.append("option ISDNABS was ignored: CALLERID is given")
    if job_type is JobType.SMS and any(upload.filename or upload.blob for upload in submission.uploads):
        warnings.append("files were ignored: an SMS has none")
    if job_type.is_letter and submission.text.strip():
        warnings.append("SendText was ignored: a text page would displace the address of the letter")
    if submission.recipient_file is not None and submission.recipient_file.size and submission.recipient.strip():
        warnings.append("Recipient was ignored: RecipientFile is given")
    return warnings


def _has_content(upload: Upload) -> bool:
    return upload.blob is not None and upload.blob.size > 0


def _key(order: Order, scheduled: bool) -> str:
    """Type, recipients with reference ids, content, options and time; past or missing times are all `now`."""
    digest = hashlib.sha256()
    when = order.send_at.astimezone(UTC).isoformat() if scheduled else "now"
    words = [str(int(order.type)), order.submission.text, order.submission.options.strip(), when]
    words.append(order.given.fingerprint if isinstance(order.given, ListFile) else fingerprint(order.given))
    words += [word for file in order.files for word in (str(file.position), file.filename, file.blob.sha256)]
    for word in words:
        digest.update(word.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
