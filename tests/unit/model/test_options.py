"""The parameter Options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.options import MOST_WARNINGS, Options, parse, repeats


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        (";;", {}),
        ("STATIONID=Muster GmbH", {"STATIONID": "Muster GmbH"}),
        ("stationid=x;FaxHeader=y", {"STATIONID": "x", "FAXHEADER": "y"}),
        ("  STATIONID =  Muster GmbH  ; FLASHSMS ;", {"STATIONID": "Muster GmbH", "FLASHSMS": ""}),
        ("FLASHSMS=1", {"FLASHSMS": "1"}),
        ("STATURL=http://x.de/?a=1&b=$JID", {"STATURL": "http://x.de/?a=1&b=$JID"}),
        ("FAXRETRY=", {"FAXRETRY": ""}),
        (
            "ISDNABS=1;CALLERID=2;STATIONID=3;FAXHEADER=4;FAXRETRY=5;MAILFROM=6;FLASHSMS;SMSFROM=7;STATURL=8",
            {
                "ISDNABS": "1",
                "CALLERID": "2",
                "STATIONID": "3",
                "FAXHEADER": "4",
                "FAXRETRY": "5",
                "MAILFROM": "6",
                "FLASHSMS": "",
                "SMSFROM": "7",
                "STATURL": "8",
            },
        ),
    ],
)
def test_switches_are_separated_by_semicolons_and_named_in_any_case(text: str, values: dict[str, str]) -> None:
    assert parse(text) == Options(values, ())


def test_the_last_of_two_equal_switches_wins_and_the_record_says_so() -> None:
    options = parse("STATIONID=one;stationid=two")
    assert options.get("STATIONID") == "two"
    assert len(options.warnings) == 1
    assert "STATIONID" in options.warnings[0]


def test_a_switch_repeated_word_for_word_is_no_news() -> None:
    assert parse("STATIONID=one;STATIONID=one").warnings == ()


def test_what_is_unknown_is_a_warning() -> None:
    assert parse("COLOUR=red;FLASHSMS").warnings == ("option COLOUR was ignored: unknown",)


def test_a_switch_without_its_value_is_a_warning() -> None:
    options = parse("STATIONID")
    assert "STATIONID" not in options
    assert options.warnings == ("option STATIONID was ignored: no value",)


def test_get_gives_the_first_switch_that_has_a_value() -> None:
    options = parse("CALLERID=;ISDNABS=040123")
    assert options.get("CALLERID", "ISDNABS") == "040123"
    assert options.get("STATURL") == ""


def test_warnings_are_bounded_however_many_switches_there_are() -> None:
    warnings = parse(";".join(f"X{number}" for number in range(10_000))).warnings
    assert len(warnings) == MOST_WARNINGS + 1
    assert warnings[-1] == "and 9900 more options were ignored"
    assert len(parse(";".join("X" * 1000 for _ in range(MOST_WARNINGS))).warnings) == MOST_WARNINGS
    assert all(len(warning) < 100 for warning in parse("X" * 1000).warnings)


@pytest.mark.parametrize(
    ("text", "number", "warned"),
    [
        ("", 3, False),
        ("FAXRETRY=", 3, False),
        ("FAXRETRY=0", 0, False),
        ("FAXRETRY=1", 1, False),
        ("FAXRETRY=010", 10, False),
        ("FAXRETRY=10", 10, False),
        ("FAXRETRY=11", 10, True),
        ("FAXRETRY=99999999999999999999", 10, True),
        ("FAXRETRY=-1", 3, True),
        ("FAXRETRY=2.5", 3, True),
        ("FAXRETRY=two", 3, True),
        ("FAXRETRY=²", 3, True),
        ("FAXRETRY=٣", 3, True),
    ],
)
def test_repeats_are_three_unless_said_otherwise_and_ten_at_most(text: str, number: int, warned: bool) -> None:
    found, warning = repeats(parse(text))
    assert found == number
    assert bool(warning) is warned


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    options = parse(text)
    number, _ = repeats(options)
    assert 0 <= number <= 10
    assert all(value == value.strip() for value in options.values.values())
