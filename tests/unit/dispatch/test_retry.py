"""When an attempt that failed is made again."""

from datetime import timedelta

import pytest

from builders import START
from depesche.config import Dispatch
from depesche.dispatch.retry import retry_at
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from journeys import BUSY, OK

SETTINGS = Dispatch()


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 5), (3, 10), (4, 10), (10, 10)])
def test_a_fax_is_dialled_again_after_one_five_and_ten_minutes_then_every_ten(attempts: int, minutes: int) -> None:
    again = retry_at(SETTINGS, BUSY, attempts=attempts, repeats=10, sandbox=False, now=START)
    assert again == START + timedelta(minutes=minutes)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 5), (3, 10), (4, 10)])
def test_the_sandbox_is_sixty_times_faster(attempts: int, seconds: int) -> None:
    again = retry_at(SETTINGS, BUSY, attempts=attempts, repeats=10, sandbox=True, now=START)
    assert again == START + timedelta(seconds=seconds)


@pytest.mark.parametrize("repeats", [0, 1, 3, 10])
def test_repeats_are_counted_after_the_first_attempt(repeats: int) -> None:
    made = [
        retry_at(SETTINGS, BUSY, attempts=attempts, repeats=repeats, sandbox=False, now=START) is not None
        for attempts in range(1, 13)
    ]
    assert made == [True] * repeats + [False] * (12 - repeats)


@pytest.mark.parametrize("outcome", [OK, Outcome(Result.VOICE), Outcome(Result.NO_RING)])
def test_what_would_not_help_is_not_tried(outcome: Outcome) -> None:
    assert retry_at(SETTINGS, outcome, attempts=1, repeats=3, sandbox=False, now=START) is None


def test_the_operator_chooses_the_pauses() -> None:
    settings = Dispatch(retry_minutes=(0.5,), sandbox_speed=2)
    for attempts in (1, 2, 3):
        again = retry_at(settings, BUSY, attempts=attempts, repeats=10, sandbox=False, now=START)
        assert again == START + timedelta(seconds=30)
    assert retry_at(settings, BUSY, attempts=1, repeats=1, sandbox=True, now=START) == START + timedelta(seconds=15)
