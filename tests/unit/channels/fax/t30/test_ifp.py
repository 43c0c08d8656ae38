"""Where an IFP packet ends."""

import pytest

from depesche.channels.fax.t30.ifp import measured

INDICATOR = b"\x06"
V21_BYTE = b"\xc0\x01\x80\x00\x00\xff"
V21_END = b"\xc0\x01\x40"
TWO_FIELDS = b"\xc0\x02\x80\x00\x01\x13\x80\x20"
IMAGE = b"\xd0\x01\xe0\x00\x35" + bytes(54)
NO_FIELDS = b"\x50"


@pytest.mark.parametrize("packet", [INDICATOR, V21_BYTE, V21_END, TWO_FIELDS, IMAGE, NO_FIELDS, b"\xc0\x00"])
def test_a_packet_is_measured_whatever_follows(packet: bytes) -> None:
    assert measured(packet) == measured(packet + bytes(20)) == len(packet)


@pytest.mark.parametrize("packet", [V21_BYTE, V21_END, TWO_FIELDS, IMAGE])
def test_one_that_is_cut_is_none(packet: bytes) -> None:
    assert {measured(packet[:size]) for size in range(len(packet))} == {0}


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x86",  # an indicator with fields
        b"\x20\x00",  # V.8 and V.34, which are not offered
        b"\xe0\x00\x01\x40",
        b"\xd2\x01\x40",  # a modulation behind the last
        b"\xc0\xff" + b"\x80\x00\x00\xff" * 254,
        b"\xc0\x01\x80\xff\xff" + bytes(65536),
    ],
)
def test_what_is_no_packet_has_no_length(packet: bytes) -> None:
    assert measured(packet) == 0


def test_types_of_fields_are_coded_in_another_way_from_version_1_on() -> None:
    end_of_page_v0, end_of_page_v1 = b"\xd0\x01\x70", b"\xd0\x01\x38"
    assert (measured(end_of_page_v0, 0), measured(end_of_page_v0, 1)) == (3, 0)
    assert measured(end_of_page_v1, 1) == 3
