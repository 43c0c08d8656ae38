"""From the end of a T.30 call to the outcome of an attempt (table "Result of a fax attempt")."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from depesche.channels.fax.ending import End, Ending
from depesche.channels.fax.t30.completion import Completion, Fault, completion
from depesche.channels.fax.t30.report import Page, Report
from depesche.model.callrecord import CallRecord, PageAnswer
from depesche.model.outcome import Outcome
from depesche.model.result import Result

_DROPPED = 49
"""``T30_ERR_CALLDROPPED``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault means for the recipient."""

    result: Result
    retry: bool


_BEFORE_A_PAGE = {
    Fault.NONE: Verdict(Result.SEND_FAILED, retry=True),  # pages were sent, and refused (RTN) to the last
    Fault.NO_TONES: Verdict(Result.VOICE, retry=False),
    Fault.NEGOTIATION: Verdict(Result.VOICE, retry=True),
    Fault.RESOLUTION: Verdict(Result.SEND_FAILED, retry=True),
    Fault.PAGE: Verdict(Result.SEND_FAILED, retry=True),
    Fault.DOCUMENT: Verdict(Result.LINE_ERROR, retry=False),
}

_DURING_A_PAGE = {fault: Verdict(Result.SEND_FAILED, retry=fault is not Fault.DOCUMENT) for fault in Fault}


def sent(report: Report, pages: int, ending: Ending, far_pages: Sequence[Page] = (), *, t38: bool = False) -> Outcome:
    """The outcome of a call that was answered.

    `pages` are those of the document; `far_pages` is the receiver's own view, where it is known: in the sandbox alone.
    What a sender learns of its pages over a real line is how each of them was answered.
    """
    row = completion(_DROPPED if report.completion is None else report.completion)
    verdict = _judge(row, report, pages, ending)
    last = report.pages[-1] if report.pages else None
    return Outcome(
        result=verdict.result,
        retry=verdict.retry,
        pages=len(report.confirmed),
        remote_id=report.remote_id,
        seconds=math.ceil(ending.seconds),
        bit_rate=last.bit_rate if last else 0,
        coding=last.coding.name if last else "",
        ecm=last.ecm if last else False,
        bad_rows=tuple(page.bad_rows for page in far_pages if page.confirmed),
        detail=_detail(row, report, pages, ending),
        call=CallRecord(
            t38=t38,
            taken=True,
            begun=report.page_begun,
            too_fine=row.fault is Fault.RESOLUTION,
            answers=tuple(map(_answer, report.pages)),
        ),
    )


def _answer(page: Page) -> PageAnswer:
    return PageAnswer(
        answer=page.frame,
        confirmed=page.confirmed,
        bit_rate=page.bit_rate,
        coding=page.coding.name,
        ecm=page.ecm,
        rows=page.rows,
        octets=page.coded_bytes,
        repeated=page.ecm_retries,
    )


def _judge(row: Completion, report: Report, pages: int, ending: Ending) -> Verdict:
    if len(report.confirmed) == pages:
        return Verdict(Result.OK, retry=False)  # whatever went wrong after the last confirmation
    if ending.end is End.CANCELLED:
        return Verdict(Result.SEND_FAILED if report.page_begun else Result.CANCELED, retry=False)
    return (_DURING_A_PAGE if report.page_begun else _BEFORE_A_PAGE)[row.fault]


def _detail(row: Completion, report: Report, pages: int, ending: Ending) -> str:
    if ending.end is not End.ENGINE:
        return f"{ending.end.value} (T.30 code {row.code})"
    if row.fault is not Fault.NONE:
        return f"{row.phrase} (T.30 code {row.code})"
    return "" if len(report.confirmed) == pages else f"the far machine took {len(report.confirmed)} of {pages} pages"
