"""The table of the sandbox's numbers."""

import pytest

from depesche.channels.fax.numbers import (
    ANY_OTHER,
    NUMBERS,
    PREFIX,
    Machine,
    Number,
    Refused,
    behaviour,
    far_station,
    is_special,
)
from depesche.model.result import Result


def test_the_numbers_follow_each_other_but_for_one_that_the_demo_has_on_its_blacklists() -> None:
    assert [number.number for number in NUMBERS] == [f"{PREFIX}{last:03}" for last in range(14) if last != 11]


def test_every_result_of_a_call_can_be_brought_about() -> None:
    refused = {
        one.result for number in NUMBERS for one in (number.behaviour, *number.first) if isinstance(one, Refused)
    }
    by_machines = {Result.OK, Result.SEND_FAILED}
    decided_before = {Result.CANCELED}
    assert refused | by_machines | decided_before | {Result.VOICE} == set(Result)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.number)
def test_every_number_is_described_in_both_languages(number: Number) -> None:
    assert number.english
    assert number.german
    assert number.english == "OK" or number.english != number.german


def test_busy_twice_is_busy_at_the_first_two_attempts() -> None:
    found = [behaviour(f"{PREFIX}002", attempt) for attempt in (1, 2, 3, 4)]
    assert [isinstance(one, Refused) and one.result is Result.BUSY for one in found] == [True, True, False, False]
    assert isinstance(found[2], Machine)


def test_always_busy_is_busy_for_ever() -> None:
    assert behaviour(f"{PREFIX}001", 1) == behaviour(f"{PREFIX}001", 11)


@pytest.mark.parametrize("number", [f"{PREFIX}100", f"{PREFIX}011", "+4940123456"])
def test_any_other_number_behaves_like_000(number: str) -> None:
    assert behaviour(number, 1) is behaviour(f"{PREFIX}000", 1) is ANY_OTHER
    assert not is_special(number)


def test_a_special_number_answers_with_its_number_as_people_write_it() -> None:
    assert far_station(f"{PREFIX}007") == "+49 30 23125 007"
    assert len(far_station(f"{PREFIX}007")) <= 20


def test_another_number_answers_with_itself() -> None:
    assert far_station("+493023125100") == "+493023125100"
