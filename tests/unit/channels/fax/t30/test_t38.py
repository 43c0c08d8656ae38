"""A terminal of T.38 by itself; whole faxes are in ``media``."""

from collections.abc import Callable
from pathlib import Path

import pytest

from depesche.channels.fax.t30.session import Session, Station
from depesche.channels.fax.t30.spandsp import Modem, Spandsp
from depesche.channels.fax.t30.t38 import T38Terminal, modems_within

CED, DIS_BEGINS = b"\x04", b"\x06"


def packets(spandsp: Spandsp, *, calling: bool, seconds: int) -> list[tuple[bytes, int]]:
    """Packets, and how many times it is to be sent."""
    sent: list[tuple[bytes, int]] = []
    with T38Terminal(
        spandsp, Station("1"), calling=calling, send=lambda packet, count: sent.append((packet, count))
    ) as terminal:
        for _ in range(50 * seconds):
            terminal.tick()
    return sent


def test_who_answers_tells_so_by_indicators_and_introduces_itself(spandsp: Spandsp) -> None:
    sent = packets(spandsp, calling=False, seconds=5)
    indicators = [packet for packet, count in sent if len(packet) == 1 and count == 3]
    assert indicators == [b"\0", CED, b"\0", DIS_BEGINS]
    assert all(packet[0] == 0xC0 for packet, _ in sent if len(packet) > 1), "V.21 data"


def test_who_calls_tells_so_by_cng(spandsp: Spandsp) -> None:
    assert packets(spandsp, calling=True, seconds=2) == [(b"\0", 3), (b"\2", 3)]


def test_a_bad_packet_is_not_given_to_the_engine(spandsp: Spandsp) -> None:
    with T38Terminal(spandsp, Station("1"), calling=True, send=lambda *_: None) as terminal:
        assert terminal.receive(DIS_BEGINS, 0)
        assert not terminal.receive(b"\xc0\x01\x80\xff\xff", 1)
        assert not terminal.receive(b"", 2)
        assert terminal.active


def test_what_goes_wrong_while_sending_is_raised_by_the_tick(spandsp: Spandsp) -> None:
    def fail(packet: bytes, count: int) -> None:
        raise LookupError(packet)

    with T38Terminal(spandsp, Station("1"), calling=True, send=fail) as terminal:
        with pytest.raises(LookupError):
            terminal.tick()
        for _ in range(5):
            terminal.tick()  # once for each packet


def test_what_goes_wrong_in_the_session_is_raised(
    spandsp: Spandsp, monkeypatch: pytest.MonkeyPatch, document: Callable[..., Path]
) -> None:
    def fail(*_: object) -> int:
        raise LookupError

    monkeypatch.setattr(Session, "_on_phase_e", fail)
    with T38Terminal(spandsp, Station("1"), calling=True, send=lambda *_: None) as terminal:
        with pytest.raises(LookupError):
            terminal.hang_up()
        monkeypatch.undo()


def test_a_terminal_that_was_left_answers_no_more(spandsp: Spandsp) -> None:
    with T38Terminal(spandsp, Station("1"), calling=True, send=lambda *_: None) as terminal:
        begun = terminal.active
    assert (begun, terminal.active) == (True, False)
    for use in (terminal.tick, terminal.hang_up, terminal.session.report):
        with pytest.raises(TypeError):
            use()
    with pytest.raises(TypeError):
        terminal.receive(CED, 0)


def test_a_station_id_that_t30_cannot_carry_is_refused(spandsp: Spandsp) -> None:
    with pytest.raises(ValueError, match="20 characters"):
        T38Terminal(spandsp, Station("A" * 21), calling=True, send=lambda *_: None)


@pytest.mark.parametrize(
    ("bit_rate", "modems"),
    [
        (14400, Modem.ALL),
        (33600, Modem.ALL),
        (12000, Modem.V29 | Modem.V27TER),
        (9600, Modem.V29 | Modem.V27TER),
        (7200, Modem.V27TER),
        (2400, Modem.V27TER),
    ],
)
def test_modems_that_keep_within_a_speed(bit_rate: int, modems: Modem) -> None:
    assert modems_within(bit_rate, Modem.ALL) == modems
    assert modems_within(bit_rate, Modem.V17) in {Modem.V17, Modem.V27TER}
