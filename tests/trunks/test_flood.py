"""Strangers who send INVITEs as fast as they can: calls on the line go on as if there were none of them."""

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from documents import fax_page, picture
from peers.asterisk import Asterisk, Way
from serving import Serving
from trunks.conftest import OURS, Sent, are, fetched, meanwhile

STRANGER = "127.0.0.66"
"""No trunk is there."""

AT_ONCE, PAUSE_SECONDS = 20, 0.01
"""Two thousand in a second."""

PAGE = fax_page()


def invite(host: str, number: int) -> bytes:
    """That wants to be taken for one of a trunk's; each is another call."""
    body = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
    return (
        f"INVITE sip:{OURS}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{number};rport\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:+493023125777@127.0.0.1>;tag={number}\r\nTo: <sip:{OURS}@127.0.0.1>"
        f"{';tag=guessed' if number % 2 else ''}\r\nCall-ID: {number}@{host}\r\nCSeq: 1 INVITE\r\n"
        f"Contact: <sip:a@{host}>\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@contextmanager
def flooded(port: int) -> Iterator[list[int]]:
    """The number sent so far, and the octets of answers."""
    told, numbers = [0, 0], itertools.count()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as strange:
        strange.bind((STRANGER, 0))
        strange.connect(("127.0.0.1", port))
        strange.setblocking(False)

        def flood() -> None:
            for _ in range(AT_ONCE):
                strange.send(invite(STRANGER, next(numbers)))
                told[0] += 1
            told[1] += _came(strange)

        with meanwhile(flood, PAUSE_SECONDS):
            yield told


def _came(strange: socket.socket) -> int:
    try:
        return len(strange.recv(65536))
    except BlockingIOError:
        return 0


def test_a_flood_of_calls_by_strangers_disturbs_nobody(
    exchange: tuple[Serving, int], asterisk: Asterisk, tmp_path: Path
) -> None:
    serving, port = exchange
    tiff = picture("TIFF", PAGE, compression="group4", dpi=(204, 196))
    source = tmp_path / "source.tif"
    source.write_bytes(tiff)
    sent = Sent(serving)
    numbers = {"T.38": f"+493023125760{Way.FAX.value}", "G.711": f"+493023125761{Way.AUDIO.value}"}
    with flooded(port) as told:
        for name, number in numbers.items():
            sent.order(name, number, tiff)
        order = asterisk.send(source, f"sip:{OURS}@127.0.0.1:{port}", "audio", caller="+493023125779")
        assert {name: sent.result(name)["SendResult"] for name in numbers} == dict.fromkeys(numbers, "OK")
        assert asterisk.sent(order).status == "SUCCESS"
        assert told[0] > 100 * AT_ONCE
        assert told[1] == 0, "a stranger was answered"
    assert are(fetched(serving)[1], [PAGE])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trunk:  # it was no INVITE that nobody would have answered
        trunk.bind(("127.0.0.1", 0))
        trunk.settimeout(20)
        trunk.sendto(invite("127.0.0.1", 1_000_001).replace(OURS.encode(), b"+4999"), ("127.0.0.1", port))
        assert trunk.recv(65536).startswith(b"SIP/2.0 ")
