"""When a call that failed is made again."""

from datetime import timedelta

import pytest

from builders import START
from depesche.callbacks.pauses import JITTER, PAUSES, next_call

DAY = 24.0


@pytest.mark.parametrize("failed", range(1, 40))
def test_pauses_grow_and_the_last_one_repeats(failed: int) -> None:
    usual = PAUSES[min(failed, len(PAUSES)) - 1]
    waits = [at - START for _ in range(200) if (at := next_call(failed, START, START, DAY))]
    assert len(waits) == 200
    assert timedelta(seconds=usual * (1 - JITTER)) <= min(waits)
    assert max(waits) <= timedelta(seconds=usual * (1 + JITTER))
    assert max(waits) - min(waits) > timedelta(seconds=usual * JITTER)


def test_pauses_never_shrink() -> None:
    assert list(PAUSES) == sorted(PAUSES)


def test_the_last_call_is_made_when_the_hours_end() -> None:
    end = START + timedelta(hours=DAY)
    assert next_call(30, START, end - timedelta(minutes=1), DAY) == end
    assert next_call(1, START, end - timedelta(microseconds=1), DAY) == end


def test_after_the_hours_there_is_none() -> None:
    for late in (timedelta(hours=24), timedelta(hours=24, seconds=1), timedelta(days=400)):
        assert next_call(1, START, START + late, DAY) is None
    assert next_call(1, START, START + timedelta(hours=24), 25) is not None


def test_a_day_of_failures_is_a_bounded_number_of_calls() -> None:
    now, failed = START, 0
    while True:
        failed += 1
        again = next_call(failed, START, now, DAY)
        if again is None:
            break
        assert again > now
        now = again
    assert now == START + timedelta(hours=DAY)
    assert 25 <= failed <= 35
