"""A line: a SIP trunk that carries faxes, as its operator set it up."""

import re
import zlib
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self


class T38(StrEnum):
    """Whether a line carries faxes as T.38."""

    YES = "yes"
    """Where the far end wants it, and where we are called."""

    NO = "no"
    """G.711 alone."""

    PREFER = "prefer"
    """As `yes`, and where we call and the far end does not ask for it, we do."""


class Transport(StrEnum):
    """What carries its signalling."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Law(StrEnum):
    """Audio that it speaks, G.711."""

    PCMA = "pcma"
    PCMU = "pcmu"


class Dialled(StrEnum):
    """How it wants numbers written."""

    PLUS = "plus"
    """+493023125000"""

    DIGITS = "digits"
    """493023125000"""

    ZEROS = "zeros"
    """00493023125000"""

    NATIONAL = "national"
    """03023125000 within the line's country, else 00 and the country."""


class Caller(StrEnum):
    """Where it wants the number that calls."""

    FROM = "from"
    """In From."""

    ASSERTED = "asserted"
    """In P-Asserted-Identity; From names the account at the trunk."""

    PREFERRED = "preferred"
    """In P-Preferred-Identity, likewise."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line stands at one of the nodes that carry calls by it."""

    line: str
    node: str
    """Empty: this one."""

    up: bool
    why: str
    """It is not up."""

    since: datetime


PORTS = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}

MOST_CHANNELS = 10_000

WITHHELD = "withheld"
"""Stands for callers who do not show their number."""

_NAME = re.compile("[a-z0-9][a-z0-9-]{0,31}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]")
_NUMBER = re.compile(r"\+[1-9][0-9]{3,14}\*?|\+[1-9][0-9]{0,14}\*")


class BadLine(ValueError):
    """A line cannot be so; says what is wrong."""


