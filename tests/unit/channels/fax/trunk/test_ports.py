"""Sockets for media: whom they hear, what waits, and one look at all of them."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from depesche.channels.fax.trunk.ports import MediaSocket, NoPort, Ports
from peers import ports as free

HOST = "127.0.0.1"


@dataclass
class Ear:
    """Hears one call."""

    heard: list[bytes] = field(default_factory=list)
    media: bytes = b"media"

    def plausible(self, datagram: bytes) -> bool:
        return datagram.startswith(self.media)

    def receive(self, datagram: bytes) -> None:
        self.heard.append(datagram)


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind((HOST, 0))
        end.settimeout(10)
        yield end


@pytest.fixture
def other() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind((HOST, 0))
        yield end


def opened(ports: Ports, ear: Ear) -> MediaSocket:
    return ports.open(ear.plausible, ear.receive)


def test_it_hears_where_it_was_aimed_and_whoever_speaks_first(far: socket.socket, other: socket.socket) -> None:
    ports, ear = Ports(HOST), Ear()
    ours = opened(ports, ear)
    ours.aim(far.getsockname())
    other.sendto(b"noise", (HOST, ours.port))  # not plausible: no reason to listen there
    other.sendto(b"media 1", (HOST, ours.port))
    far.sendto(b"media 2", (HOST, ours.port))  # too late: it comes from elsewhere now
    ports.incoming.read()
    assert ear.heard == [b"media 1"]
    ours.send(b"back")
    assert other.recv(100) == b"back"
    ours.aim(far.getsockname())  # nothing new is said
    ours.send(b"again")
    assert other.recv(100) == b"again"
    ours.close()


def test_what_is_said_anew_counts(far: socket.socket, other: socket.socket) -> None:
    ports, ear = Ports(HOST), Ear()
    ours = opened(ports, ear)
    ours.aim(far.getsockname())
    far.sendto(b"anything", (HOST, ours.port))
    ports.incoming.read()
    ours.aim(other.getsockname())
    other.sendto(b"anything else", (HOST, ours.port))
    ports.incoming.read()
    assert ear.heard == [b"anything", b"anything else"]
    ours.close()


def test_one_look_takes_what_came_for_all_and_not_all_of_a_flood(far: socket.socket) -> None:
    ports, ears = Ports(HOST), [Ear() for _ in range(50)]
    calls = [opened(ports, ear) for ear in ears]
    for number, ours in enumerate(calls):
        for _ in range(1 + 100 * (number == 7)):
            far.sendto(b"media", (HOST, ours.port))
    ports.incoming.read()
    assert [len(ear.heard) for ear in ears] == [1] * 7 + [16] + [1] * 42
    for ours in calls:
        ours.close()


def test_what_came_before_anybody_looked_is_taken_at_once(far: socket.socket) -> None:
    ear = Ear()
    ours = opened(Ports(HOST), ear)
    for _ in range(100):
        far.sendto(b"media", (HOST, ours.port))
    ours.catch_up()
    assert len(ear.heard) == 100
    ours.close()


def test_a_call_may_end_while_others_are_looked_at(far: socket.socket) -> None:
    ports, calls = Ports(HOST), list[MediaSocket]()

    def end_all(_: bytes) -> None:
        for ours in calls:
            ours.close()

    calls += [ports.open(lambda _: True, end_all) for _ in range(3)]
    for ours in calls:
        far.sendto(b"media", (HOST, ours.port))
    ports.incoming.read()
    ports.incoming.read()


def test_a_call_that_cannot_hear_leaves_the_others_in_peace(far: socket.socket) -> None:
    ports, ear = Ports(HOST), Ear()

    def deaf(_: bytes) -> None:
        raise RuntimeError("a mistake of ours")

    broken, ours = ports.open(lambda _: True, deaf), opened(ports, ear)
    for one in (broken, ours):
        far.sendto(b"media", (HOST, one.port))
    ports.incoming.read()
    assert ear.heard == [b"media"]
    for one in (broken, ours):
        one.close()


def test_nobody_listens_there_and_it_goes_on(far: socket.socket) -> None:
    ports, ear = Ports(HOST), Ear()
    ours = opened(ports, ear)
    ours.send(b"to nobody")
    ours.aim((HOST, free.one()))
    ours.send(b"where nobody is")
    ours.aim(far.getsockname())
    ours.send(b"here")
    assert far.recv(100) == b"here"
    ours.aim(("240.0.0.1", 9))
    ours.send(b"no way there")
    ours.close()


def test_ports_of_a_range_are_used_once_and_given_back() -> None:
    with free.block(4) as block:
        first = block[0] + block[0] % 2
        ports, ear = Ports(HOST, first, first + 2), Ear()
        calls = [opened(ports, ear), opened(ports.at(HOST), ear)]
        assert sorted(ours.port for ours in calls) == [first, first + 2]
        with pytest.raises(NoPort):
            opened(ports, ear)
        calls[0].close()
        opened(ports, ear).close()
        calls[1].close()


def test_ipv6() -> None:
    ports, ear = Ports(HOST).at("::1"), Ear()
    one, another = opened(ports, ear), opened(ports, ear)
    one.aim(("::1", another.port))
    another.aim(("::1", one.port))
    one.send(b"media")
    ports.incoming.read()
    assert ear.heard == [b"media"]
    one.close()
    another.close()
