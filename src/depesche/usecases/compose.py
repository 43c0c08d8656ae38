"""Making what goes out: pages, counts, and how the sender appears. Rules 20 to 22."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from depesche.blobs.store import Blob
from depesche.model import gsm, options, statusurl
from depesche.model.account import Account
from depesche.model.codes import SendJobCode as Code
from depesche.model.cover import Cover
from depesche.model.job import Sending, StoredFile
from depesche.model.jobtype import Channel, JobType
from depesche.model.numbers import judge_number
from depesche.model.roll import Roll
from depesche.model.rules import Rule
from depesche.model.station import station_id
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError, Unsupported
from depesche.render.renderer import Finding, Source, TextPage
from depesche.store import covers
from depesche.usecases import findings
from depesche.usecases.house import House
from depesche.usecases.order import Order, OrderFile
from depesche.usecases.refused import Refused

_RULES: dict[type[RenderError], Rule] = {
    Unsupported: Rule.FORMAT,
    Damaged: Rule.DAMAGED,
    NotWhole: Rule.NOT_WHOLE,
    ConverterFailed: Rule.CONVERTER,
}

GERMAN = frozenset({"DE", "AT", "CH", "LI", "LU"})
"""Countries whose accounts write the heading of a fax in German; all others write English."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of the documents."""

    pages: int
    files: tuple[StoredFile, ...] = ()
    """Of the pages, if they were written."""

    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """An order, ready to be written."""

    pages: int
    sending: Sending
    repeats: int
    files: tuple[StoredFile, ...] = ()
    warnings: tuple[str, ...] = ()


async def compose(house: House, account: Account, order: Order, roll: Roll, written: list[Blob]) -> Composed:
    """What it writes into the blob store is added to `written` at once. Raises: Refused, BlobError."""
    sender, warnings = sending(account, order, tell_each=house.settings.callbacks.when == "recipient")
    repeats, warning = options.repeats(order.options)
    warnings += [warning] if warning else []
    try:
        made = await _pages(house, account, order, roll, written)
    except RenderError as error:
        raise Refused(_RULES[type(error)], str(error)) from error
    return Composed(made.pages, sender, repeats, made.files, (*warnings, *made.warnings))


async def _pages(house: House, account: Account, order: Order, roll: Roll, written: list[Blob]) -> Made:
    match order.type.channel:
        case Channel.FAX:
            return await _fax(house, account, order, await text_page(house, account, order, roll), written)
        case Channel.SMS:
            return Made(len(gsm.parts(order.submission.text)))
        case Channel.MAIL:
            return Made(await _count(house, account, order.files))
        case Channel.LETTER:
            return await _letter(house, account, order, written)
        case Channel.QSIGN:
            return await _invoice(house, account, order.files[0], written)


async def _fax(house: House, account: Account, order: Order, text: TextPage | None, written: list[Blob]) -> Made:
    resolution, warning = options.resolution(order.options, account.resolution)
    warnings = (warning,) if warning else ()
    async with AsyncExitStack() as stack:
        sources = await _sources(house, order.files, stack)
        out = await stack.enter_async_context(house.blobs.workplace()) / "fax.tif"
        made = await house.renderer.fax(text, sources, out, resolution=resolution, account=account.id)
        kept = await _keep(house, out, "fax.tif", Format.TIFF, made.pages, written)
        kept = replace(kept, legibility=tuple(page.score for page in made.legibility))
        return Made(made.pages, (kept,), (*warnings, *made.warnings))


async def _letter(house: House, account: Account, order: Order, written: list[Blob]) -> Made:
    """The address has to be read through the window; where the account does not demand it, the print centre may."""
    colour = order.type is JobType.LETTER_COLOUR
    made, found = await _sheets(house, account, order.files, "brief.pdf", written, colour=colour)
    wrong = findings.proven(found)
    if wrong and account.demands_window:
        raise Refused(Rule.ADDRESS_WINDOW, findings.english(wrong))
    return replace(made, warnings=(*made.warnings, *map(findings.english, found)))


async def _sheets(
    house: House, account: Account, files: tuple[OrderFile, ...], name: str, written: list[Blob], *, colour: bool
) -> tuple[Made, tuple[Finding, ...]]:
    """One document of A4 pages for paper."""
    async with AsyncExitStack() as stack:
        sources = await _sources(house, files, stack)
        out = await stack.enter_async_context(house.blobs.workplace()) / "letter.pdf"
        made = await house.renderer.letter(sources, out, colour=colour, account=account.id)
        kept = await _keep(house, out, name, Format.PDF, made.pages, written)
        return Made(made.pages, (kept,), made.warnings), made.findings


