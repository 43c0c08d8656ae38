"""What is said between a node and its line process."""

import pytest

from depesche.channels.fax.trunk import wire
from depesche.model.outcome import Outcome
from depesche.model.result import Result


def test_an_outcome_comes_over_as_it_is() -> None:
    outcome = Outcome(Result.OK, pages=2, remote_id="+49 30", seconds=40, bit_rate=14400, ecm=True, bad_rows=(0, 3))
    done = wire.unpack(wire.pack(wire.Done.of(7, outcome)))
    assert isinstance(done, wire.Done)
    assert (done.id, done.read()) == (7, outcome)


@pytest.mark.parametrize("packet", [b"", b"[]", b"null", b'["Dial", {}]', b'["Nobody", {}]', b'["Ready", 1]', b"\xff"])
def test_what_is_no_message_is_refused(packet: bytes) -> None:
    with pytest.raises(wire.ProtocolError):
        wire.unpack(packet)


def test_secrets_are_not_shown() -> None:
    assert "geheim" not in repr(wire.Lines({}, {"line": "geheim"}))


@pytest.mark.parametrize("outcome", [{}, {"result": "NONE"}, {"result": "OK", "bad_rows": 1}])
def test_what_is_no_outcome_is_refused(outcome: dict[str, object]) -> None:
    with pytest.raises(wire.ProtocolError):
        wire.Done(1, outcome).read()
