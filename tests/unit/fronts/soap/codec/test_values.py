from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depesche.fronts.soap.codec.values import ZERO_DATE, format_moment, parse_integer, parse_moment


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        (" \r\n", 0),
        ("0", 0),
        ("-0", 0),
        ("+5", 5),
        ("\n 17 ", 17),
        ("00000000000000000000000000000042", 42),
        ("-2147483648", -(2**31)),
        ("2147483647", 2**31 - 1),
    ],
)
def test_an_int_is_read_with_blanks_signs_and_leading_zeros(text: str, number: int) -> None:
    assert parse_integer(text, 32) == number


@pytest.mark.parametrize(
    "text", ["2147483648", "-2147483649", "1.0", "1e3", "0x10", "1 000", "--1", "+", "eins", "٣", "1_000", "9" * 5000]
)
def test_what_is_no_32_bit_int_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no integer|out of range"):
        parse_integer(text, 32)


def test_a_long_has_64_bits() -> None:
    assert parse_integer("9223372036854775807", 64) == 2**63 - 1
    assert parse_integer("-9223372036854775808", 64) == -(2**63)
    with pytest.raises(ValueError, match="out of range"):
        parse_integer("9223372036854775808", 64)


@given(st.integers(-(2**31), 2**31 - 1))
@settings(deadline=None)
def test_every_int_survives_its_own_text(number: int) -> None:
    assert parse_integer(str(number), 32) == number


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2017-06-01T15:53:06Z", datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC)),
        ("2017-06-01T15:53:06", datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC)),
        (" 2017-06-01T15:53:06.000Z\n", datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC)),
        ("2017-06-01 15:53:06", datetime(2017, 6, 1, 15, 53, 6, tzinfo=UTC)),
        ("2017-06-01T15:53:06+02:00", datetime(2017, 6, 1, 13, 53, 6, tzinfo=UTC)),
        ("2017-06-01T15:53:06-05:30", datetime(2017, 6, 1, 21, 23, 6, tzinfo=UTC)),
        ("2017-06-01T15:53:06.5Z", datetime(2017, 6, 1, 15, 53, 6, 500_000, tzinfo=UTC)),
        ("2017-06-01T15:53:06.1234567+00:00", datetime(2017, 6, 1, 15, 53, 6, 123_456, tzinfo=UTC)),
        ("2017-06-01T15:53:06." + "9" * 100, datetime(2017, 6, 1, 15, 53, 6, 999_999, tzinfo=UTC)),
        ("2017-12-31T24:00:00Z", datetime(2018, 1, 1, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("1899-12-30T00:00:00.000Z", datetime(1899, 12, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:01Z", datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_into_utc(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0000-12-31T23:59:59Z",
        "-0044-03-15T12:00:00Z",
    ],
)
def test_no_time_and_times_before_all_calendars_are_none(text: str) -> None:
    assert parse_moment(text) is None


@pytest.mark.parametrize("text", ["9999-12-31T24:00:00Z", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z"])
def test_times_after_the_year_9999_become_its_end(text: str) -> None:
    assert parse_moment(text) == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "2017-06-01",
        "15:53:06",
        "2017-06-01T15:53Z",
        "2017-02-29T00:00:00Z",
        "2017-13-01T00:00:00Z",
        "2017-06-01T25:00:00Z",
        "2017-06-01T24:00:01Z",
        "2017-06-01T15:53:60Z",
        "2017-06-01T15:53:06+15:00",
        "2017-06-01T15:53:06+01:60",
        "2017-06-01T15:53:06.Z",
        "17-06-01T15:53:06Z",
        "10000-13-01T00:00:00Z",
        "-0044-03-32T12:00:00Z",
        "01.06.2017 15:53:06",
        "٢٠١٧-06-01T15:53:06Z",
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_moment(text)


@given(st.text())
@settings(deadline=None)
def test_any_text_is_a_moment_none_or_refused(text: str) -> None:
    try:
        moment = parse_moment(text)
    except ValueError:
        return
    assert moment is None or moment.tzinfo is UTC


def test_a_moment_is_written_in_one_form() -> None:
    berlin = timezone(timedelta(hours=2))
    assert format_moment(datetime(2017, 6, 1, 17, 53, 6, tzinfo=berlin)) == "2017-06-01T15:53:06.000Z"
    assert format_moment(datetime(2017, 6, 1, 15, 53, 6, 789_999, tzinfo=UTC)) == "2017-06-01T15:53:06.789Z"
    assert format_moment(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000Z"


def test_no_moment_is_day_zero_of_delphi_in_the_same_form() -> None:
    assert format_moment(None) == ZERO_DATE == format_moment(datetime(1899, 12, 30, tzinfo=UTC))


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda moment: moment.year > 1))
@settings(deadline=None)
def test_a_written_moment_is_read_back_to_the_millisecond(moment: datetime) -> None:
    read = parse_moment(format_moment(moment))
    assert read is not None
    assert timedelta() <= moment - read < timedelta(milliseconds=1)
