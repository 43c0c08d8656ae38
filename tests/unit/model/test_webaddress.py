"""Addresses of the web, read strictly."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from depesche.model.webaddress import WebAddress, parse


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("http://www.firma.de/status", WebAddress("http", "www.firma.de", 80, "/status"), "www.firma.de"),
        ("HTTPS://WWW.Firma.DE:443/A?b=C", WebAddress("https", "www.firma.de", 443, "/A?b=C"), "www.firma.de"),
        ("http://firma.de:8080", WebAddress("http", "firma.de", 8080, "/"), "firma.de:8080"),
        ("https://firma.de:80/", WebAddress("https", "firma.de", 80, "/"), "firma.de:80"),
        ("http://firma.de:/", WebAddress("http", "firma.de", 80, "/"), "firma.de"),
        ("http://firma.de?a=1", WebAddress("http", "firma.de", 80, "/?a=1"), "firma.de"),
        ("http://firma.de/a#part?b", WebAddress("http", "firma.de", 80, "/a"), "firma.de"),
        ("http://firma.de./", WebAddress("http", "firma.de.", 80, "/"), "firma.de."),
        ("http://a_b.firma.de/", WebAddress("http", "a_b.firma.de", 80, "/"), "a_b.firma.de"),
        ("http://[2001:DB8:0::1]:81/", WebAddress("http", "2001:db8::1", 81, "/"), "[2001:db8::1]:81"),
        ("http://straße.de/", WebAddress("http", "xn--strae-oqa.de", 80, "/"), "xn--strae-oqa.de"),
        ("http://MÜLLER.example/", WebAddress("http", "xn--mller-kva.example", 80, "/"), "xn--mller-kva.example"),
        ("http://\uff11\uff12\uff17.\uff10.0.1/", WebAddress("http", "127.0.0.1", 80, "/"), "127.0.0.1"),
        ("http://a.de//x/../y", WebAddress("http", "a.de", 80, "//x/../y"), "a.de"),
    ],
)
def test_an_address_is_read(url: str, address: WebAddress, authority: str) -> None:
    assert parse(url) == address
    assert parse(url).authority == authority


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/ä b", "/%C3%A4%20b"),
        ("/%7e%zz%4", "/%7e%25zz%254"),
        ("/a[]=1&b='2'", "/a[]=1&b='2'"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/a\r\nHost: b", "/a%0D%0AHost:%20b"),
        ("/\x00\x7f", "/%00%7F"),
        ("/$JID-_.~!*();:@+,?/", "/$JID-_.~!*();:@+,?/"),
    ],
)
def test_a_target_is_made_printable_and_else_left_alone(target: str, sent: str) -> None:
    assert parse(f"http://firma.de{target}").target == sent


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "it is neither http nor https"),
        ("firma.de", "it is neither http nor https"),
        ("ftp://firma.de/", "it is neither http nor https"),
        ("javascript:alert(1)", "it is neither http nor https"),
        ("http:/firma.de", "it is neither http nor https"),
        (" http://firma.de", "it is neither http nor https"),
        ("http://", "it names no host"),
        ("http:///status", "it names no host"),
        ("http://:80/", "it names no host"),
        ("http://./", "it names no host"),
        ("http://a..b/", "it names no host"),
        ("http://$JID.firma.de/", "it names no host"),
        ("http://firma.de%00.evil.de/", "it names no host"),
        ("http://%31%32%37.0.0.1/", "it names no host"),
        ("http://a b/", "it names no host"),
        ("http://a\tb/", "it names no host"),
        ("http://a\x00b/", "it names no host"),
        ("http://good.de\\evil.de/", "it names no host"),
        ("http://\u2100/", "it names no host"),
        ("http://xn--\u00fc.de/", "it names no host"),
        (f"http://{'ab.' * 85}de/", "it names no host"),
        ("http://[::1/", "host or port is not valid"),
        ("http://::1/", "host or port is not valid"),
        ("http://[::1]x/", "host or port is not valid"),
        ("http://firma.de:80:80/", "host or port is not valid"),
        ("http://firma.de:http/", "host or port is not valid"),
        ("http://firma.de:-1/", "host or port is not valid"),
        ("http://firma.de:123456/", "host or port is not valid"),
        ("http://firma.de:٨٠/", "host or port is not valid"),
        ("http://[firma.de]/", "it names no host"),
        ("http://[127.0.0.1]/", "it names no host"),
        ("http://[v1.a]/", "it names no host"),
        ("http://[fe80::1%25eth0]/", "it names a zone of this machine"),
        ("http://[fe80::1%eth0]/", "it names a zone of this machine"),
        ("http://firma.de:0/", "there is no such port"),
        ("http://firma.de:65536/", "there is no such port"),
        ("http://user@firma.de/", "it carries a user name"),
        ("http://user:word@firma.de/", "it carries a user name"),
        ("http://@firma.de/", "it carries a user name"),
        ("http://good.de\\@evil.de/", "it carries a user name"),
    ],
)
def test_what_cannot_be_called_says_why(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        parse(url)


def test_the_certificate_is_that_of_the_name_without_the_roots_dot() -> None:
    assert parse("https://firma.de./").certified_name == "firma.de"
    assert parse("https://[::1]/").certified_name == "::1"


@given(st.text())
@example("http://a@b/")
def test_any_text_is_an_address_or_a_reason(text: str) -> None:
    try:
        address = parse(text)
    except ValueError as error:
        said = str(error)
    else:
        said = address.host
        _is_sound(address)
    assert said


@given(st.from_regex(r"https?://[a-z0-9.:\[\]@\\%-]{0,20}[/?#]?.{0,10}", fullmatch=True))
def test_what_looks_like_an_address_is_sound_or_refused(url: str) -> None:
    try:
        address = parse(url)
    except ValueError:
        return
    _is_sound(address)
    # Python's own parser sees the same host, where it sees one at all.
    other = urlsplit(url)
    assert other.hostname is not None
    assert other.hostname == address.host or ":" in address.host or not other.hostname.isascii()


def _is_sound(address: WebAddress) -> None:
    assert address.scheme in {"http", "https"}
    assert re.fullmatch(r"[a-z0-9._:-]+", address.host)
    assert 1 <= address.port <= 65535
    assert re.fullmatch(r"/[!-~]*", address.target)
    assert "#" not in address.target
