"""SIP and tel URIs, and the addresses of headers."""

import string
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.uri import NameAddr, Uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:alice@atlanta.example", Uri("sip", "atlanta.example", "alice")),
        ("SIPS:Alice@Atlanta.EXAMPLE:5061", Uri("sips", "atlanta.example", "Alice", 5061)),
        ("sip:192.0.2.4", Uri("sip", "192.0.2.4")),
        ("sip:[2001:DB8:0::10]:5070;lr", Uri("sip", "2001:db8::10", "", 5070, (("lr", None),))),
        ("sip:x@[::ffff:192.0.2.1]", Uri("sip", str(IPv6Address("::ffff:192.0.2.1")), "x")),
        ("sip:x@[2001:db8:::1]", Uri("sip", "2001:db8::1", "x")),
        ("sip:a:b@h", Uri("sip", "h", "a", password="b")),
        ("sip:a:@h", Uri("sip", "h", "a", password="")),
        ("sip:a;day=tuesday@h;x=%4a;Y=%25%3b", Uri("sip", "h", "a;day=tuesday", None, (("x", "J"), ("Y", "%;")))),
        ("sip:h;method=REGISTER?to=a%40b&x=", Uri("sip", "h", "", None, (("method", "REGISTER"),), "to=a%40b&x=")),
        ("sip:J%C3%BCrgen%20%00@h", Uri("sip", "h", "Jürgen \0")),
        ("sip:J%FCrgen@h", Uri("sip", "h", "Jürgen")),
        ("sip:*21#@h", Uri("sip", "h", "*21#")),
        ("sip:a@h;;x=", Uri("sip", "h", "a", None, (("x", ""),))),
        ("sip:under_score.example.", Uri("sip", "under_score.example.")),
        ("sip:@h", Uri("sip", "h")),
        ("tel:+49-(30) 1.2".replace(" ", ""), Uri("tel", "", "+493012")),
        ("tel:7042;phone-context=example.com", Uri("tel", "", "7042", None, (("phone-context", "example.com"),))),
        ("tel:*31%23".replace("%23", "#"), Uri("tel", "", "*31#")),
        ("isbn:2983792873", Uri("isbn", "", "2983792873")),
        ("soap.beep://192.0.2.103:3002", Uri("soap.beep", "", "//192.0.2.103:3002")),
        ("urn:ä%zz", Uri("urn", "", "%C3%A4%zz")),
    ],
)  # fmt: skip
def test_a_uri_is_taken_apart_and_written_so_that_it_reads_the_same(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri
    assert Uri.parse(str(uri)) == uri


@pytest.mark.parametrize(
    "text",
    ["", "sip", "sip:", "sip:a@", "sip:a b@h", "sip:a@h ", "<sip:a@h>", "sip:a@b@c", "sip:a@h:0", "sip:a@h:65536",
     "sip:a@h:", "sip:a@h:5x", "sip:a@h:²", "sip:2001:db8::10", "sip:[2001:db8::10", "sip:[]", "sip:[fe80::1%25eth0]",
     "sip:[::1]x", "sip:a..b", "sip:a@h\0", "sip:%4@h", "sip:%@h", "sip:a@h;%x", "sip:a@h;=x", "sip:a@h?x=%", 'sip:"@h',
     "sip:ü.example", f"sip:{'x' * 300}", "9a:b", "tel:", "tel:x", "tel:+", "tel:+49/30", "ö:x", " sip:a@h",
     "sip:a@h;x=\n", "sip:h/path", "sip:h;x@"],
)  # fmt: skip
def test_what_is_no_uri_says_so(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        Uri.parse(text)
    assert caught.value.reason


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        (Uri("sip", "h", "a b@c:d%", password="e:;"), "sip:a%20b%40c%3Ad%25:e%3A%3B@h"),
        (Uri("sip", "h", "+49;x=1/2?"), "sip:+49;x=1/2?@h"),
        (Uri("sip", "h", "ü\r\n<>\""), "sip:%C3%BC%0D%0A%3C%3E%22@h"),
        (Uri("sip", "h", "\ud800"), "sip:?@h"),
        (Uri("sip", "h", "", 5060, (("x", "a;b?"), ("lr", None), ("y", ""))), "sip:h:5060;x=a%3Bb%3F;lr;y="),
        (Uri("sip", "::1", "a", headers="x=a b"), "sip:a@[::1]?x=a%20b"),
        (Uri("tel", "", "+49 30"), "tel:+49%2030"),
        (Uri("x", "", "a\r\nb"), "x:a%0D%0Ab"),
    ],
)  # fmt: skip
def test_what_would_be_read_otherwise_is_escaped(uri: Uri, text: str) -> None:
    assert str(uri) == text


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.lists(st.tuples(ANY.filter(bool), st.none() | ANY), max_size=3).map(tuple)
HOSTS = st.sampled_from(["example.com", "h", "192.0.2.1", "2001:db8::1", "::"])
URIS = st.builds(
    Uri,
    st.sampled_from(["sip", "sips"]),
    HOSTS,
    ANY,
    st.none() | st.integers(1, 65535),
    VALUES,
    st.sampled_from(["", "a=b", "a=%20&b="]),
    st.none() | ANY,
)
NUMBERS = st.builds(
    Uri, st.just("tel"), st.just(""), st.text("0123456789", min_size=1).map("+{}".format), st.none(), VALUES
)


