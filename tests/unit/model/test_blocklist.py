"""Entries of a blacklist, as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.blocklist import read, written


@pytest.mark.parametrize(
    ("text", "country", "address"),
    [
        ("+493023125000", "DE", "+493023125000"),
        (" 030 / 23125-000 ", "DE", "+493023125000"),
        ("0049 30 23125000", "AT", "+493023125000"),
        ("+49 (0)30 23125000", "DE", "+493023125000"),
        ("01 234567", "AT", "+431234567"),
        ("A.Muster@Example.DE", "DE", "a.muster@example.de"),
        ("@Example.de", "DE", "@example.de"),
    ],
)
def test_numbers_and_addresses_are_kept_in_one_form(text: str, country: str, address: str) -> None:
    assert read(text, country) == (address, False)


@pytest.mark.parametrize(
    ("text", "country", "beginning"),
    [
        ("+49171", "DE", "+49171"),
        ("+1", "DE", "+1"),
        ("0171", "DE", "+49171"),
        ("0049 171", "DE", "+49171"),
        ("171", "DE", "+49171"),
        ("+49 (0)171", "DE", "+49171"),
        ("06", "IT", "+3906"),
        ("212", "US", "+1212"),
        ("011 49 30", "US", "+4930"),
        ("0", "IT", "+390"),
    ],
)
def test_a_beginning_is_read_as_of_the_country(text: str, country: str, beginning: str) -> None:
    assert read(text, country, prefix=True) == (beginning, True)
    assert read(f"{text}*", country) == (beginning, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither a telephone number nor a mail address"),
        ("*", "not the beginning of telephone numbers"),
        ("0*", "not the beginning of telephone numbers"),
        ("+*", "not the beginning of telephone numbers"),
        ("+0*", "not the beginning of telephone numbers"),
        ("+1234567890123456*", "not the beginning of telephone numbers"),
        ("0171x*", "not the beginning of telephone numbers"),
        ("Meier", "neither a telephone number nor a mail address"),
        ("+4930", "there can be no such number"),
        ("0900 123456", "premium number"),
        ("a@", "neither a mail address nor an @ and a domain"),
        ("@", "neither a mail address nor an @ and a domain"),
        ("@nowhere", "neither a mail address nor an @ and a domain"),
        ("a@example.com*", "only numbers can be blocked by their beginning"),
    ],
)
def test_what_is_no_entry_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read(text, "DE")


@given(st.text(max_size=40), st.booleans(), st.sampled_from(["DE", "US", "IT", "BR"]))
def test_whatever_is_typed_is_an_entry_or_is_told_to_be_none(text: str, prefix: bool, country: str) -> None:
    try:
        address, is_prefix = read(text, country, prefix=prefix)
    except ValueError:
        return
    assert read(written(address, prefix=is_prefix), country) == (address, is_prefix)
