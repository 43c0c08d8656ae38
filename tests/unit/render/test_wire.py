"""What is said between us and the conversion process."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.model.legibility import Flaw, Legibility
from depesche.render import wire
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError, Unsupported
from depesche.render.tiff import Strip
from depesche.render.wire import Done, Exit, Finding, LetterFault, Paper, ProtocolError, Request, Task

REQUEST = Request(
    Task.FAX, (Format.PDF, Format.TIFF), memory=1 << 30, output=1 << 28, seconds=19.5, pixels=10**8, most=500,
    first=12, last=24, paper=Paper(4.0, 12.0, ((20.0, 53.0, 85.0, 13.0),)),
)  # fmt: skip


def test_a_request_arrives_as_it_was() -> None:
    assert wire.unpack_request(wire.pack_request(REQUEST)) == REQUEST


def test_an_answer_arrives_as_it_was() -> None:
    findings = [Finding(fault, 2, (20.25, 45.0, 105.0, 90.5)) for fault in LetterFault]
    strips = (Strip(2292, 1000), Strip(1, 1), Strip(2, 2), Strip(3, 3))
    read = (Legibility(100), *(Legibility(score, flaw) for score, flaw in enumerate(Flaw)))
    for done in (
        Done(3, strips, legibility=read),
        Done(2, findings=(Finding(LetterFault.EMPTY), *findings)),
    ):
        assert wire.unpack_answer(wire.pack_done(done), 500) == done


@pytest.mark.parametrize("kind", [Unsupported, Damaged, NotWhole, ConverterFailed])
def test_an_error_arrives_as_it_was(kind: type[RenderError]) -> None:
    with pytest.raises(kind, match=r"^weil es so ist$"):
        wire.unpack_answer(wire.pack_error(kind("weil es so ist")), 500)


def test_the_reason_of_an_error_is_short_and_printable() -> None:
    packet = json.dumps({"error": "Damaged", "reason": "\x1b[31m" + "x" * 10_000}).encode()
    with pytest.raises(Damaged) as error:
        wire.unpack_answer(packet, 500)
    assert str(error.value).isprintable()
    assert len(str(error.value)) <= wire.LONGEST_REASON


def test_the_answer_for_the_longest_fax_fits_into_a_packet() -> None:
    read = (Legibility(100, Flaw.PICTURE),) * 5000
    assert len(wire.pack_done(Done(5000, (Strip(13716, 1_400_000),) * 5000, legibility=read))) < wire.PACKET


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"{}",
        b'{"pages": 1}',
        b'{"pages": 1, "strips": {}}',
        b'{"pages": 0, "strips": []}',
        b'{"pages": 501, "strips": []}',
        b'{"pages": -1, "strips": []}',
        b'{"pages": true, "strips": []}',
        b'{"pages": 1.5, "strips": []}',
        b'{"pages": "1", "strips": []}',
        b'{"pages": 1, "strips": [[2292]]}',
        b'{"pages": 1, "strips": [[2292, 0]]}',
        b'{"pages": 1, "strips": [[-1, 10]]}',
        b'{"pages": 1, "strips": [[1000000, 10]]}',
        b'{"pages": 1, "strips": [[2292, 1e3]]}',
        b'{"pages": 1, "strips": [[2292, 99999999999]]}',
        b'{"pages": 1, "strips": [' + b",".join([b"[1,1]"] * 501) + b"]}",
        b'{"pages": 1, "strips": [], "findings": "late"}',
        b'{"pages": 1, "strips": [], "findings": ["empty"]}',
        b'{"pages": 1, "strips": [], "findings": [["late", 1, null]]}',
        b'{"pages": 1, "strips": [], "findings": [[["empty"], 1, null]]}',
        b'{"pages": 1, "strips": [], "findings": [["empty", 0, null]]}',
        b'{"pages": 1, "strips": [], "findings": [["empty", 501, null]]}',
        b'{"pages": 1, "strips": [], "findings": [["cut", 1, [1.0, 2.0, 3.0]]]}',
        b'{"pages": 1, "strips": [], "findings": [["cut", 1, [1.0, 2.0, 3.0, "4"]]]}',
        b'{"pages": 1, "strips": [], "findings": [["cut", 1, [1.0, 2.0, 3.0, NaN]]]}',
        b'{"pages": 1, "strips": [], "findings": [["cut", 1, [1.0, 2.0, 3.0, 1e9]]]}',
        b'{"pages": 1, "strips": [], "findings": [' + b",".join([b'["empty", 1, null]'] * 21) + b"]}",
        b'{"pages": 1, "strips": [[2292, 10]]}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": [1], "flaws": []}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": [101], "flaws": [0]}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": [-1], "flaws": [0]}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": [true], "flaws": [0]}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": [1], "flaws": [9]}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": [1], "flaws": ["too small"]}',
        b'{"pages": 1, "strips": [[2292, 10]], "scores": 1, "flaws": 1}',
        b'{"error": "SystemExit", "reason": ""}',
        b'{"error": "Damaged"}',
        b'{"error": "Damaged", "reason": 5}',
        b'{"error": ["Damaged"], "reason": ""}',
    ],
)
def test_nonsense_is_not_believed(packet: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.unpack_answer(packet, 500)


@pytest.mark.parametrize(
    "packet", [b"", b"{}", b'{"status": 0}', b'{"status": "0", "memory": 1}', b'{"status": 0, "memory": null}']
)
def test_a_nonsensical_exit_is_not_believed(packet: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.unpack_exit(packet)


def test_an_exit_arrives_as_it_was() -> None:
    assert wire.unpack_exit(wire.pack_exit(Exit(9, 123456))) == Exit(9, 123456)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["pages", "strips", "error", "reason"]), inner),
)


@given(anything)
def test_whatever_is_said_leads_to_an_answer_or_a_protocol_error(value: object) -> None:
    try:
        done = wire.unpack_answer(json.dumps(value).encode(), 500)
    except (ProtocolError, RenderError):
        return
    assert 1 <= done.pages <= 500
