"""The report on a fax (German: Sendebericht): what was transmitted, what was answered, and what that shows.

The pages with their header line are not kept. They are made again of the pages that are, with the header that the
attempt has on record, and compared by the checksums on record: the report says whether that is what was sent.
"""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche import __version__
from depesche.blobs.store import BlobGone
from depesche.model.account import Account
from depesche.model.callrecord import CallRecord, PageAnswer, Prints, Stamp
from depesche.model.job import JobHead, StoredFile
from depesche.model.jobtype import JobType
from depesche.model.result import Result
from depesche.model.states import State
from depesche.render.detect import Format
from depesche.render.order import Lines, Points, Report, Table
from depesche.render.renderer import Source
from depesche.render.typography import telephone
from depesche.store import jobs, progress
from depesche.store.progress import GivenRow, PastAttempt
from depesche.usecases.accounts import NotPossible
from depesche.usecases.compose import GERMAN as GERMAN_COUNTRIES
from depesche.usecases.house import Header, House
from depesche.usecases.reportwords import ENGLISH, GERMAN, Words

PAGES = "pages"
"""Role of the document that goes out."""

ANSWERED = frozenset({Result.BUSY, Result.NO_ANSWER, Result.NO_RING, Result.NO_SERVICE})
"""Results of a call that was not taken by which the network shows that it was made; of others nobody knows."""

DASH = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which report."""

    job_id: int
    recipient: int | None = None
    """Of the given rows, from 1; None: the only one."""

    attempt: int | None = None
    """None: the last one."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written."""

    delivery_id: int
    attempt: int
    pages: int
    exact: bool | None
    """Its picture is what was sent, by the checksum; None: no picture with a header line."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """All that is on record of what a report is about."""

    account: Account
    head: JobHead
    row: GivenRow
    attempt: PastAttempt
    file: StoredFile | None
    words: Words
    zone: ZoneInfo
    now: datetime

    @property
    def call(self) -> CallRecord:
        return self.attempt.call or CallRecord()

    @property
    def sandbox(self) -> bool:
        return self.row.sandbox or self.call.sandbox

    @property
    def settled(self) -> bool:
        """Its end was not seen, but found out or decided later."""
        return self.attempt.call is None and self.attempt.result is not None and not self.attempt.bit_rate

    @property
    def few(self) -> str:
        return self.words.some_pages.format(count=self.attempt.pages, total=self.head.pages)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What there is to show of the pages."""

    fax: Path | None = None
    prints: Prints | None = None
    """With the header line of the attempt."""

    def is_sent(self, call: CallRecord) -> bool:
        """Whether its first page is the one that was sent, dot by dot."""
        return bool(self.prints and call.stamp and self.prints.first_page == call.stamp.prints.first_page)


async def report(house: House, wanted: Wanted, out: Path, pages: Path | None = None) -> Written:
    """Write the report to `out`, and the fax file as it was sent to `pages`.

    Raises: NotPossible; RenderError; BlobError; OSError.
    """
    subject = await _subject(house, wanted)
    async with house.blobs.workplace() as folder:
        shown = await _shown(house, subject, folder)
        exact = shown.is_sent(subject.call) if shown.prints else None
        if pages is not None:
            _put(shown, subject.call, pages)
        fax = Source(shown.fax, Format.TIFF) if shown.fax else None
        made = await house.renderer.report(_told(subject, shown), fax, out, account=subject.account.id)
    return Written(subject.row.delivery_id, subject.attempt.number, made.pages, exact)


async def _subject(house: House, wanted: Wanted) -> _Subject:
    def look(connection: sa.Connection) -> tuple[Account, JobHead, GivenRow | None, list[StoredFile]]:
        account = progress.owner(connection, wanted.job_id)
        if account is None:
            raise NotPossible(f"there is no job {wanted.job_id}")
        head = jobs.head(connection, account.id, wanted.job_id)
        assert head is not None
        row = progress.given_row(connection, head.id, _position(head, wanted))
        return account, head, row, jobs.files(connection, head.id)

    account, head, row, files = await house.database.read(look)
    if row is None:
        raise NotPossible(f"recipient {wanted.recipient or 1} of job {head.id} is still to be listed")
    return _Subject(
        account, head, row, _attempt(head, row, wanted),
        next((file for file in files if file.role == PAGES), None),
        GERMAN if account.country in GERMAN_COUNTRIES else ENGLISH,
        ZoneInfo(house.settings.timezone), house.now(),
    )  # fmt: skip


