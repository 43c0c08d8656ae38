"""Which addresses may be called: those of the public Internet, and what the operator allows.

`ipaddress.is_global` is not enough: what it says changes with releases of Python, and it takes multicast, 6to4,
IPv4-compatible and site-local addresses for global. So the registries are written down here
(RFC 6890, IANA IPv4 and IPv6 Special-Purpose Address Registries).
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV4 = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a provider (RFC 6598)",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "the host of a cloud machine (Azure)",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}

_IPV6 = {
    "::1/128": "loopback",
    "64:ff9b:1::/48": "a local translation to IPv4 (RFC 8215)",
    "2001::/32": "Teredo",
    "2001::/23": "reserved",
    "2001:db8::/32": "for documentation",
    "2002::/16": "6to4",
    "3fff::/20": "for documentation",
    "5f00::/16": "segment routing",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}

_CLOSED4 = [(IPv4Network(network), what) for network, what in _IPV4.items()]
_CLOSED6 = [(IPv6Network(network), what) for network, what in _IPV6.items()]

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out of IPv6 so far."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""How a machine without IPv4 reaches it (RFC 6052): the last 32 bits are where it ends."""


def plain(address: Address) -> Address:
    """IPv4 that is written as IPv6 (``::ffff:10.0.0.1``, RFC 4291 §2.5.5.2) as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def allowed(address: Address, allow: Sequence[Network]) -> bool:
    """Whether the operator named it."""
    address = plain(address)
    return any(address in network for network in allow)


def closed(address: Address, allow: Sequence[Network]) -> str:
    """What kind of address it is that must not be called; empty: it may be. `allow` opens networks."""
    address = plain(address)
    if allowed(address, allow):
        return ""
    if isinstance(address, IPv4Address):
        return _what(address, _CLOSED4)
    if address in _NAT64:
        return closed(IPv4Address(address.packed[-4:]), allow)
    return _what(address, _CLOSED6) or ("" if address in _GLOBAL_UNICAST else "reserved")


def _what(address: Address, networks: Sequence[tuple[Network, str]]) -> str:
    return next((what for network, what in networks if address in network), "")
