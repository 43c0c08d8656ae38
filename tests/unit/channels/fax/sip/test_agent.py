"""What an agent answers to requests of its own making and of others', and to several answers at once."""

from collections.abc import Callable

import pytest

from depesche.channels.fax.sip.callstate import CALL, CallState, Happening
from depesche.channels.fax.sip.digest import Authenticator, Challenge, Credentials, verify
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.headers import Headers
from depesche.channels.fax.sip.layer import respond
from depesche.channels.fax.sip.message import Request, Response
from depesche.channels.fax.sip.register import REGISTRATION, Place
from depesche.channels.fax.sip.transaction import MACHINES, State
from depesche.channels.fax.sip.uri import NameAddr, Uri
from unit.channels.fax.sip.network import Heard, Message, Network, Party

B = ("b", 5060)


class ByHand:
    """A far end that answers what a test says."""

    def __init__(self, network: Network, answer: Callable[["ByHand", Request, Flow], None]) -> None:
        self.network = network
        self.seen: list[Message] = []
        self.sent: list[tuple[Flow, bytes]] = []
        self._answer = answer
        network.parties[B] = self  # type: ignore[assignment]  # it has what the network asks for
        self.agent = self
        self.outgoing = self.sent
        self.next = None

    def ring(self) -> None:
        """It has no alarms."""

    def receive(self, message: Message, flow: Flow) -> None:
        if isinstance(message, Request):
            self._answer(self, message, flow)

    def say(self, request: Request, status: int, tag: str, flow: Flow, *headers: tuple[str, str], body: bytes = b"",
            seconds: float = 0.01) -> None:  # fmt: skip
        response = respond(request, status, "As a test says", tag)
        for name, value in (("Contact", f"<sip:{tag}@b:5060>"), *headers):
            response.headers.add(name, value)
        response.body = body
        self.network.inject(response, Flow("UDP", flow.local, flow.remote), seconds)

    def requests(self, method: str) -> list[Request]:
        return [message for message in self.seen if isinstance(message, Request) and message.method == method]


def called(network: Network, answer: Callable[[ByHand, Request, Flow], None]) -> tuple[ByHand, Party, Heard]:
    b = ByHand(network, answer)
    a = network.party("a")
    ear = Heard()
    target = Uri("sip", "b", "4711", 5060)
    from depesche.channels.fax.sip.agent import Invitation  # noqa: PLC0415

    who = Authenticator(Credentials("me", "geheim"))
    ear.call = a.agent.invite(
        Invitation(target, NameAddr(Uri("sip", "a", "me")), NameAddr(target), b"offer"),
        Flow("UDP", a.address, B),
        ear,
        who,
    )
    return b, a, ear


def test_of_two_who_answer_the_second_is_let_go() -> None:
    def answer(b: ByHand, request: Request, flow: Flow) -> None:
        if request.method == "INVITE":
            b.say(request, 200, "first", flow, body=b"yes")
            b.say(request, 200, "second", flow, body=b"me too", seconds=0.5)
        elif request.method == "BYE":
            b.say(request, 200, request.to.tag or "", flow)

    network = Network()
    b, a, ear = called(network, answer)
    network.run(3)
    assert ear.notes == [("answered", b"yes")]
    assert sorted(str(ack.uri) for ack in b.requests("ACK")) == ["sip:first@b:5060", "sip:second@b:5060"]
    assert [bye.to.tag for bye in b.requests("BYE")] == ["second"]
    assert a.agent.has_call(ear.standing.call_id)
    ear.standing.hang_up()
    network.run(100)
    assert not a.agent.has_call(ear.standing.call_id)
    assert [bye.to.tag for bye in b.requests("BYE")] == ["second", "first"]
    assert (a.agent.calls, len(a.agent.layer)) == (0, 0)


def test_an_answer_that_comes_again_gets_its_ack_again_however_late() -> None:
    def answer(b: ByHand, request: Request, flow: Flow) -> None:
        if request.method == "INVITE":
            for seconds in (0.1, 0.6, 1.6, 40.0):
                b.say(request, 200, "tag", flow, body=b"yes", seconds=seconds)

    network = Network()
    b, _, ear = called(network, answer)
    network.run(60)
    assert ear.heard == ["answered"]
    assert len(b.requests("ACK")) == 4
    assert {ack.branch for ack in b.requests("ACK")} == {b.requests("ACK")[0].branch}


def test_provisional_answers_are_acknowledged_in_order_where_that_is_wanted() -> None:
    def answer(b: ByHand, request: Request, flow: Flow) -> None:
        if request.method == "INVITE":
            for number, seconds in ((7, 0.1), (7, 0.2), (9, 0.3), (8, 0.4)):
                b.say(request, 183, "tag", flow, ("Require", "100rel"), ("RSeq", str(number)), body=b"early",
                      seconds=seconds)  # fmt: skip
            b.say(request, 200, "tag", flow, seconds=2)
        elif request.method in {"PRACK", "BYE"}:
            b.say(request, 200, request.to.tag or "", flow)

    network = Network()
    b, _, ear = called(network, answer)
    network.run(5)
    assert [prack.headers.get("RAck") for prack in b.requests("PRACK")] == ["7 1 INVITE", "8 1 INVITE"]
    assert ear.notes[-1] == ("answered", b"early")  # the 200 has no answer of its own
    numbers = [request.cseq.number for request in (*b.requests("INVITE"), *b.requests("PRACK"))]
    assert numbers == [1, 2, 3]
    ear.standing.hang_up()
    network.run(5)
    assert b.requests("BYE")[0].cseq.number == 4