def _position(head: JobHead, wanted: Wanted) -> int:
    if head.type is not JobType.FAX:
        raise NotPossible(f"job {head.id} is no fax")
    if wanted.recipient is None and head.recipients > 1:
        raise NotPossible(
            f"which recipient? Job {head.id} has {head.recipients}: give --recipient 1 to {head.recipients}"
        )
    if wanted.recipient is not None and wanted.recipient > head.recipients:
        raise NotPossible(f"there is no recipient {wanted.recipient}: job {head.id} has {head.recipients}")
    return (wanted.recipient or 1) - 1


def _attempt(head: JobHead, row: GivenRow, wanted: Wanted) -> PastAttempt:
    if row.same_as is not None:
        raise NotPossible(f"this recipient is the same as recipient {row.same_as + 1}: its report is that one's")
    if not row.attempts:
        raise NotPossible(f"nothing was sent to {row.address} by job {head.id}: the delivery is {row.state.value}")
    number = wanted.attempt or len(row.attempts)
    found = next((attempt for attempt in row.attempts if attempt.number == number), None)
    if found is None:
        raise NotPossible(f"there is no attempt {number} at {row.address}: there are {len(row.attempts)}")
    if found.result is None and row.state is State.SENDING and number == len(row.attempts):
        raise NotPossible(f"attempt {number} at {row.address} is under way")
    return found


async def _shown(house: House, subject: _Subject, folder: Path) -> _Shown:
    if subject.file is None or not subject.file.key:
        return _Shown()
    bare, whole, stamp = folder / "bare.tif", folder / "sent.tif", subject.call.stamp
    try:
        async with house.blobs.local(subject.file.key) as path:
            if stamp is None:
                await asyncio.to_thread(shutil.copyfile, path, bare)
                return _Shown(bare)
            header = Header(stamp.at, stamp.sender, stamp.note, stamp.recipient, stamp.finest)
            return _Shown(whole, await asyncio.to_thread(house.stamp, path, whole, header))
    except BlobGone:
        return _Shown()


def _put(shown: _Shown, call: CallRecord, target: Path) -> None:
    """The fax file as it was sent. Raises: NotPossible, OSError."""
    if shown.fax is None or shown.prints is None or call.stamp is None:
        raise NotPossible("there is no fax file as it was sent: its pages are gone, or nothing is on record of them")
    if shown.prints.document != call.stamp.prints.document:
        raise NotPossible("the fax file cannot be made again as it was sent: the header line's face is another one now")
    shutil.copyfile(shown.fax, target)


def _told(subject: _Subject, shown: _Shown) -> Report:
    words, attempt = subject.words, subject.attempt
    result, meaning = _result(subject)
    numbers = {"job": subject.head.id, "delivery": subject.row.delivery_id, "attempt": attempt.number}
    return Report(
        language=words.language,
        title=words.title,
        sender=subject.account.name,
        sender_number=telephone(subject.account.fax_number),
        alarm=words.sandbox if subject.sandbox else (),
        mark={Result.OK: "good", None: "open"}.get(attempt.result, "bad"),
        result=result,
        meaning=meaning,
        parties=_parties(subject),
        times=_times(subject),
        picture=_caption(subject, shown),
        notes=tuple(_notes(subject, shown)),
        facts=Table(words.how, (), tuple(_facts(subject))),
        tables=(_answers(subject), _attempts(subject)),
        points=(
            Points(words.proves, tuple(_shows(subject, shown))),
            Points(words.proves_not, tuple(_shows_not(subject))),
        ),
        foot=words.foot.format(**numbers, now=_here(subject, subject.now), version=__version__),
        page=words.page,
        of=words.of,
    )


def _result(subject: _Subject) -> tuple[str, str]:
    words, attempt, total = subject.words, subject.attempt, subject.head.pages
    result, meaning = words.results[attempt.result]
    if subject.settled:
        return result, words.settled.format(detail=attempt.detail)
    every = words.one_page if total == 1 else words.all_pages.format(count=total)
    return result, meaning.format(pages=every, few=subject.few)


