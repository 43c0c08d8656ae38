"""Steps 17 and 19 of SendJob: which numbers and addresses are sent to, and how they are written."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depesche.model import numbers
from depesche.model.codes import SendJobCode as Code
from depesche.model.numbers import judge_mail, judge_number

INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,16}")
"""Germany has numbers longer than the 15 digits of E.164."""

REFUSALS = {
    Code.NUMBER_MALFORMED,
    Code.PREMIUM_NUMBER,
    Code.NUMBER_INVALID,
    Code.NUMBER_BARRED,
    Code.NOT_RELEASED,
}

DIGITS_AND_SIGNS = st.text("0123456789 +()/.-", max_size=30)


@pytest.mark.parametrize(
    "written",
    [
        "+4940123456789",
        "040123456789",
        "004940123456789",
        "040/123 456-789",
        "(040) 123456789",
        "+49 (0)40 123456789",
        "+49.40.123456789",
        "  040 123456789  ",
    ],
)
def test_all_notations_of_a_german_number_are_one_number(written: str) -> None:
    assert judge_number(written, "DE", foreign=False) == ("+4940123456789", Code.ACCEPTED)


def test_a_national_number_is_read_in_the_country_of_the_account() -> None:
    assert judge_number("01 234567", "AT", foreign=False) == ("+431234567", Code.ACCEPTED)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "()",
        "-",
        "040-VANITY",
        "040 12345x",
        "+49+40123456",
        "040\n123456",
        "040123456#1",
        "\uff10\uff14\uff10\uff11\uff12\uff13\uff14",
    ],
)
def test_a_number_with_other_characters_is_malformed(written: str) -> None:
    assert judge_number(written, "DE", foreign=True) == (written, Code.NUMBER_MALFORMED)


@pytest.mark.parametrize("written", ["01013040123456", "010 00 30123456", "01098040123456", "\t01013040123456"])
def test_a_call_by_call_prefix_is_malformed(written: str) -> None:
    assert judge_number(written, "DE", foreign=True) == (written, Code.NUMBER_MALFORMED)


def test_only_germany_has_call_by_call_prefixes() -> None:
    assert judge_number("010 4123456", "NL", foreign=False) == ("+31104123456", Code.ACCEPTED)


@pytest.mark.parametrize(
    "written",
    ["0900123456", "+49900123456", "0137123456", "0190123456", "11833", "+4911880", "+1 900 234 5678", "+448712345678"],
)
def test_a_premium_number_is_refused_even_where_foreign_numbers_are_not_released(written: str) -> None:
    assert judge_number(written, "DE", foreign=False) == (written, Code.PREMIUM_NUMBER)


def test_a_shared_cost_number_is_a_matter_of_tariff() -> None:
    assert judge_number("0180 5 123456", "DE", foreign=False) == ("+491805123456", Code.ACCEPTED)


@pytest.mark.parametrize("written", ["+4930", "123", "110", "+49", "+999123456789", "0" * 20, "4" * 300])
def test_a_number_that_cannot_be_dialled_is_not_valid(written: str) -> None:
    assert judge_number(written, "DE", foreign=True) == (written, Code.NUMBER_INVALID)


def test_a_merely_possible_number_is_not_valid() -> None:
    assert phonenumbers.is_possible_number(phonenumbers.parse("+4930", "DE"))
    assert judge_number("+4930", "DE", foreign=True)[1] is Code.NUMBER_INVALID


@pytest.mark.parametrize("number", [f"+493023125{last:03}" for last in (*range(10), 100, 200)])
def test_the_fax_numbers_of_the_sandbox_are_good(number: str) -> None:
    assert judge_number(number, "DE", foreign=False) == (number, Code.ACCEPTED)


@pytest.mark.parametrize("number", [f"+4917139200{last:02}" for last in range(100)])
def test_the_mobile_numbers_of_the_sandbox_are_good(number: str) -> None:
    assert judge_number(number, "DE", foreign=False) == (number, Code.ACCEPTED)


def test_one_number_of_the_sandbox_is_barred_for_everyone() -> None:
    assert judge_number("030/23125010", "DE", foreign=True) == ("+493023125010", Code.NUMBER_BARRED)


@pytest.mark.parametrize(("written", "country"), [("+4312345678", "DE"), ("+12125552368", "DE"), ("+4940123456", "AT")])
def test_a_foreign_number_needs_its_release(written: str, country: str) -> None:
    assert judge_number(written, country, foreign=False) == (written, Code.NOT_RELEASED)
    assert judge_number(written, country, foreign=True) == (written, Code.ACCEPTED)


@given(st.one_of(st.text(max_size=40), DIGITS_AND_SIGNS), st.sampled_from(["DE", "AT", "IT", "US"]), st.booleans())
def test_whatever_is_given_has_a_code(written: str, country: str, foreign: bool) -> None:
    number, code = judge_number(written, country, foreign=foreign)
    if code is Code.ACCEPTED:
        assert INTERNATIONAL.fullmatch(number)
        assert judge_number(number, country, foreign=foreign) == (number, Code.ACCEPTED)
    elif code in (Code.NUMBER_BARRED, Code.NOT_RELEASED):
        assert INTERNATIONAL.fullmatch(number)
    else:
        assert number == written
        assert code in REFUSALS


AREAS = ("30", "40", "89", "201", "2041", "33", "32", "151", "15310", "160", "171", "164", "180", "137", "1371", "190",
         "900", "9001", "118", "700", "800", "49", "491", "4930", "999")  # fmt: skip
GERMAN = st.builds(
    "{}{}{}".format,
    st.sampled_from(["0", "0049", "+49"]),
    st.one_of(st.sampled_from(AREAS), st.text("123456789", min_size=1, max_size=1)),
    st.text("0123456789", max_size=14),
)


@given(GERMAN, st.booleans())
@settings(max_examples=1000)
def test_most_german_numbers_need_no_library_and_it_would_say_the_same(written: str, foreign: bool) -> None:
    if not written.startswith("010"):
        assert judge_number(written, "DE", foreign=foreign) == numbers._by_library(
            written, written, "DE", foreign=foreign
        )


@pytest.mark.parametrize("written", ["+493023125000", "030 23125-000", "0049 171/3920000", "0171 3920000"])
def test_an_ordinary_german_number_needs_no_library(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonenumbers, "parse", None)
    assert judge_number(written, "DE", foreign=False)[1] is Code.ACCEPTED


@pytest.mark.parametrize(
    "written",
    ["info@firma.de", "  info@firma.de ", "max.muster+fax@mail.firma.co.uk", "o'neill@firma.ie", "info@müller.de"],
)
def test_a_mail_address_is_good(written: str) -> None:
    assert judge_mail(written) == (written.strip(), Code.ACCEPTED)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "info",
        "@firma.de",
        "info@firma",
        "info@firma.d",
        "info@.de",
        "info@firma..de",
        "info@fir ma.de",
        "a@b@firma.de",
        "Max <info@firma.de>",
        "info@firma.de;x@firma.de",
        "info@firma.de\nBcc: x@firma.de",
        "group:info@firma.de",
        "in\x01fo@firma.de",
        "info@firma\x7f.de",
    ],
)
def test_what_is_no_mail_address_is_malformed(written: str) -> None:
    assert judge_mail(written) == (written, Code.NUMBER_MALFORMED)


def test_a_mail_address_has_at_most_320_characters() -> None:
    domain = "@" + "d" * 60 + ".de"
    longest = "a" * (320 - len(domain)) + domain
    assert judge_mail(longest)[1] is Code.ACCEPTED
    assert judge_mail("a" + longest)[1] is Code.NUMBER_MALFORMED


@given(st.text(max_size=60))
def test_a_good_mail_address_has_no_blank_no_control_and_one_at_sign(written: str) -> None:
    address, code = judge_mail(written)
    if code is Code.ACCEPTED:
        assert address.count("@") == 1
        assert not any(character.isspace() or character < " " for character in address)
