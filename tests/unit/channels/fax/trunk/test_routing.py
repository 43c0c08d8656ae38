"""Which line a number goes out on."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from depesche.channels.fax.trunk.routing import FIRST_REST, LONGEST_REST, LineState, is_fault, ways
from depesche.model.line import Line, Route
from depesche.model.outcome import Outcome
from depesche.model.result import Result

NUMBER = "+493023125000"
OK = Outcome(Result.OK, seconds=40)
DOWN = Outcome(Result.LINE_ERROR, retry=True, detail="503 Service Unavailable")


def line(name: str, *routes: str, channels: int = 2) -> Line:
    parsed = tuple(map(Route.parse, routes))
    return Line(name, "sip.example.net", register=False, channels=channels, routes=parsed)


@pytest.fixture
def states() -> defaultdict[str, LineState]:
    return defaultdict(lambda: LineState(since=datetime.now(UTC), up=True))


def names(lines: list[Line], states: defaultdict[str, LineState], now: float = 0.0) -> list[str]:
    return [one.name for one in ways(lines, states.__getitem__, NUMBER, now)]


def test_the_cheapest_comes_first(states: defaultdict[str, LineState]) -> None:
    lines = [line("dear", "+=0.02"), line("cheap", "+49=0.01"), line("cheaper", "+49=0.03", "+4930=0.005")]
    assert names(lines, states) == ["cheaper", "cheap", "dear"]


def test_a_line_that_is_not_for_a_number_or_not_used_is_none(states: defaultdict[str, LineState]) -> None:
    assert names([line("abroad", "+1"), replace(line("off"), enabled=False), line("all")], states) == ["all"]


def test_one_that_is_down_or_full_comes_after_all_others(states: defaultdict[str, LineState]) -> None:
    lines = [line("down", "+=0"), line("full", "+=0"), line("dear", "+=9")]
    states["down"].up = False
    states["full"].calls = 2
    assert names(lines, states) == ["dear", "full", "down"]


def test_of_equals_the_one_that_worked_lately_then_the_one_with_more_room(
    states: defaultdict[str, LineState],
) -> None:
    lines = [line("a"), line("b", channels=9), line("c")]
    assert names(lines, states) == ["b", "a", "c"]
    for _ in range(3):
        states["b"].ended(DOWN, now=-10_000.0)
    assert names(lines, states) == ["a", "c", "b"]
    for _ in range(60):
        states["b"].ended(OK, now=0.0)
    assert names(lines, states) == ["b", "a", "c"]


def test_one_that_failed_rests_longer_each_time_and_is_tried_again(states: defaultdict[str, LineState]) -> None:
    lines = [line("cheap", "+=0"), line("dear", "+=1")]
    states["cheap"].ended(DOWN, now=0.0)
    assert names(lines, states, now=FIRST_REST - 1) == ["dear", "cheap"]
    assert names(lines, states, now=FIRST_REST + 1) == ["cheap", "dear"]
    for _ in range(10):
        states["cheap"].ended(DOWN, now=0.0)
    assert names(lines, states, now=LONGEST_REST - 1) == ["dear", "cheap"]
    assert names(lines, states, now=LONGEST_REST + 1) == ["cheap", "dear"]
    states["cheap"].ended(OK, now=0.0)
    assert names(lines, states) == ["cheap", "dear"]


@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        (DOWN, True),
        (Outcome(Result.LINE_ERROR, detail="403 Forbidden"), False),
        (Outcome(Result.LINE_ERROR, retry=True, seconds=12), False),
        (Outcome(Result.BUSY, retry=True), False),
        (OK, False),
    ],
)
def test_only_what_another_line_may_do_better_is_a_fault_of_the_line(outcome: Outcome, fault: bool) -> None:
    assert is_fault(outcome) is fault