def _parties(subject: _Subject) -> Lines:
    words, row = subject.words, subject.row
    called = telephone(row.address)
    caller = telephone(row.sending.caller_number) or words.no_caller
    return (
        (words.recipient, called if called == row.address else f"{called}\n{row.address}"),
        (words.caller, f"{caller}\n{row.sending.station_id}" if row.sending.station_id else caller),
        (words.job, str(subject.head.id)),
        (words.delivery, str(row.delivery_id)),
        (words.attempt, words.nth.format(number=subject.attempt.number, total=len(row.attempts))),
        (words.confirmed, words.confirmed_pages.format(count=subject.attempt.pages, total=subject.head.pages)),
    )


def _times(subject: _Subject) -> Lines:
    words, head, attempt = subject.words, subject.head, subject.attempt
    duration = f"{attempt.seconds} s" if attempt.seconds else DASH
    if subject.sandbox and attempt.seconds:
        duration = words.duration_in_memory.format(seconds=attempt.seconds)
    lines = (
        (words.ordered, head.created_at),
        (words.not_before, head.send_at if head.send_at > head.created_at else None),
        (words.begun, attempt.sending_at),
        (words.ended, attempt.ended_at),
    )
    moments = [(name, _both(subject, moment)) for name, moment in lines if moment]
    return (*moments, (words.duration, duration))


def _both(subject: _Subject, moment: datetime) -> str:
    """In the installation's zone, and below it in UTC."""
    return f"{_here(subject, moment)}\n{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _here(subject: _Subject, moment: datetime) -> str:
    return subject.words.day.format(moment.astimezone(subject.zone))


def _caption(subject: _Subject, shown: _Shown) -> str:
    words = subject.words
    if shown.fax is None:
        return words.no_picture
    if subject.call.first_page:
        return words.resumed_picture
    if subject.attempt.pages:
        return words.sent_picture
    return words.unconfirmed_picture if subject.call.begun else words.unsent_picture


def _notes(subject: _Subject, shown: _Shown) -> Iterator[tuple[str, str]]:
    """How the picture came about, and by what to know what was sent."""
    words, stamp = subject.words, subject.call.stamp
    if shown.fax is None:
        yield words.as_sent, words.gone
    elif shown.prints is None:
        yield words.as_sent, words.bare
    else:
        yield words.as_sent, words.exact if shown.is_sent(subject.call) else words.made_again
    if stamp is not None:
        yield words.picture_print, f"{stamp.prints.first_page}\n{words.check}"
        yield words.document_print, f"{stamp.prints.document}\n{words.document_note}"
    if subject.file is not None:
        yield words.prepared_print, subject.file.sha256


def _facts(subject: _Subject) -> Iterator[tuple[str, str]]:
    words, attempt, call = subject.words, subject.attempt, subject.call
    far = f"{attempt.remote_id}\n{words.far_station_note}" if attempt.remote_id else words.far_station_none
    yield words.far_station, far
    yield words.our_station, subject.row.sending.station_id or DASH
    if attempt.call is not None:
        yield words.carrier, _carrier(words, call)
    if call.stamp is not None:
        yield words.resolution, words.resolutions[call.stamp.prints.resolution]
        yield words.header, _header(call.stamp)
    if attempt.bit_rate:
        yield words.speed, f"{attempt.bit_rate} bit/s"
        yield words.coding, words.codings.get(attempt.coding, attempt.coding)
        yield words.ecm, words.ecm_on if attempt.ecm else words.ecm_off
        yield words.damaged, _damaged(words, attempt)
    if attempt.result is not None:
        yield words.on_record, f"{attempt.result.word} ({attempt.result.value})"
    if attempt.detail:
        yield words.detail, attempt.detail


def _header(stamp: Stamp) -> str:
    parts = (f"{stamp.at:%d.%m.%Y %H:%M}", stamp.sender, stamp.note, stamp.recipient)
    return " \N{MIDDLE DOT} ".join(filter(None, parts))


def _carrier(words: Words, call: CallRecord) -> str:
    if call.sandbox:
        return words.in_memory
    way = [] if not call.taken else [words.t38 if call.t38 else words.audio]
    return ", ".join([*way, words.line.format(line=call.line)] if call.line else way) or DASH


def _damaged(words: Words, attempt: PastAttempt) -> str:
    if attempt.ecm:
        return words.damaged_none
    if attempt.bad_rows:
        return words.damaged_known.format(count=sum(attempt.bad_rows))
    return words.damaged_unknown


