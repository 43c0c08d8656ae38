"""Who is the client, what did it call us, and which request is it? What others say of that is believed of trusted
proxies alone: X-Forwarded-For, -Proto and -Host, X-Request-Id.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

Network = IPv4Network | IPv6Network

_SOUND = re.compile(r"[A-Za-z0-9._:=+/@-]{1,128}")
"""An id that can stand in a header and on a line of the log."""

_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Origin:
    """The client's end of a request."""

    peer: str
    """The client's IP address; empty if it is not known (a socket of this machine)."""

    base_url: str
    """Scheme, host and port as the client wrote them, and where the service is mounted; no slash at the end."""


def origin(scope: Scope, trusted: Sequence[Network]) -> Origin:
    """Read it off a request."""
    headers = Headers(scope=scope)
    peer = scope["client"][0] if scope.get("client") else ""
    scheme, host = str(scope["scheme"]), headers.get("host", "")
    if _among(peer, trusted):
        peer = _client(peer, _listed(headers, "x-forwarded-for"), trusted)
        scheme = _last(headers, "x-forwarded-proto", scheme).lower()
        host = _last(headers, "x-forwarded-host", host)
    if not _HOST.fullmatch(host):
        host = _own_host(scope)
    return Origin(peer, f"{scheme if scheme in ('http', 'https') else 'http'}://{host}{scope.get('root_path', '')}")


def request_id(scope: Scope, trusted: Sequence[Network]) -> str:
    """The proxy's name for a request, where it is sound; else a new one, 16 hexadecimal digits."""
    peer = scope["client"][0] if scope.get("client") else ""
    given = Headers(scope=scope).get("x-request-id", "") if _among(peer, trusted) else ""
    return given if _SOUND.fullmatch(given) else secrets.token_hex(8)


def _client(peer: str, hops: list[str], trusted: Sequence[Network]) -> str:
    """The nearest hop that is no proxy of ours: what stands further left, anybody can have written."""
    for hop in reversed(hops):
        address = _address(hop)
        if address is None:
            return peer
        peer = str(address)
        if not _among(peer, trusted):
            return peer
    return peer


def _among(peer: str, networks: Sequence[Network]) -> bool:
    address = _address(peer) if networks else None
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _listed(headers: Headers, name: str) -> list[str]:
    return [entry.strip() for value in headers.getlist(name) for entry in value.split(",")]


def _last(headers: Headers, name: str, default: str) -> str:
    """What the proxy next to us says; it may have added to a list."""
    entries = _listed(headers, name)
    return entries[-1] if entries and entries[-1] else default


def _own_host(scope: Scope) -> str:
    """HTTP/1.0 has no Host."""
    host, port = scope.get("server") or ("localhost", None)
    named = f"[{host}]" if ":" in host else host
    return f"{named}:{port}" if port else named
