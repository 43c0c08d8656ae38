"""What somebody else, Wireshark, makes of our packets."""

import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from depesche.channels.fax.media.media import Media
from depesche.channels.fax.media.sdp import T38, Negotiation
from depesche.channels.fax.media.udptl import Correction
from depesche.channels.fax.t30.g711 import Law

Wire = list[tuple[int, bool, bytes]]

CALLER, ANSWERER = "192.0.2.1", "192.0.2.2"
MEDIA, SIP = 4000, 5060
RAW_IP = 101
"""Pcap's number of a link without a layer below IP."""


def captured(path: Path, packets: Iterable[tuple[float, bool, int, bytes]]) -> Path:
    """Writes a pcap file: seconds, whether the caller sent it, UDP port of both ends, and the datagram."""
    with path.open("wb") as file:
        file.write(pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, RAW_IP))
        for seconds, forward, port, datagram in packets:
            ends = (CALLER, ANSWERER) if forward else (ANSWERER, CALLER)
            source, target = (ip_address(end).packed for end in ends)
            size = len(datagram)
            udp = pack(">HHHH", port, port, 8 + size, 0) + datagram
            head = pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source, target)
            head = head[:10] + pack(">H", checksum(head)) + head[12:]
            file.write(pack("<IIII", int(seconds), int(seconds % 1 * 1e6), 28 + size, 28 + size) + head + udp)
    return path


def checksum(head: bytes) -> int:
    total = sum(int.from_bytes(head[at : at + 2], "big") for at in range(0, len(head), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def message(first: str, method: str, number: int, described: bytes) -> bytes:
    """A SIP message around a description: Wireshark learns from it what goes where."""
    lines = (
        first,
        f"Via: SIP/2.0/UDP {CALLER};branch=z9hG4bK{number}",
        f"From: <sip:1@{CALLER}>;tag=1",
        f"To: <sip:2@{ANSWERER}>;tag=2",
        "Call-ID: 1",
        f"CSeq: {number} {method}",
        f"Contact: <sip:1@{CALLER}>",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        f"Content-Length: {len(described)}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + described


def dissected(path: Path, *fields: str) -> list[list[str]]:
    """These fields of each packet."""
    wanted = [word for field in fields for word in ("-e", field)]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f", *wanted]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split("\t") for line in said.stdout.splitlines()]


@pytest.fixture
def capture(
    tmp_path: Path, document: Callable[..., Path], exchange: Callable[..., Any]
) -> Callable[[T38 | None], Path]:
    """A whole call with its signalling: audio, then T.38 if it is given. Negotiated as a real one is."""

    def carry(t38: T38 | None) -> Path:
        ours = Negotiation(CALLER, MEDIA, 11, t38=t38)
        theirs = Negotiation(ANSWERER, MEDIA, 12, t38=t38)
        offer = ours.offer_audio()
        answer, _ = theirs.answer(offer)
        signals = [
            (0.0, True, SIP, message(f"INVITE sip:2@{ANSWERER} SIP/2.0", "INVITE", 1, offer)),
            (0.0, False, SIP, message("SIP/2.0 200 OK", "INVITE", 1, answer)),
        ]
        switch = 60
        if t38:
            offer = ours.offer_t38()
            answer, agreed = theirs.answer(offer)
            assert agreed.t38 == t38  # type: ignore[union-attr]
            at = 0.02 * switch + 0.01  # between two ticks
            signals += [
                (at, True, SIP, message(f"INVITE sip:2@{ANSWERER} SIP/2.0", "INVITE", 2, offer)),
                (at, False, SIP, message("SIP/2.0 200 OK", "INVITE", 2, answer)),
            ]

        def ways(one: Media, other: Media, tick: int) -> None:
            for media in (one, other):
                if tick == 0:
                    media.to_audio(Law.PCMA)
                if t38 and tick == switch:
                    media.to_t38(t38)

        call = exchange(document(1), ways)
        assert call.sent.completion == 0
        # Wireshark takes the end of a page, which is sent three times, for ends of pages that never began.
        once = dict.fromkeys(call.wire)
        media = [(0.02 * (tick + 1), forward, MEDIA, datagram) for tick, forward, datagram in once]
        return captured(tmp_path / "call.pcap", sorted([*signals, *media], key=lambda one: one[0]))

    return carry


@pytest.mark.parametrize(
    "t38",
    [None, T38(), T38(correction=Correction.FEC), T38(correction=Correction.NONE)],
    ids=["audio", "redundancy", "FEC", "bare"],
)
def test_nothing_is_malformed(capture: Callable[[T38 | None], Path], t38: T38 | None) -> None:
    fields = ("_ws.malformed", "_ws.expert.message", "sdp.media.proto", "rtp.p_type", "t38.seq_number")
    rows = dissected(capture(t38), "_ws.col.Protocol", *fields)
    assert {row[1] for row in rows} == {""}
    assert {row[2] for row in rows if row[0] in {"RTP", "T.38", "UDPTL"}} <= {""}
    protocols = Counter(row[0] for row in rows)
    assert set(protocols) == {"SIP/SDP", "RTP"} | ({"T.38"} if t38 else set())
    assert {row[3] for row in rows if row[0] == "SIP/SDP"} == {"RTP/AVP"} | ({"udptl"} if t38 else set())
    assert {row[4] for row in rows if row[0] == "RTP"} == {"8"}
    if t38:
        assert protocols["T.38"] > 200
        assert all(row[5] for row in rows if row[0] == "T.38")


def test_a_malformed_packet_would_be_seen(tmp_path: Path) -> None:
    offer = Negotiation(CALLER, MEDIA, 11).offer_t38()
    answer, _ = Negotiation(ANSWERER, MEDIA, 12).answer(offer)
    packets = [
        (0.0, True, SIP, message(f"INVITE sip:2@{ANSWERER} SIP/2.0", "INVITE", 1, offer)),
        (0.0, False, SIP, message("SIP/2.0 200 OK", "INVITE", 1, answer)),
        (0.1, True, MEDIA, b"\0\0\x06\xc0\1\x80\0\x40\xff\0\0"),
    ]
    rows = dissected(captured(tmp_path / "bad.pcap", packets), "_ws.col.Protocol", "_ws.malformed")
    assert rows[2][1] != ""
