"""Which addresses may be called."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.callbacks.networks import allowed, closed, plain

OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2003:e0::1",
    "2606:4700::1111",
    "2a00:1450:4001:831::2003",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]

CLOSED = {
    "0.0.0.0": "this network",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.0": "shared by a provider (RFC 6598)",
    "100.100.100.200": "shared by a provider (RFC 6598)",
    "100.127.255.255": "shared by a provider (RFC 6598)",
    "127.0.0.1": "loopback",
    "127.255.255.255": "loopback",
    "168.63.129.16": "the host of a cloud machine (Azure)",
    "169.254.169.254": "link-local",
    "172.16.0.0": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "reserved",
    "192.0.2.1": "for documentation",
    "192.88.99.1": "a 6to4 relay",
    "192.168.178.1": "private",
    "198.18.0.1": "for benchmarks",
    "198.51.100.1": "for documentation",
    "203.0.113.1": "for documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "reserved",
    "::1": "loopback",
    "::127.0.0.1": "reserved",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:a9fe:a9fe": "link-local",
    "::ffff:0:127.0.0.1": "reserved",
    "64:ff9b::10.0.0.1": "private",
    "64:ff9b::169.254.169.254": "link-local",
    "64:ff9b:1::8.8.8.8": "a local translation to IPv4 (RFC 8215)",
    "100::1": "reserved",
    "2001::1": "Teredo",
    "2001:0:7f00:1::1": "Teredo",
    "2001:20::1": "reserved",
    "2001:db8::1": "for documentation",
    "2002:7f00:1::1": "6to4",
    "2002:a00:1::1": "6to4",
    "3fff::1": "for documentation",
    "4000::1": "reserved",
    "5f00::1": "segment routing",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%lo": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "fffe::1": "multicast",
}


@pytest.mark.parametrize("text", OPEN)
def test_the_public_internet_is_open(text: str) -> None:
    assert closed(ip_address(text), ()) == ""


@pytest.mark.parametrize(("text", "what"), CLOSED.items())
def test_all_else_is_closed_and_said_to_be(text: str, what: str) -> None:
    assert closed(ip_address(text), ()) == what


@given(st.ip_addresses(v=4))
def test_what_python_takes_for_inner_is_never_open(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert closed(address, ())


@given(st.ip_addresses(v=4))
def test_how_an_ipv4_address_is_written_as_ipv6_changes_nothing(address: IPv4Address) -> None:
    said = closed(address, ())
    assert closed(IPv6Address(f"::ffff:{address}"), ()) == said
    assert closed(IPv6Address(f"64:ff9b::{address}"), ()) == said
    assert plain(IPv6Address(f"::ffff:{address}")) == address


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_that_is_hidden_in_an_ipv6_one_is_closed(address: IPv4Address) -> None:
    hidden = address.packed
    for packed in (
        bytes(12) + hidden,
        b"\x20\x02" + hidden + bytes(10),
        b"\x20\x01" + bytes(10) + bytes(255 - octet for octet in hidden),
        bytes.fromhex("0064ff9b0001") + bytes(6) + hidden,
    ):
        assert closed(IPv6Address(packed), ())


@given(st.ip_addresses(v=6))
def test_only_global_unicast_is_open_of_ipv6(address: IPv6Address) -> None:
    if not closed(address, ()):
        assert address.packed[0] >> 5 == 1 or address.ipv4_mapped or address.packed.startswith(b"\0\x64\xff\x9b")


@pytest.mark.parametrize(
    ("allow", "text", "is_open"),
    [
        ("10.1.0.0/16", "10.1.2.3", True),
        ("10.1.0.0/16", "10.2.0.1", False),
        ("10.1.0.0/16", "::ffff:10.1.2.3", True),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3", True),
        ("10.1.0.0/16", "2002:a01:203::1", False),
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "::1", False),
        ("::1/128", "::1", True),
        ("::1/128", "127.0.0.1", False),
        ("fd00::/8", "fd12::1", True),
        ("fe80::/10", "fe80::1%lo", True),
        ("0.0.0.0/0", "169.254.169.254", True),
        ("0.0.0.0/0", "fe80::1", False),
    ],
)
def test_the_operator_opens_networks(allow: str, text: str, is_open: bool) -> None:
    assert (closed(ip_address(text), [ip_network(allow)]) == "") is is_open
    assert allowed(ip_address(text), [ip_network(allow)]) is (is_open and "64:ff9b" not in text)
    assert closed(ip_address("192.168.0.1"), [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]) == "private"
