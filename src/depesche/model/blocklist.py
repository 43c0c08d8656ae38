"""Entries of a blacklist, as people write them: a number, the beginning of numbers, a mail address, a domain."""

import re

from phonenumbers import PhoneMetadata

from depesche.model.codes import SendJobCode
from depesche.model.numbers import judge_mail, judge_number

EVERY = "*"
"""Stands at the end of an entry that means all numbers that begin so."""

_BEGINNING = re.compile(r"\+[1-9][0-9]{0,14}")


def read(text: str, country: str, *, prefix: bool = False) -> tuple[str, bool]:
    """The entry as it is kept, and whether it is a prefix: that is said by `prefix`, or by a ``*`` at its end.

    `country` (ISO 3166) says how a number without country code is read. Raises: ValueError, which says what is wrong.
    """
    text = text.strip()
    prefix = prefix or text.endswith(EVERY)
    text = text.removesuffix(EVERY)
    if "@" in text:
        return _mail(text, prefix=prefix), False
    return (_beginning(text, country), True) if prefix else (_number(text, country), False)


def written(address: str, *, prefix: bool) -> str:
    """As people write it."""
    return address + EVERY if prefix else address


def _mail(text: str, *, prefix: bool) -> str:
    if prefix:
        raise ValueError("only numbers can be blocked by their beginning: @example.com blocks all of a domain")
    whole = f"x{text}" if text.startswith("@") else text
    if judge_mail(whole)[1] is not SendJobCode.ACCEPTED:
        raise ValueError("it is neither a mail address nor an @ and a domain")
    return text.casefold()


def _number(text: str, country: str) -> str:
    number, code = judge_number(text, country, foreign=True)
    match code:
        case SendJobCode.ACCEPTED | SendJobCode.NUMBER_BARRED:
            return number
        case SendJobCode.PREMIUM_NUMBER:
            raise ValueError("it is a premium number: those are never called")
        case SendJobCode.NUMBER_INVALID:
            raise ValueError(f"there can be no such number; if numbers begin so, {EVERY} stands at its end")
        case _:
            raise ValueError("it is neither a telephone number nor a mail address")


def _beginning(text: str, country: str) -> str:
    compact = re.sub(r"[ ()/.\-]", "", text.replace("(0)", ""))
    beginning = compact if compact.startswith("+") else _with_country_code(compact, country)
    if not _BEGINNING.fullmatch(beginning):
        raise ValueError("it is not the beginning of telephone numbers, such as +49171")
    return beginning


def _with_country_code(digits: str, country: str) -> str:
    """libphonenumber reads whole numbers only; empty for what begins none."""
    region = PhoneMetadata.metadata_for_region(country)
    if region is None:
        return ""
    abroad = re.match(region.international_prefix or "00", digits)
    if abroad:
        return f"+{digits[abroad.end() :]}"
    national = digits.removeprefix(region.national_prefix or "")
    return f"+{region.country_code}{national}" if national else ""