def test_a_challenge_is_met_and_a_second_one_means_a_wrong_password() -> None:
    challenge = Challenge("realm", "nonce", "SHA-256", ("auth",))

    def answer(b: ByHand, request: Request, flow: Flow) -> None:
        if request.method != "INVITE":
            return
        given = request.headers.get("Proxy-Authorization")
        if given and verify(given, challenge, Credentials("me", "geheim"), "INVITE"):
            b.say(request, 486, "tag", flow)
        else:
            b.say(request, 407, "tag", flow, ("Proxy-Authenticate", str(challenge)))

    network = Network()
    b, a, ear = called(network, answer)
    network.run(40)
    assert ear.ended.status == 486
    first, second = b.requests("INVITE")
    assert (first.cseq.number, second.cseq.number) == (1, 2)
    assert first.call_id == second.call_id
    assert first.from_.tag == second.from_.tag
    assert first.branch != second.branch
    assert len(b.requests("ACK")) == 2
    assert (a.agent.calls, len(a.agent.layer)) == (0, 0)


def test_a_session_that_is_too_short_is_asked_for_again_as_long_as_wanted() -> None:
    def answer(b: ByHand, request: Request, flow: Flow) -> None:
        if request.method == "INVITE":
            short = int((request.headers.get("Session-Expires") or "0").split(";")[0]) < 3600
            b.say(request, *((422, "x", flow, ("Min-SE", "3600")) if short else (603, "x", flow)))

    network = Network()
    b, _, ear = called(network, answer)
    network.run(40)
    assert ear.ended.status == 603
    assert [request.headers.get("Min-SE") for request in b.requests("INVITE")] == ["90", "3600"]


@pytest.mark.parametrize("odd", ["\N{SUPERSCRIPT TWO}", "", "-1", "9" * 5000, "1e3"])
def test_numbers_that_are_none_do_no_harm(odd: str) -> None:
    def answer(b: ByHand, request: Request, flow: Flow) -> None:
        if request.method == "INVITE":
            headers = (("Require", "100rel"), ("RSeq", odd), ("Retry-After", odd), ("Reason", f"Q.850;cause={odd}"))
            b.say(request, 183, "tag", flow, *headers)
            b.say(request, 422, "tag", flow, ("Min-SE", odd), *headers[2:], seconds=0.1)

    network = Network()
    b, _, ear = called(network, answer)
    network.run(40)
    assert ear.ended.status == 422
    assert len(b.requests("INVITE")) == 1


def request(method: str, *headers: tuple[str, str], tag: str = "", branch: str = "z9hG4bKx", cseq: int = 1) -> Request:
    made = Headers()
    made.add("Via", f"SIP/2.0/UDP b:5060;branch={branch}")
    made.add("From", "<sip:b@b>;tag=theirs")
    made.add("To", "<sip:a@a>" + (f";tag={tag}" if tag else ""))
    made.add("Call-ID", "one")
    made.add("CSeq", f"{cseq} {method}")
    made.add("Contact", "<sip:b@b:5060>")
    for name, value in headers:
        made.add(name, value)
    return Request(method, Uri("sip", "a", "a"), made)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (request("OPTIONS"), 200),
        (request("BYE", tag="nobody"), 481),
        (request("BYE"), 481),
        (request("CANCEL"), 481),
        (request("INFO"), 481),
        (request("SUBSCRIBE"), 405),
        (request("MESSAGE"), 405),
        (request("INVITE", ("Require", "timer, foo")), 420),
        (request("INVITE", ("Session-Expires", "30")), 422),
        (request("INVITE", tag="nobody"), 481),
    ],
)
def test_what_others_ask_has_its_answer(asked: Request, status: int) -> None:
    network = Network()
    b, a = ByHand(network, lambda *_: None), network.party("a")
    network.inject(asked, Flow("UDP", B, a.address))
    network.run(0.3)
    [response] = [message for message in b.seen if isinstance(message, Response)]
    assert response.status == status
    assert response.to.tag
    network.run(200)
    assert (a.agent.calls, len(a.agent.layer)) == (0, 0)


def test_the_same_call_that_comes_on_two_ways_is_taken_once() -> None:
    network = Network()
    b, a = ByHand(network, lambda *_: None), network.party("a")
    for branch in ("z9hG4bKone", "z9hG4bKtwo", "z9hG4bKone"):
        network.inject(request("INVITE", branch=branch), Flow("UDP", B, a.address))
    network.run(0.3)
    assert len(a.incoming) == 1
    statuses = [(message.branch, message.status) for message in b.seen if isinstance(message, Response)]
    assert statuses == [("z9hG4bKone", 100), ("z9hG4bKtwo", 482), ("z9hG4bKone", 100)]


def test_answers_go_to_where_a_request_came_from_even_if_its_sender_does_not_know_where_that_is() -> None:
    network = Network()
    a, outside = network.party("a"), ("nat", 33333)
    seen = ByHand(network, lambda *_: None)
    network.parties[outside] = network.parties.pop(B)
    network.inject(request("OPTIONS"), Flow("UDP", outside, a.address))
    network.run(0.3)
    [response] = seen.seen
    assert response.via.parameter("received") == "nat"


def test_in_each_table_every_state_can_be_reached_and_left() -> None:
    for machine in MACHINES:
        reached = {machine.first} | {step.state for row in machine.table.values() for step in row.values()}
        assert reached == set(machine.table) | {State.TERMINATED}
    reached_calls = {move.state for row in CALL.values() for move in row.values()}
    assert reached_calls | {CallState.DIALLING, CallState.OFFERED} == set(CallState)
    assert set(CALL) == set(CallState) - {CallState.OVER}
    assert {happening for row in CALL.values() for happening in row} == set(Happening)
    assert set(REGISTRATION) == set(Place) == {place for row in REGISTRATION.values() for place in row.values()}
