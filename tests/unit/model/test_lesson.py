"""What calls to one number teach."""

from datetime import UTC, datetime

from depesche.model.callrecord import CallRecord, Prints, Stamp
from depesche.model.lesson import PLAIN, Lesson
from depesche.model.outcome import Outcome
from depesche.model.resolution import Resolution
from depesche.model.result import Result

T38, AUDIO = CallRecord(t38=True, taken=True), CallRecord(taken=True)


def failed(call: CallRecord | None, bit_rate: int = 0, *, retry: bool = True) -> Outcome:
    return Outcome(Result.SEND_FAILED, retry=retry, bit_rate=bit_rate, call=call)


def test_t38_is_suspected_first_then_v17_and_then_all_begins_anew() -> None:
    audio = PLAIN.after(failed(T38))
    assert audio == Lesson(t38=False)
    slow = audio.after(failed(AUDIO, 14_400))
    assert slow == Lesson(t38=False, v17=False)
    assert slow.after(failed(AUDIO, 9_600)) == PLAIN


def test_a_call_that_was_slow_anyway_says_nothing_of_v17() -> None:
    assert PLAIN.after(failed(AUDIO, 9_600)) == PLAIN
    assert PLAIN.after(failed(AUDIO, 14_400)) == Lesson(v17=False)
    assert PLAIN.after(failed(AUDIO)) == Lesson(v17=False), "not even the training went through"


def test_a_machine_that_takes_no_such_pages_gets_coarser_ones_whatever_else_is_known() -> None:
    fine = Lesson(t38=False).after(failed(too_fine(Resolution.SUPERFINE)))
    assert fine == Lesson(t38=False, finest=Resolution.FINE)
    assert fine.after(failed(too_fine(Resolution.FINE))) == Lesson(t38=False, finest=Resolution.STANDARD)
    assert PLAIN.after(failed(too_fine(Resolution.FINE))) == Lesson(finest=Resolution.STANDARD)
    lost = Lesson(finest=Resolution.STANDARD)
    assert lost.after(failed(too_fine(Resolution.STANDARD))) == lost
    assert Lesson(t38=False, v17=False, finest=Resolution.FINE).after(failed(AUDIO)) == Lesson(finest=Resolution.FINE)


def too_fine(sent: Resolution) -> CallRecord:
    stamp = Stamp(datetime(2026, 3, 2, tzinfo=UTC), "", "", "", Prints(1, "", "", sent))
    return CallRecord(t38=True, taken=True, too_fine=True, stamp=stamp)


def test_what_no_fax_machine_took_teaches_nothing() -> None:
    for outcome in (
        Outcome(Result.OK, pages=1, bit_rate=14_400, call=T38),
        Outcome(Result.BUSY, retry=True, call=CallRecord()),
        Outcome(Result.LINE_ERROR, retry=True),
        failed(T38, retry=False),
        Outcome(Result.SEND_FAILED, retry=True, pages=1, bit_rate=14_400, call=T38),
    ):
        for lesson in (PLAIN, Lesson(t38=False), Lesson(v17=False)):
            assert lesson.after(outcome) == lesson
