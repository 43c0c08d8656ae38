"""Messages after the cases of RFC 4475 and RFC 5118, each with the name that it has there.

What an endpoint has to judge beyond reading (unknown methods, Require, Content-Type, Expires) is not judged here: such
messages have to come through.
"""

import pytest

from depesche.channels.fax.sip.digest import Challenge
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.message import BadRequest, Request, Response, encode, parse
from depesche.channels.fax.sip.uri import NameAddr, Uri


def wire(text: str, body: bytes = b"") -> bytes:
    """The message that these lines are; ``{length}`` stands for that of the body."""
    return text.strip("\n").replace("{length}", str(len(body))).replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def request(text: str, body: bytes = b"") -> Request:
    """It is read, and what is written of it is the same message."""
    message = parse(wire(text, body))
    assert isinstance(message, Request)
    assert parse(encode(message)) == message
    return message


def response(text: str, body: bytes = b"") -> Response:
    message = parse(wire(text, body))
    assert isinstance(message, Response)
    assert parse(encode(message)) == message
    return message


def refused(text: str, body: bytes = b"") -> str:
    """Why. Whoever sent it can be answered, with what is needed for the answer to find its way."""
    with pytest.raises(BadRequest) as caught:
        parse(wire(text, body))
    answer = caught.value.response
    assert answer.status == 400
    assert answer.via.host == "host.example.com"
    assert answer.branch in ("z9hG4bKplain", "")
    assert answer.reason == f"Bad Request: {caught.value.reason}"
    assert encode(answer)
    return caught.value.reason


PLAIN = """
OPTIONS sip:fax@example.com SIP/2.0
Via: SIP/2.0/UDP host.example.com;branch=z9hG4bKplain
Max-Forwards: 70
From: <sip:caller@example.net>;tag=1a
To: <sip:fax@example.com>
Call-ID: plain@host.example.com
CSeq: 7 OPTIONS
Content-Length: {length}
"""


def plain(there: str, instead: str) -> str:
    """The plain request with something else in one place."""
    assert there in PLAIN
    return PLAIN.replace(there, instead, 1)


# 3.1.1 valid messages


def test_wsinv_blanks_folds_and_escapes_in_every_place() -> None:
    body = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\n"
    message = request(
        r"""
INVITE sip:fax@example.com;unknownparam SIP/2.0
TO :
 sip:fax@example.com ;   tag    = 191818n
from   : "J \\\"        "       <sip:j@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.nd@192.0.2.2
Content-Length   : {length}
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:proxy.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:j@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33
""",
        body,
    )
    assert message.uri == Uri("sip", "example.com", "fax", None, (("unknownparam", None),))
    assert (message.to.uri.user, message.to.tag) == ("fax", "191818n")
    assert (message.from_.display, message.from_.tag) == ('J \\"        ', "98asjd8")
    assert (message.cseq.number, message.cseq.method) == (9, "INVITE")
    assert message.headers.get("Max-Forwards") == "0068"
    assert (message.headers.get("Subject"), message.headers.get("s")) == ("", "")
    assert message.headers.get("newfangledheader") == "newfangled value continued newfangled value"
    assert message.headers.get("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert [(via.transport, via.host, via.parameter("branch")) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    [route] = NameAddr.parse_list(message.headers.get("Route") or "")
    assert route.uri.parameters == (("lr", None), ("unknownwith", "value"), ("unknown-no-value", None))
    contact = NameAddr.parse(message.headers.get("Contact") or "")
    assert contact.display == 'Quoted string ""'
    assert contact.parameters == (("newparam", "newvalue"), ("secondparam", None), ("q", "0.33"))
    assert message.body == body


def test_intmeth_all_the_letters_that_a_method_a_name_and_a_tag_may_have() -> None:
    method = "!interesting-Method0123456789_*+`.%indeed'~"
    user = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    password = "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    message = request(
        f"""
{method} sip:{user}:{password}@example.com SIP/2.0
Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: "BEL:\\\x07 NUL:\\\0 DEL:\\\x7f" <sip:{user}@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="Пример";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/"][?}}{{
CSeq: 139122385 {method}
Max-Forwards: 255
extensionHeader-!.%*+_`'~:停电
Content-Length: 0
"""
    )
    assert (message.method, message.cseq.method) == (method, method)
    assert (message.uri.user, message.uri.password) == (user, password)
    assert message.branch == "z9hG4bK-.!%66*_+`'~"
    assert message.to.display == "BEL:\x07 NUL:\0 DEL:\x7f"
    assert NameAddr.parse(str(message.to)) == message.to
    assert message.from_.display == "token1~` token2'+_ token3*%!.-"
    assert message.from_.parameter("fromparam''~+*_!.-%") == "Пример"
    assert message.from_.tag == "_token~1'+`*%!-."
    assert message.call_id == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "停电"


