"""Telephone numbers and mail addresses: may they be sent to, and how are they written?"""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

from depesche.model.codes import SendJobCode

LONGEST_ADDRESS = 320
"""Characters of an e-mail address (RFC 3696, erratum 1690)."""

_ALLOWED = re.compile(r"\+?[0-9 ()/.\-]+")
_GERMAN_CALL_BY_CALL = "010"
_GERMAN_PREMIUM = ("900", "137", "118", "190")
_PLAIN_GERMAN = re.compile(r"(?:\+49|0049|0)([1-9][0-9]+)")
_NO_ATEXT = r"\s\x00-\x1f\x7f@,:;<>\"()\[\]\\"
_MAIL = re.compile(rf"[^{_NO_ATEXT}]+@(?:[^{_NO_ATEXT}.]+\.)+[^{_NO_ATEXT}.]{{2,}}")
_BARRED = frozenset({"+493023125010"})
"""Barred for everyone: the sandbox number that shows code -5."""


def judge_number(given: str, country: str, *, foreign: bool) -> tuple[str, SendJobCode]:
    """E.164 form and the code: `ACCEPTED`, or why not; what is no valid number stays as it was given.

    `country` (ISO 3166) says how a number without country code is read; `foreign` whether others are released.
    """
    stripped = given.strip()
    compact = re.sub(r"[ ()/.\-]", "", stripped)
    if not _ALLOWED.fullmatch(stripped) or not compact.strip("+"):
        return given, SendJobCode.NUMBER_MALFORMED
    if country == "DE":
        if compact.startswith(_GERMAN_CALL_BY_CALL):
            return given, SendJobCode.NUMBER_MALFORMED
        ordinary = _ordinary_german(compact)
        if ordinary:
            return ordinary, _unless_barred(ordinary)
    return _by_library(given, compact, country, foreign=foreign)


def may_stand_for(number: str, wanted: str) -> bool:
    """Whether a call may be sent on from one E.164 number to another: within its country, and to no premium number."""
    try:
        there, here = (phonenumbers.parse(one, None) for one in (number, wanted))
    except phonenumbers.NumberParseException:
        return False
    barred = _unless_barred(_e164(there)) is not SendJobCode.ACCEPTED
    return there.country_code == here.country_code and not barred and not _is_premium(there)


def judge_mail(given: str) -> tuple[str, SendJobCode]:
    """The address and `ACCEPTED`, or why not."""
    address = given.strip()
    if len(address) > LONGEST_ADDRESS or not _MAIL.fullmatch(address):
        return given, SendJobCode.NUMBER_MALFORMED
    return address, SendJobCode.ACCEPTED


_Kind = tuple[frozenset[int], re.Pattern[str]]
"""Possible lengths, and what the digits look like."""


def _ordinary_german(compact: str) -> str:
    """E.164 form of an ordinary fixed or mobile number, else empty: what the library says in ten times the time."""
    written = _PLAIN_GERMAN.fullmatch(compact)
    if written is None or written[1].startswith(_GERMAN_PREMIUM):
        return ""
    general, *kinds = _german_kinds()
    national = written[1]
    return f"+49{national}" if _is_of(general, national) and any(_is_of(kind, national) for kind in kinds) else ""


def _is_of(kind: _Kind, national: str) -> bool:
    lengths, pattern = kind
    return len(national) in lengths and pattern.fullmatch(national) is not None


@cache
def _german_kinds() -> tuple[_Kind, ...]:
    """German numbers at all, fixed lines, mobiles: from the library's own tables."""
    german = PhoneMetadata.metadata_for_region("DE")
    assert german is not None
    return tuple(
        (frozenset(kind.possible_length), re.compile(kind.national_number_pattern or "", re.ASCII))
        for kind in (german.general_desc, german.fixed_line, german.mobile)
        if kind is not None
    )


def _by_library(given: str, compact: str, country: str, *, foreign: bool) -> tuple[str, SendJobCode]:
    try:
        number = phonenumbers.parse(compact, country)
    except phonenumbers.NumberParseException:
        return given, SendJobCode.NUMBER_INVALID
    code = _judge(number, country, foreign=foreign)
    if code in (SendJobCode.PREMIUM_NUMBER, SendJobCode.NUMBER_INVALID):
        return given, code
    return _e164(number), code


def _judge(number: phonenumbers.PhoneNumber, country: str, *, foreign: bool) -> SendJobCode:
    if _is_premium(number):
        return SendJobCode.PREMIUM_NUMBER
    if not phonenumbers.is_valid_number(number):
        return SendJobCode.NUMBER_INVALID
    barred = _unless_barred(_e164(number))
    if barred is not SendJobCode.ACCEPTED:
        return barred
    if not foreign and number.country_code != phonenumbers.country_code_for_region(country):
        return SendJobCode.NOT_RELEASED
    return SendJobCode.ACCEPTED


def _unless_barred(number: str) -> SendJobCode:
    return SendJobCode.NUMBER_BARRED if number in _BARRED else SendJobCode.ACCEPTED


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_premium(number: phonenumbers.PhoneNumber) -> bool:
    national = str(number.national_number)
    if number.country_code == 49:
        return national.startswith(_GERMAN_PREMIUM)
    return bool(phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE)
