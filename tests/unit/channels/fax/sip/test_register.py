"""Registrations: renewed in time, given up and tried again, by other ways and over broken connections."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from depesche.channels.fax.sip.digest import Authenticator, Challenge, Credentials, verify
from depesche.channels.fax.sip.flow import Flow
from depesche.channels.fax.sip.message import Request
from depesche.channels.fax.sip.probe import Probe
from depesche.channels.fax.sip.register import Place, Registrar, Registration
from depesche.channels.fax.sip.uri import NameAddr, Uri
from unit.channels.fax.sip.network import Network, Party
from unit.channels.fax.sip.scripted import Answer, Scripted

HERE = Uri("sip", "carrier.example")


def taken(request: Request, seconds: int = 600) -> Answer:
    if request.headers.get("Expires") == "0":
        return 200, "OK", ()
    return 200, "OK", (("Contact", f"{request.headers.get('Contact')};expires={seconds}"),)


@dataclass
class Known:
    """A registration of ours, and what it told."""

    network: Network
    party: Party
    hops: list[str]
    who: Authenticator | None = None
    told: list[tuple[bool, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registration = Registration(
            self.party.agent,
            Registrar(HERE, NameAddr(Uri("sip", "carrier.example", "20001")), who=self.who),
            self.flow,
            lambda up, why: self.told.append((up, why)),
            self.failed,
        )

    def flow(self) -> Flow:
        return Flow(self.party.transport, self.party.address, (self.hops[0], 5060))

    def failed(self, flow: Flow) -> bool:
        self.hops.append(self.hops.pop(0))
        self.tries = getattr(self, "tries", 0) + 1
        return self.tries % len(self.hops) != 0


def known(*hops: str, transport: str = "UDP", who: Authenticator | None = None) -> tuple[Network, Known]:
    network = Network()
    return network, Known(network, network.party("us", transport), list(hops), who)


def test_it_is_renewed_in_time_and_ended() -> None:
    network, ours = known("r")
    registrar = Scripted(network, "r", lambda request: taken(request, 100))
    ours.registration.start()
    network.run(400)
    assert ours.told[0] == (True, "")
    assert {up for up, _ in ours.told} == {True}
    assert 4 <= len(registrar.asked) <= 6
    assert len({request.call_id for request in registrar.asked}) == 1
    assert [request.cseq.number for request in registrar.asked] == list(range(1, len(registrar.asked) + 1))
    ours.registration.stop()
    network.run(5)
    assert registrar.asked[-1].headers.get("Expires") == "0"
    assert (ours.registration.place, ours.told[-1]) == (Place.OUT, (False, "unregistered"))
    network.run(1000)
    assert ours.registration.place is Place.OUT


def test_a_registrar_that_finds_it_too_brief_is_asked_for_longer() -> None:
    network, ours = known("r")

    def script(request: Request) -> Answer:
        if int(request.headers.get("Expires") or 0) < 1800:
            return 423, "Interval Too Brief", (("Min-Expires", "1800"),)
        return taken(request, 1800)

    registrar = Scripted(network, "r", script)
    ours.registration.start()
    network.run(60)
    assert [request.headers.get("Expires") for request in registrar.asked] == ["600", "1800"]
    assert ours.told == [(True, "")]


def test_a_nonsensical_423_is_a_refusal() -> None:
    network, ours = known("r")
    registrar = Scripted(network, "r", lambda _: (423, "Interval Too Brief", (("Min-Expires", "10"),)))
    ours.registration.start()
    network.run(10)
    assert ours.told == [(False, "423 Interval Too Brief")]
    assert len(registrar.asked) == 1


def test_refusals_are_further_and_further_apart() -> None:
    network, ours = known("r")
    times: list[float] = []

    def script(_request: Request) -> Answer:
        times.append(network.now)
        return 403, "Forbidden", ()

    Scripted(network, "r", script)
    ours.registration.start()
    network.run(4 * 3600)
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(15 * 2**n <= pause <= 30 * 2**n + 1 for n, pause in enumerate(pauses[:5]))
    assert all(900 <= pause <= 1801 for pause in pauses[6:])
    assert ours.told == [(False, "403 Forbidden")] * len(times)


def test_a_registrar_may_ask_for_patience() -> None:
    network, ours = known("r")
    registrar = Scripted(network, "r", lambda _: (500, "Busy", (("Retry-After", "700 (too many)"),)))
    ours.registration.start()
    network.run(690)
    assert len(registrar.asked) == 1
    network.run(20)
    assert len(registrar.asked) == 2


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_a_password_is_asked_for_once_and_told_at_once_from_then_on(algorithm: str) -> None:
    credentials = Credentials("20001", "geheim")
    network, ours = known("r", who=Authenticator(credentials))
    challenge = f'Digest realm="carrier", nonce="n1", algorithm={algorithm}, qop="auth"'

    def script(request: Request) -> Answer:
        given = request.headers.get("Authorization")
        if given is None:
            return 401, "Unauthorized", (("WWW-Authenticate", challenge),)
        assert verify(given, Challenge.parse(challenge), credentials, "REGISTER")
        return taken(request, 100)

    registrar = Scripted(network, "r", script)
    ours.registration.start()
    network.run(100)
    assert ours.told == [(True, "")] * 2
    assert [request.headers.get("Authorization") is not None for request in registrar.asked] == [False, True, True]
    assert [request.cseq.number for request in registrar.asked] == [1, 2, 3]


def test_a_wrong_password_is_told() -> None:
    network, ours = known("r", who=Authenticator(Credentials("20001", "wrong")))
    challenge = 'Digest realm="carrier", nonce="n{}", qop="auth"'
    registrar = Scripted(network, "r", lambda _: (401, "Unauthorized", (("WWW-Authenticate", challenge.format(1)),)))
    ours.registration.start()
    network.run(10)
    assert ours.told == [(False, "401 Unauthorized")]
    assert len(registrar.asked) == 2


def test_another_server_of_the_name_is_asked_at_once() -> None:
    network, ours = known("dead", "broken", "alive", transport="TCP")
    broken = Scripted(network, "broken", lambda _: (503, "Service Unavailable", ()))
    alive = Scripted(network, "alive", taken)
    ours.registration.start()
    assert not alive.asked
    ours.party.agent.broken(ours.flow(), "nobody listens there")  # not even the first one's transport
    network.run(1)
    assert (len(broken.asked), len(alive.asked), ours.told) == (1, 1, [(True, "")])


def test_a_silent_server_is_not_waited_for_if_there_is_another() -> None:
    network, ours = known("silent", "alive")
    alive = Scripted(network, "alive", taken)
    ours.registration.start()
    network.run(10)
    assert (len(alive.asked), ours.told) == (1, [(True, "")])
    network.run(60)
    assert ours.told == [(True, "")]


def test_if_no_server_answers_the_last_reason_is_told() -> None:
    _, ours = known("dead", "gone", transport="TCP")
    ours.registration.start()
    for _ in range(2):
        ours.party.agent.broken(ours.flow(), "nobody listens there")
    assert ours.told == [(False, "nobody listens there")]
    assert ours.registration.place is Place.RESTING


def test_a_broken_connection_is_made_anew_but_not_all_the_time() -> None:
    network, ours = known("r", transport="TCP")
    registrar = Scripted(network, "r", taken)
    ours.registration.start()
    network.run(1)
    ours.registration.lost("the connection was closed")
    network.run(1)
    assert len(registrar.asked) == 2
    assert ours.told == [(True, ""), (False, "the connection was closed"), (True, "")]
    ours.registration.lost("the connection was closed")
    network.run(10)
    assert (len(registrar.asked), ours.registration.place) == (2, Place.RESTING)
    network.run(25)
    assert len(registrar.asked) == 3
    network.run(200)
    ours.registration.lost("the connection was closed")
    network.run(1)
    assert len(registrar.asked) == 4


def test_what_comes_too_late_changes_nothing() -> None:
    network, ours = known("r")
    ours.registration.start()
    network.run(5)  # no answer so far
    registrar = Scripted(network, "r", taken)
    ours.registration.stop()
    network.run(100)
    assert max(registrar.asked, key=lambda request: request.cseq.number).headers.get("Expires") == "0"
    assert ours.registration.place is Place.OUT
    assert ours.told == [(False, "unregistered")]


def test_a_trunk_without_registrar_is_there_if_it_answers_anything() -> None:
    network = Network()
    us, told = network.party("us"), list[tuple[bool, str]]()
    flow = Flow("UDP", us.address, ("gateway", 5060))
    probe = Probe(us.agent, HERE, lambda: flow, lambda up, why: told.append((up, why)), lambda _: False)
    probe.start()
    network.run(40)
    assert told == [(True, "")], "there are gateways that let OPTIONS fall"
    answers = [(405, "Method Not Allowed"), (200, "OK"), (503, "Service Unavailable")]
    gateway = Scripted(network, "gateway", lambda _: (*answers[min(len(gateway.asked), 3) - 1], ()))
    network.run(240)
    assert told[1:3] == [(True, ""), (True, "")]
    assert told[3:] == [(False, "503 Service Unavailable")] * len(told[3:])
    del network.parties[gateway.address]
    network.run(100)
    assert told[-1] == (False, "nobody answers")
    probe.stop()
    asked = len(gateway.asked)
    network.run(500)
    assert len(gateway.asked) == asked
