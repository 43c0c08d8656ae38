"""Quiet hours end when the clock on the wall says so, whatever is done to the clock meanwhile."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depesche.model.quiet import quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in ("Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC")
]
"""Clocks that are changed by an hour, at midnight, by half an hour, never, and by a day."""

BEGIN = datetime(2005, 1, 1, tzinfo=UTC)
CHANGES = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 5, tzinfo=UTC),  # Havana
    datetime(2026, 11, 1, 5, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia
]
EVENING, MORNING = time(20), time(7)


def local(text: str, fold: int = 0) -> datetime:
    """A time in Berlin, as people write it."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def quiet_in_berlin(now: datetime, start: time, end: time) -> str | None:
    found = quiet_until(now, start, end, BERLIN)
    return None if found is None else found.astimezone(BERLIN).isoformat(timespec="minutes")


ordinary = st.integers(0, 30 * 365 * 86_400_000).map(lambda passed: BEGIN + timedelta(milliseconds=passed))
special = st.builds(
    lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-1500, 1500)
)
moments = ordinary | special
zones = st.sampled_from(ZONES)
times = st.times().map(lambda one: one.replace(microsecond=0, fold=0))


@given(moments, times, times, zones)
@example(datetime(2026, 10, 25, 1, 10, tzinfo=UTC), time(20), time(2, 30), BERLIN)
@example(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), time(20), time(2, 30), BERLIN)
def test_the_end_is_the_next_moment_at_which_the_clock_shows_it(
    now: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    found = quiet_until(now, start, end, zone)
    if found is None:
        return
    assert found > now
    wall = found.astimezone(zone)
    leap = timedelta(hours=1)
    if wall.time() != end:  # there is no such time on that day
        there = datetime.combine(wall.date(), end, zone)
        assert there.astimezone(UTC).astimezone(zone).time() == wall.time()
        assert wall.replace(tzinfo=None) - there.replace(tzinfo=None) <= leap
    elif zone.key != "Pacific/Apia":  # which was a day ahead from one second to the next
        assert found - now <= timedelta(hours=24) + leap


@given(moments, times, times, zones)
def test_each_moment_lies_in_the_quiet_hours_or_in_those_that_are_left_of_the_day(
    now: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    quiet, loud = quiet_until(now, start, end, zone), quiet_until(now, end, start, zone)
    assert (quiet is None) == (loud is not None or start == end)


@given(moments, times, zones)
def test_equal_times_are_no_hours(now: datetime, both: time, zone: ZoneInfo) -> None:
    assert quiet_until(now, both, both, zone) is None


@pytest.mark.parametrize(("start", "end"), [(None, None), (EVENING, None), (None, MORNING)])
def test_without_a_beginning_and_an_end_there_are_none(start: time | None, end: time | None) -> None:
    assert quiet_until(local("2026-03-02T23:00"), start, end, BERLIN) is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-03-02T19:59:59.999999", None),
        ("2026-03-02T20:00", "2026-03-03T07:00+01:00"),
        ("2026-03-02T23:59:59.999999", "2026-03-03T07:00+01:00"),
        ("2026-03-03T00:00", "2026-03-03T07:00+01:00"),
        ("2026-03-03T06:59:59.999999", "2026-03-03T07:00+01:00"),
        ("2026-03-03T07:00", None),
        ("2026-12-31T22:00", "2027-01-01T07:00+01:00"),
        ("2026-03-28T21:00", "2026-03-29T07:00+02:00"),
        ("2026-10-24T21:00", "2026-10-25T07:00+01:00"),
    ],
)
def test_they_run_over_midnight_and_over_the_nights_in_which_the_clock_is_changed(now: str, end: str | None) -> None:
    assert quiet_in_berlin(local(now), EVENING, MORNING) == end


def test_they_may_lie_within_a_day() -> None:
    for now, end in (("12:59", None), ("13:00", "2026-03-02T15:00+01:00"), ("15:00", None)):
        assert quiet_in_berlin(local(f"2026-03-02T{now}"), time(13), time(15)) == end


def test_an_end_that_the_clock_leaps_over_comes_an_hour_later() -> None:
    assert quiet_in_berlin(local("2026-03-29T01:59"), EVENING, time(2, 30)) == "2026-03-29T03:30+02:00"


@pytest.mark.parametrize(
    ("now", "fold", "end"),
    [
        ("02:10", 0, "2026-10-25T02:30+02:00"),
        ("02:40", 0, None),
        ("02:10", 1, "2026-10-25T02:30+01:00"),
        ("02:40", 1, None),
    ],
)
def test_an_end_in_the_hour_that_comes_twice_comes_twice(now: str, fold: int, end: str | None) -> None:
    assert quiet_in_berlin(local(f"2026-10-25T{now}", fold), EVENING, time(2, 30)) == end


def test_without_a_zone_the_clock_is_that_of_utc() -> None:
    now = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    assert quiet_until(now, time(21), time(22), None) == datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert quiet_until(now, time(21), time(22), BERLIN) is None
