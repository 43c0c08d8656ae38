import re
from ipaddress import ip_network
from typing import Any

import pytest

from depesche.fronts.soap.forwarded import Origin, origin, request_id

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def scope(client: str | None = "203.0.113.9", scheme: str = "http", **headers: str) -> dict[str, Any]:
    return {
        "type": "http",
        "scheme": scheme,
        "client": (client, 40000) if client else None,
        "server": ("127.0.0.1", 8080),
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }


def test_the_host_of_the_request_is_used() -> None:
    assert origin(scope(host="fax.example:8080"), ()) == Origin("203.0.113.9", "http://fax.example:8080")
    assert origin(scope(scheme="https", host="[2001:db8::1]:443"), ()).base_url == "https://[2001:db8::1]:443"


@pytest.mark.parametrize("host", ["", 'a"b', "a b", "a/b", "a<b>", "user@host", "a" * 300, "a:1:2", "h:port"])
def test_without_a_usable_host_the_own_address_is_used(host: str) -> None:
    assert origin(scope(host=host), ()).base_url == "http://127.0.0.1:8080"


def test_http_1_0_has_no_host() -> None:
    assert origin(scope(), ()).base_url == "http://127.0.0.1:8080"


def test_own_addresses_of_ipv6_are_bracketed_and_sockets_have_no_port() -> None:
    assert origin({**scope(), "server": ("::1", 80)}, ()).base_url == "http://[::1]:80"
    assert origin({**scope(None), "server": ("/run/depesche.sock", None)}, ()).peer == ""


def test_strangers_cannot_forward() -> None:
    asked = scope(
        host="fax.example", x_forwarded_for="192.0.2.1", x_forwarded_proto="https", x_forwarded_host="evil.example"
    )
    assert origin(asked, TRUSTED) == Origin("203.0.113.9", "http://fax.example")


def test_a_trusted_proxy_tells_client_scheme_and_host() -> None:
    asked = scope(
        "10.1.2.3", host="inner", x_forwarded_for="192.0.2.1", x_forwarded_proto="HTTPS", x_forwarded_host="fax.example"
    )
    assert origin(asked, TRUSTED) == Origin("192.0.2.1", "https://fax.example")


@pytest.mark.parametrize(
    ("hops", "peer"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("198.51.100.66, 192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, 10.9.9.9", "192.0.2.1"),
        ("10.9.9.9, 10.8.8.8", "10.9.9.9"),
        ("2001:db8::7, fd00::1", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "10.1.2.3"),
        ("192.0.2.1, nonsense", "10.1.2.3"),
        ("", "10.1.2.3"),
    ],
)
def test_the_client_is_the_nearest_hop_that_is_no_proxy_of_ours(hops: str, peer: str) -> None:
    assert origin(scope("10.1.2.3", x_forwarded_for=hops), TRUSTED).peer == peer


def test_an_ipv4_client_on_an_ipv6_socket_is_recognised() -> None:
    assert origin(scope("::ffff:10.1.2.3", x_forwarded_for="192.0.2.1"), TRUSTED).peer == "192.0.2.1"


def test_a_scheme_that_is_none_of_the_web_is_not_passed_on() -> None:
    asked = scope("10.1.2.3", host="fax.example", x_forwarded_proto="javascript")
    assert origin(asked, TRUSTED).base_url == "http://fax.example"


def test_the_place_where_the_service_is_mounted_belongs_to_the_base() -> None:
    assert origin({**scope(host="h"), "root_path": "/depesche"}, ()).base_url == "http://h/depesche"


def test_a_request_has_a_name_of_its_own() -> None:
    names = {request_id(scope(x_request_id="a-stranger-says-so"), TRUSTED) for _ in range(100)}
    assert len(names) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in names)


@pytest.mark.parametrize(
    "name", ["7f3c9e5b2a", "0b6c7c9e-26a1-4b0e-9f0e-5f0c3f1e9d11", "Root=1-67891233-abcdef", "a" * 128]
)
def test_a_trusted_proxy_names_a_request(name: str) -> None:
    assert request_id(scope("10.1.2.3", x_request_id=name), TRUSTED) == name


@pytest.mark.parametrize("name", ["", " ", "a b", 'a"b', "ä", "a\r\nSet-Cookie: b", "a" * 129, "{}", "<a>"])
def test_a_name_that_is_not_sound_is_replaced(name: str) -> None:
    assert re.fullmatch("[0-9a-f]{16}", request_id(scope("10.1.2.3", x_request_id=name), TRUSTED))
