"""The two laws, as the tables of G.711 have them."""

from collections.abc import Iterator

import numpy as np
import pytest

from depesche.channels.fax.t30.g711 import FRAME, MOST_OCTETS, G711Terminal, Law
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Spandsp


@pytest.fixture
def terminal(spandsp: Spandsp) -> Iterator[G711Terminal]:
    with G711Terminal(spandsp, Station("1"), calling=False) as one:
        yield one


def linear(octets: bytes, law: Law) -> list[int]:
    """G.711 §3, written down once more: sign, segment and step; 16 bits."""
    values = []
    for octet in octets:
        if law is Law.PCMA:
            bits = octet ^ 0x55
            segment, step = bits >> 4 & 7, bits & 15
            size = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
            values.append(size if bits & 0x80 else -size)
        else:
            bits = octet ^ 0xFF
            size = (((bits & 15) << 3) + 0x84 << (bits >> 4 & 7)) - 0x84
            values.append(-size if bits & 0x80 else size)
    return values


@pytest.mark.parametrize("law", list(Law), ids=lambda law: law.name)
def test_every_octet_is_understood(terminal: G711Terminal, law: Law) -> None:
    octets = bytes(range(256))
    terminal.receive_coded(octets, law)  # the samples are not filtered before the modems get them: but in place
    decoded = np.array([0] * 256, np.int16)
    coder = terminal._coders[law]
    terminal._decode(coder, terminal._ffi.from_buffer("int16_t[]", decoded.data), octets, 256)
    assert decoded.tolist() == linear(octets, law)


@pytest.mark.parametrize("law", list(Law), ids=lambda law: law.name)
def test_what_is_spoken_is_the_terminals_sound_in_octets(spandsp: Spandsp, law: Law) -> None:
    """The same sound twice: as samples, and as octets that must be no further from them than the law's steps."""
    with (
        G711Terminal(spandsp, Station("1"), calling=False) as one,
        G711Terminal(spandsp, Station("1"), calling=False) as other,
    ):
        one.speak(law)
        coded = bytearray(FRAME)
        target = one.pointer(coded, 0)
        samples = np.zeros(FRAME, np.int16)
        loudest = 0
        for _ in range(50):
            one.transmit_coded(target)
            other.transmit(samples)
            heard = np.array(linear(bytes(coded), law))
            assert (abs(heard - samples) <= np.maximum(8, abs(samples) / 16)).all()
            loudest = max(loudest, int(abs(samples).max()))
        assert loudest > 1000, "the answering tone"


def test_a_call_that_is_over_speaks_no_more(terminal: G711Terminal) -> None:
    coded = bytearray(FRAME)
    target = terminal.pointer(coded, 0)
    for _ in range(20):
        terminal.transmit_coded(target)
    terminal.hang_up()
    for _ in range(100):
        terminal.transmit_coded(target)
    assert coded == b"\xd5" * FRAME


def test_more_than_fits_is_cut(terminal: G711Terminal) -> None:
    terminal.receive_coded(b"\xd5" * (MOST_OCTETS + 1), Law.PCMA)
    assert terminal.active