def test_esc01_escapes_are_undone_once() -> None:
    message = request(
        plain("sip:fax@example.com SIP", "sip:sips%3Auser%40example.com@example.net SIP")
        .replace("<sip:fax@example.com>", "sip:%66%61x@example.com")
        .replace("<sip:caller@example.net>", "<sip:I%20have%20spaces@example.net>")
        + "Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>"
    )
    assert (message.uri.user, message.uri.host) == ("sips:user@example.com", "example.net")
    assert message.to.uri.user == "fax"
    assert message.from_.uri.user == "I have spaces"
    contact = NameAddr.parse(message.headers.get("Contact") or "").uri
    assert (contact.user, contact.parameters) == ("caller", (("lr", None), ("name", "value%41")))


def test_escnull_an_escaped_null_is_a_letter_like_others() -> None:
    message = request(
        plain("To: <sip:fax@example.com>", "To: sip:null-%00-null@example.com")
        + "Contact: <sip:%00@host5.example.com>\nContact: <sip:%00%00@host5.example.com>"
    )
    assert message.to.uri.user == "null-\0-null"
    assert [NameAddr.parse(one).uri.user for one in message.headers.every("Contact")] == ["\0", "\0\0"]


def test_esc02_a_percent_sign_that_is_no_escape_stays_itself() -> None:
    message = request(
        plain("OPTIONS", "RE%47IST%45R").replace("OPTIONS", "RE%47IST%45R").replace("To: ", 'To: "%Z%45" ')
    )
    assert message.method == message.cseq.method == "RE%47IST%45R"
    assert message.to.display == "%Z%45"


def test_lwsdisp_a_name_may_touch_its_address() -> None:
    message = request(plain("From: <", "From: caller<"))
    assert (message.from_.display, message.from_.uri.user) == ("caller", "caller")


def test_longreq_long_is_not_wrong() -> None:
    long = "long" * 300
    vias = [f"SIP/2.0/TCP sip{number}.example.com;branch={long}" for number in range(1, 34)]
    message = request(
        f"""
INVITE sip:user@example.com SIP/2.0
To: "I have a {long} display" <sip:user@example.com:6000;unknownparam1={long};{long}=x>;tag={long}
F: sip:amazing@{"sub." * 40}example.com;tag={long};{long};unknown={long}
Call-ID: {long}@{long}
CSeq: 3882340
 INVITE
Unknown-{long}: {long}
Via: {vias[0]}
v: {", ".join(vias[1:5])}
{chr(10).join(f"V: {via}" for via in vias[5:])}
Max-Forwards: 70
Content-Type: application/sdp
l: {{length}}
""",
        b"v=0\r\n",
    )
    assert [via.host for via in message.vias] == [f"sip{number}.example.com" for number in range(1, 34)]
    assert message.call_id == f"{long}@{long}"
    assert message.to.uri.parameter(long) == "x"
    assert message.headers.get(f"unknown-{long}") == long


