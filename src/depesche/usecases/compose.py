"""Making what goes out: pages, counts, and how the sender appears. Steps 20 to 22 of the contract."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from depesche.blobs.store import Blob
from depesche.model import gsm, options
from depesche.model.account import Account
from depesche.model.codes import SendJobCode as Code
from depesche.model.job import Recipient, Sending, StoredFile
from depesche.model.jobtype import Channel, JobType
from depesche.model.numbers import judge_number
from depesche.model.station import station_id
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError, Unsupported
from depesche.render.renderer import Source, TextPage
from depesche.usecases.house import House
from depesche.usecases.order import Order, OrderFile, Refused

_CODES: dict[type[RenderError], Code] = {
    Unsupported: Code.FORMAT_UNSUPPORTED,
    Damaged: Code.NOT_CONVERTIBLE,
    NotWhole: Code.WHOLE_NOT_CONVERTIBLE,
    ConverterFailed: Code.CONVERSION_ERROR,
}


@dataclass(frozen=True, slots=True)
class Composed:
    """An order, ready to be written."""

    pages: int
    sending: Sending
    repeats: int
    files: tuple[StoredFile, ...] = ()
    blobs: tuple[Blob, ...] = ()
    """What was written into the blob store for it."""

    warnings: tuple[str, ...] = ()


async def compose(house: House, account: Account, order: Order, recipients: tuple[Recipient, ...]) -> Composed:
    """Raises: Refused, BlobError."""
    sending, warnings = _sending(account, order)
    repeats, warning = options.repeats(order.options)
    warnings += [warning] if warning else []
    try:
        pages, made = await _pages(house, account, order, recipients)
    except RenderError as error:
        raise Refused(_CODES[type(error)], str(error)) from error
    files = tuple(file for file, _ in made)
    return Composed(pages, sending, repeats, files, tuple(blob for _, blob in made), tuple(warnings))


async def _pages(
    house: House, account: Account, order: Order, recipients: tuple[Recipient, ...]
) -> tuple[int, list[tuple[StoredFile, Blob]]]:
    match order.type.channel:
        case Channel.FAX:
            return await _fax(house, order, _text_page(house, account, order, recipients))
        case Channel.SMS:
            return gsm.parts(order.submission.text), []
        case Channel.MAIL:
            return await _count(house, order.files), []
        case Channel.LETTER:
            return await _letter(house, order.files, "brief.pdf")
        case Channel.QSIGN:
            return await _invoice(house, order.files[0])


async def _fax(house: House, order: Order, text: TextPage | None) -> tuple[int, list[tuple[StoredFile, Blob]]]:
    async with AsyncExitStack() as stack:
        sources = await _sources(house, order.files, stack)
        out = await stack.enter_async_context(house.blobs.workplace()) / "fax.tif"
        pages = await house.renderer.fax(text, sources, out)
        return pages, [await _keep(house, out, "fax.tif", Format.TIFF, pages)]


async def _letter(house: House, files: tuple[OrderFile, ...], name: str) -> tuple[int, list[tuple[StoredFile, Blob]]]:
    async with AsyncExitStack() as stack:
        sources = await _sources(house, files, stack)
        out = await stack.enter_async_context(house.blobs.workplace()) / "letter.pdf"
        pages = await house.renderer.letter(sources, out)
        return pages, [await _keep(house, out, name, Format.PDF, pages)]


async def _invoice(house: House, file: OrderFile) -> tuple[int, list[tuple[StoredFile, Blob]]]:
    """A PDF stays as it is, to the byte: it may carry data or a signature already."""
    if file.format is not Format.PDF:
        return await _letter(house, (file,), f"{Path(file.filename).stem}.pdf")
    async with house.blobs.local(file.blob.key) as path:
        return await house.renderer.count(Source(path, file.format)), []


async def _count(house: House, files: tuple[OrderFile, ...]) -> int:
    """Pages of the attachments that can be counted, at least 1."""
    pages = 0
    for file in files:
        if not file.format.renderable:
            continue
        async with house.blobs.local(file.blob.key) as path:
            try:
                pages += await house.renderer.count(Source(path, file.format))
            except RenderError:
                continue  # an attachment goes out unchanged, readable for us or not
    return max(pages, 1)


async def _sources(house: House, files: tuple[OrderFile, ...], stack: AsyncExitStack) -> list[Source]:
    return [Source(await stack.enter_async_context(house.blobs.local(file.blob.key)), file.format) for file in files]


async def _keep(house: House, path: Path, name: str, form: Format, pages: int) -> tuple[StoredFile, Blob]:
    blob = await house.blobs.put_file("pages", path)
    return StoredFile("pages", name, form.name, pages, blob.key, blob.size, blob.sha256), blob


def _text_page(house: House, account: Account, order: Order, recipients: tuple[Recipient, ...]) -> TextPage | None:
    text = order.submission.text
    if not text.strip():
        return None
    addresses = list(dict.fromkeys(recipient.address for recipient in recipients if not recipient.code))
    return TextPage(
        text=text,
        sender=order.options.get("STATIONID") or account.name,
        sender_number=account.fax_number,
        recipient=addresses[0] if len(addresses) == 1 else f"Verteiler ({len(addresses)} Empfänger)",
        sent_on=order.send_at.astimezone(ZoneInfo(house.settings.timezone)),
    )


def _sending(account: Account, order: Order) -> tuple[Sending, list[str]]:
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
    url = order.options.get("STATURL").replace(" ", "")
    if not url:
        return ""
    url = url if "://" in url else f"http://{url}"
    if not url.lower().startswith(("http://", "https://")) or len(url) > options.STATUS_URL_LENGTH:
        warnings.append("STATURL is not called: it is no http address, or too long")
        return ""
    return url