@dataclass(frozen=True, slots=True)
class Route:
    """Numbers that begin alike, and what a minute to them costs."""

    prefix: str
    """As E.164; ``+`` is all of them."""

    price: str = "0"
    """Euro, with a point."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """``+49`` or ``+49=0.012``. Raises: BadLine."""
        prefix, _, price = text.partition("=")
        if not _PREFIX.fullmatch(prefix) or not _PRICE.fullmatch(price or "0"):
            raise BadLine(f"{text} is no route as +49 or +49=0.012")
        return cls(prefix, price or "0")

    def __str__(self) -> str:
        return self.prefix if self.price == "0" else f"{self.prefix}={self.price}"


_PREFIX = re.compile(r"\+[0-9]{0,15}")
_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Line:
    """One SIP trunk."""

    name: str
    host: str
    """Registrar and proxy, or the other end of the trunk: a name or an address, IPv6 in brackets."""

    port: int = 0
    """0: as the name's SRV records say, else that of the transport."""

    transport: Transport = Transport.UDP
    register: bool = True
    user: str = ""
    """Of our address there."""

    auth_user: str = ""
    """Empty: `user`."""

    domain: str = ""
    """Of our address there; empty: `host`."""

    proxy: str = ""
    """Host, or host and port, that everything passes; empty: none."""

    numbers: tuple[str, ...] = ()
    """E.164 numbers that come in on it; one that ends in * is the beginning of many."""

    allowed: tuple[str, ...] = ()
    """E.164 numbers, written as `numbers` are, whose calls are taken, and `WITHHELD`; empty: all."""

    denied: tuple[str, ...] = ()
    """Those whose calls are not taken in any case, likewise."""

    channels: int = 2
    """Calls at once."""

    routes: tuple[Route, ...] = ()
    """Numbers that go out on it; empty: all, for nothing."""

    laws: tuple[Law, ...] = (Law.PCMA, Law.PCMU)
    """The best first."""

    t38: T38 = T38.YES
    dialled: Dialled = Dialled.PLUS
    country: str = "49"
    """Calling code, for numbers that are written nationally."""

    caller: Caller = Caller.FROM
    ring_seconds: int = 60
    verify: bool = True
    """TLS: the certificate has to be right for `host`."""

    follow_redirects: bool = False
    """Whether it may send a call on to another number (3xx)."""

    enabled: bool = True

    def checked(self) -> Self:
        """Raises: BadLine."""
        for wrong, why in (
            (not _NAME.fullmatch(self.name), "a name is small letters, digits and hyphens, at most 32"),
            (not _HOST.fullmatch(self.host), f"{self.host!r} is no host"),
            (not 0 <= self.port <= 65535, f"{self.port} is no port"),
            (self.register and not self.user, "to register takes a --user; without a registrar it is --no-register"),
            (not 1 <= self.channels <= MOST_CHANNELS, f"channels are 1 to {MOST_CHANNELS}"),
            (not self.laws, "a line speaks pcma, pcmu or both"),
            (not 5 <= self.ring_seconds <= 300, "it rings for 5 to 300 seconds"),
            (not re.fullmatch("[1-9][0-9]{0,2}", self.country), f"{self.country!r} is no calling code"),
            (bool(self.proxy) and not _HOST.fullmatch(split(self.proxy)[0]), f"{self.proxy!r} is no host"),
        ):
            if wrong:
                raise BadLine(why)
        for number in (*self.numbers, *(one for one in self.allowed + self.denied if one != WITHHELD)):
            if not _NUMBER.fullmatch(number):
                raise BadLine(f"{number} is no number as +493023125000, nor the beginning of some as +493023125*")
        return self

    def share(self, place: int, nodes: int) -> Self:
        """What one of so many nodes has of it, counted from 0: one of them registers, and channels are shared out."""
        turn = (place + zlib.crc32(self.name.encode())) % nodes  # not all lines by the same node
        channels = self.channels // nodes + (turn < self.channels % nodes)
        return replace(self, channels=channels, register=self.register and turn == 0)

    def written(self, number: str) -> str:
        """An E.164 number as this line wants it."""
        digits = number.removeprefix("+")
        match self.dialled:
            case Dialled.PLUS:
                return f"+{digits}"
            case Dialled.DIGITS:
                return digits
            case Dialled.NATIONAL if digits.startswith(self.country):
                return f"0{digits.removeprefix(self.country)}"
            case _:
                return f"00{digits}"

    def read(self, written: str) -> str:
        """The E.164 number that somebody on this line means; what is no number is given back."""
        compact = re.sub(r"[ ()./-]", "", written)
        if not re.fullmatch(r"\+?[0-9]+", compact):
            return written
        if compact.startswith("+"):
            return compact
        if compact.startswith("00"):
            return f"+{compact[2:]}"
        if compact.startswith("0"):
            return f"+{self.country}{compact[1:]}"
        return f"+{compact}"

    def has(self, number: str) -> bool:
        """Whether calls to this E.164 number come in on it."""
        return _among(number, self.numbers)

    def takes(self, caller: str) -> bool:
        """Whether calls of this E.164 number, or of one who withholds it (empty), are taken."""
        named = caller or WITHHELD
        return not _among(named, self.denied) and (not self.allowed or _among(named, self.allowed))

    def price(self, number: str) -> Decimal | None:
        """Euro a minute to this E.164 number, by the longest prefix; None: it does not go out here."""
        if not self.routes:
            return Decimal()
        fitting = [route for route in self.routes if number.startswith(route.prefix)]
        return Decimal(max(fitting, key=lambda route: len(route.prefix)).price) if fitting else None

    def as_json(self) -> dict[str, Any]:
        """All but the name."""
        values = asdict(self)
        del values["name"]
        return values

    @classmethod
    def of_json(cls, name: str, values: dict[str, Any]) -> Self:
        """What `as_json` gave; what an older release did not know has its usual value."""
        known = {field.name for field in fields(cls)}
        given = {key: value for key, value in values.items() if key in known}
        for key, kind in _KINDS.items():
            if key in given:
                given[key] = kind(given[key])
        return cls(name, **given)


_KINDS: dict[str, Any] = {
    "transport": Transport,
    "numbers": tuple,
    "allowed": tuple,
    "denied": tuple,
    "routes": lambda values: tuple(Route(**value) for value in values),
    "laws": lambda values: tuple(Law(value) for value in values),
    "t38": T38,
    "dialled": Dialled,
    "caller": Caller,
}


def _among(number: str, patterns: tuple[str, ...]) -> bool:
    return any(number.startswith(one[:-1]) if one.endswith("*") else number == one for one in patterns)


def split(place: str) -> tuple[str, int]:
    """Host, without the brackets of IPv6, and port of ``host:port``; 0 if there is none."""
    host, colon, port = place.rpartition(":")
    if colon and port.isdigit() and len(port) < 6 and (host.startswith("[") or ":" not in host):
        return host.strip("[]"), int(port)
    return place.strip("[]"), 0