def test_dblreq_what_stands_behind_the_message_in_its_datagram_is_dropped() -> None:
    whole = wire(PLAIN)
    assert parse(whole + wire(plain("OPTIONS", "INVITE"))) == parse(whole)


def test_semiuri_a_semicolon_in_the_user_is_no_parameter() -> None:
    message = request(plain("sip:fax@example.com SIP", "sip:user;par=u%40example.net@example.com SIP"))
    assert (message.uri.user, message.uri.parameters) == ("user;par=u@example.net", ())


def test_transports_of_any_name_may_have_been_used() -> None:
    names = ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]
    vias = "\n".join(f"Via: SIP/2.0/{name} t{number}.example.com" for number, name in enumerate(names))
    message = request(PLAIN.replace("Max-Forwards", f"{vias}\nMax-Forwards"))
    assert [via.transport for via in message.vias] == ["UDP", *names]


def test_mpart01_a_body_of_several_parts_and_any_octets_stays_as_it_came() -> None:
    body = (
        b"--7a9c\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9c\r\n\r\n" + bytes(range(256)) + b"\r\n--7a9c--\r\n"
    )
    message = request(PLAIN + "Content-Type: multipart/mixed;boundary=7a9c", body)
    assert message.body == body


ANSWER = PLAIN.replace("OPTIONS sip:fax@example.com SIP/2.0", "{start}")


def test_unreason_a_reason_of_any_letters() -> None:
    message = response(ANSWER.replace("{start}", "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое"))
    assert (message.status, message.reason) == (200, "= 2**3 * 5**2 но сто девяносто девять - простое")


@pytest.mark.parametrize("start", ["SIP/2.0 100 ", "SIP/2.0 100"])
def test_noreason_no_reason(start: str) -> None:
    message = response(ANSWER.replace("{start}", start))
    assert (message.status, message.reason, message.cseq.method) == (100, "", "OPTIONS")


# 3.1.2 invalid messages


def test_badinv01_separators_with_nothing_between() -> None:
    assert refused(plain("branch=z9hG4bKplain", ";,;,,")) == "Via: it has no form that we know"
    with pytest.raises(Malformed):
        NameAddr.parse('"" <> ;,; ,,;')


def test_clerr_more_is_told_than_came() -> None:
    assert refused(plain("{length}", "9999"), b"v=0\r\n") == "Content-Length is more than there is"


def test_ncl_a_length_below_nothing() -> None:
    assert refused(plain("{length}", "-999"), b"v=0\r\n") == "Content-Length is no length"


def test_scalar02_numbers_that_nobody_needs() -> None:
    assert refused(plain("7 OPTIONS", "36893488147419103232 OPTIONS")) == "CSeq: the number is above 4294967295"
    message = request(plain("70", "300") + f"Expires: 1{'0' * 80}\nContact: <sip:a@b>;expires={'9' * 90}")
    assert message.headers.get("Max-Forwards") == "300", "for whoever counts them"


def test_scalarlg_an_answer_with_such_numbers_is_dropped() -> None:
    with pytest.raises(Malformed) as caught:
        parse(wire(ANSWER.replace("{start}", "SIP/2.0 503 No").replace("CSeq: 7", "CSeq: 9292394834772304023312")))
    assert not isinstance(caught.value, BadRequest)


def test_quotbal_a_quote_that_is_never_closed() -> None:
    assert refused(plain("To: <", 'To: "Mr. J. User <')) == "To: a quoted string is never closed"


