"""What an order would look like: the pages that would be sent, as pictures, and what would be said about them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from depesche.model import options, sheets
from depesche.model.account import Account
from depesche.model.jobtype import JobType
from depesche.model.recipients import Given
from depesche.model.roll import ShortRoll
from depesche.render.detect import HEAD, Format, detect
from depesche.render.errors import NotWhole
from depesche.render.renderer import Finding, Rendered, Source
from depesche.usecases import covers, findings, judge
from depesche.usecases.compose import sending, text_page
from depesche.usecases.house import Header, House
from depesche.usecases.order import Order, Submission


@dataclass(frozen=True, slots=True)
class Draft:
    """What might be ordered. A letter has no text."""

    type: JobType
    """Fax or letter."""

    files: tuple[Path, ...]
    text: str = ""
    recipient: str = ""
    """Empty: as to nobody yet."""

    options: str = ""
    sample: bool = False
    """Where there is no text, one that shows how the sheet looks."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go out."""

    pages: int
    pictures: dict[int, Path]
    """PNG files by the numbers of their pages, from 1."""

    warnings: tuple[str, ...]
    legibility: tuple[int, ...] = ()
    """Of a fax: how much of each page can be read, 0 to 100."""

    findings: tuple[Finding, ...] = ()
    """What is wrong with a letter; each of them is a warning too."""

    duplex: bool = False
    sheets: int = 0
    """Of a letter."""


@dataclass(frozen=True, slots=True)
class _Finished:
    """All pages, as they would be sent."""

    document: Source
    made: Rendered


async def preview(house: House, account: Account, draft: Draft, folder: Path, page: int | None = None) -> Preview:
    """Make the pages and draw them, or the one that is wanted, into an empty folder.

    Raises: RenderError; OSError.
    """
    order = _order(house, account, draft)
    sources, warnings = await asyncio.to_thread(_sources, draft.files)
    made = _letter if draft.type.is_letter else _fax
    finished = await made(house, account, order, sources, folder, warnings)
    pages = finished.made.pages
    if page is not None and not 1 <= page <= pages:
        raise NotWhole(f"there is no page {page}: there are {pages}")
    wanted = range(1, pages + 1) if page is None else range(page, page + 1)
    colour = draft.type is JobType.LETTER_COLOUR
    drawn = await house.renderer.preview(finished.document, folder, wanted, colour=colour, account=account.id)
    shown = dict(zip(wanted, drawn, strict=True))
    said = (*order.options.warnings, *warnings)
    if not draft.type.is_letter:
        return Preview(pages, shown, said, tuple(page.score for page in finished.made.legibility))
    on_paper = sheets.count(pages, duplex=account.duplex)
    return Preview(pages, shown, said, findings=finished.made.findings, duplex=account.duplex, sheets=on_paper)


def _order(house: House, account: Account, draft: Draft) -> Order:
    text = draft.text if draft.text.strip() or not draft.sample else covers.sample(account)
    submission = Submission(
        int(draft.type), recipient=draft.recipient, text="" if draft.type.is_letter else text,
        options=draft.options,
    )  # fmt: skip
    given = (Given(draft.recipient, ""),)
    return Order(submission, draft.type, given, (), options.parse(draft.options), house.now(), "")


def _sources(files: Sequence[Path]) -> tuple[list[Source], list[str]]:
    """The documents, and warnings. Raises: Unsupported, OSError."""
    sources, warnings = [], []
    for path in files:
        with path.open("rb") as file:
            found, warning = detect(path.name, file.read(HEAD))
        sources.append(Source(path, found))
        warnings += [warning] if warning else []
    return sources, warnings


async def _fax(
    house: House, account: Account, order: Order, sources: Sequence[Source], folder: Path, warnings: list[str]
) -> _Finished:
    """The pages under the header line, as the fax engine gets them."""
    bare, whole = folder / "bare.tif", folder / "fax.tif"
    roll = (
        ShortRoll((judge.recipient(account, order.type, Given(order.submission.recipient, "")),))
        if order.submission.recipient
        else None
    )
    text = await text_page(house, account, order, roll)
    resolution, warning = options.resolution(order.options, account.resolution)
    made = await house.renderer.fax(text, sources, bare, resolution=resolution, account=account.id)
    sender, told = sending(account, order, tell_each=False)
    warnings += [*([warning] if warning else []), *made.warnings, *told]
    at = order.send_at.astimezone(ZoneInfo(house.settings.timezone))
    to = next(roll.addresses(), order.submission.recipient) if roll else ""
    header = Header(at, sender.station_id, sender.fax_header or sender.caller_number, to)
    await asyncio.to_thread(house.stamp, bare, whole, header)
    return _Finished(Source(whole, Format.TIFF), made)


async def _letter(
    house: House, account: Account, order: Order, sources: Sequence[Source], folder: Path, warnings: list[str]
) -> _Finished:
    """The document for the print centre, and what is wrong with it."""
    whole = folder / "letter.pdf"
    colour = order.type is JobType.LETTER_COLOUR
    made = await house.renderer.letter(sources, whole, colour=colour, account=account.id)
    warnings += made.warnings
    wrong = findings.proven(made.findings) if account.demands_window else None
    for finding in made.findings:
        warnings.append(findings.english(finding) + (": the order would be refused" if finding is wrong else ""))
    return _Finished(Source(whole, Format.PDF), made)
