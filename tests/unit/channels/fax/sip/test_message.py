"""Messages and their headers: what is read, what is written, and what is too much."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.grammar import seconds
from depesche.channels.fax.sip.headers import LONGEST_HEADER, Headers
from depesche.channels.fax.sip.message import (
    LONGEST_MESSAGE,
    MOST_HEADERS,
    MOST_VIAS,
    BadRequest,
    CSeq,
    Request,
    Response,
    Via,
    encode,
    glance,
    parse,
)
from depesche.channels.fax.sip.uri import NameAddr, Uri

INVITE = (
    b"INVITE sip:+49301234@192.0.2.4;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa1;rport\r\n"
    b"From: \"Fax\" <sip:+4940@192.0.2.2>;tag=f1\r\n"
    b"To: <sip:+49301234@192.0.2.4>\r\n"
    b"Call-ID: c1@192.0.2.2\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:fax@192.0.2.2:5060>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 5\r\n\r\nv=0\r\n"
)  # fmt: skip


def with_header(line: str) -> bytes:
    return INVITE.replace(b"Contact: <", f"{line}\r\nContact: <".encode())


def reason(data: bytes, kind: type[Malformed] = BadRequest) -> str:
    with pytest.raises(Malformed) as caught:
        parse(data)
    assert type(caught.value) is kind
    return caught.value.reason


def test_an_invite_is_taken_apart() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert message.method == "INVITE"
    assert message.uri == Uri("sip", "192.0.2.4", "+49301234", None, (("user", "phone"),))
    assert message.via == Via("UDP", "192.0.2.2", 5060, (("branch", "z9hG4bKa1"), ("rport", None)))
    assert message.vias == [message.via]
    assert message.branch == "z9hG4bKa1"
    assert message.from_ == NameAddr(Uri("sip", "192.0.2.2", "+4940"), "Fax", (("tag", "f1"),))
    assert message.to == NameAddr(Uri("sip", "192.0.2.4", "+49301234"))
    assert message.call_id == "c1@192.0.2.2"
    assert message.cseq == CSeq(1, "INVITE")
    assert message.body == b"v=0\r\n"
    assert encode(message) == INVITE, "Content-Length stood last already"


def test_a_response_is_taken_apart() -> None:
    message = parse(INVITE.replace(b"INVITE sip:+49301234@192.0.2.4;user=phone SIP/2.0", b"sip/2.0 486 Busy Here"))
    assert isinstance(message, Response)
    assert (message.status, message.reason, message.cseq.method) == (486, "Busy Here", "INVITE")
    assert encode(message).startswith(b"SIP/2.0 486 Busy Here\r\n")


def test_the_length_is_no_header_of_what_was_read_and_is_written_by_the_body() -> None:
    message = parse(INVITE)
    assert "Content-Length" not in message.headers
    message.headers.add("l", "7000")
    message.body = b"longer than it was"
    written = encode(message)
    assert written.count(b"Content-Length") == 1
    assert b"Content-Length: 18\r\n\r\nlonger" in written


def test_less_than_came_is_cut_off_and_without_a_length_all_is_taken() -> None:
    assert parse(INVITE + b"more").body == b"v=0\r\n"
    assert parse(INVITE.replace(b"Content-Length: 5\r\n", b"") + b"more").body == b"v=0\r\nmore"


def test_one_octet_that_is_missing_is_noticed() -> None:
    assert reason(INVITE[:-1]) == "Content-Length is more than there is"


def test_a_first_line_may_be_all_there_is_of_a_head() -> None:
    assert reason(b"INVITE sip:h SIP/2.0\r\n\r\n", Malformed) == "Via is missing"
    assert reason(b"INVITE sip:h SIP/2.0\n\nbody", Malformed) == "Via is missing"


# octets and lines


def test_line_ends_before_the_message_are_passed_over() -> None:
    assert parse(b"\r\n\r\n\r\n" + INVITE) == parse(INVITE)


def test_lines_may_all_end_with_lf_alone() -> None:
    assert parse(INVITE.replace(b"\r\n", b"\n")[:-1].replace(b"Length: 5", b"Length: 3")).body == b"v=0"


@pytest.mark.parametrize(
    "data",
    [
        INVITE.replace(b"\r\nCSeq", b"\nCSeq"),
        INVITE.replace(b"\r\nCSeq", b"\rCSeq"),
        INVITE.replace(b"\r\nCSeq", b"\r\r\nCSeq"),
        INVITE.replace(b"\r\n\r\n", b"\n\n").replace(b"\r\nCSeq", b"\nCSeq") + b"\r\n\r\n",
        INVITE.replace(b"\r\n", b"\n").replace(b"\nCSeq", b"\r\nCSeq"),
        INVITE.replace(b"\r\n", b"\n").replace(b"\nCSeq", b"\rCSeq"),
        INVITE.replace(b"Call-ID: c1", b"Call-ID: \rc1"),
        b"\r" + INVITE.replace(b"\r\n", b"\n"),
    ],
)
def test_lines_that_end_in_two_ways_have_no_reading(data: bytes) -> None:
    assert reason(data, Malformed) == "lines end in different ways"


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n\r\n", b"\0\0\0\0", b"jaK\0", INVITE[:100], INVITE.partition(b"\r\n\r\n")[0], b"\x16\x03\x01\x02\0",
     INVITE.replace(b"\r\n", b"\n", 1)],
)  # fmt: skip
def test_what_has_no_head_is_dropped(data: bytes) -> None:
    assert reason(data, Malformed) == "the head has no end"


@pytest.mark.parametrize(
    "line",
    [b"GET / HTTP/1.1", b"INVITE", b"", b" ", b"SIP/2.0", b"SIP/3.0 200 OK", "\u017fIP/2.0 200 OK".encode(),
     b"I\xc3\xb6 sip:x SIP/2.0",     b"SIP/2.0\t200 OK", b"INVITE sip:x SIP", b"\0", b"INVITE sip:x SIP/2.0x"],
)  # fmt: skip
def test_what_does_not_begin_like_sip_is_dropped(line: bytes) -> None:
    first = INVITE.partition(b"\r\n")[0]
    assert reason(INVITE.replace(first, line), Malformed)


def test_names_that_are_no_utf_8_are_read_as_latin_1() -> None:
    message = parse(INVITE.replace(b"Fax", b"B\xfcro"))
    assert message.from_.display == "Büro"
    assert parse(encode(message)) == message
    assert parse(INVITE.replace(b"Fax", "Büro".encode())).from_.display == "Büro"


def test_blanks_of_unicode_are_no_blanks() -> None:
    message = parse(with_header("Subject: \xa0\x85\u2028x\x1c"))
    assert message.headers.get("Subject") == "\xa0\x85\u2028x\x1c"
    assert parse(encode(message)) == message


# headers that are wrong


@pytest.mark.parametrize("line", ["no colon", ": no name", "na me: x", "näme: x", "x\0: y", "<x>: y"])
def test_a_line_that_is_no_header_is_answered(line: str) -> None:
    assert reason(with_header(line)) == "a line is no header"


@pytest.mark.parametrize(
    ("there", "instead", "why"),
    [
        ("Via: SIP/2.0/UDP", "Via: SIP/2.0/UDP a, SIP/3.0/UDP", "Via: it has no form that we know"),
        ("From: ", "From: x", "From: a name is quoted in part"),
        ("To: <sip:", "To: <", "To: the URI has no scheme"),
        ("Call-ID: c1", "Call-ID: c 1", "Call-ID: it is no word"),
        ("Call-ID: c1@192.0.2.2", "Call-ID:", "Call-ID: it is no word"),
        ("CSeq: 1", "CSeq: -1", "CSeq: it is no whole number"),
        ("CSeq: 1", "CSeq: 4294967296", "CSeq: the number is above 4294967295"),
        ("CSeq: 1 INVITE", "CSeq: 1", "CSeq: it has no method"),
        ("CSeq: 1 INVITE", "CSeq: 1 INVITE x", "CSeq: it has no method"),
        ("192.0.2.2:5060;branch", "h,SIP/2.0/TCP h:506000;branch", "Via: the number is above 65535"),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", "CSeq names another method"),
        ("sip:+49301234@192.0.2.4;user=phone SIP", "sip: SIP", "Request-URI: it names no host"),
    ],
)
def test_a_mandatory_header_that_is_wrong_is_answered(there: str, instead: str, why: str) -> None:
    assert reason(INVITE.replace(there.encode(), instead.encode(), 1)) == why


def test_an_answer_takes_along_what_finds_the_way_back() -> None:
    with pytest.raises(BadRequest) as caught:
        parse(with_header("v: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKb\r\nt: <sip:again@h>\r\nX: y"))
    response = caught.value.response
    assert [via.host for via in response.vias] == ["192.0.2.2", "192.0.2.9"]
    assert (response.call_id, response.cseq, response.from_.tag) == ("c1@192.0.2.2", CSeq(1, "INVITE"), "f1")
    assert "X" not in response.headers
    assert response.to.uri == Uri("sip", "192.0.2.4", "+49301234")


def test_an_answer_has_a_tag_that_is_the_same_each_time() -> None:
    tags = []
    for branch in (b"z9hG4bKa1", b"z9hG4bKa1", b"z9hG4bKa2"):
        with pytest.raises(BadRequest) as caught:
            parse(INVITE.replace(b"z9hG4bKa1", branch).replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"))
        tags.append(caught.value.response.to.tag)
    assert tags[0] == tags[1] != tags[2]
    with pytest.raises(BadRequest) as caught:
        parse(INVITE.replace(b"192.0.2.4>", b"192.0.2.4>;tag=t1").replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"))
    assert caught.value.response.to.tag == "t1"


def test_nobody_answers_an_ack_or_a_response() -> None:
    acknowledged = INVITE.replace(b"INVITE", b"ACK").replace(b"CSeq: 1", b"CSeq: x")
    assert reason(acknowledged, Malformed) == "CSeq: it is no whole number"
    first = INVITE.partition(b"\r\n")[0]
    assert reason(INVITE.replace(first, b"SIP/2.0 200 OK").replace(b"CSeq: 1", b"CSeq: x"), Malformed)


def test_a_reason_quotes_nothing_of_what_came() -> None:
    with pytest.raises(BadRequest) as caught:
        parse(INVITE.replace(b"CSeq: 1 INVITE", b"CSeq: \x1b[31m INVITE"))
    assert "\x1b" not in encode(caught.value.response).decode().partition("\r\n")[0]


# limits


def test_a_message_may_fill_a_datagram_and_no_more() -> None:
    bare = INVITE.replace(b"Content-Length: 5\r\n", b"")
    fill = bytes(LONGEST_MESSAGE - len(bare))
    assert len(parse(bare + fill).body) == 5 + len(fill)
    assert reason(bare + fill + b"x", Malformed) == "the message is too long"


@pytest.mark.parametrize(
    ("line", "call_id"),
    [
        ("Call-ID: 1@h", "1@h"),
        ("i:\t 1@h ", "1@h"),
        ("CALL-id : größe", "größe"),
        ("x: Call-ID: 1", ""),
        ("Call-ID:\r\n  1", "1"),
    ],
)
def test_a_glance_tells_the_call_id(line: str, call_id: str) -> None:
    assert glance(f"\r\nINVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h\r\n{line}\r\n\r\n".encode()) == call_id


def test_a_glance_tells_answers_apart() -> None:
    assert glance(b"SIP/2.0 200 OK\r\nCall-ID: 1\r\n\r\n") is None


def test_headers_are_counted() -> None:
    message = parse(with_header("\r\n".join(["X: y"] * (MOST_HEADERS - 8))))
    assert message.headers.every("x") == ["y"] * (MOST_HEADERS - 8)
    assert reason(with_header("\r\n".join(["X: y"] * (MOST_HEADERS - 7))), Malformed) == "there are too many headers"


def test_a_header_may_be_so_long() -> None:
    assert parse(with_header(f"X: {'y' * (LONGEST_HEADER - 1)}")).headers.get("X") == "y" * (LONGEST_HEADER - 1)
    assert reason(with_header(f"X: {'y' * LONGEST_HEADER}")) == "a header is too long"
    assert reason(with_header(f"X: y{chr(13)}{chr(10)} {'y' * LONGEST_HEADER}")) == "a header is too long"


def test_vias_are_counted() -> None:
    assert reason(INVITE.replace(b"SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKa1;rport", b" ,"), Malformed) == (
        "Via: there is none, or too many"
    )
    more = ", ".join(["SIP/2.0/UDP h"] * (MOST_VIAS - 1))
    assert len(parse(with_header(f"Via: {more}")).vias) == MOST_VIAS
    assert reason(with_header(f"Via: {more}, SIP/2.0/UDP h")) == "Via: there is none, or too many"


PIECES = [
    " ", "\t ", ",", ";", '"', '\\"', '"\\', "<", "<>", "<a>,", '",', "a", "a ", "a=", ";a=", ";a", "[", "%", "%41",
    "(", " ;", " ,", ":", "@", "1", ". ", "a.", "= ", "\r\n ",
]  # fmt: skip
PLACES = [
    "Via: ", "From: ", "To: ", "CSeq: ", "Call-ID: ", "Via: SIP", "UDP 192.0.2.2", "192.0.2.2:5060", "CSeq: 1", "tag=",
    "To: <sip:", "INVITE sip:", "INVITE ", "SIP/2.0/UDP", "Fax", "Contact: ", "Contact", "\r\n",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_nothing_takes_more_steps_than_it_has_octets(place: str) -> None:
    """An expression that tries all ways would not come to an end here."""
    for piece in PIECES:
        long = piece * (LONGEST_HEADER // 2 // len(piece))
        with contextlib.suppress(Malformed):
            message = parse(INVITE.replace(place.encode(), (place + long).encode(), 1))
            assert parse(encode(message)) == message
            NameAddr.parse_list(", ".join(message.headers.every("Contact")))


# whatever comes, and whatever is written

LINES = st.lists(
    st.sampled_from([b"Via", b"v", b"From", b"t", b"i", b"CSEQ", b"X-Any", b"Contact", b"l", b"Subject"]).flatmap(
        lambda name: st.sampled_from(
            [b": SIP/2.0/UDP h", b": <sip:a@h>;tag=1", b": 1 INVITE", b" :\r\n  x", b": \xff\xfe", b":", b": a, b"]
        ).map(lambda value: name + value)
    )
)


@given(
    st.binary()
    | LINES.map(lambda lines: b"INVITE sip:h SIP/2.0\r\n" + b"\r\n".join(lines) + b"\r\n\r\nbody")
    | st.tuples(st.integers(0, len(INVITE)), st.integers(0, 9), st.binary(max_size=9)).map(
        lambda cut: INVITE[: cut[0]] + cut[2] + INVITE[cut[0] + cut[1] :]
    )
)
def test_any_octets_are_a_message_or_malformed(data: bytes) -> None:
    try:
        message = parse(data)
    except BadRequest as error:
        encode(error.response)
        return
    except Malformed:
        return
    again = parse(encode(message))
    assert again == message
    assert encode(again) == encode(message)


TOKENS = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=9)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)
OTHERS = st.lists(st.tuples(TOKENS.map("X-{}".format) | st.sampled_from(["Allow", "k", "WWW-Authenticate"]), VALUES))


@given(TOKENS, OTHERS, st.binary(max_size=30), st.integers(100, 699), VALUES, st.booleans())
def test_what_was_written_is_read_as_what_it_was(
    method: str, others: list[tuple[str, str]], body: bytes, status: int, phrase: str, asks: bool
) -> None:
    fields = [
        ("Via", str(Via("UDP", "2001:db8::1", 5060, (("branch", "z9hG4bK1"),)))),
        ("From", str(NameAddr(Uri("sip", "h", "a"), "ä", (("tag", "1"),)))),
        ("To", str(NameAddr(Uri("tel", "", "+4930")))),
        ("Call-ID", "c1"),
        ("CSeq", str(CSeq(7, method))),
        *others,
    ]
    headers = Headers(fields)
    message = Request(method, Uri("sip", "h", "b"), headers, body) if asks else Response(status, phrase, headers, body)
    assert parse(encode(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        Request("IN VITE", Uri("sip", "h"), Headers()),
        Request("", Uri("sip", "h"), Headers()),
        Request("INVITE\r\n", Uri("sip", "h"), Headers()),
        Response(200, "OK\r\nX: y", Headers()),
        Response(99, "", Headers()),
        Response(700, "", Headers()),
    ],
)
def test_what_would_be_no_message_is_not_written(message: Request | Response) -> None:
    with pytest.raises(ValueError, match="is no"):
        encode(message)


# headers


def test_headers_go_by_any_of_their_names() -> None:
    headers = Headers([("v", "SIP/2.0/UDP a"), ("VIA", "SIP/2.0/UDP b"), ("x-Any", "1"), ("call-id", "c"), ("I", "d")])
    assert headers.every("Via") == headers.every("v") == headers.every("vIA") == ["SIP/2.0/UDP a", "SIP/2.0/UDP b"]
    assert headers.get("X-ANY") == "1"
    assert [name for name, _ in headers.items()] == ["Via", "Via", "x-Any", "Call-ID", "Call-ID"]
    again = [("Via", "SIP/2.0/UDP a"), ("v", "SIP/2.0/UDP b"), ("X-any", "1"), ("i", "c"), ("i", "d")]
    assert headers == Headers(again)
    assert headers != Headers()
    assert headers != []
    assert "i" in headers
    assert "Subject" not in headers


def test_a_list_is_one_value_a_part_and_other_headers_are_whole() -> None:
    headers = Headers([("Allow", "INVITE, ACK ,,BYE"), ("allow", "OPTIONS"), ("Supported", " , "), ("k", "timer")])
    headers.add("Subject", "a, b")
    headers.add("Contact", '"A, B" <sip:a,b@h>, <sip:c@h>;x="1,2"')
    assert headers.every("Allow") == ["INVITE", "ACK", "BYE", "OPTIONS"]
    assert headers.get("Allow") == "INVITE"
    assert headers.every("Supported") == ["timer"]
    assert headers.every("Subject") == ["a, b"]
    assert headers.every("Contact") == ['"A, B" <sip:a,b@h>', '<sip:c@h>;x="1,2"']
    assert (headers.every("Route"), headers.get("Route"), Headers([("Route", "")]).get("Route")) == ([], None, None)
    with pytest.raises(Malformed):
        Headers([("Contact", 'a, "b')]).every("Contact")


def test_headers_are_changed_in_their_places() -> None:
    headers = Headers([("Route", "g"), ("Via", "a"), ("To", "b"), ("Via", "c"), ("From", "d")])
    headers.prepend("Via", "first")
    headers.put("to", "e")
    headers.put("Subject", " f\t")
    headers.prepend("Date", "h")
    assert headers.remove("date") == ["h"]
    assert list(headers.items()) == [
        ("Route", "g"), ("Via", "first"), ("Via", "a"), ("To", "e"), ("Via", "c"), ("From", "d"), ("Subject", "f"),
    ]  # fmt: skip
    headers.put("v", "only")
    assert list(headers.items())[1:3] == [("Via", "only"), ("To", "e")]
    assert headers.remove("VIA") == ["only"]
    assert headers.remove("VIA") == []
    copy = headers.copy()
    copy.add("x", "y")
    assert "x" not in headers
    assert list(copy.items())[-2:] == [("Subject", "f"), ("Session-Expires", "y")]
    twice = Headers([("t", "a"), ("X-Y", "b"), ("To", "c")])
    assert (twice.first, twice.repeated, headers.repeated) == ({"to": "a", "x-y": "b"}, ["To"], [])
    assert repr(Headers([("f", "x")])) == "Headers([('From', 'x')])"


@pytest.mark.parametrize(
    ("name", "value"), [("X", "a\r\nVia: b"), ("X", "a\nb"), ("X", "\r"), ("X Y", "z"), ("", "z"), ("X:", "")]
)
def test_one_header_is_not_two(name: str, value: str) -> None:
    headers = Headers()
    for change in (headers.add, headers.put, headers.prepend):
        with pytest.raises(ValueError, match=re.escape("no name") + "|line end"):
            change(name, value)
    assert list(headers.items()) == []


# Via and CSeq


@pytest.mark.parametrize(
    ("text", "via"),
    [
        ("SIP/2.0/UDP h", Via("UDP", "h")),
        ("sip/2.0/tcp H:5061", Via("TCP", "h", 5061)),
        ("SIP / 2.0\t/ TLS  h : 5061 ; branch = x", Via("TLS", "h", 5061, (("branch", "x"),))),
        ("SIP/2.0/UDP [2001:DB8::1]:6050;rport", Via("UDP", "2001:db8::1", 6050, (("rport", None),))),
        ("SIP/2.0/UDP h;rport=;branch=a=b+/==", Via("UDP", "h", None, (("rport", ""), ("branch", "a=b+/==")))),
        ('SIP/2.0/UDP h;x="a;b"', Via("UDP", "h", None, (("x", '"a;b"'),))),
        ("SIP/2.0/WSS df7jal23ls0d.invalid;alias;", Via("WSS", "df7jal23ls0d.invalid", None, (("alias", None),))),
    ],
)  # fmt: skip
def test_a_via_is_taken_apart_and_written_so_that_it_reads_the_same(text: str, via: Via) -> None:
    assert Via.parse(text) == via
    assert Via.parse(str(via)) == via


@pytest.mark.parametrize(
    "text",
    ["", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/3.0/UDP h", "SIP/2.0 UDP h", "SIP/2.0/UDP h:", "SIP/2.0/UDP h:0",
     "SIP/2.0/UDP h x", "SIP/2.0/UDP h:99999", "SIP/2.0/UDP 2001:db8::1", "SIP/2.0/UDP h;=", "SIP/2.0/UDP [x]",
     "SIP/2.0/UDP h,", "HTTP/2.0/UDP h", 'SIP/2.0/UDP h;x="', "SIP/2.0/UDPh", "SIP/2.0/UDP h (x)", "SIP/2.0/UDP h:²"],
)  # fmt: skip
def test_what_is_no_via_says_so(text: str) -> None:
    with pytest.raises(Malformed):
        Via.parse(text)


def test_a_parameter_is_set_where_it_was_or_at_the_end() -> None:
    via = Via.parse("SIP/2.0/UDP h;RPORT;branch=x")
    assert str(via.with_parameter("rport", "5060")) == "SIP/2.0/UDP h;rport=5060;branch=x"
    assert str(via.with_parameter("received", "2001:db8::1")) == "SIP/2.0/UDP h;RPORT;branch=x;received=2001:db8::1"
    assert via.with_parameter("keep", None).parameter("KEEP") == ""
    assert via.parameter("ttl") is None


@pytest.mark.parametrize("text", ["1 INVITE", "0001\t INVITE", " 1   INVITE "])
def test_a_cseq_is_a_number_and_a_method(text: str) -> None:
    assert CSeq.parse(text) == CSeq(1, "INVITE")
    assert str(CSeq.parse(text)) == "1 INVITE"


@pytest.mark.parametrize("text", ["", "1", "INVITE", "1INVITE", "+1 INVITE", "1.0 INVITE", "² INVITE", "1 IN V", "1 ä"])
def test_what_is_no_cseq_says_so(text: str) -> None:
    with pytest.raises(Malformed):
        CSeq.parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3600", 3600), ("0", 0), ("0090", 90), ("18000;duration=3600", 18000), ("120 (I'm in a (meeting))", 120),
        ("90;refresher=uas", 90), ("1" + "0" * 80, 2**32 - 1), ("4294967296", 2**32 - 1),
        ("0" * 9000, 0), ("9" * 9000, 2**32 - 1), ("0" * 9000 + "x", None), ("1" + " " * 9000 + "x", None),
        ("", None), ("-1", None), ("x", None), ("1.5", None), ("1x", None), ("12 13", None), ("²", None), (";x", None),
    ],
)  # fmt: skip
def test_a_time_is_what_a_header_begins_with(text: str, found: int | None) -> None:
    assert seconds(text) == found


def test_what_is_missing_is_said_when_it_is_asked_for() -> None:
    message = Request("INVITE", Uri("sip", "h"), Headers())
    with pytest.raises(Malformed, match="To is missing"):
        _ = message.to
    with pytest.raises(Malformed, match="Via is missing"):
        _ = message.branch