@pytest.mark.parametrize(
    "line",
    [
        "OPTIONS <sip:fax@example.com> SIP/2.0",  # ltgtruri
        "OPTIONS sip:fax@example.com; lr SIP/2.0",  # lwsruri
        "OPTIONS  sip:fax@example.com  SIP/2.0",  # lwsstart
        "OPTIONS sip:fax@example.com SIP/2.0  ",  # trws
        "OPTIONS \tsip:fax@example.com SIP/2.0",
        "OPTIONS SIP/2.0",
        "OPTIONS sip:fax%@example.com SIP/2.0",
        "OPTIONS fax@example.com SIP/2.0",
    ],
)
def test_a_first_line_that_is_spoilt_is_answered(line: str) -> None:
    assert refused(plain("OPTIONS sip:fax@example.com SIP/2.0", line))


def test_escruri_headers_in_the_request_uri_are_kept_and_not_obeyed() -> None:
    message = request(plain("sip:fax@example.com SIP", "sip:fax@example.com?Route=%3Csip:example.com%3E SIP"))
    assert message.uri.headers == "Route=%3Csip:example.com%3E"
    assert "Route" not in message.headers


def test_baddate_a_date_is_not_looked_at() -> None:
    assert request(PLAIN + "Date: Fri, 01 Jan 2010 16:00:00 EST").headers.get("Date")


def test_regbadct_headers_of_a_uri_need_brackets() -> None:
    with pytest.raises(Malformed, match="without <>"):
        NameAddr.parse("sip:user@example.com?Route=%3Csip:sip.example.com%3E")


def test_badaspec_blanks_within_the_brackets_do_no_harm() -> None:
    message = request(plain("To: <sip:fax@example.com>", 'To: "Watson, Thomas" < sip:t.watson@example.org >'))
    assert (message.to.display, message.to.uri.user) == ("Watson, Thomas", "t.watson")


def test_baddn_a_name_with_a_comma_does_no_harm_where_no_list_is() -> None:
    assert request(plain("From: <", "From: Bell, Alexander <")).from_.display == "Bell, Alexander"


def test_badvers_another_version_is_told_so() -> None:
    with pytest.raises(BadRequest) as caught:
        parse(wire(plain("example.com SIP/2.0", "example.com SIP/7.0")))
    assert (caught.value.response.status, caught.value.response.call_id) == (505, "plain@host.example.com")


def test_mismatch01_and_02_the_method_stands_in_two_places() -> None:
    assert refused(plain("7 OPTIONS", "7 INVITE")) == "CSeq names another method"
    assert refused(plain("OPTIONS sip", "NEWMETHOD sip")) == "CSeq names another method"


