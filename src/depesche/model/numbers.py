"""Telephone numbers and mail addresses: may they be sent to, and how are they written?"""

import re

import phonenumbers
from phonenumbers import PhoneNumberType

from depesche.model.codes import SendJobCode

LONGEST_ADDRESS = 320
"""Characters of an e-mail address (RFC 3696, erratum 1690)."""

_ALLOWED = re.compile(r"\+?[0-9 ()/.\-]+")
_GERMAN_CALL_BY_CALL = "010"
_GERMAN_PREMIUM = ("900", "137", "118", "190")
_NO_ATEXT = r"\s\x00-\x1f\x7f@,:;<>\"()\[\]\\"
_MAIL = re.compile(rf"[^{_NO_ATEXT}]+@(?:[^{_NO_ATEXT}.]+\.)+[^{_NO_ATEXT}.]{{2,}}")
_BARRED = frozenset({"+493023125010"})
"""Barred for everyone: the sandbox number that shows code -5."""


def judge_number(given: str, country: str, *, foreign: bool) -> tuple[str, SendJobCode]:
    """E.164 form and `ACCEPTED`, or the number as given and why not.

    `country` (ISO 3166) says how a number without country code is read; `foreign` whether others are released.
    """
    compact = re.sub(r"[ ()/.\-]", "", given)
    if not _ALLOWED.fullmatch(given.strip()) or not compact.strip("+"):
        return given, SendJobCode.NUMBER_MALFORMED
    if country == "DE" and compact.startswith(_GERMAN_CALL_BY_CALL):
        return given, SendJobCode.NUMBER_MALFORMED
    try:
        number = phonenumbers.parse(compact, country)
    except phonenumbers.NumberParseException:
        return given, SendJobCode.NUMBER_INVALID
    code = _judge(number, country, foreign=foreign)
    if code is not SendJobCode.ACCEPTED:
        return given, code
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), code


def judge_mail(given: str) -> tuple[str, SendJobCode]:
    """The address and `ACCEPTED`, or why not."""
    address = given.strip()
    if len(address) > LONGEST_ADDRESS or not _MAIL.fullmatch(address):
        return given, SendJobCode.NUMBER_MALFORMED
    return address, SendJobCode.ACCEPTED


def _judge(number: phonenumbers.PhoneNumber, country: str, *, foreign: bool) -> SendJobCode:
    if _is_premium(number):
        return SendJobCode.PREMIUM_NUMBER
    if not phonenumbers.is_valid_number(number):
        return SendJobCode.NUMBER_INVALID
    if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) in _BARRED:
        return SendJobCode.NUMBER_BARRED
    if not foreign and number.country_code != phonenumbers.country_code_for_region(country):
        return SendJobCode.NOT_RELEASED
    return SendJobCode.ACCEPTED


def _is_premium(number: phonenumbers.PhoneNumber) -> bool:
    national = str(number.national_number)
    if number.country_code == 49:
        return national.startswith(_GERMAN_PREMIUM)
    return bool(phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE)