async def _invoice(house: House, account: Account, file: OrderFile, written: list[Blob]) -> Made:
    """A PDF stays as it is, to the byte: it may carry data or a signature already."""
    if file.format is not Format.PDF:
        made, _ = await _sheets(house, account, (file,), f"{Path(file.filename).stem}.pdf", written, colour=True)
        return made
    async with house.blobs.local(file.blob.key) as path:
        return Made(await house.renderer.count(Source(path, file.format), account=account.id))


async def _count(house: House, account: Account, files: tuple[OrderFile, ...]) -> int:
    """Pages of the attachments that can be counted, at least 1: they go out unchanged, readable for us or not."""
    async with AsyncExitStack() as stack:
        sources = await _sources(house, tuple(file for file in files if house.renderer.takes(file.format)), stack)
        return max(1, await house.renderer.count_known(sources, account=account.id)) if sources else 1


async def _sources(house: House, files: tuple[OrderFile, ...], stack: AsyncExitStack) -> list[Source]:
    return [Source(await stack.enter_async_context(house.blobs.local(file.blob.key)), file.format) for file in files]


async def _keep(house: House, path: Path, name: str, form: Format, pages: int, written: list[Blob]) -> StoredFile:
    blob = await house.blobs.put_file("pages", path)
    written.append(blob)
    return StoredFile("pages", name, form.name, pages, blob.key, blob.size, blob.sha256)


async def text_page(house: House, account: Account, order: Order, roll: Roll | None) -> TextPage | None:
    """What goes on the sheets in front of a fax, if it has a text; `roll`: None: to nobody yet."""
    text = order.submission.text
    if not text.strip():
        return None
    cover = await house.database.peek(lambda connection: covers.of(connection, account.id))
    page = heading(house, account, text, order.send_at, cover)
    return replace(
        page,
        sender=order.options.get("STATIONID") or page.sender,
        recipient=next(roll.addresses()) if roll and roll.good == 1 else "",
        recipients=roll.good if roll and roll.good else 1,
    )


def heading(house: House, account: Account, text: str, send_at: datetime, cover: Cover) -> TextPage:
    """The same to nobody yet, without an order."""
    return TextPage(
        text=text,
        sender=account.name,
        sender_number=account.fax_number,
        recipient="",
        sent_on=send_at.astimezone(ZoneInfo(house.settings.timezone)),
        language="de" if account.country in GERMAN else "en",
        cover=cover,
    )


def sending(account: Account, order: Order, *, tell_each: bool) -> tuple[Sending, list[str]]:
    """How the sender appears, from the options and else from the account; whatever was changed is a warning."""
    warnings: list[str] = []
    given = order.options.get("STATIONID")
    station = station_id(given or account.name)
    if given and station != given:
        warnings.append(f"STATIONID was changed to {station}")
    header = order.options.get("FAXHEADER") or account.fax_number
    if len(header) > options.HEADER_LENGTH:
        header = header[: options.HEADER_LENGTH]
        warnings.append(f"FAXHEADER was cut to {header}")
    caller = _caller(account, order, warnings)
    is_sms = order.type is JobType.SMS
    sending = Sending(
        station_id=station,
        fax_header=header,
        caller_number=caller,
        sender=_sms_sender(account, order, warnings) if is_sms else order.options.get("MAILFROM") or account.mail_from,
        subject=account.mail_subject,
        flash=is_sms and "FLASHSMS" in order.options,
        status_url=_status_url(order, warnings),
        tell_each=tell_each,
        duplex=order.type.is_letter and account.duplex,
    )
    return sending, warnings


def _caller(account: Account, order: Order, warnings: list[str]) -> str:
    given = order.options.get("CALLERID", "ISDNABS")
    if not given:
        return account.fax_number
    number, code = judge_number(given, account.country, foreign=True)
    if code is not Code.ACCEPTED or number not in account.numbers:
        warnings.append(f"CALLERID {given[:30]} is none of the account's numbers: its own is shown")
        return account.fax_number
    return number


def _sms_sender(account: Account, order: Order, warnings: list[str]) -> str:
    """3GPP TS 23.040 §9.1.2.5 leaves 11 letters; the interface allows 16 digits."""
    given = order.options.get("SMSFROM")
    digits = given.removeprefix("+").isdecimal() and given.isascii() and len(given.removeprefix("+")) <= 16
    if not given or digits or (given.isascii() and given.isprintable() and len(given) <= 11):
        return given or account.sms_from
    warnings.append(f"SMSFROM {given[:30]} is no sender id: the account's is used")
    return account.sms_from


def _status_url(order: Order, warnings: list[str]) -> str:
    given = order.options.get("STATURL")
    if not given:
        return ""
    try:
        return statusurl.accept(given)
    except ValueError as error:
        warnings.append(f"STATURL is not called: {error}")
        return ""
