"""Numbers and times between their text and Python: XML Schema part 2, read liberally, written in one form."""

import re
from datetime import UTC, datetime, timedelta

_INTEGER = re.compile(r"([+-]?)0*([0-9]{1,19})")

_MOMENT = re.compile(
    r"(-?)([0-9]{4,})-([0-9]{2})-([0-9]{2})[Tt ]"
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))?"
)

_BLANKS = " \t\r\n"
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_FARTHEST_OFFSET = timedelta(hours=14)

ZERO_DATE = "1899-12-30T00:00:00.000Z"
"""Day zero of Delphi's TDateTime: stands where there is no time."""


def parse_integer(text: str, bits: int) -> int:
    """A signed integer of `bits` bits; empty is 0. Raises: ValueError."""
    text = text.strip(_BLANKS)
    if not text:
        return 0
    match = _INTEGER.fullmatch(text)
    if match is None:
        raise ValueError("no integer")
    number = int(match[1] + match[2])
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise ValueError("out of range")
    return number


def parse_moment(text: str) -> datetime | None:
    """A dateTime in UTC; without a zone it is UTC. None: empty, or so early that Python has no such day.

    ``0001-01-01T00:00:00`` is .NET's DateTime.MinValue, and counts as empty. What lies after the year 9999 becomes the
    end of that year.

    Raises: ValueError.
    """
    text = text.strip(_BLANKS)
    if not text:
        return None
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("no dateTime")
    year = match[2].lstrip("0")
    if match[1] or not year:
        _moment_in(2000, match)  # a leap year: the rest of it must be a date all the same
        return None
    if len(year) > 4:
        _moment_in(2000, match)
        return _LAST
    return _moment_in(int(year), match)


def _moment_in(year: int, match: re.Match[str]) -> datetime | None:
    month, day, hour, minute, second = (int(match[group]) for group in range(3, 8))
    fraction = int((match[8] or "")[:6].ljust(6, "0"))
    midnight_after = (hour, minute, second, fraction) == (24, 0, 0, 0)
    local = datetime(year, month, day, 0 if midnight_after else hour, minute, second, fraction, UTC)
    try:
        moment = local + timedelta(days=midnight_after) - _offset(match)
    except OverflowError:
        return None if year == 1 else _LAST
    return None if moment == _FIRST else moment


def _offset(match: re.Match[str]) -> timedelta:
    if not match[9]:
        return timedelta()
    offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
    if offset > _FARTHEST_OFFSET or int(match[11]) > 59:
        raise ValueError("no such zone")
    return -offset if match[9] == "-" else offset


def format_moment(moment: datetime | None) -> str:
    """``2017-06-01T15:53:06.000Z``; `moment` is aware."""
    if moment is None:
        return ZERO_DATE
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
