"""Digest authentication: the examples of the RFCs, what peers ask for, and when to give up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.channels.fax.sip.digest import (
    MOST_REALMS,
    MOST_RENEWALS,
    NONCES_KEPT,
    Answer,
    Authenticator,
    Challenge,
    Credentials,
    authorization,
    verify,
)
from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.message import Request, Response
from depesche.channels.fax.sip.uri import Uri

FAX = Credentials("fax", "s3cret")


def asked(**parameters: str) -> str:
    """A challenge: `asked(nonce="n", algorithm="MD5")`."""
    given = {"realm": "trunk", "nonce": "n1", **parameters}
    quoted = [f'{name}="{value}"' if name in ("realm", "nonce", "opaque", "qop") else f"{name}={value}"
              for name, value in given.items()]  # fmt: skip
    return f"Digest {', '.join(quoted)}"


def answered(*challenges: str, credentials: Credentials = FAX, body: bytes = b"", count: int = 1) -> Answer:
    text = authorization(challenges, credentials, "REGISTER", "sip:example.com", body, "c1", count)
    assert text is not None
    return Answer.parse(text)


# the examples of the RFCs


def test_the_example_of_rfc_2617() -> None:
    challenge = asked(realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093")
    who = Credentials("Mufasa", "Circle Of Life")
    text = authorization([challenge], who, "GET", "/dir/index.html", b"", "0a4f113b")
    assert text is not None
    assert Answer.parse(text).response == "6629fae49393a05397450978507c4ef1"
    assert text.endswith("qop=auth, nc=00000001")
    assert "algorithm" not in text, "who did not name it may not know it"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, response: str) -> None:
    challenge = asked(
        realm="http-auth@example.org",
        qop="auth, auth-int",
        algorithm=algorithm,
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    )
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    text = authorization([challenge], Credentials("Mufasa", "Circle of Life"), "GET", "/dir/index.html", b"", cnonce)
    assert text is not None
    told = Answer.parse(text)
    assert (told.response, told.algorithm, told.opaque) == (
        response,
        algorithm,
        "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    )


def test_the_example_of_rfc_7616_with_a_hashed_name_as_its_erratum_has_it() -> None:
    """Erratum 4897: the RFC itself shows SHA-512 that was cut short."""
    challenge = asked(
        realm="api@example.org",
        qop="auth",
        algorithm="SHA-512-256",
        nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS",
        charset="UTF-8",
        userhash="true",
    )
    cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
    who = Credentials("Jäsøn Doe", "Secret, or not?")
    text = authorization([challenge], who, "GET", "/doe.json", b"", cnonce)
    assert text is not None
    assert "userhash=true" in text
    told = Answer.parse(text)
    assert told.user == "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    assert told.response == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"


# which challenge, and how


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["MD5", "SHA-256"], "SHA-256"),
        (["SHA-256", "MD5"], "SHA-256"),
        (["SHA-256-sess", "SHA-256", "MD5"], "SHA-256"),
        (["MD5", "MD5-sess"], "MD5"),
        (["SHA-1024", "md5"], "md5"),
        (["SHA-256", "SHA-512-256"], "SHA-512-256"),
        (["AKAv1-MD5", "sha-256-SESS"], "sha-256-SESS"),
    ],
)
def test_the_strongest_that_both_know_is_answered_as_it_is_spelt(offered: list[str], chosen: str) -> None:
    assert answered(*(asked(algorithm=one) for one in offered)).algorithm == chosen


def test_an_algorithm_that_is_no_word_stays_what_it_is() -> None:
    asked = Challenge.parse('Digest realm="r", nonce="n", algorithm=","')
    assert Challenge.parse(str(asked)) == asked
    assert asked.strength is None


def test_several_challenges_in_one_line_are_told_apart() -> None:
    line = f'Basic realm="x, y", {asked(algorithm="MD5", qop="auth")}, {asked(algorithm="SHA-256", qop="auth")},'
    assert [one.algorithm for one in Challenge.parse_list(line)] == ["MD5", "SHA-256"]
    assert answered(line).algorithm == "SHA-256"


@pytest.mark.parametrize(
    "challenge",
    ["", "Digest", "Basic realm=x", "Digest realm=x", "Digest nonce=x", 'Digest realm="x", nonce="', "NTLM",
     asked(algorithm="AKAv1-MD5"), asked(qop="auth-conf"), 'realm="x", nonce="y"', "Digest realm x", "\0", "=,=;="],
)  # fmt: skip
def test_what_cannot_be_answered_is_not_answered(challenge: str) -> None:
    assert authorization([challenge], FAX, "REGISTER", "sip:x", b"", "c") is None
    assert answered(challenge, asked()).realm == "trunk"


@pytest.mark.parametrize(
    ("offered", "taken"),
    [("auth", "auth"), ("auth-int", "auth-int"), ("auth-int,auth", "auth"), (" AUTH , x", "auth"), ("", "")],
)
def test_the_body_is_signed_where_that_is_demanded(offered: str, taken: str) -> None:
    told = answered(asked(qop=offered), body=b"v=0\r\n")
    assert told.qop == taken
    assert (told.count, told.cnonce) == ((1, "c1") if taken else (0, ""))
    other = answered(asked(qop=offered), body=b"v=1\r\n")
    assert (told.response == other.response) == (taken != "auth-int")


def test_a_session_binds_the_first_cnonce_to_the_password() -> None:
    told = answered(asked(algorithm="MD5-sess", qop="auth"))
    assert told.cnonce == "c1"
    assert told.response != answered(asked(algorithm="MD5", qop="auth")).response


def test_counts_are_eight_hexadecimal_digits() -> None:
    text = authorization([asked(qop="auth")], FAX, "REGISTER", "sip:x", b"", "c", 0xABC)
    assert text is not None
    assert text.endswith("nc=00000abc")


@pytest.mark.parametrize("realm", ['the "old" exchange', "a\\b", "Büro", "x, y=z", ""])
def test_a_realm_of_any_letters_is_given_back(realm: str) -> None:
    challenge = Challenge(realm, 'n"1\\', opaque='o"p')
    assert Challenge.parse(str(challenge)) == challenge
    assert answered(str(challenge)).realm == realm
    assert verify(str(answered(str(challenge))), challenge, FAX, "REGISTER")


@pytest.mark.parametrize(
    ("charset", "written"),
    [("UTF-8", "username*=UTF-8''M%C3%BCller%20%22x%22"), ("", 'username="Müller \\"x\\""')],
)
def test_a_name_beyond_ascii_is_written_as_the_peer_wants(charset: str, written: str) -> None:
    challenge = asked(**({"charset": charset} if charset else {}))
    who = Credentials('Müller "x"', "Größe")
    text = authorization([challenge], who, "REGISTER", "sip:x", b"", "c")
    assert text is not None
    assert text.startswith(f"Digest {written}, ")
    assert verify(text, Challenge.parse(challenge), who, "REGISTER")
    assert verify(text, Challenge.parse(challenge), Credentials('Mu\u0308ller "x"', "Gro\u0308ße"), "REGISTER")


# the other side


@given(
    st.builds(
        Challenge,
        st.text(max_size=9),
        st.text(min_size=1, max_size=9).filter(lambda text: "\r" not in text and "\n" not in text),
        st.sampled_from(["", "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"]),
        st.sampled_from([(), ("auth",), ("auth-int",), ("auth", "auth-int")]),
        st.none() | st.just("o"),
        utf8=st.booleans(),
        userhash=st.booleans(),
    ).filter(lambda one: not re.search("[\r\n]", one.realm)),
    st.text(max_size=9).filter(lambda text: not re.search("[\r\n]", text)),
    st.text(max_size=9),
    st.binary(max_size=9),
    st.integers(1, 0xFFFFFFFF),
)
def test_who_knows_the_password_is_believed_and_nobody_else(
    challenge: Challenge, user: str, password: str, body: bytes, count: int
) -> None:
    who = Credentials(user, password)
    text = authorization([str(challenge)], who, "INVITE", "sip:x", body, "c", count)
    assert text is not None
    assert verify(text, challenge, who, "INVITE", body)
    assert not verify(text, challenge, Credentials(user, password + "x"), "INVITE", body)
    assert not verify(text, challenge, Credentials(user + "x", password), "INVITE", body)
    assert not verify(text, challenge, who, "BYE", body)
    assert verify(text, challenge, who, "INVITE", body + b"x") == (challenge.protection != "auth-int")


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('nonce="n1"', 'nonce="n2"'),
        ('realm="trunk"', 'realm="other"'),
        ("algorithm=SHA-256", "algorithm=MD5"),
        (", algorithm=SHA-256", ""),
        (", qop=auth, nc=00000001", ""),
        ("qop=auth,", "qop=auth-int,"),
        ("nc=00000001", "nc=00000002"),
        ("nc=00000001", "nc=1"),
        ('uri="sip:x"', 'uri="sip:y"'),
        ('opaque="o"', 'opaque="p"'),
        ('response="', 'response="ü'),
        ("Digest", "Basic"),
        ('username="fax"', 'username="xaf"'),
        ("Digest ", "Digest realm=x, Digest "),
    ],
)
def test_credentials_that_were_changed_are_not_believed(there: str, instead: str) -> None:
    challenge = Challenge("trunk", "n1", "SHA-256", ("auth",), "o")
    text = authorization([str(challenge)], FAX, "INVITE", "sip:x", b"", "c")
    assert text is not None
    assert there in text
    assert verify(text, challenge, FAX, "INVITE")
    assert not verify(text.replace(there, instead, 1), challenge, FAX, "INVITE")


PIECES = [
    "realm",
    "nonce",
    "uri",
    "response",
    "nc",
    "username*",
    "=",
    '"',
    ", ",
    "\\",
    "x",
    "UTF-8''%C3",
    "Digest ",
    "qop",
]


def test_another_protection_than_was_asked_for_is_not_believed() -> None:
    text = authorization([asked(qop="auth-int")], FAX, "INVITE", "sip:x", b"", "c")
    assert text is not None
    assert verify(text, Challenge("trunk", "n1", qop=("auth-int",)), FAX, "INVITE")
    assert not verify(text, Challenge("trunk", "n1", qop=("auth",)), FAX, "INVITE")


@given(st.text() | st.lists(st.sampled_from(PIECES)).map(lambda pieces: "Digest realm=r,nonce=n," + "".join(pieces)))
def test_any_text_is_read_or_malformed(text: str) -> None:
    for read in (Challenge.parse, Challenge.parse_list, Answer.parse):
        try:
            found = read(text)
        except Malformed:
            continue
        if isinstance(found, Challenge | Answer):
            assert type(found).parse(str(found)) == found


def test_a_password_is_not_shown() -> None:
    assert "s3cret" not in repr(FAX)


# a peer that asks, and asks again


class Peer:
    """A registrar or proxy that challenges by its rules, and says yes if it believes what came."""

    def __init__(self, realm: str = "trunk", *, proxy: bool = False, **challenge: object) -> None:
        self.nonces = 0
        self.uses: dict[str, int] = {}
        self.most_uses = 1000
        self.credentials = FAX
        self.realm, self.challenge = realm, {"qop": ("auth",), **challenge}
        self.status, self.question, self.reply = (
            (407, "Proxy-Authenticate", "Proxy-Authorization") if proxy else (401, "WWW-Authenticate", "Authorization")
        )

    def judge(self, request: Request) -> Response | None:
        """None: it may pass."""
        stale = False
        for value in request.headers.every(self.reply):
            told = Answer.parse(value)
            if told.realm != self.realm or told.nonce not in self.uses:
                continue
            assert told.uri == str(request.uri)
            used = self.uses[told.nonce] = self.uses[told.nonce] + 1
            assert told.count in (0, used)
            current = Challenge(self.realm, told.nonce, **self.challenge)  # type: ignore[arg-type]
            if verify(value, current, self.credentials, request.method, request.body):
                if used <= self.most_uses:
                    return None
                stale = True
        self.nonces += 1
        nonce = f"{self.realm}{self.nonces}"
        self.uses[nonce] = 0
        challenge = Challenge(self.realm, nonce, stale=stale, **self.challenge)  # type: ignore[arg-type]
        return Response(self.status, "No", Headers([(self.question, str(challenge))]))


def invite(body: bytes = b"v=0\r\n") -> Request:
    return Request("INVITE", Uri("sip", "example.com", "+49301234"), Headers([("Call-ID", "1")]), body)


def tries(authenticator: Authenticator, *peers: Peer, request: Request | None = None) -> int | None:
    """How often a request is sent until all peers let it pass; None: it is given up."""
    request = request or invite()
    for count in range(1, 20):
        authenticator.authorize(request, f"c{count}")
        refused = next((response for peer in peers if (response := peer.judge(request))), None)
        if refused is None:
            assert not authenticator.challenged(request, Response(200, "OK", Headers()))
            return count
        if not authenticator.challenged(request, refused):
            return None
    raise AssertionError("it never ends")


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
@pytest.mark.parametrize("qop", [("auth",), ("auth-int",), ()])
def test_credentials_are_sent_at_once_where_the_nonce_is_remembered(algorithm: str, qop: tuple[str, ...]) -> None:
    peer, authenticator = Peer(algorithm=algorithm, qop=qop), Authenticator(FAX)
    assert [tries(authenticator, peer) for _ in range(4)] == [2, 1, 1, 1]
    assert peer.uses == {"trunk1": 4}


@pytest.mark.parametrize(("algorithm", "words"), [("SHA-256", {"c0", "c1", "c2"}), ("SHA-256-sess", {"c0"})])
def test_a_session_keeps_its_first_cnonce(algorithm: str, words: set[str]) -> None:
    authenticator = Authenticator(FAX)
    authenticator.challenged(invite(), Response(401, "No", Headers([("WWW-Authenticate", asked(algorithm=algorithm))])))
    told = []
    for number in range(3):
        request = invite()
        authenticator.authorize(request, f"c{number}")
        told.append(Answer.parse(request.headers.get("Authorization") or "").cnonce or f"c{number}")
    assert set(told) == words


def test_a_nonce_that_was_believed_is_not_forgotten_for_another_that_is_used_often() -> None:
    peer, authenticator = Peer(), Authenticator(FAX)
    tries(authenticator, peer)
    early = invite()
    authenticator.authorize(early, "c")
    peer.uses.clear()
    assert [tries(authenticator, peer) for _ in range(2 * NONCES_KEPT)][:2] == [2, 1]
    refused = peer.judge(early)
    assert refused is not None
    assert authenticator.challenged(early, refused)


def test_a_stale_nonce_is_replaced() -> None:
    peer, authenticator = Peer(), Authenticator(FAX)
    peer.most_uses = 2
    assert [tries(authenticator, peer) for _ in range(6)] == [2, 1, 2, 1, 2, 1]


def test_nonces_may_be_good_for_one_use_each_for_ever() -> None:
    for qop in ((), ("auth",)):
        peer, authenticator = Peer(qop=qop), Authenticator(FAX)
        peer.most_uses = 1
        assert [tries(authenticator, peer) for _ in range(20)] == [2] * 20


def test_a_wrong_password_is_tried_once_each_time() -> None:
    peer, authenticator = Peer(), Authenticator(Credentials("fax", "wrong"))
    assert [tries(authenticator, peer) for _ in range(3)] == [None] * 3
    assert peer.nonces == 6, "each time the question, and the answer that was refused"


@pytest.mark.parametrize("qop", [("auth",), ()])
def test_a_password_that_was_changed_meanwhile_is_tried_once_more(qop: tuple[str, ...]) -> None:
    peer, authenticator = Peer(qop=qop), Authenticator(FAX)
    assert [tries(authenticator, peer) for _ in range(2)] == [2, 1]
    peer.credentials = Credentials("fax", "new")
    assert tries(authenticator, peer) is None
    assert peer.nonces == 3


@pytest.mark.parametrize("qop", [("auth",), ()])
def test_a_peer_that_forgot_its_nonces_and_does_not_call_them_stale_is_answered(qop: tuple[str, ...]) -> None:
    peer, authenticator = Peer(qop=qop), Authenticator(FAX)
    tries(authenticator, peer)
    peer.uses.clear()
    assert [tries(authenticator, peer) for _ in range(2)] == [2, 1]


def test_requests_that_are_under_way_when_a_nonce_is_forgotten_are_all_answered() -> None:
    peer, authenticator = Peer(), Authenticator(FAX)
    tries(authenticator, peer)
    waiting = [invite() for _ in range(5)]
    for request in waiting:
        authenticator.authorize(request, "c")
    peer.uses.clear()
    refused = [(request, peer.judge(request)) for request in waiting]
    for request, response in refused:
        assert response is not None
        assert authenticator.challenged(request, response)
        authenticator.authorize(request, "c")
    assert [peer.judge(request) for request in waiting] == [None] * 5


def test_who_calls_every_nonce_stale_is_given_up() -> None:
    peer, authenticator = Peer(), Authenticator(FAX)
    peer.most_uses = 0
    assert tries(authenticator, peer) is None
    assert peer.nonces == 2 + MOST_RENEWALS


def test_who_gives_the_same_nonce_again_is_given_up() -> None:
    request, authenticator = invite(), Authenticator(FAX)
    refusal = Response(401, "No", Headers([("WWW-Authenticate", asked(qop="auth", stale="true"))]))
    assert authenticator.challenged(request, refusal)
    authenticator.authorize(request, "c")
    assert not authenticator.challenged(request, refusal)


def test_many_requests_at_once_with_a_wrong_password_come_to_an_end() -> None:
    peer, authenticator = Peer(), Authenticator(Credentials("fax", "wrong"))
    waiting, sent = [invite() for _ in range(30)], 0
    for request in waiting:
        authenticator.authorize(request, "c")
    while waiting:
        answers = [(request, peer.judge(request)) for request in waiting]
        sent += len(answers)
        waiting = [request for request, no in answers if no and authenticator.challenged(request, no)]
        for request in waiting:
            authenticator.authorize(request, "c")
    assert sent == 60


def test_a_proxy_and_what_is_behind_it_both_get_their_answer() -> None:
    proxy, server = Peer("proxy", proxy=True, algorithm="SHA-256"), Peer("server")
    authenticator, request = Authenticator(Credentials("other", "x", "elsewhere"), FAX), invite()
    assert tries(authenticator, proxy, server, request=request) == 3
    assert len(request.headers.every("Proxy-Authorization")) == len(request.headers.every("Authorization")) == 1
    assert tries(authenticator, proxy, server) == 1


def test_both_may_ask_in_one_response() -> None:
    both = Headers([("Proxy-Authenticate", asked(realm="p")), ("WWW-Authenticate", asked(realm="s", algorithm="MD5"))])
    both.add("WWW-Authenticate", asked(realm="s", algorithm="SHA-256"))
    both.add("WWW-Authenticate", asked(realm="t"))
    request, authenticator = invite(), Authenticator(FAX)
    assert authenticator.challenged(request, Response(401, "No", both))
    authenticator.authorize(request, "c")
    assert [Answer.parse(one).realm for one in request.headers.every("Proxy-Authorization")] == ["p"]
    answers = [Answer.parse(one) for one in request.headers.every("Authorization")]
    assert [(one.realm, one.algorithm) for one in answers] == [("s", "SHA-256"), ("t", "")]


def test_each_realm_gets_its_own_credentials() -> None:
    authenticator, request = Authenticator(FAX, Credentials("boss", "x", "server")), invite()
    fields = [("WWW-Authenticate", asked(realm=realm)) for realm in ("server", "other")]
    authenticator.challenged(request, Response(401, "No", Headers(fields)))
    authenticator.authorize(request, "c")
    answers = [Answer.parse(one) for one in request.headers.every("Authorization")]
    assert [(one.realm, one.user) for one in answers] == [("server", "boss"), ("other", "fax")]


def test_who_may_not_ask_gets_nothing() -> None:
    assert (
        authorization([asked(realm="stranger")], Credentials("fax", "x", "trunk"), "INVITE", "sip:x", b"", "c") is None
    )
    authenticator, request = Authenticator(Credentials("fax", "x", "server")), invite()
    refusal = Response(401, "No", Headers([("WWW-Authenticate", asked(realm="stranger"))]))
    assert not authenticator.challenged(request, refusal)
    assert not authenticator.challenged(request, Response(403, "No", Headers()))
    authenticator.authorize(request, "c")
    assert "Authorization" not in request.headers


def test_realms_without_end_are_not_all_remembered() -> None:
    authenticator, request = Authenticator(FAX), invite()
    for number in range(30):
        fields = Headers([("WWW-Authenticate", asked(realm=f"r{number}"))])
        assert authenticator.challenged(invite(), Response(401, "No", fields))
    authenticator.authorize(request, "c")
    answers = [Answer.parse(one).realm for one in request.headers.every("Authorization")]
    assert answers == [f"r{number}" for number in range(30 - MOST_REALMS, 30)]
