"""Bodies that mean harm: refused at once, in flat memory."""

import base64
import gc
import time
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from depesche.fronts.soap.codec.decoder import Decoder
from depesche.fronts.soap.codec.fault import SoapFault
from depesche.fronts.soap.codec.markup import ATTRIBUTES, DEPTH, ELEMENTS
from depesche.fronts.soap.codec.slots import SHORT, Limits

Decode = Callable[..., Any]
Envelope = Callable[..., str]

MIB = 1 << 20
OPEN = b"<Envelope><Body><SendJob>"
CLOSE = b"</SendJob></Body></Envelope>"

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "lol">'
    + b"".join(b'<!ENTITY a%d "%s">' % (level, b"&a%d;" % (level - 1) * 10) for level in range(1, 10))
    + b"]><Envelope>&a9;</Envelope>"
)
OUTER_ENTITY = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><Envelope><Body>&x;</Body></Envelope>'
OUTER_SUBSET = b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><Envelope/>'
PARAMETER_ENTITY = b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]><Envelope/>'


def refusal(pieces: Iterator[bytes], limits: Limits) -> tuple[str, int]:
    """What a body is refused for, and how many bytes of it were taken."""
    decoder = Decoder(limits)
    taken = 0
    with pytest.raises(SoapFault) as caught:  # noqa: PT012  the piece at which it happens is what is measured
        for piece in pieces:
            taken += len(piece)
            decoder.feed(piece)
        decoder.close()
    decoder.release()
    return caught.value.message, taken


@pytest.mark.parametrize("body", [LAUGHS, OUTER_ENTITY, OUTER_SUBSET, PARAMETER_ENTITY])
def test_any_document_type_declaration_is_refused(body: bytes, limits: Limits) -> None:
    message, _ = refusal(iter([body]), limits)
    assert "document type declaration" in message


def endless(head: bytes, piece: bytes, size: int = 50 * MIB) -> Iterator[bytes]:
    return chain([head], repeat(piece, size // len(piece)))


HOSTILE = {
    "attribute of 50 MB": (endless(b'<Envelope a="', b"x" * 65_536), "too long"),
    "name of 50 MB": (endless(b"<", b"x" * 65_536), "too long"),
    "comment of 50 MB": (endless(b"<Envelope><!--", b"x" * 65_536), "too long"),
    "comment of 50 MB in small pieces": (endless(b"<Envelope><!--", b"x" * 100), "too long"),
    "instruction of 50 MB": (endless(b"<Envelope><?x ", b"x" * 65_536), "too long"),
    "200,000 attributes": (
        chain([b"<Envelope"], (b' a%d=""' % number for number in range(200_000)), [b"/>"]),
        "too long|attributes",
    ),
    "depth of 10,000": (chain(repeat(b"<Envelope>", 1), repeat(b"<a>", 10_000)), "nested more than"),
    "millions of elements": (endless(b"<Envelope>", b"<a/>" * 10_000), "too many elements"),
    "headers with ever new attributes": (
        chain([b"<Envelope><Header>"], (b'<a b%d="%s"/>' % (n, b"x" * 60_000) for n in range(1000))),
        "too many elements or attributes",
    ),
    "text of 50 MB": (endless(OPEN + b"<SendText>", b"x" * 65_536), "SendText is longer"),
    "text of wide characters": (endless(OPEN + b"<Options>", "€".encode() * 20_000), "Options is longer"),
    "an int of 50 MB": (endless(OPEN + b"<JobType>", b"1" * 65_536), "JobType is longer"),
    "file of 50 MB": (endless(OPEN + b"<SendFile1>", b"QUJD" * 16_384), "SendFile1 is larger"),
    "blanks without end": (endless(OPEN, b" " * 65_536, 80 * MIB), "the request is larger"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_are_refused_at_once_in_flat_memory(name: str, limits: Limits) -> None:
    pieces, reason = HOSTILE[name]
    tracemalloc.start()
    began = time.process_time()
    try:
        message, _ = refusal(pieces, limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert any(part in message for part in reason.split("|")), message
    assert peak < 8 * MIB
    assert time.process_time() - began < 5


def test_a_giant_token_is_refused_long_before_it_ends(limits: Limits) -> None:
    _, taken = refusal(endless(b'<Envelope a="', b"x" * 4096), limits)
    assert taken < MIB


def test_what_is_skipped_is_bounded_by_the_body(limits: Limits) -> None:
    small = Limits(body=2 * MIB, file=limits.file, text=limits.text)
    message, taken = refusal(endless(OPEN + b"<unknown>", b"x" * 65_536), small)
    assert "larger than" in message
    assert taken < 3 * MIB


def test_what_is_just_within_the_limits_passes(decode: Decode, envelope: Envelope) -> None:
    limits = Limits(body=4 * MIB, file=3000, text=4096)
    file = base64.b64encode(b"x" * 3000).decode()
    attributes = " ".join(f'a{number}=""' for number in range(ATTRIBUTES))
    nest = "<a>" * (DEPTH - 3) + "</a>" * (DEPTH - 3)
    many = "<b/>" * (ELEMENTS - 80)
    body = envelope(f"<SendText>{'ä' * 2048}</SendText><SendFile1>{file}</SendFile1><x {attributes}/>{nest}{many}")
    decoded = decode(body, within=limits)
    assert decoded.call.texts == {"SendText": "ä" * 2048}
    assert decoded.files == {"SendFile1": b"x" * 3000}


@pytest.mark.parametrize(
    "name", ["Account", "Password", "JobType", "SendFilename1", "SendFilename2", "SendFilename3", "SendDateTime"]
)
def test_names_numbers_and_times_are_short(decode: Decode, envelope: Envelope, name: str) -> None:
    value = "2026-01-02T03:04:05" if name == "SendDateTime" else "7"
    decode(envelope(f"<{name}>{value}{' ' * (SHORT - len(value))}</{name}>"))
    with pytest.raises(SoapFault, match=f"{name} is longer than allowed"):
        decode(envelope(f"<{name}>{value}{' ' * (SHORT - len(value) + 1)}</{name}>"))


def test_a_value_of_two_parameters_is_short_if_one_of_them_is(decode: Decode, envelope: Envelope) -> None:
    value = f'<multiRef id="1">{"x" * (SHORT + 1)}</multiRef>'
    decode(envelope('<SendText href="#1"/><Options href="#1"/>', after=value))
    with pytest.raises(SoapFault, match="SendText is longer than allowed"):
        decode(envelope('<SendText href="#1"/><Password href="#1"/>', after=value))


def test_the_size_of_a_call_counts_all_that_is_kept_of_it(envelope: Envelope, limits: Limits) -> None:
    decoder = Decoder(limits)
    body = envelope(f"<Account>10001</Account><SendText>{'ü' * 100_000}").partition("</NS1:SendJob>")[0]
    decoder.feed(body.encode())
    assert decoder.call is not None
    assert 5 + 200_000 - (64 << 10) < decoder.call.size <= 5 + 200_000
    decoder.release()


def test_a_decoder_leaves_no_cycle_behind(envelope: Envelope, limits: Limits) -> None:
    class Watched(Decoder):
        pass

    gc.disable()
    try:
        decoder = Watched(limits)
        decoder.feed(envelope("<Account>1</Account>").encode())
        decoder.close()
        gone = weakref.ref(decoder)
        del decoder
        assert gone() is None
    finally:
        gc.enable()
