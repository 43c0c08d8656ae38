"""Datagrams of T.38, octet by octet, and what is lost on their way."""

import itertools
import random

import pytest

from depesche.channels.fax.media.errors import Garbled
from depesche.channels.fax.media.udptl import ENTRIES, Correction, Receiver, Sender, plausible

CORRECTIONS = pytest.mark.parametrize("correction", list(Correction), ids=lambda one: one.name)


def ifps(count: int, seed: int = 1) -> list[bytes]:
    """Packets of any length; the last octet is never 0, so that padding can be told from it."""
    chance = random.Random(seed)
    return [chance.randbytes(chance.choice((0, 4, 53, 57))) + b"\1" for _ in range(count)]


def sent(correction: Correction, packets: list[bytes], max_datagram: int = 400) -> list[bytes]:
    sender = Sender(correction, max_datagram)
    return [sender.datagram(packet) for packet in packets]


def received(datagrams: list[bytes], receiver: Receiver | None = None) -> list[tuple[int, bytes]]:
    """What a receiver gives, padding taken off, after it waited long enough."""
    receiver = receiver or Receiver()
    given = [one for datagram in datagrams for one in receiver.receive(datagram)]
    given += [one for _ in range(10) for one in receiver.tick()]
    return [(number, packet.rstrip(b"\0")) for number, packet in given]


def numbered(packets: list[bytes], *lost: int) -> list[tuple[int, bytes]]:
    return [(number & 0xFFFF, packet) for number, packet in enumerate(packets) if number not in lost]


def test_redundancy_repeats_the_three_packets_before() -> None:
    assert sent(Correction.REDUNDANCY, [b"a", b"bb", b"c", b"d", b"e"])[-1] == (
        b"\0\4\1e\0\3\1d\1c\2bb"
    )  # fmt: skip


def test_fec_begins_when_there_is_something_to_go_over() -> None:
    datagrams = sent(Correction.FEC, [b"\1", b"\2", b"\4", b"\x10"])
    assert datagrams[2] == b"\0\2\1\4\x80\1\0\0"  # fmt: skip
    assert datagrams[3] == b"\0\3\1\x10\x80\1\3\1\1\7"  # fmt: skip


def test_fec_goes_over_every_third_packet() -> None:
    packets = [bytes([1 << bit]) for bit in range(8)] + [b"\1\1", b"\0\0\1"]
    last = sent(Correction.FEC, packets)[-1]
    # 9 + m - 3k: packets 0, 3, 6; 1, 4, 7; 2, 5, 8
    assert last == b"\0\x09\3\0\0\1\x80\1\3\3\1\x49\1\x92\2\x25\1"  # fmt: skip


def test_lengths_of_more_than_127_octets_take_two() -> None:
    [datagram] = sent(Correction.NONE, [b"x" * 300])
    assert datagram == b"\0\0\x81\x2c" + b"x" * 300 + b"\0\0"
    assert received([datagram]) == [(0, b"x" * 300)]


@CORRECTIONS
def test_what_is_sent_is_received_beyond_the_last_number(correction: Correction) -> None:
    packets = ifps(0x10000 + 500)
    assert received(sent(correction, packets)) == numbered(packets)


@pytest.mark.parametrize("lost", range(12, 21))
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC], ids=lambda one: one.name)
def test_three_losses_in_a_row_are_mended(correction: Correction, lost: int, count: int) -> None:
    packets = ifps(40, seed=lost)
    datagrams = sent(correction, packets)
    del datagrams[lost : lost + count]
    receiver = Receiver()
    assert received(datagrams, receiver) == numbered(packets)
    assert (receiver.mended, receiver.lost) == (count, 0)


@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC], ids=lambda one: one.name)
def test_losses_across_the_last_number_are_mended(correction: Correction) -> None:
    packets = ifps(0x10000 + 20)
    datagrams = sent(correction, packets)
    del datagrams[0xFFFF : 0xFFFF + 2]
    assert received(datagrams) == numbered(packets)


@pytest.mark.parametrize("distance", range(1, 2 * ENTRIES))
def test_fec_mends_scattered_losses(distance: int) -> None:
    packets = ifps(60)
    lost = (20, 20 + distance)
    datagrams = [one for number, one in enumerate(sent(Correction.FEC, packets)) if number not in lost]
    assert received(datagrams) == numbered(packets)


