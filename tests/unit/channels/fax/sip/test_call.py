"""Calls between two agents, over networks that keep and lose messages."""

import pytest

from depesche.channels.fax.sip.callstate import CallState
from unit.channels.fax.sip.network import Heard, Network, Party, lossy

SECONDS = 64


def pair(network: Network, transport: str = "UDP") -> tuple[Party, Party]:
    return network.party("a", transport), network.party("b", transport)


def taken(network: Network, a: Party, b: Party) -> tuple[Heard, Heard]:
    """A call that stands."""
    _, ours = a.call(b)
    network.run(until=lambda: bool(b.incoming))
    call, request, theirs = b.incoming[-1]
    assert request.body == b"offer"
    call.ring()
    call.answer(b"answer")
    network.run(until=lambda: "answered" in ours.heard and "connected" in theirs.heard)
    return ours, theirs


def quiet(network: Network, *parties: Party) -> None:
    """Nothing is left of all calls and transactions."""
    network.run(200)
    assert [(party.agent.calls, len(party.agent.layer)) for party in parties] == [(0, 0)] * len(parties)


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_a_call_is_taken_and_ended_by_its_caller(transport: str) -> None:
    network = Network()
    a, b = pair(network, transport)
    ours, theirs = taken(network, a, b)
    assert ours.notes == [("ringing", 180), ("answered", b"answer")]
    ours.standing.hang_up()
    quiet(network, a, b)
    assert (ours.ended.ours, theirs.ended.ours) == (True, False)
    assert b.received("INVITE") == b.received("ACK") == b.received("BYE") == 1


@pytest.mark.parametrize("seed", range(40))
def test_a_call_comes_about_and_ends_over_a_network_that_loses_a_third(seed: int) -> None:
    network = Network(lossy(0.3, seed), seed)
    a, b = pair(network)
    ours, theirs = taken(network, a, b)
    theirs.standing.hang_up()
    quiet(network, a, b)
    assert ours.end is not None
    assert theirs.end is not None
    assert ours.heard.count("answered") == theirs.heard.count("connected") == 1


def test_a_call_is_refused() -> None:
    network = Network()
    a, b = pair(network)
    b.decide = lambda _call, _request: (486, "Busy Here")
    _, ours = a.call(b)
    quiet(network, a, b)
    assert (ours.ended.status, ours.ended.reason, ours.ended.ours) == (486, "Busy Here", False)
    assert not ours.ended.unheard


def test_nobody_is_there() -> None:
    network = Network()
    a, b = pair(network)
    del network.parties[b.address]
    _, ours = a.call(b)
    network.run(31)
    assert ours.end is None
    network.run(3)
    assert (ours.ended.status, ours.ended.unheard) == (408, True)


def test_a_call_that_rings_is_cancelled() -> None:
    network = Network()
    a, b = pair(network)
    call, ours = a.call(b)
    network.run(until=lambda: bool(b.incoming))
    b.incoming[0][0].ring()
    network.run(until=lambda: bool(ours.notes))
    call.hang_up()
    quiet(network, a, b)
    assert (ours.ended.ours, ours.ended.status) == (True, 487)
    theirs = b.incoming[0][2]
    assert theirs.ended.cancelled


def test_no_cancel_goes_out_before_the_first_answer() -> None:
    network = Network()
    a, b = pair(network)
    call, ours = a.call(b)
    call.hang_up()
    assert call.state is CallState.GIVING_UP
    quiet(network, a, b)
    assert b.received("CANCEL") == 1
    assert ours.ended.ours


@pytest.mark.parametrize("seed", range(20))
def test_an_answer_that_crosses_the_cancel_is_ended(seed: int) -> None:
    """Both go off at the same moment: no call may be left standing on either side."""
    network = Network(lossy(0.2, seed), seed)
    a, b = pair(network)
    call, ours = a.call(b)
    network.run(until=lambda: bool(b.incoming) and call.state is CallState.RINGING)
    call.hang_up()
    b.incoming[0][0].answer(b"answer")
    quiet(network, a, b)
    theirs = b.incoming[0][2]
    assert ours.end is not None
    assert theirs.end is not None
    assert "answered" not in ours.heard


def test_media_are_offered_in_the_call_by_either_side() -> None:
    network = Network()
    a, b = pair(network)
    ours, theirs = taken(network, a, b)
    ours.on_offer = lambda call: call.accept(b"yes")
    theirs.on_offer = lambda call: call.decline(488, "Not Acceptable Here")
    theirs.standing.offer(b"t38")
    network.run(5)
    ours.standing.offer(b"t38 too")
    network.run(5)
    assert ours.notes[2:] == [("offered", b"t38"), ("declined", 488)]
    assert theirs.notes[1:] == [("accepted", b"yes"), ("offered", b"t38 too")]
    ours.standing.hang_up()
    quiet(network, a, b)


def test_offers_that_cross_are_made_one_after_the_other() -> None:
    network = Network()
    a, b = pair(network)
    ours, theirs = taken(network, a, b)
    ours.on_offer = lambda call: call.accept(b"a says yes")
    theirs.on_offer = lambda call: call.accept(b"b says yes")
    ours.standing.offer(b"from a")
    theirs.standing.offer(b"from b")
    network.run(20)
    assert {("offered", b"from b"), ("accepted", b"b says yes")} <= set(ours.notes)
    assert {("offered", b"from a"), ("accepted", b"a says yes")} <= set(theirs.notes)
    ours.standing.hang_up()
    quiet(network, a, b)


def test_a_session_is_refreshed_and_ends_when_the_other_end_is_gone() -> None:
    network = Network()
    a, b = pair(network)
    ours, theirs = taken(network, a, b)
    theirs.on_offer = lambda call: call.accept(b"same")
    network.run(4000)
    assert ours.end is None
    assert theirs.end is None
    assert theirs.heard.count("offered") >= 4
    del network.parties[a.address]
    network.run(2000)
    assert "refresh" in theirs.ended.reason
