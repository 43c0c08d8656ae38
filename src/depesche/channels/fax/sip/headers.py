"""Header fields of SIP messages, and the names that they go by."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Self

from depesche.channels.fax.sip import grammar
from depesche.channels.fax.sip.grammar import BLANK, TOKEN

LONGEST_HEADER = 8192
"""Characters of a header's value. Signed identities (RFC 8224) take two thousand."""

_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}
"""IANA, SIP Parameters, Header Fields."""

_LISTS = (
    "Accept",
    "Accept-Contact",
    "Accept-Encoding",
    "Accept-Language",
    "Alert-Info",
    "Allow",
    "Allow-Events",
    "Call-Info",
    "Contact",
    "Content-Encoding",
    "Content-Language",
    "Diversion",
    "Error-Info",
    "History-Info",
    "In-Reply-To",
    "P-Asserted-Identity",
    "P-Associated-URI",
    "P-Preferred-Identity",
    "Path",
    "Proxy-Require",
    "Reason",
    "Record-Route",
    "Reject-Contact",
    "Require",
    "Route",
    "Security-Client",
    "Security-Server",
    "Security-Verify",
    "Service-Route",
    "Supported",
    "Unsupported",
    "Via",
    "Warning",
)
"""Headers whose values may stand in one line, between commas (§7.3.1, and the RFCs that brought them)."""

_OTHERS = (
    "Authentication-Info",
    "Authorization",
    "CSeq",
    "Content-Disposition",
    "Date",
    "Expires",
    "MIME-Version",
    "Max-Forwards",
    "Min-Expires",
    "Min-SE",
    "Organization",
    "Priority",
    "Privacy",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "RAck",
    "RSeq",
    "Reply-To",
    "Retry-After",
    "SIP-ETag",
    "SIP-If-Match",
    "Server",
    "Subscription-State",
    "Timestamp",
    "User-Agent",
    "WWW-Authenticate",
)

SPELT = {name.lower(): name for name in (*_COMPACT.values(), *_LISTS, *_OTHERS)} | _COMPACT
KNOWN = {written: (name.lower(), name) for key, name in SPELT.items() for written in (key, key.upper(), name)}
_SPLIT = frozenset(name.lower() for name in _LISTS)


class Headers:
    """Header fields in their order; names in any case, compact or not (§7.3.3).

    Content-Length is not among those of a message that was read, and `encode` sets it: the body tells it.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = [_field(name, value) for name, value in fields]

    @classmethod
    def read(cls, lines: Iterable[str]) -> tuple[Self, list[str], str]:
        """Take unfolded lines apart.

        Returns: the headers, without the lines that are none, so that there is something to answer with; the values of
        Content-Length; and what is wrong with the first of those that are none, or nothing.
        """
        headers, lengths, fault = cls(), list[str](), ""
        fields = headers._fields
        for line in lines:
            name, colon, value = line.partition(":")
            known = KNOWN.get(name)
            if known is None:
                name = name.rstrip(BLANK)
                if not colon or not TOKEN.fullmatch(name):
                    fault = fault or "a line is no header"
                    continue
                known = _named(name)
            if len(value) > LONGEST_HEADER:
                fault = fault or "a header is too long"
            elif known[0] == "content-length":
                lengths.append(value.strip(BLANK))
            else:
                fields.append((*known, value.strip(BLANK)))
        return headers, lengths, fault

    def get(self, name: str) -> str | None:
        """The first value. Raises: Malformed, as `every`."""
        key = _named(name)[0]
        for field in self._fields:
            if field[0] == key:
                return field[2] if key not in _SPLIT else next(iter(self.every(name)), None)
        return None

    def every(self, name: str) -> list[str]:
        """All values; those that may stand in one line are taken apart, empty ones left out.

        Raises: Malformed, for a quote or a bracket that is never closed.
        """
        key = _named(name)[0]
        values = [field[2] for field in self._fields if field[0] == key]
        if key not in _SPLIT:
            return values
        return [part for value in values for part in (grammar.split(value, ",") if "," in value else (value,)) if part]

    def __contains__(self, name: str) -> bool:
        key = _named(name)[0]
        return any(field[0] == key for field in self._fields)

    def add(self, name: str, value: str) -> None:
        """Behind all others. Raises: ValueError, if it would not be one header: a line end, no token."""
        self._fields.append(_field(name, value))

    def put(self, name: str, value: str) -> None:
        """In place of all by that name, where the first of them was. Raises: ValueError, as `add`."""
        field = _field(name, value)
        place = self._place(field[0])
        self.remove(name)
        self._fields.insert(len(self._fields) if place is None else place, field)

    def prepend(self, name: str, value: str) -> None:
        """Before the first one by that name, or before all. Raises: ValueError, as `add`."""
        field = _field(name, value)
        self._fields.insert(self._place(field[0]) or 0, field)

    def remove(self, name: str) -> list[str]:
        """All by that name. Returns: their values, as they stood."""
        key = _named(name)[0]
        values = [field[2] for field in self._fields if field[0] == key]
        if values:
            self._fields = [field for field in self._fields if field[0] != key]
        return values

    def items(self) -> Iterator[tuple[str, str]]:
        """Name and value of each field, lists as they stand."""
        return ((name, value) for _, name, value in self._fields)

    def copy(self) -> "Headers":
        """Others of the same content."""
        headers = Headers()
        headers._fields = self._fields.copy()
        return headers

    def _place(self, key: str) -> int | None:
        return next((place for place, field in enumerate(self._fields) if field[0] == key), None)

    @property
    def first(self) -> dict[str, str]:
        """The first field of each name, as it stands, by the name in lower case."""
        return {key: value for key, _, value in reversed(self._fields)}

    @property
    def repeated(self) -> list[str]:
        """Names of which there is more than one field, as they are spelt."""
        if len({field[0] for field in self._fields}) == len(self._fields):
            return []
        names = Counter(name for _, name, _ in self._fields)
        return [name for name, count in names.items() if count > 1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Headers):
            return NotImplemented
        return [(key, value) for key, _, value in self._fields] == [(key, value) for key, _, value in other._fields]

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Headers({list(self.items())!r})"


def _named(name: str) -> tuple[str, str]:
    """The key of a header and how its name is spelt; compact names are written out."""
    found = KNOWN.get(name)
    if found is None:
        key = name.lower()
        found = KNOWN.get(key) or (key, name)
    return found


def _field(name: str, value: str) -> tuple[str, str, str]:
    if "\n" in value or "\r" in value:
        raise ValueError(f"the value of {name} has a line end")
    if not TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    return *_named(name), value.strip(BLANK)