@given(URIS | NUMBERS)
def test_whatever_a_uri_holds_is_written_so_that_it_reads_the_same(uri: Uri) -> None:
    assert str(uri).isascii()
    assert Uri.parse(str(uri)) == uri
    assert uri.matches(uri)


PIECES = st.lists(
    st.sampled_from([*'@:;?=&%[]<>,"\\ \t+-.', "sip:", "tel:", "%41", "h", "x", "::1", "ü", "\0", "5060"])
)


@given(PIECES.map("".join) | PIECES.map(lambda pieces: "sip:" + "".join(pieces)) | st.text())
def test_any_text_is_a_uri_or_malformed(text: str) -> None:
    try:
        uri = Uri.parse(text)
    except Malformed:
        return
    assert Uri.parse(str(uri)) == uri
    assert uri.matches(uri)
    assert set(str(uri)) <= set(string.printable) - set(string.whitespace) - set('<>"')


def test_parameters_are_found_in_any_case() -> None:
    uri = Uri.parse("sip:h;Transport=TCP;lr;x=;X=2")
    assert (uri.transport, uri.parameter("LR"), uri.parameter("x"), uri.parameter("y")) == ("tcp", "", "", None)
    assert Uri.parse("sip:h").transport is None
    assert Uri.parse("sip:h;transport=").transport is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("tel:+49-30-123", "+4930123"),
        ("sip:+49(30)123;ext=1@h;user=phone", "+4930123"),
        ("sip:030.123@h", "030123"),
        ("sip:*31#7@h", "*31#7"),
        ("sip:alice@h", ""),
        ("sip:fax-1x@h", ""),
        ("sip:h", ""),
        ("sip:٣@h", ""),
    ],
)
def test_a_number_is_found_in_any_uri_that_is_one(text: str, number: str) -> None:
    assert Uri.parse(text).number == number


SAME = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
    ("sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
     "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"),
    ("sip:alice@atlanta.com?subject=project%20x&priority=urgent",
     "sip:alice@atlanta.com?priority=urgent&subject=project%20x"),
    ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0:0::1]"),
    ("tel:+49-30-12", "tel:+49(30)12"),
    ("tel:7A42;x=1;phone-context=a.example", "tel:7a42;phone-context=A.EXAMPLE;x=1"),
]  # fmt: skip
OTHERS = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:a@h", "sips:a@h"),
    ("sip:a@h", "sip:a:b@h"),
    ("sip:a@h", "sip:a@h;user=phone"),
    ("sip:a@h;maddr=x", "sip:a@h"),
    ("sip:a@h;method=INVITE", "sip:a@h"),
    ("tel:+4930", "tel:4930"),
    ("tel:1;phone-context=a", "tel:1;phone-context=b"),
    ("tel:1;phone-context=a", "tel:1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_addresses_of_one_place_match(one: str, other: str) -> None:
    """The examples of RFC 3261 §19.1.4 among them."""
    assert Uri.parse(one).matches(Uri.parse(other))
    assert Uri.parse(other).matches(Uri.parse(one))


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_addresses_of_two_places_do_not(one: str, other: str) -> None:
    assert not Uri.parse(one).matches(Uri.parse(other))
    assert not Uri.parse(other).matches(Uri.parse(one))


# addresses of headers

BOB = Uri("sip", "h", "bob")


@pytest.mark.parametrize(
    ("text", "display", "uri", "parameters"),
    [
        ("<sip:bob@h>", "", BOB, ()),
        ("sip:bob@h", "", BOB, ()),
        ("sip:bob@h ;tag = 7", "", BOB, (("tag", "7"),)),
        ("sip:bob@h;transport=tcp", "", BOB, (("transport", "tcp"),)),
        ("<sip:bob@h;transport=tcp>", "", Uri("sip", "h", "bob", None, (("transport", "tcp"),)), ()),
        ("Bob<sip:bob@h>", "Bob", BOB, ()),
        ("Bob the\tBuilder \t< sip:bob@h >;x", "Bob the\tBuilder", BOB, (("x", None),)),
        ("Bell, Alexander <sip:bob@h>;tag=43", "Bell, Alexander", BOB, (("tag", "43"),)),
        (r'"a \"b\" \\ <x>, ;c" <sip:bob@h>', 'a "b" \\ <x>, ;c', BOB, ()),
        ('""<sip:bob@h>', "", BOB, ()),
        ('"\\\0\\\x07" <sip:bob@h>', "\0\x07", BOB, ()),
        ('"Größe" <sip:bob@h>', "Größe", BOB, ()),
        ('<sip:bob@h>;x="a;b, <c>";;y=[::1];', "", BOB, (("x", '"a;b, <c>"'), ("y", "[::1]"))),
        ("<tel:+49-30>;q=0.5", "", Uri("tel", "", "+4930"), (("q", "0.5"),)),
        ("<name:John_Smith>", "", Uri("name", "", "John_Smith"), ()),
    ],
)
def test_an_address_is_taken_apart(text: str, display: str, uri: Uri, parameters: object) -> None:
    address = NameAddr.parse(text)
    assert (address.display, address.uri, address.parameters) == (display, uri, parameters)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "*", "<>", "<sip:bob@h", "sip:bob@h>", '"Bob <sip:bob@h>', '"Bob" sip:bob@h', '"Bob"', 'B "ob" <sip:bob@h>',
     "<sip:bob@h> x", "<sip:bob@h>, <sip:a@h>", "sip:a@h, sip:b@h", "sip:bob@h?Route=%3Csip:x%3E", "<sip:bob@h>;=1",
     "<sip:bob@h>;a b", "<sip:bob@h>;a=b c", '<sip:bob@h>;a="b', '<sip:bob@h>;a="b"c', "<<sip:bob@h>>", "<sip:b@h>;ä=1",
     "<sip:bob@h>;a=<b>", "\xa0<sip:b@h>;\xa0=1"],
)  # fmt: skip
def test_what_is_no_address_says_so(text: str) -> None:
    with pytest.raises(Malformed):
        NameAddr.parse(text)


