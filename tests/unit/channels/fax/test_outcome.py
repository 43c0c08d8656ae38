"""What the end of a call means for the recipient."""

import pytest

from depesche.channels.fax.ending import End, Ending
from depesche.channels.fax.outcome import sent
from depesche.channels.fax.t30.report import Page, Report
from depesche.channels.fax.t30.spandsp import Coding
from depesche.model.callrecord import CallRecord, PageAnswer
from depesche.model.outcome import Outcome
from depesche.model.result import Result

PAGE = Page(
    frame="MCF",
    confirmed=True,
    bit_rate=12000,
    coding=Coding.MR,
    ecm=False,
    width=1728,
    rows=2292,
    x_resolution=8031,
    y_resolution=7700,
    coded_bytes=50_000,
    bad_rows=3,
    ecm_retries=0,
)
REFUSED = Page("RTN", False, 9600, Coding.MR, False, 1728, 2292, 8031, 7700, 50_000, 700, 0)
ENGINE = Ending(End.ENGINE, 61.2)


ANSWER = PageAnswer(PAGE.frame, PAGE.confirmed, 12000, "MR", False, PAGE.rows, PAGE.coded_bytes, PAGE.ecm_retries)


def report(completion: int | None, *pages: Page, begun: bool = False) -> Report:
    return Report(completion, ("DIS",), begun or bool(pages), pages, "+49 30 99")


def test_a_confirmed_page_is_told_with_all_that_is_known() -> None:
    assert sent(report(0, PAGE), 1, ENGINE, far_pages=(PAGE,), t38=True) == Outcome(
        result=Result.OK,
        pages=1,
        remote_id="+49 30 99",
        seconds=62,
        bit_rate=12000,
        coding="MR",
        ecm=False,
        bad_rows=(3,),
        call=CallRecord(t38=True, taken=True, begun=True, answers=(ANSWER,)),
    )


@pytest.mark.parametrize(
    ("completion", "begun", "result", "retry"),
    [
        (2, False, Result.VOICE, False),
        (3, False, Result.VOICE, True),
        (6, False, Result.VOICE, True),
        (8, False, Result.VOICE, True),
        (11, False, Result.SEND_FAILED, True),
        (20, False, Result.VOICE, True),
        (48, False, Result.VOICE, True),
        (49, False, Result.VOICE, True),
        (None, False, Result.VOICE, True),
        (99, False, Result.VOICE, True),
        (13, True, Result.SEND_FAILED, True),
        (15, True, Result.SEND_FAILED, True),
        (20, True, Result.SEND_FAILED, True),
        (21, True, Result.SEND_FAILED, True),
        (49, True, Result.SEND_FAILED, True),
        (41, False, Result.LINE_ERROR, False),
        (43, True, Result.SEND_FAILED, False),
    ],
)
def test_a_failure_counts_by_where_it_came(completion: int | None, begun: bool, result: Result, retry: bool) -> None:
    outcome = sent(report(completion, begun=begun), 2, ENGINE)
    assert (outcome.result, outcome.retry, outcome.pages) == (result, retry, 0)


def test_pages_before_the_failure_are_told() -> None:
    outcome = sent(report(21, PAGE), 2, ENGINE)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 1)
    assert outcome.detail == "No response after sending a page (T.30 code 21)"


def test_a_call_that_ended_well_with_a_refused_page_failed() -> None:
    outcome = sent(report(0, PAGE, REFUSED), 2, ENGINE, far_pages=(PAGE, REFUSED))
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 1)
    assert outcome.detail == "the far machine took 1 of 2 pages"
    assert outcome.bad_rows == (3,)


def test_what_fails_after_the_last_confirmation_does_not_matter() -> None:
    outcome = sent(report(49, PAGE), 1, Ending(End.LOST, 40))
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.OK, False, 1)


@pytest.mark.parametrize(
    ("pages", "begun", "result"),
    [((), False, Result.CANCELED), ((), True, Result.SEND_FAILED), ((PAGE,), True, Result.SEND_FAILED)],
)
def test_a_cancelled_call_is_what_happened_and_is_not_repeated(
    pages: tuple[Page, ...], begun: bool, result: Result
) -> None:
    outcome = sent(report(49, *pages, begun=begun), 2, Ending(End.CANCELLED, 30))
    assert (outcome.result, outcome.retry, outcome.pages) == (result, False, len(pages))
    assert outcome.detail == "the order was cancelled, and we hung up (T.30 code 49)"


def test_a_cancellation_after_the_last_page_came_too_late() -> None:
    assert sent(report(0, PAGE), 1, Ending(End.CANCELLED, 30)).result is Result.OK


@pytest.mark.parametrize("end", [End.LOST, End.STALLED])
def test_the_record_says_what_ended_the_call(end: End) -> None:
    assert sent(report(49), 1, Ending(end, 1)).detail == f"{end.value} (T.30 code 49)"