def _answers(subject: _Subject) -> Table:
    """Page by page; pages that were answered alike stand in one line."""
    words = subject.words
    rows = tuple(_answer_rows(subject))
    return Table(words.answers, words.answer_heads if rows else (), rows, "" if rows else words.answers_none)


def _answer_rows(subject: _Subject) -> Iterator[tuple[str, ...]]:
    words, number, told = subject.words, subject.call.first_page, []
    for answer in subject.call.answers:
        told.append((number + 1, _answer(words, answer, _bad_rows(subject, answer, number))))
        number += answer.confirmed
    for cells, alike in groupby(told, key=lambda one: one[1]):
        pages = [page for page, _ in alike]
        yield (str(pages[0]) if pages[0] == pages[-1] else f"{pages[0]}{DASH}{pages[-1]}", *cells)


def _answer(words: Words, answer: PageAnswer, bad_rows: str) -> tuple[str, ...]:
    usual = words.meanings["MCF"] if answer.confirmed else words.not_confirmed
    return (
        answer.answer,
        words.meanings.get(answer.answer, usual),
        str(answer.bit_rate),
        answer.coding,
        words.ecm_on if answer.ecm else words.ecm_off,
        str(answer.repeated) if answer.ecm else DASH,
        bad_rows,
    )


def _bad_rows(subject: _Subject, answer: PageAnswer, before: int) -> str:
    """Of a page before which so many were confirmed."""
    known = subject.attempt.bad_rows
    if answer.ecm:
        return "0"
    return str(known[before]) if answer.confirmed and before < len(known) else subject.words.unknown


def _attempts(subject: _Subject) -> Table:
    words = subject.words
    return Table(
        words.attempts,
        words.attempt_heads,
        tuple(
            (
                f"{one.number} \N{BLACK LEFT-POINTING SMALL TRIANGLE}" if one is subject.attempt else str(one.number),
                words.short_day.format(one.sending_at.astimezone(subject.zone)),
                words.time.format(one.ended_at.astimezone(subject.zone)) if one.ended_at else DASH,
                words.results[one.result][0],
                str(one.pages),
                f"{one.seconds} s" if one.seconds else DASH,
                str(one.bit_rate or DASH),
                (words.ecm_on if one.ecm else words.ecm_off) if one.bit_rate else DASH,
                one.detail or DASH,
            )
            for one in subject.row.attempts
        ),
    )


def _shows(subject: _Subject, shown: _Shown) -> Iterator[str]:
    words, attempt, call = subject.words, subject.attempt, subject.call
    if subject.sandbox:
        yield words.in_memory_alone
    if call.line and (call.taken or attempt.result in ANSWERED):
        yield words.we_called.format(number=telephone(subject.row.address))
    if call.taken:
        yield words.was_taken
    if attempt.remote_id:
        yield words.answered.format(station=attempt.remote_id)
    yield from _shows_of_pages(subject)
    if call.first_page:
        yield words.resumed.format(count=call.first_page)
    if shown.is_sent(call) and attempt.pages and not call.first_page:
        yield words.picture_is_exact
    yield words.from_the_record


def _shows_of_pages(subject: _Subject) -> Iterator[str]:
    words, attempt, call = subject.words, subject.attempt, subject.call
    if attempt.result is not Result.OK:
        yield words.nothing_sent.format(result=words.results[attempt.result][0])
        if call.begun:
            yield words.few_confirmed.format(few=subject.few)
    elif call.answers:
        yield words.all_confirmed
        if all(answer.ecm for answer in call.answers):
            yield words.all_confirmed_ecm
    else:
        yield words.confirmed_no_answers


def _shows_not(subject: _Subject) -> Iterator[str]:
    words, attempt, answers = subject.words, subject.attempt, subject.call.answers
    if subject.sandbox:
        yield words.nobody
    if attempt.result is None:
        yield words.open_end
    if attempt.result not in {Result.OK, None}:
        yield words.why
    if subject.call.begun and attempt.result is not Result.OK:
        yield words.half
    yield words.who
    if attempt.pages:
        yield words.paper
    if attempt.pages and not all(answer.ecm for answer in answers) and not attempt.ecm:
        yield words.rows
    if any(answer.answer == "RTP" for answer in answers):
        yield words.poor
    yield words.clock
    yield words.unsigned
