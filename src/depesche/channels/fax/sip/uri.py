"""SIP and tel URIs, and the addresses of headers that hold one (RFC 3261 §19.1 and §20.10, RFC 3966)."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self
from urllib.parse import quote, unquote, unquote_to_bytes

from depesche.channels.fax.sip import grammar
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.grammar import BLANK, QUOTED, Parameters

REMEMBERED = 512
"""Addresses whose reading is kept: those of a dialog come with each of its messages."""

_UNRESERVED = "-_.!~*'()"
_USER = f"{_UNRESERVED}&=+$,;?/"
_PASSWORD = f"{_UNRESERVED}&=+$,"
_PARAMETER = f"{_UNRESERVED}[]/:&+$"
_HEADERS = f"{_UNRESERVED}[]/?:+$=&%"
_OPAQUE = f"{_UNRESERVED};/?:@&=+$,%#[]"
"""What may stand unescaped, beside letters and digits (RFC 3261 §25.1)."""

_KNOWN = frozenset(("sip", "sips", "tel"))
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_NOT_IN_A_URI = re.compile(r'[\x00-\x20\x7f<>"]')
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SIP = re.compile(
    r"(?:(?P<user>[^@:]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<host>\[[^\]@]*\]|[^:;?@\[\]]*)(?::(?P<port>[^;?@]*))?(?:;(?P<parameters>[^?@]*))?(?:\?(?P<headers>[^@]*))?"
)
_NUMBER = re.compile(r"\+?[0-9A-Fa-f*#]+")
_SEPARATORS = str.maketrans("", "", "-.()")
_WITH_HEADERS_OF_ITS_OWN = re.compile(r"[?,]")

_TO_BOTH = ("transport", "user", "ttl", "method", "maddr")
"""Parameters that make a difference where one address alone has them (§19.1.4, and its examples for ``transport``)."""


@dataclass(frozen=True, slots=True)
class Uri:
    """An address, unescaped. Escapes that are no UTF-8 are read as Latin-1, as old exchanges write them."""

    scheme: str
    """In lower case. ``sip``, ``sips``, ``tel``, or one that we do not know."""

    host: str
    """In lower case; IPv6 without its brackets. Empty for all but ``sip`` and ``sips``."""

    user: str = ""
    """Of ``tel`` the number without visual separators; of an unknown scheme all that follows it, still escaped."""

    port: int | None = None
    parameters: Parameters = ()
    headers: str = ""
    """What stands behind ``?``, still escaped."""

    password: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises: Malformed."""
        scheme, colon, rest = text.partition(":")
        if not colon or (scheme not in _KNOWN and not _SCHEME.fullmatch(scheme)):
            raise Malformed("the URI has no scheme")
        scheme = scheme.lower()
        if _NOT_IN_A_URI.search(rest):
            raise Malformed("the URI holds what would have to be escaped")
        if scheme in ("sip", "sips"):
            return cls._sip(scheme, rest)
        return cls._tel(rest) if scheme == "tel" else cls(scheme, "", quote(rest, _OPAQUE))

    @classmethod
    def _sip(cls, scheme: str, rest: str) -> Self:
        found = _SIP.fullmatch(rest)
        if found is None:
            raise Malformed("the URI has no form that we know")
        user, password, host, port, parameters, headers = found.groups()
        if headers and _STRAY_PERCENT.search(headers):
            raise Malformed("a % is followed by no two digits")
        return cls(
            scheme,
            grammar.host(host),
            _unescaped(user or ""),
            grammar.port(port),
            _read(parameters) if parameters else (),
            quote(headers, _HEADERS) if headers else "",
            None if password is None else _unescaped(password),
        )

    @classmethod
    def _tel(cls, rest: str) -> Self:
        number, _, parameters = rest.partition(";")
        digits = number.translate(_SEPARATORS)
        if not _NUMBER.fullmatch(digits):
            raise Malformed("the URI holds no number")
        return cls("tel", "", digits, parameters=_read(parameters) if parameters else ())

    def __str__(self) -> str:
        if self.scheme not in ("sip", "sips"):
            user = _escaped(self.user, "+*#" if self.scheme == "tel" else _OPAQUE)
            return f"{self.scheme}:{user}{_written(self.parameters)}"
        password = "" if self.password is None else f":{_escaped(self.password, _PASSWORD)}"
        user = f"{_escaped(self.user, _USER)}{password}@" if self.user or password else ""
        port = "" if self.port is None else f":{self.port}"
        headers = f"?{quote(self.headers, _HEADERS)}" if self.headers else ""
        return f"{self.scheme}:{user}{grammar.bracketed(self.host)}{port}{_written(self.parameters)}{headers}"

    @property
    def transport(self) -> str | None:
        """In lower case."""
        value = self.parameter("transport")
        return value.lower() if value else None

    @property
    def number(self) -> str:
        """The telephone number that a tel URI, or the user part of another, is: without visual separators.

        Empty if it is none.
        """
        digits = self.user.partition(";")[0].translate(_SEPARATORS)
        return digits if _NUMBER.fullmatch(digits) else ""

    def parameter(self, name: str) -> str | None:
        """The first one by that name in any case; empty if it has no value."""
        name = name.lower()
        return next((value or "" for one, value in self.parameters if one.lower() == name), None)

    def matches(self, other: "Uri") -> bool:
        """Whether both are one address (RFC 3261 §19.1.4, RFC 3966 §4)."""
        if self.place != other.place:
            return False
        ours, theirs = _by_name(self.parameters), _by_name(other.parameters)
        if self.scheme == "tel":
            return ours == theirs
        alone = ours.keys() ^ theirs.keys()
        return not alone.intersection(_TO_BOTH) and all(ours[name] == theirs[name] for name in ours.keys() & theirs)

    @property
    def place(self) -> tuple[object, ...]:
        """All but the parameters, made comparable."""
        user = self.user.lower() if self.scheme == "tel" else self.user
        headers = sorted(_header(one) for one in self.headers.split("&"))
        return self.scheme, user, self.password, self.host.lower(), self.port, headers


