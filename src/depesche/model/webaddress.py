"""An http address, taken apart strictly: there is one reading of it, so what is judged is what is called.

Programs that read addresses differently are how guards are passed (``http://good\\@evil/``). So whatever RFC 3986 does
not allow in an authority is refused, not mended.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote

import idna

PORTS = {"http": 80, "https": 443}
"""Schemes that can be called, with the ports they mean (RFC 9110 §4.2)."""

LONGEST_NAME = 253
"""Characters of a host's name (RFC 1035 §2.3.4, without lengths and root)."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where a request goes, and for what."""

    scheme: str
    """``http`` or ``https``."""

    host: str
    """In lower case; IPv6 without its brackets, umlauts as A-labels (RFC 5890)."""

    port: int
    target: str
    """Path and query in printable ASCII, as in the request line (RFC 9112 §3.2.1)."""

    @property
    def authority(self) -> str:
        """For the field ``Host`` (RFC 9110 §7.2); the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def certified_name(self) -> str:
        """What the certificate must say: the host without the dot of the root (RFC 6066 §3)."""
        return self.host.removesuffix(".")


def parse(url: str) -> WebAddress:
    """Read an absolute address; a fragment is left out. Raises: ValueError, which says why it cannot be called."""
    found = _URL.fullmatch(url)
    scheme = "" if found is None else found["scheme"].lower()
    if found is None or scheme not in PORTS:
        raise ValueError("it is neither http nor https")
    if "@" in found["authority"]:
        raise ValueError("it carries a user name")
    host, port = _host_and_port(found["authority"])
    target = found["target"] if found["target"].startswith("/") else f"/{found['target']}"
    return WebAddress(scheme, host, PORTS[scheme] if port is None else port, _printable(target))


_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL
)
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{0,5}))?")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

_KEPT = "/?:@!$&'()*+,;=[]%"
"""Reserved characters (RFC 3986 §2.2) with a meaning in path or query; brackets because PHP's ``a[]=`` has them."""


def _host_and_port(authority: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise ValueError("host or port is not valid")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("there is no such port")
    return _host(found["host"]), port


def _host(given: str) -> str:
    if given.startswith("["):
        return _ipv6(given[1:-1])
    try:
        name = (given if given.isascii() else idna.encode(given, uts46=True).decode()).lower()
    except idna.IDNAError:
        name = ""
    if not _NAME.fullmatch(name) or len(name.removesuffix(".")) > LONGEST_NAME:
        raise ValueError("it names no host")
    return name


def _ipv6(literal: str) -> str:
    """Zones (RFC 6874) are this machine's own business: nobody else may name them."""
    if "%" in literal:
        raise ValueError("it names a zone of this machine")
    try:
        return str(IPv6Address(literal))
    except ValueError:
        raise ValueError("it names no host") from None


def _printable(target: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", target), safe=_KEPT, errors="replace")
