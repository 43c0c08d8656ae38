"""RTP, octet by octet, and what a terminal hears of it."""

import random
import struct
from collections.abc import Iterator

import pytest

from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.rtp import Receiver, Sender, plausible
from depesche.channels.fax.t30.g711 import G711Terminal, Law
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp

SOURCE = 0xDEADBEEF


class Ear(G711Terminal):
    """A terminal that also writes down what it hears: octets with their law, or samples that are filled in."""

    heard: list[tuple[Law, bytes] | int]

    def receive_coded(self, octets: bytes, law: Law) -> None:
        self.heard.append((law, octets))
        super().receive_coded(octets, law)

    def fill_in(self, samples: int) -> None:
        self.heard.append(samples)
        super().fill_in(samples)


@pytest.fixture
def ear(spandsp: Spandsp) -> Iterator[Ear]:
    with Ear(spandsp, Station("1"), calling=False) as terminal:
        terminal.heard = []
        yield terminal


def packet(
    number: int,
    payload: bytes = b"",
    *,
    kind: int = 8,
    stamp: int | None = None,
    source: int = SOURCE,
    first: int = 0x80,
) -> bytes:
    """Packet number so many of a stream; its payload is its number in 160 octets unless given."""
    at = number * 160 if stamp is None else stamp
    head = struct.pack(">BBHII", first, kind, number & 0xFFFF, at & 0xFFFFFFFF, source)
    return head + (payload or bytes([number & 0xFF]) * 160)


def said(*numbers: int) -> list[tuple[Law, bytes]]:
    return [(Law.PCMA, bytes([number & 0xFF]) * 160) for number in numbers]


def test_a_stream_is_heard_as_it_comes(ear: Ear) -> None:
    receiver = Receiver(ear)
    for number in range(10):
        receiver.receive(packet(number))
    assert ear.heard == said(*range(10))


def test_numbers_and_timestamps_begin_anew_after_the_last(ear: Ear) -> None:
    receiver = Receiver(ear)
    for number in range(0xFFFD, 0x10003):
        receiver.receive(packet(number, stamp=0xFFFFFF00 + (number - 0xFFFD) * 160))
    assert ear.heard == said(*range(0xFFFD, 0x10003))


@pytest.mark.parametrize("order", [(0, 2, 1, 3), (0, 2, 3, 1, 4), (0, 1, 1, 2, 0, 3), (0, 2, 2, 1, 3)])
def test_late_packets_are_put_in_order_and_twice_is_once(ear: Ear, order: tuple[int, ...]) -> None:
    receiver = Receiver(ear)
    for number in order:
        receiver.receive(packet(number))
    assert ear.heard == said(*sorted(set(order)))
    assert (receiver.lost, receiver.filled) == (0, 0)
    assert receiver.late == len(order) - len(set(order))


def test_a_lost_packets_time_is_filled_in(ear: Ear) -> None:
    receiver = Receiver(ear)
    for number in (0, 1, 4, 5, 6, 7):
        receiver.receive(packet(number))
    assert ear.heard == [*said(0, 1), 320, *said(4, 5, 6, 7)]
    assert (receiver.lost, receiver.filled) == (2, 320)


def test_a_lost_packet_is_waited_for_no_longer_than_three_ticks(ear: Ear) -> None:
    receiver = Receiver(ear)
    for number in (0, 2):
        receiver.receive(packet(number))
        receiver.tick()
    receiver.tick()
    receiver.tick()
    assert ear.heard == said(0)
    receiver.tick()
    assert ear.heard == [*said(0), 160, *said(2)]
    receiver.receive(packet(1))
    assert receiver.late == 1


def test_silence_that_is_not_sent_is_filled_in_once(ear: Ear) -> None:
    """By the ticks after 200 ms; the rest when the timestamp tells how long it was."""
    receiver = Receiver(ear)
    receiver.receive(packet(0))
    for _ in range(30):
        receiver.tick()
    assert ear.heard == [*said(0), *[160] * 20]
    receiver.receive(packet(1, stamp=31 * 160))
    assert ear.heard == [*said(0), *[160] * 20, 160 * 10, *said(1)]
    assert receiver.filled == 160 * 30


def test_a_timestamp_that_jumps_far_fills_nothing(ear: Ear) -> None:
    receiver = Receiver(ear)
    for number, stamp in ((0, 0), (1, 160), (2, 0x80000000), (3, 0x800000A0), (4, 0)):
        receiver.receive(packet(number, stamp=stamp))
    assert ear.heard == said(0, 1, 2, 3, 4)


@pytest.mark.parametrize("milliseconds", [10, 20, 30, 40, 240])
def test_packets_may_be_of_any_length(ear: Ear, milliseconds: int) -> None:
    receiver = Receiver(ear)
    size = milliseconds * 8
    for number in range(4):
        receiver.receive(packet(number, bytes([number]) * size, stamp=number * size))
    receiver.receive(packet(5, b"\5" * size, stamp=5 * size))
    for _ in range(4):
        receiver.tick()
    assert ear.heard == [*((Law.PCMA, bytes([number]) * size) for number in range(4)), size, (Law.PCMA, b"\5" * size)]