def test_a_list_is_cut_where_no_quote_and_no_bracket_is() -> None:
    text = '"A, B" <sip:a@h;x=1,2>;p="1,2" ,, <sip:b@h>, sip:c@h;q=1,'
    found = NameAddr.parse_list(text)
    assert [(one.display, one.uri.user) for one in found] == [("A, B", "a"), ("", "b"), ("", "c")]
    assert NameAddr.parse_list(" ") == []


@pytest.mark.parametrize("text", ['<sip:a@h>, "b', "<sip:a@h>, <sip:b@h", "<sip:a@h>, x"])
def test_a_list_with_something_else_in_it_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        NameAddr.parse_list(text)


def test_a_tag_is_read_and_set() -> None:
    bob = NameAddr.parse("Bob <sip:bob@h>;x=1")
    assert bob.tag is None
    tagged = bob.with_tag("a1")
    assert (tagged.tag, str(tagged)) == ("a1", '"Bob" <sip:bob@h>;x=1;tag=a1')
    assert NameAddr.parse("<sip:bob@h>;TAG=b;y").with_tag("c").parameters == (("y", None), ("tag", "c"))
    assert NameAddr.parse("<sip:bob@h>;tag=").tag is None


def test_a_quoted_value_is_told_without_its_quotes_and_kept_with_them() -> None:
    address = NameAddr.parse(r'<sip:bob@h>;+sip.Instance="<urn:\"x\">";methods="INVITE"')
    assert address.parameter("+SIP.instance") == '<urn:"x">'
    assert str(address).endswith(r';+sip.Instance="<urn:\"x\">";methods="INVITE"')


def test_a_value_that_needs_quotes_gets_them() -> None:
    given = (("a", "b c"), ("d", '"e'), ("f", "x\r\ny"), ("g", None), ("h", "ü"))
    address = NameAddr(BOB, "Fax\r\nVia: x", given)
    assert str(address) == '"Fax Via: x" <sip:bob@h>;a="b c";d="\\"e";f="x y";g;h=ü'
    with pytest.raises(ValueError, match="no name"):
        str(NameAddr(BOB, "", (("a b", "c"),)))


@given(st.builds(NameAddr, URIS, ANY, st.lists(st.tuples(st.text("ab-", min_size=1), st.none() | ANY)).map(tuple)))
def test_whatever_an_address_holds_is_one_line_that_can_be_read(address: NameAddr) -> None:
    text = str(address)
    assert "\r" not in text
    assert "\n" not in text
    again = NameAddr.parse(text)
    assert (again.uri, [name for name, _ in again.parameters]) == (
        address.uri,
        [name for name, _ in address.parameters],
    )
    assert NameAddr.parse(str(again)) == again


@given(PIECES.map("".join) | st.text())
def test_any_text_is_an_address_or_malformed(text: str) -> None:
    for read in (NameAddr.parse, NameAddr.parse_list):
        try:
            found = read(text)
        except Malformed:
            continue
        for address in found if isinstance(found, list) else [found]:
            assert NameAddr.parse(str(address)) == address
