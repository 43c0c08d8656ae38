"""Requests of ours: passwords on the way, and streams for what is too long for a datagram."""

import pytest

from depesche.channels.fax.sip.digest import Authenticator, Challenge, Credentials, verify
from depesche.channels.fax.sip.exchange import MadeUp
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.layer import LONGEST_DATAGRAM, NO_STREAM_SECONDS
from depesche.channels.fax.sip.message import Request, Response, encode
from depesche.channels.fax.sip.uri import NameAddr, Uri
from unit.channels.fax.sip.network import Network, Party
from unit.channels.fax.sip.scripted import Answer, Scripted

OK: Answer = (200, "OK", ())


class Asker:
    """Asks somebody something, and keeps the answers."""

    def __init__(self, network: Network, who: Authenticator | None = None) -> None:
        self.network = network
        self.party: Party = network.party("us")
        self.who = who
        self.answers: list[Response] = []
        self.number = 1

    def next(self) -> int:
        self.number += 1
        return self.number

    def ask(self, size: int = 0, method: str = "MESSAGE") -> Request:
        there = Uri("sip", "far", "fax")
        request = self.party.agent.request(method, there, NameAddr(Uri("sip", "us", "me")), NameAddr(there))
        if size:
            request.headers.add("Subject", "x" * size)
        self.party.agent.ask(request, self.flow(), self.answers.append, self.who, self.next)
        return request

    def flow(self, transport: str = "UDP") -> Flow:
        return Flow(transport, self.party.address, ("far", 5060))


def test_proxy_and_server_each_want_a_password() -> None:
    network = Network()
    credentials = Credentials("me", "geheim")
    asker = Asker(network, Authenticator(credentials))
    proxy, server = (f'Digest realm="{realm}", nonce="n", qop="auth"' for realm in ("proxy", "server"))

    def script(request: Request) -> Answer:
        for name, status, ask, challenge in (
            ("Proxy-Authorization", 407, "Proxy-Authenticate", proxy),
            ("Authorization", 401, "WWW-Authenticate", server),
        ):
            given = request.headers.get(name)
            if given is None:
                return status, "Who?", ((ask, challenge),)
            assert verify(given, Challenge.parse(challenge), credentials, request.method)
        return OK

    far = Scripted(network, "far", script)
    asker.ask()
    network.run(10)
    assert [response.status for response in asker.answers] == [200]
    assert [request.cseq.number for request in far.asked] == [1, 2, 3]
    assert len({request.branch for request in far.asked}) == 3
    assert len({request.call_id for request in far.asked}) == 1


@pytest.mark.parametrize("realms", [1, 100])
def test_who_asks_for_passwords_without_end_is_given_up(realms: int) -> None:
    network = Network()
    asker = Asker(network, Authenticator(Credentials("me", "geheim")))

    def script(_request: Request) -> Answer:
        number = len(far.asked)
        challenge = f'Digest realm="r{number % realms}", nonce="n{number}", qop="auth", stale=true'
        return 401, "Who?", (("WWW-Authenticate", challenge),)

    far = Scripted(network, "far", script)
    asker.ask()
    network.run(60)
    assert [response.status for response in asker.answers] == [401]
    assert len(far.asked) <= 6


def test_without_a_password_the_challenge_is_the_answer() -> None:
    network = Network()
    asker = Asker(network)
    Scripted(network, "far", lambda _: (401, "Who?", (("WWW-Authenticate", 'Digest realm="r", nonce="n"'),)))
    asker.ask()
    network.run(10)
    assert [response.status for response in asker.answers] == [401]


def test_what_is_too_long_for_a_datagram_goes_by_a_stream() -> None:
    network = Network()
    asker = Asker(network)
    far = Scripted(network, "far", lambda _: OK)
    asker.ask()
    network.run(10)
    rest = LONGEST_DATAGRAM - len(encode(far.asked[0])) - len("Subject: \r\n")
    for size in (rest, rest + 1):
        asker.ask(size)
        network.run(10)
    assert [(flow.transport, request.via.transport) for flow, request in zip(far.flows, far.asked, strict=True)] == [
        ("UDP", "UDP"),
        ("UDP", "UDP"),
        ("TCP", "TCP"),
    ]
    assert len(far.asked[2].vias) == 1
    assert len(asker.answers) == 3


def test_without_a_stream_it_is_a_datagram_after_all_and_that_is_remembered() -> None:
    network = Network()
    asker = Asker(network)
    asker.ask(2000)
    assert [flow.transport for flow, _ in asker.party.agent.outgoing] == ["TCP"]
    asker.party.agent.outgoing.clear()  # nobody listens for streams there
    asker.party.agent.broken(asker.flow("TCP"), "nobody listens there")
    far = Scripted(network, "far", lambda _: OK)
    network.run(10)
    asker.ask(2000)
    network.run(10)
    assert [request.via.transport for request in far.asked] == ["UDP", "UDP"]
    assert [response.status for response in asker.answers] == [200, 200]
    network.run(NO_STREAM_SECONDS)
    network.now += NO_STREAM_SECONDS
    asker.ask(2000)
    network.run(10)
    assert far.asked[-1].via.transport == "TCP"


def test_a_stream_that_breaks_after_an_answer_is_no_reason_to_ask_twice() -> None:
    network = Network()
    asker = Asker(network)
    far = Scripted(network, "far", lambda _: (100, "Trying", ()))
    asker.ask(2000)
    network.run(1)
    asker.party.agent.broken(asker.flow("TCP"), "the connection was closed")
    network.run(60)
    assert len(far.asked) == 1
    assert [(response.status, response.reason) for response in asker.answers] == [(503, "the connection was closed")]
    assert isinstance(asker.answers[0], MadeUp)