@pytest.mark.parametrize("status", ["4294967301", "99", "700", "099", "2OO", "-20", "²00", ""])
def test_bigcode_a_status_that_is_none_is_dropped(status: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(wire(ANSWER.replace("{start}", f"SIP/2.0 {status} better not")))
    assert not isinstance(caught.value, BadRequest)


# 3.2 and 3.3: what transactions and endpoints judge comes through


def test_badbranch_nothing_behind_the_cookie() -> None:
    assert request(plain("z9hG4bKplain", "z9hG4bK")).branch == "z9hG4bK"


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_insuf_what_must_be_there(name: str) -> None:
    lines = [line for line in PLAIN.splitlines() if not line.startswith(f"{name}:")]
    with pytest.raises(Malformed) as caught:
        parse(wire("\n".join(lines)))
    assert caught.value.reason == f"{name} is missing"
    assert isinstance(caught.value, BadRequest) == (name != "Via"), "without Via there is no way back"


@pytest.mark.parametrize("uri", ["nobodyKnowsThisScheme:totallyopaquecontent", "soap.beep://192.0.2.103:3002"])
def test_unkscm_and_novelsc_a_scheme_that_nobody_knows(uri: str) -> None:
    assert str(request(plain("sip:fax@example.com SIP", f"{uri} SIP")).uri).lower() == uri.lower()


def test_unksm2_addresses_of_other_schemes() -> None:
    message = request(
        plain("<sip:fax@example.com>\n", "isbn:2983792873\n").replace(
            "<sip:caller@example.net>", "<http://www.example.com>"
        )
    )
    assert (message.to.uri.scheme, message.from_.uri.scheme) == ("isbn", "http")


def test_bext01_invut_regaut01_and_sdp01_are_for_endpoints_to_refuse() -> None:
    message = request(
        PLAIN + "Require: nothingSupportsThis\nRequire: nothingSupportsThisEither, 100rel\n"
        "Content-Type: application/unknown\nAuthorization: NoOneKnowsThisScheme x=y\nAccept: text/nobodyKnowsThis"
    )
    assert message.headers.every("Require") == ["nothingSupportsThis", "nothingSupportsThisEither", "100rel"]
    assert Challenge.parse_list(message.headers.get("Authorization") or "") == []


@pytest.mark.parametrize(
    "line",
    ["CSeq: 8 OPTIONS", "Call-ID: other", "To: <sip:x@y>", "From: <sip:x@y>;tag=2", "Max-Forwards: 5", "f: <a:b>"],
)
def test_multi01_what_may_stand_once_stands_twice(line: str) -> None:
    assert refused(PLAIN + line).endswith("is there more than once")


@pytest.mark.parametrize("lengths", [("13", "5"), ("5", "5")])
def test_mcl01_two_lengths(lengths: tuple[str, str]) -> None:
    text = plain("{length}", lengths[0]) + f"l: {lengths[1]}"
    assert refused(text, b"v=0\r\n") == "Content-Length is there more than once"


def test_bcast_and_zeromf_come_through() -> None:
    vias = "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\nMax"
    message = response(ANSWER.replace("{start}", "SIP/2.0 200 OK").replace("Max", vias, 1))
    assert len(message.vias) == 2
    assert request(plain("70", "0")).headers.get("Max-Forwards") == "0"


def test_cparam01_cparam02_and_regescrt_contacts_with_parameters_and_headers() -> None:
    message = request(
        PLAIN + "Contact: sip:+19725552222@gw1.example.net;unknownparam\n"
        "Contact: <sip:+19725552222@gw1.example.net;unknownparam>, "
        "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"
    )
    one, two, three = (NameAddr.parse(value) for value in message.headers.every("Contact"))
    assert (one.parameters, one.uri.parameters) == ((("unknownparam", None),), ())
    assert (two.parameters, two.uri.parameters) == ((), (("unknownparam", None),))
    assert three.uri.headers == "Route=%3Csip:sip.example.com%3E"


def test_inv2543_neither_branch_nor_tag_nor_max_forwards() -> None:
    message = request(
        """
INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp
""",
        b"v=0\r\n",
    )
    assert (message.branch, message.from_.tag, message.to.tag) == ("", None, None)
    assert message.body == b"v=0\r\n", "no length: all of the datagram"


# RFC 5118


def test_ipv6_addresses_with_and_without_brackets_where_they_may_be() -> None:
    message = request(
        plain("sip:fax@example.com SIP", "sip:[2001:db8::10]:5070 SIP").replace(
            "UDP host.example.com;", "UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];x=2001:db8::9:256;"
        )
    )
    assert (message.uri.host, message.uri.port) == ("2001:db8::10", 5070)
    assert (message.via.host, message.via.port) == ("2001:db8::9:1", 6050)
    assert (message.via.parameter("received"), message.via.parameter("x")) == ("[2001:db8::9:255]", "2001:db8::9:256")


def test_an_ipv6_address_without_brackets_is_no_host() -> None:
    assert refused(plain("sip:fax@example.com SIP", "sip:2001:db8::10 SIP"))


def test_a_port_within_the_brackets_is_part_of_the_address() -> None:
    assert request(plain("sip:fax@example.com SIP", "sip:[2001:db8::10:5070] SIP")).uri.host == "2001:db8::10:5070"


def test_ipv6_in_a_call_id_is_a_word() -> None:
    assert request(plain("plain@host.example.com", "1@[2001:db8::10]")).call_id == "1@[2001:db8::10]"
