"""Messages and keep-alives out of a stream, however it is split."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depesche.channels.fax.sip.errors import Malformed
from depesche.channels.fax.sip.framing import PING, PONG, Frame, Frames, KeepAlive
from depesche.channels.fax.sip.message import LONGEST_MESSAGE, BadRequest, Request, Response, encode, parse

HEAD = (
    "OPTIONS sip:fax@192.0.2.4 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK{0}\r\nFrom: <sip:a@b>;tag=1\r\n"
    "To: <sip:c@d>\r\nCall-ID: {0}\r\nCSeq: 1 OPTIONS\r\n"
)


def request(name: str, body: bytes = b"") -> bytes:
    return f"{HEAD.format(name)}Content-Length: {len(body)}\r\n\r\n".encode() + body


ANSWER = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.2\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c@d>;tag=2\r\ni: 7\r\n"
    b"CSeq: 1 OPTIONS\r\nl: 4\r\n\r\n\r\n\r\n"
)
"""Its body looks like a ping."""


def fed(*pieces: bytes) -> list[Frame]:
    frames = Frames()
    return [frame for piece in pieces for frame in frames.feed(piece)]


def names(frames: list[Frame]) -> list[str]:
    """What came, in words."""
    return [frame.call_id if isinstance(frame, Request | Response) else str(frame) for frame in frames]


def test_a_message_is_there_when_its_last_octet_is() -> None:
    message = request("a", b"body")
    frames = Frames()
    assert frames.feed(message[:-1]) == []
    assert frames.feed(message[-1:]) == [parse(message)]


def test_messages_come_in_one_piece_and_keep_their_order() -> None:
    stream = request("a", b"v=0\r\n") + ANSWER + request("b")
    assert names(fed(stream)) == ["a", "7", "b"]
    assert [frame.body for frame in fed(stream) if isinstance(frame, Request | Response)] == [b"v=0\r\n", PING, b""]


STREAM = (
    PING
    + request("a", b"\r\n\r\nOPTIONS")
    + PONG
    + ANSWER
    + PING * 2
    + PONG
    + request("f").replace(b"To:", b"To: <x:y>\r\nTo:")
    + request("b").replace(b"\r\n", b"\n")
    + PONG
    + b"INVITE x SIP/2.0\r\n\r\n"
    + request("never read")
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_the_split_makes_no_difference(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(places)]
    assert names(fed(*pieces)) == names(fed(STREAM))


def test_octet_by_octet_comes_what_comes_at_once() -> None:
    whole = fed(STREAM)
    assert names(fed(*(bytes([octet]) for octet in STREAM))) == names(whole)
    assert [type(frame) for frame in whole] == [
        KeepAlive, Request, Response, KeepAlive, KeepAlive, BadRequest, Request, Malformed,
    ]  # fmt: skip


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_any_octets_have_an_end(pieces: list[bytes]) -> None:
    at_once = fed(b"".join(pieces))
    assert names(fed(*pieces)) == names(at_once)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b" ", b":", b"l: 3", HEAD.format("a").encode(), request("b")])))
def test_any_pieces_of_messages_have_an_end(pieces: list[bytes]) -> None:
    assert names(fed(*pieces)) == names(fed(b"".join(pieces)))


# keep-alives (RFC 5626 §4.4.1)


def test_two_line_ends_are_a_ping_and_one_behind_a_message_is_nothing() -> None:
    assert fed(PING) == [KeepAlive.PING]
    assert fed(b"\r", b"\n\r", b"\n") == [KeepAlive.PING]
    assert names(fed(request("a"), b"\r\n", request("b"), b"\r\n", request("c"))) == ["a", "b", "c"]


def test_one_line_end_is_the_pong_that_was_waited_for() -> None:
    frames = Frames()
    for _ in range(3):
        frames.pinged()
        assert frames.feed(PONG) == [KeepAlive.PONG]
    assert frames.feed(PONG) == []


def test_pings_from_both_sides_cross() -> None:
    frames = Frames()
    frames.pinged()
    assert frames.feed(PING) == [KeepAlive.PONG]
    assert frames.feed(PONG) == [KeepAlive.PING]


def test_a_pong_may_come_with_a_message() -> None:
    frames = Frames()
    frames.pinged()
    assert names(frames.feed(PONG + request("a"))) == ["KeepAlive.PONG", "a"]


def test_line_ends_without_end_take_no_room() -> None:
    frames = Frames()
    for _ in range(3):
        assert len(frames.feed(PING * 100_000)) == 100_000
    assert not frames.broken


# what cannot be read on


def reason(frames: list[Frame]) -> str:
    assert isinstance(frames[-1], Malformed)
    return frames[-1].reason


def test_without_its_length_a_message_is_answered_and_nothing_more_is_read() -> None:
    frames = Frames()
    [error] = frames.feed(HEAD.format("a").encode() + b"\r\n" + request("b"))
    assert isinstance(error, BadRequest)
    assert error.response.reason == "Bad Request: Content-Length is missing"
    assert frames.broken
    assert frames.feed(request("c")) == []


@pytest.mark.parametrize("length", ["-1", "1, 1", "x", "", "+4", "0x4", "٤", "1\r\nContent-Length: 1"])
def test_a_length_that_is_none_is_answered_and_nothing_more_is_read(length: str) -> None:
    frames = Frames()
    [error] = frames.feed(f"{HEAD.format('a')}Content-Length: {length}\r\n\r\n".encode() + request("b"))
    assert isinstance(error, BadRequest)
    assert error.response.status == 400
    assert frames.broken


@pytest.mark.parametrize("length", [LONGEST_MESSAGE, 10**9, 10**30])
def test_a_body_that_is_too_long_is_not_waited_for(length: int) -> None:
    frames = Frames()
    [error] = frames.feed(f"{HEAD.format('a')}Content-Length: {length}\r\n\r\n".encode())
    assert isinstance(error, BadRequest)
    assert error.response.status == (513 if length <= 10**9 else 400)
    assert frames.broken


def test_the_longest_message_comes_through() -> None:
    bare = HEAD.format("a").encode() + b"Content-Length: 65000\r\n\r\n"
    longest = bare.replace(b"65000", str(LONGEST_MESSAGE - len(bare)).encode()) + bytes(LONGEST_MESSAGE - len(bare))
    [message] = fed(longest)
    assert message == parse(longest)


@pytest.mark.parametrize("pieces", [1, 2, 1000])
def test_a_head_is_too_long_however_it_is_split(pieces: int) -> None:
    start, end = HEAD.format("a").encode(), b"Content-Length: 0\r\n\r\n"
    for octets, told in ((LONGEST_MESSAGE, ["a"]), (LONGEST_MESSAGE + 1, ["the head is too long"])):
        lines, rest = divmod(octets - len(start) - len(end), 1000)
        head = start + (b"X: " + b"y" * 995 + b"\r\n") * (lines - 1) + b"X: " + b"y" * (995 + rest) + b"\r\n" + end
        assert len(head) == octets
        step = len(head) // pieces + 1
        assert names(fed(*(head[place : place + step] for place in range(0, len(head), step)))) == told


def test_a_head_without_end_is_given_up() -> None:
    frames = Frames()
    sent = HEAD.format("a").encode()
    line = b"X: " + b"y" * 95 + b"\r\n"
    found: list[Frame] = frames.feed(sent)
    while not found:
        sent += line
        found = frames.feed(line)
    assert reason(found) == "the head is too long"
    assert frames.broken
    assert LONGEST_MESSAGE < len(sent) <= LONGEST_MESSAGE + len(line)


def test_a_line_without_end_is_given_up() -> None:
    frames = Frames()
    found = [frame for _ in range(70) for frame in frames.feed(b"x" * 1000)]
    assert (len(found), reason(found)) == (1, "the head is too long")


def test_a_long_head_octet_by_octet_is_looked_at_once() -> None:
    frames = Frames()
    head = HEAD.format("a").encode() + b"X: y\r\n" * 200 + b"Content-Length: 0\r\n\r\n"
    for octet in head[:-1]:
        assert frames.feed(bytes([octet])) == []
    assert names(frames.feed(head[-1:])) == ["a"]


def test_lines_that_end_in_two_ways_end_it() -> None:
    frames = Frames()
    assert reason(frames.feed(HEAD.format("a").encode() + b"X: y\nContent-Length: 0\r\n\r\n")) == (
        "lines end in different ways"
    )
    assert frames.broken


def test_what_is_written_can_be_read_from_a_stream() -> None:
    message = parse(request("a", b"body"))
    assert fed(encode(message)) == [message]
