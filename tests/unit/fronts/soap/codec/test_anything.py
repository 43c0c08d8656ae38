"""Whatever comes is a call or a Fault, and means the same however it was cut."""

import base64
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from depesche.fronts.soap.codec.decoder import BLOCK, Decoder
from depesche.fronts.soap.codec.fault import SoapFault
from depesche.fronts.soap.codec.slots import Limits
from depesche.fronts.soap.operations import OPERATIONS

Envelope = Callable[..., str]

NAMES = sorted({parameter.name for operation in OPERATIONS for parameter in operation.ins} | {"Extra", "multiRef"})
FRAGMENTS = st.sampled_from(
    [
        *(f"<{name}>" for name in NAMES),
        *(f"</{name}>" for name in NAMES),
        '<JobType href="#a"/>',
        '<SendFile1 href="#a"/>',
        '<multiRef id="a">',
        '<Account nil="true"/>',
        "<Envelope>",
        "</Envelope>",
        "<Body>",
        "</Body>",
        *(f"<{operation.name}>" for operation in OPERATIONS),
        *(f"</{operation.name}>" for operation in OPERATIONS),
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?xml version='1.0' encoding='utf-16'?>",
        "<!DOCTYPE a>",
        "&#13;",
        "&amp;",
        "QUJD",
        "QQ==",
        "1",
        " ",
        "2026-01-01T00:00:00Z",
        "ä",
    ]
)


def outcome(body: bytes, cuts: list[int], limits: Limits, charset: str = "") -> object:
    """A comparable form of what a body means: the call and its file events, or the Fault."""
    decoder = Decoder(limits, charset)
    edges = [0, *sorted(cuts), len(body)]
    events: list[Any] = []
    try:
        for start, end in pairwise(edges):
            events += decoder.feed(body[start:end])
        events += decoder.close()
    except SoapFault as fault:
        return fault.code, fault.message
    finally:
        decoder.release()
    assert decoder.call is not None
    return decoder.call, events


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "utf-16", "iso-8859-1", "nonsense"]))
@settings(deadline=None)
def test_any_bytes_are_a_call_or_a_fault(limits: Limits, body: bytes, charset: str) -> None:
    outcome(body, [], limits, charset)


@given(st.binary(max_size=100), st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"<\0", b"\0<"]))
@settings(deadline=None)
def test_any_bytes_behind_a_byte_order_mark_are_a_call_or_a_fault(limits: Limits, body: bytes, mark: bytes) -> None:
    outcome(mark + body, [], limits)


@given(st.lists(FRAGMENTS, max_size=20))
@settings(max_examples=500, deadline=None)
def test_any_parts_of_a_message_are_a_call_or_a_fault(limits: Limits, envelope: Envelope, parts: list[str]) -> None:
    text = "".join(parts)
    outcome(text.encode(), [], limits)
    outcome(envelope(text).encode(), [], limits)
    outcome(envelope("", after=text).encode(), [], limits)


@given(st.lists(st.integers(0, 3 * BLOCK), max_size=8), st.binary(max_size=2 * BLOCK), st.text(max_size=50))
@settings(max_examples=50, deadline=None)
def test_a_request_means_the_same_however_it_was_cut(
    limits: Limits, envelope: Envelope, cuts: list[int], data: bytes, text: str
) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    file = base64.encodebytes(data).decode()
    body = envelope(
        f"<SendText>{escaped}</SendText><SendFile1>{file}</SendFile1><JobType>1</JobType>", after="<x id='1'/>"
    ).encode("utf-8", "surrogatepass")
    assert outcome(body, [min(cut, len(body)) for cut in cuts], limits) == outcome(body, [], limits)