def test_four_losses_in_a_row_are_too_many_for_fec() -> None:
    packets = ifps(40)
    datagrams = sent(Correction.FEC, packets)
    del datagrams[20:24]
    receiver = Receiver()
    given = received(datagrams, receiver)
    assert [one for one in given if one[1] != packets[one[0]]] == []
    assert receiver.lost > 0
    assert given[-1] == (39, packets[39])


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_most_of_what_is_lost_by_chance_is_mended(share: float) -> None:
    chance = random.Random(2)
    packets = ifps(2000)
    for correction, most in ((Correction.REDUNDANCY, 0.02), (Correction.FEC, 0.04)):
        datagrams = [one for one in sent(correction, packets) if chance.random() >= share]
        receiver = Receiver()
        given = received(datagrams, receiver)
        assert all(packet == packets[number] for number, packet in given)
        assert receiver.lost <= most * 2000
        assert len(given) >= 2000 - receiver.lost - 4


@CORRECTIONS
def test_order_is_restored_and_twice_is_once(correction: Correction) -> None:
    chance = random.Random(3)
    packets = ifps(500)
    datagrams = sent(correction, packets)
    mixed = sorted(enumerate(datagrams), key=lambda one: one[0] + chance.choice((0, 0, 0, 0, 2.5)))
    twice = [datagram for _, datagram in mixed for _ in range(chance.choice((1, 1, 2)))]
    receiver = Receiver()
    assert received(twice, receiver) == numbered(packets)
    assert receiver.lost == 0 < receiver.late


def test_a_missing_packet_is_waited_for_no_longer_than_three_ticks() -> None:
    datagrams = sent(Correction.NONE, [b"a", b"b", b"c"])
    receiver = Receiver()
    assert [*receiver.receive(datagrams[0]), *receiver.receive(datagrams[2])] == [(0, b"a")]
    assert [list(receiver.tick()) for _ in range(4)] == [[], [], [], [(2, b"c")]]
    assert receiver.lost == 1
    assert receiver.receive(datagrams[1]) == ()
    assert receiver.late == 1


def test_one_number_from_nowhere_is_not_believed() -> None:
    """An RTP packet that was under way when T.38 began, for one."""
    packets = ifps(20)
    datagrams = sent(Correction.REDUNDANCY, packets)
    stale = b"\x80\x08" + b"\x12" + bytes(200)
    mixed = [one for datagram in datagrams for one in (stale, datagram, stale)]
    assert received([stale, stale, *mixed]) == numbered(packets)


def test_two_numbers_in_a_row_are_believed() -> None:
    """Some gateways begin anywhere, or begin anew."""
    receiver = Receiver()
    datagrams = [(40000 + number).to_bytes(2, "big") + b"\1" + bytes([number + 1]) + b"\0\0" for number in range(4)]
    assert received(datagrams, receiver) == [(40000 + number, bytes([number + 1])) for number in range(4)]
    assert received([b"\0\0\1a\0\0", b"\0\1\1b\0\0"], receiver) == [(0, b"a"), (1, b"b")]


@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC], ids=lambda one: one.name)
@pytest.mark.parametrize("most", [20, 72, 150, 200])
def test_a_datagram_is_no_longer_than_the_far_end_takes(correction: Correction, most: int) -> None:
    datagrams = sent(correction, ifps(100), most)
    assert all(len(datagram) <= max(most, 66) for datagram in datagrams)  # a packet of 58 goes, whatever was said
    assert all(plausible(datagram) for datagram in datagrams)
    packets = ifps(100)
    assert received(datagrams) == numbered(packets)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\0",
        b"\0\0",
        b"\0\0\1",
        b"\0\0\1a",
        b"\0\0\5a\0\0",
        b"\0\0\x80",
        b"\0\0\x81\0a\0\0",
        b"\0\0\xc1a\0\0",
        b"\0\0\1a" + bytes(5000),
    ],
)
def test_what_is_no_packet_is_refused(datagram: bytes) -> None:
    receiver = Receiver()
    with pytest.raises(Garbled):
        receiver.receive(datagram)
    assert not plausible(datagram)
    assert receiver.receive(b"\0\0\1a\0\0") == ((0, b"a"),)


@pytest.mark.parametrize(
    "behind",
    [
        b"\0",
        b"\0\1",
        b"\0\2\1a",
        b"\0\xc1",
        b"\x80",
        b"\x80\1",
        b"\x80\1\3",
        b"\x80\1\3\3\1a",
        b"\x80\2\x40\0\1\1a",
        b"\x80\1\xff\1\1a",
    ],
)
def test_recovery_that_is_garbled_is_refused_where_it_is_needed(behind: bytes) -> None:
    receiver = Receiver()
    with pytest.raises(Garbled):
        receiver.receive(b"\0\5\1a" + behind)
    assert received([b"\0\0\1a\0\0"], receiver) == [(0, b"a")]


def test_plausible_is_what_is_a_packet_to_its_end() -> None:
    for datagram in itertools.chain.from_iterable(sent(correction, ifps(20)) for correction in Correction):
        assert plausible(datagram)
        assert not plausible(datagram + b"\0")
        assert not plausible(datagram[:-1])
