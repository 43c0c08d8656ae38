"""What calls to one number teach."""

from depesche.model.callrecord import CallRecord
from depesche.model.lesson import PLAIN, Lesson
from depesche.model.outcome import Outcome
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