@dataclass(frozen=True, slots=True)
class NameAddr:
    """The value of From, To, Contact, Route, Record-Route, P-Asserted-Identity (RFC 3261 §20.10)."""

    uri: Uri
    display: str = ""
    """The name, without quotes."""

    parameters: Parameters = ()
    """Those of the header; those of the URI are its own."""

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Raises: Malformed."""
        return _name_addr(text)

    @classmethod
    def parse_list(cls, text: str) -> "list[NameAddr]":
        """Addresses between commas; empty places are passed over. Raises: Malformed."""
        return [cls.parse(part) for part in grammar.split(text, ",") if part]

    def __str__(self) -> str:
        name = f"{grammar.quoted(self.display)} " if self.display else ""
        return f"{name}<{self.uri}>{grammar.written(self.parameters)}"

    def parameter(self, name: str) -> str | None:
        """The first one by that name in any case, without quotes; empty if it has no value."""
        return grammar.parameter(self.parameters, name)

    @property
    def tag(self) -> str | None:
        """What tells the ends of a dialog apart; None in the first request, and from RFC 2543."""
        return self.parameter("tag") or None

    def with_tag(self, tag: str) -> "NameAddr":
        """The same with this tag."""
        kept = tuple(pair for pair in self.parameters if pair[0].lower() != "tag")
        return replace(self, parameters=(*kept, ("tag", tag)))


@lru_cache(REMEMBERED)
def _name_addr(text: str) -> NameAddr:
    text = text.strip(BLANK)
    display, address = _display(text)
    if address is None:
        address, semicolon, parameters = text.partition(";")
        if _WITH_HEADERS_OF_ITS_OWN.search(address):
            raise Malformed("a URI with a comma or a question mark stands without <>")
        return NameAddr(Uri.parse(address.rstrip(BLANK)), "", grammar.parameters(semicolon + parameters))
    address, closed, parameters = address.partition(">")
    if not closed:
        raise Malformed("an address is never closed")
    return NameAddr(Uri.parse(address.strip(BLANK)), display, grammar.parameters(parameters.strip(BLANK)))


def _display(text: str) -> tuple[str, str | None]:
    """The name, and what follows ``<``: None if there is no ``<``."""
    if not text.startswith('"'):
        name, bracket, address = text.partition("<")
        if '"' in name and bracket:
            raise Malformed("a name is quoted in part")
        return name.rstrip(BLANK), address if bracket else None
    found = QUOTED.match(text)
    if found is None:
        raise Malformed("a quoted string is never closed")
    address = text[found.end() :].lstrip(BLANK)
    if not address.startswith("<"):
        raise Malformed("a name stands without an address")
    return grammar.unquoted(found[0]), address[1:]


def _unescaped(text: str) -> str:
    """Raises: Malformed."""
    if "%" not in text:
        return text
    if _STRAY_PERCENT.search(text):
        raise Malformed("a % is followed by no two digits")
    octets = unquote_to_bytes(text)
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _escaped(text: str, safe: str) -> str:
    return text if text.isascii() and text.isalnum() else quote(text, safe, errors="replace")


def _read(text: str) -> Parameters:
    """Parameters of a URI, the first semicolon left out. Raises: Malformed."""
    found: list[tuple[str, str | None]] = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if name:
            found.append((_unescaped(name), _unescaped(value) if equals else None))
        elif equals:
            raise Malformed("a parameter has no name")
    return tuple(found)


def _written(parameters: Parameters) -> str:
    return "".join(
        f";{_escaped(name, _PARAMETER)}" + ("" if value is None else f"={_escaped(value, _PARAMETER)}")
        for name, value in parameters
    )


def _by_name(parameters: Parameters) -> dict[str, str]:
    return {name.lower(): (value or "").lower() for name, value in reversed(parameters)}


def _header(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), unquote(value)
