"""The parameter Options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.options import MOST_WARNINGS, SWITCHES, Options, Switch, parse, repeats, resolution
from depesche.model.resolution import Resolution


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        (";;", {}),
        ("STATIONID=Muster GmbH", {"STATIONID": "Muster GmbH"}),
        ("stationid=x;FaxHeader=y", {"STATIONID": "x", "FAXHEADER": "y"}),
        ("  STATIONID =  Muster GmbH  ; FLASHSMS ;", {"STATIONID": "Muster GmbH", "FLASHSMS": ""}),
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


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("FLASHSMS=1", True),
        ("FLASHSMS=yes", True),
        ("FLASHSMS=0", False),
        ("flashsms = No ", False),
        ("FLASHSMS=false", False),
        ("FLASHSMS=", False),
        ("FLASHSMS;FLASHSMS=0", False),
        ("FLASHSMS=0;FLASHSMS", True),
    ],
)
def test_a_switch_without_values_is_switched_by_one_all_the_same_and_the_record_says_so(text: str, on: bool) -> None:
    """Programs write ``=1`` and ``=0``."""
    options = parse(text)
    assert ("FLASHSMS" in options) is on
    assert [warning.partition(":")[0] for warning in options.warnings] == ["option FLASHSMS takes no value"]


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
        ("FAXRETRY=0000000000011", 10, True),
        ("FAXRETRY=0000000000007", 7, False),
        ("FAXRETRY=" + "0" * 5000, 0, False),
        ("FAXRETRY=" + "9" * 5000, 10, True),
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


@pytest.mark.parametrize(
    ("text", "found", "warned"),
    [
        ("", "standard", ""),
        ("RESOLUTION=", "standard", ""),
        ("RESOLUTION=SUPERFINE", "superfine", ""),
        ("resolution = fine ", "fine", ""),
        ("RESOLUTION=204x391", "standard", "RESOLUTION=204x391 is none of STANDARD, FINE, SUPERFINE: STANDARD is used"),
    ],
)
def test_the_resolution_is_the_accounts_unless_said_otherwise(text: str, found: str, warned: str) -> None:
    assert resolution(parse(text), Resolution.STANDARD) == (Resolution(found), warned)


SPECIFIED = {
    "ISDNABS": "=",
    "CALLERID": "=",
    "STATIONID": "=",
    "FAXHEADER": "=",
    "FAXRETRY": "=",
    "MAILFROM": "=",
    "FLASHSMS": "",
    "SMSFROM": "=",
    "STATURL": "=",
    "RESOLUTION": "=",
}
"""The contract's table, copied by hand: a switch that has a value, or none; the last one is ours."""


def test_the_documented_switches_are_the_contracts() -> None:
    assert {switch.name: "=" if switch.valued else "" for switch in SWITCHES} == SPECIFIED
    assert len(SWITCHES) == len(SPECIFIED)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_every_switch_says_in_both_languages_what_it_means_and_what_is_out_of_range(switch: Switch) -> None:
    assert switch.english
    assert switch.german
    assert bool(switch.english_limits) is bool(switch.german_limits) is switch.valued


@given(st.dictionaries(st.sampled_from(sorted(SPECIFIED)), st.text(st.characters(exclude_characters=";"), max_size=9)))
def test_any_values_are_read_back(values: dict[str, str]) -> None:
    words = (f"{name.lower()} = {value} " if SPECIFIED[name] else f" {name} " for name, value in values.items())
    expected = {name: value.strip() if SPECIFIED[name] else "" for name, value in values.items()}
    assert parse(";".join(words)) == Options(expected)
