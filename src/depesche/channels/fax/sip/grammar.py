"""What the headers of RFC 3261 §25.1 have in common: tokens, quoted strings, lists, parameters, hosts.

Anything may come, so every function takes time in proportion to its text: no expression here has two ways to match.
"""

import re
from functools import lru_cache
from ipaddress import IPv6Address

from depesche.channels.fax.sip.errors import Malformed

BLANK = " \t"
"""What may stand around separators (LWS, unfolded). `str.strip` alone would take more than these."""

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
QUOTED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

Parameters = tuple[tuple[str, str | None], ...]
"""Name and value as they are written, a quoted string with its quotes; None where no ``=`` stands."""

_STOPS = {sign: re.compile(rf'"[^"\\]*(?:\\.[^"\\]*)*"|<[^>]*>|[{sign}"<]', re.DOTALL) for sign in (",", ";")}
"""What matters for a cut: a whole quoted string, a whole address, the sign itself, or what begins and never ends."""

_BARE = re.compile(r'[^\x00-\x20\x7f;,"<>\\]*')
"""A value without quotes: wider than a token, since hosts and base64 stand there too, and go back as they came."""

_PARAMETER = re.compile(rf"({TOKEN.pattern})(?:[ \t]*=[ \t]*({QUOTED.pattern}|{_BARE.pattern}))?", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE = re.compile(r'[\x00-\x08\x0b-\x1f\x7f"\\]')
_LINE_ENDS = re.compile(r"[\r\n]+")
_SECONDS = re.compile(r"([0-9]+)[ \t]*(?:[;(].*)?", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_LONGEST_NAME = 255

MOST_SECONDS = 2**32 - 1


def split(text: str, separator: str) -> list[str]:
    """The parts between separators (``,`` or ``;``) outside quoted strings and ``<>``, blanks around them left out.

    Empty parts are kept. Raises: Malformed, for a quote or a bracket that is never closed.
    """
    if '"' not in text and "<" not in text:
        return [part.strip(BLANK) for part in text.split(separator)]
    parts: list[str] = []
    start = 0
    for found in _STOPS[separator].finditer(text):
        sign = found[0]
        if sign == separator:
            parts.append(text[start : found.start()].strip(BLANK))
            start = found.end()
        elif len(sign) == 1:
            raise Malformed("a quoted string is never closed" if sign == '"' else "an address is never closed")
    parts.append(text[start:].strip(BLANK))
    return parts


def quoted(text: str) -> str:
    """As a quoted string. Line ends cannot be written, and become blanks."""
    return '"' + _TO_ESCAPE.sub(r"\\\g<0>", _LINE_ENDS.sub(" ", text)) + '"'


def unquoted(value: str) -> str:
    """The text of a quoted string; anything else stays as it is."""
    if not value.startswith('"'):
        return value
    return _ESCAPED.sub(r"\1", value[1:-1]) if "\\" in value else value[1:-1]


def parameters(text: str) -> Parameters:
    """Read ``;name=value;name``, and put up with a semicolon too many. Raises: Malformed."""
    if not text:
        return ()
    before, *parts = split(text, ";")
    if before:
        raise Malformed("something stands where a parameter should begin")
    found: list[tuple[str, str | None]] = []
    for part in parts:
        if part:
            pair = _PARAMETER.fullmatch(part)
            if pair is None:
                raise Malformed("a parameter is neither a token nor a token with a value")
            found.append((pair[1], pair[2]))
    return tuple(found)


def written(given: Parameters) -> str:
    """The same backwards; a value that could not stand without quotes gets them. Raises: ValueError (a name)."""
    parts: list[str] = []
    for name, value in given:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a parameter")
        if value is None:
            parts.append(f";{name}")
        elif _BARE.fullmatch(value) or QUOTED.fullmatch(_LINE_ENDS.sub(" ", value)):
            parts.append(f";{name}={_LINE_ENDS.sub(' ', value)}")
        else:
            parts.append(f";{name}={quoted(value)}")
    return "".join(parts)


def parameter(given: Parameters, name: str) -> str | None:
    """The first value by that name in any case, without quotes; empty if there is none, None without the name."""
    for one, value in given:
        if one == name or one.lower() == name.lower():
            return "" if value is None else unquoted(value)
    return None


@lru_cache(256)
def host(text: str) -> str:
    """A name in lower case, an IPv4 address, or an IPv6 address without its brackets. Raises: Malformed.

    Zones (``%eth0``) are this machine's own business. Three colons are read as two: the grammar of RFC 3261 had them
    (RFC 5118 §4.10).
    """
    if text.startswith("["):
        return _ipv6(text[1:].removesuffix("]"))
    if len(text) > _LONGEST_NAME or not _NAME.fullmatch(text):
        raise Malformed("it names no host")
    return text.lower()


def _ipv6(literal: str) -> str:
    try:
        return str(IPv6Address("" if "%" in literal else literal.replace(":::", "::")))
    except ValueError:
        raise Malformed("no IPv6 address stands between the brackets") from None


def bracketed(name: str) -> str:
    """A host as it is written: IPv6 in brackets."""
    return f"[{name}]" if ":" in name else name


def port(text: str | None) -> int | None:
    """Raises: Malformed."""
    if text is None:
        return None
    number = whole(text, 65535)
    if not number:
        raise Malformed("there is no such port")
    return number


def whole(text: str, most: int) -> int:
    """A number without sign, leading zeros allowed. Raises: Malformed, also above `most`."""
    if not text.isascii() or not text.isdigit():
        raise Malformed("it is no whole number")
    digits = text.lstrip("0") or "0"
    number = int(digits) if len(digits) <= len(str(most)) else most + 1  # Python refuses to read thousands of digits
    if number > most:
        raise Malformed(f"the number is above {most}")
    return number


def seconds(text: str) -> int | None:
    """The time with which Expires, Retry-After, Min-SE or Session-Expires begins (§20.19, §20.33, RFC 4028 §4).

    A comment or parameters behind it are left out. What is above 32 bits means the most that these can hold. None: it
    begins with no number.
    """
    found = _SECONDS.fullmatch(text)
    if found is None:
        return None
    try:
        return whole(found[1], MOST_SECONDS)
    except Malformed:
        return MOST_SECONDS