def test_either_law_is_understood(ear: Ear) -> None:
    receiver = Receiver(ear)
    receiver.receive(packet(0, kind=8))
    receiver.receive(packet(1, kind=0))
    assert [law for law, _ in ear.heard] == [Law.PCMA, Law.PCMU]  # type: ignore[misc]


@pytest.mark.parametrize("kind", [13, 101, 96])
def test_comfort_noise_and_telephone_events_are_time_in_which_nothing_is_said(ear: Ear, kind: int) -> None:
    receiver = Receiver(ear)
    receiver.receive(packet(0))
    receiver.receive(packet(1, b"\x40", kind=kind))
    receiver.receive(packet(2))
    assert ear.heard == [*said(0), 160, *said(2)]
    assert receiver.lost == 0


def test_extension_contributors_padding_and_marker_are_no_audio(ear: Ear) -> None:
    receiver = Receiver(ear)
    voice = b"\7" * 160
    receiver.receive(packet(0, voice, kind=0x88))
    receiver.receive(packet(1, b"CSRC" * 2 + voice, first=0x82))
    receiver.receive(packet(2, b"\xbe\xde\0\1abcd" + voice, first=0x90))
    receiver.receive(packet(3, voice + b"\0\0\3", first=0xA0))
    receiver.receive(packet(4, b"CSRC\xbe\xde\0\0" + voice + b"\1", first=0xB1))
    assert ear.heard == [(Law.PCMA, voice)] * 5


def test_another_source_is_another_stream(ear: Ear) -> None:
    """And what is still under way of the one before is not mixed into it."""
    receiver = Receiver(ear)
    receiver.receive(packet(0))
    receiver.receive(packet(700, source=1))
    receiver.receive(packet(1))
    receiver.receive(packet(701, source=1))
    assert ear.heard == said(0, 700, 701)
    assert receiver.late == 1


def test_a_source_may_come_back_when_the_other_is_silent(ear: Ear) -> None:
    receiver = Receiver(ear)
    receiver.receive(packet(0))
    receiver.receive(packet(700, source=1))
    for _ in range(3):
        receiver.tick()
    receiver.receive(packet(1))
    assert ear.heard == said(0, 700, 1)


def test_numbers_that_begin_anew_are_believed_when_the_second_comes(ear: Ear) -> None:
    receiver = Receiver(ear)
    for number in (0, 1, 30000, 30001, 30002):
        receiver.receive(packet(number))
    assert ear.heard == said(0, 1, 30001, 30002)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x80\x08" + bytes(9),
        packet(0, first=0x40),
        packet(0, first=0x00),
        packet(0, kind=72),
        packet(0, kind=0xC8),
        packet(0, b"a", first=0x8F),
        packet(0, b"a", first=0x90),
        packet(0, b"\0\0\xff\xff", first=0x90),
        packet(0, b"a\0", first=0xA0),
        packet(0, b"a\x09", first=0xA0),
        packet(0, bytes(1921)),
    ],
)
def test_what_is_no_packet_is_refused(ear: Ear, datagram: bytes) -> None:
    receiver = Receiver(ear)
    with pytest.raises(Garbled):
        receiver.receive(datagram)
    receiver.receive(packet(0))
    assert ear.heard == said(0)


def test_a_packet_of_ours(spandsp: Spandsp) -> None:
    with G711Terminal(spandsp, Station("1"), calling=False) as terminal:
        sender = Sender(terminal, Law.PCMU, source=SOURCE, number=0xFFFF, stamp=0xFFFFFFFF)
        first, second = sender.packet(), sender.packet()
    assert first == b"\x80\x80\xff\xff\xff\xff\xff\xff\xde\xad\xbe\xef" + b"\xff" * 160
    assert second == b"\x80\x00\x00\x00\x00\x00\x00\x9f\xde\xad\xbe\xef" + b"\xff" * 160


def test_plausible_is_what_may_be_rtp() -> None:
    assert plausible(packet(0))
    assert plausible(packet(0, kind=101))
    assert not plausible(packet(0)[:11])
    assert not plausible(packet(0, kind=72)), "RTCP"
    assert not plausible(b"\0\0\1\6\0\0" + bytes(100)), "UDPTL"
    assert not plausible(b"\0\1\0\x08\x21\x12\xa4\x42" + bytes(20)), "STUN"


def test_whatever_order_chance_makes_nothing_is_heard_twice(ear: Ear) -> None:
    chance = random.Random(4)
    receiver = Receiver(ear)
    for number in sorted(range(300), key=lambda one: one + chance.choice((0, 0, 0, 1.5, 2.5, 9))):
        receiver.receive(packet(number))
        receiver.tick()
    numbers = [one[1][0] for one in ear.heard if isinstance(one, tuple)]
    whole = [one + (256 if index > 200 and one < 100 else 0) for index, one in enumerate(numbers)]
    assert whole == sorted(set(whole))
    assert sum(one for one in ear.heard if isinstance(one, int)) == receiver.filled == 160 * receiver.lost
