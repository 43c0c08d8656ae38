"""SIP, as anybody who reaches our port may send it: messages, streams of them, and challenges."""

from depesche.channels.fax.sip.digest import Challenge, Credentials, authorization, strongest, verify
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.framing import PING, Frame, Frames
from depesche.channels.fax.sip.message import BadRequest, Request, Response, encode, parse
from depesche.channels.fax.sip.uri import NameAddr
from fuzz.engine import Target

ADDRESSES = ("Contact", "Route", "Record-Route", "P-Asserted-Identity")


def message(data: bytes) -> None:
    """It is read, and what is written of it is the same message; or it is said why not."""
    try:
        found = parse(data)
    except BadRequest as error:
        encode(error.response)
    except Malformed:
        return
    else:
        _same(found)


def _same(found: Request | Response) -> None:
    assert parse(encode(found)) == found
    assert (found.vias[0], found.call_id, found.cseq.number >= 0) == (found.via, found.call_id, True)
    for address in (found.from_, found.to):
        assert NameAddr.parse(str(address)) == address
        assert address.uri.matches(address.uri)
    for name in ADDRESSES:
        try:
            addresses = [NameAddr.parse(value) for value in found.headers.every(name)]
        except Malformed:
            continue
        assert NameAddr.parse_list(", ".join(map(str, addresses))) == addresses


def framing(data: bytes) -> None:
    """The first octet says how it is cut, which makes no difference."""
    cut, body = 1 + (data[0] if data else 0) % 64, data[1:]
    pieces = [body[start : start + cut] for start in range(0, len(body), cut)]
    at_once = _frames([body])
    assert _frames(pieces) == at_once
    for frame in at_once:
        if isinstance(frame, Request | Response):
            _same(frame)


def _frames(pieces: list[bytes]) -> list[object]:
    frames = Frames()
    frames.pinged()
    return [_told(frame) for piece in pieces for frame in frames.feed(piece)]


def _told(frame: Frame) -> object:
    return frame.reason if isinstance(frame, Malformed) else frame


def challenge(data: bytes) -> None:
    """It is answered so that whoever asked believes it, or not at all."""
    text, _, name = data.decode("utf-8", "replace").replace("\r", "").partition("\n")
    name = name.replace("\n", "")
    who = Credentials(name, name)
    answer = authorization([text], who, "INVITE", "sip:h", data, "c")
    try:
        asked = Challenge.parse_list(text)
    except Malformed:
        asked = []
    chosen = strongest(asked)
    assert (answer is None) == (chosen is None)
    if answer is not None and chosen is not None:
        assert "\n" not in answer
        assert "\r" not in answer
        assert [Challenge.parse(str(one)) for one in asked] == asked
        assert verify(answer, chosen, who, "INVITE", data)
        assert not verify(answer, chosen, Credentials(name, name + "x"), "INVITE", data)


INVITE = (
    b"INVITE sip:+4930-1@[2001:db8::1]:5060;user=phone?a=b SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1;rport, SIP / 2.0/TCP h:1;received=::1\r\n"
    b'f: "A \\"b\\", c" <sip:a%20b:c@h;lr>;tag=1\r\nTo:\r\n <tel:+49(30)1;ext=2>\r\nCall-ID: 1@h\r\nCSeq: 1 INVITE\r\n'
    b'm: "x" <sip:a@h>;q=0.5;+s="<u>", sip:b@h;x\r\nRoute: <sip:p;lr>\r\nMax-Forwards: 70\r\nl: 3\r\n\r\nv=0'
)
ANSWER = (
    b"SIP/2.0 407 Proxy\r\nv: SIP/2.0/TCP h\r\nFrom: \xfc <sip:a@h>\r\nt: sip:b@h;tag=2\r\ni: 1\r\nCSeq: 2 BYE\r\n"
    b'Proxy-Authenticate: Digest realm="r", nonce="n"\r\nContent-Length: 0\r\n\r\n'
)
WORDS = tuple(
    word.encode()
    for word in (
        *(
            "\r\n",
            "\n",
            "\r\n ",
            "\r\n\r\n",
            "\n\n",
            "\t",
            "\0",
            " ",
            ",",
            ";",
            ":",
            "=",
            "<",
            ">",
            '"',
            "\\",
            "@",
            "%",
            "?",
        ),
        *("Via", "v", "From", "f", "To", "Call-ID", "i", "CSeq", "Contact", "m", "Content-Length", "l", "Route"),
        *(
            "SIP/2.0",
            "SIP/2.0/UDP",
            "SIP/7.0",
            "sip:",
            "sips:",
            "tel:",
            "urn:",
            "[::1]",
            "[:::]",
            ":5060",
            ";lr",
            ";tag=",
        ),
        *(
            "INVITE",
            "ACK",
            "200",
            "z9hG4bK",
            "4294967296",
            "99999",
            "-1",
            "%41",
            "%00",
            "%zz",
            "Größe",
            "()",
            "*",
            "+49",
        ),
    )
)

TARGETS = (
    Target("sip", message, (INVITE, ANSWER, INVITE.replace(b"\r\n", b"\n").replace(b"l: 3", b"l: 2")), WORDS),
    Target(
        "sipstream",
        framing,
        (b"\6" + PING + INVITE + b"\r\n" + ANSWER + PING, b"\0\r\n" + ANSWER.replace(b"SIP", b"S P") + INVITE),
        WORDS,
    ),
    Target(
        "sipdigest",
        challenge,
        (
            b'Digest realm="a \\"b\\"", nonce="n==", qop="auth,auth-int", algorithm=SHA-256, opaque="o"\nname',
            b'Basic realm=x, Digest realm=y,nonce=z,algorithm=MD5-sess,stale=TRUE,Digest realm="",nonce=n\n\xc3\xbc',
            b'Digest realm="x", nonce="y", algorithm=SHA-512-256, charset=UTF-8, userhash=true, qop=auth-int\n"\\',
        ),
        tuple(
            word.encode()
            for word in (
                *("Digest ", "realm=", "nonce=", "qop=", "auth", "auth-int", "algorithm=", "MD5", "-sess", "SHA-256"),
                *(
                    "SHA-512-256",
                    "opaque=",
                    "stale=true",
                    "charset=UTF-8",
                    "userhash=true",
                    ",",
                    '"',
                    "\\",
                    "=",
                    " ",
                    "\r",
                ),
            )
        ),
    ),
)
