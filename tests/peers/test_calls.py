"""The peers among themselves: what they say of Depesche is worth something if they get along with each other."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from depesche.channels.fax.header import FONT
from peers import relay
from peers.asterisk import Asterisk, Way
from peers.capture import Capture
from peers.certificates import Certificate
from peers.kamailio import Kamailio, Rules
from peers.relay import Weather

NUMBER = "+4930231250"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Fine, 400 rows: half a minute of call."""
    image = Image.new("1", (1728, 400), 1)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    font = ImageFont.truetype(str(FONT), 28)
    for row in range(20, 360, 40):
        draw.text((100, row), f"Row {row} of a page that goes from exchange to exchange, 0123456789", 0, font)
    file = tmp_path / "page.tif"
    image.save(file, compression="group4", dpi=(204, 196))
    return file


def pixels(file: Path) -> tuple[tuple[int, int], bytes]:
    with Image.open(file) as image:
        return image.size, image.tobytes()


def test_faxes_go_through_a_provider_and_over_a_bad_wire(
    asterisk: Asterisk, certificate: Certificate, page: Path, tmp_path: Path
) -> None:
    rules = Rules(passwords={"secret": "geheim", "sha256": "geheim"}, gateway=asterisk.port)
    with ExitStack() as stack:
        kamailio = stack.enter_context(Kamailio.running(rules, certificate))
        caller = stack.enter_context(Asterisk.running(certificate=certificate))
        bad = stack.enter_context(
            relay.crossing(asterisk.port, image=Weather(loss=0.1, disorder=0.05, doubling=0.05), audio=Weather(delay=0.05))
        )
        sip = (asterisk.port, caller.port, kamailio.port)
        capture = stack.enter_context(Capture.running(tmp_path / "calls.pcap", sip, [asterisk.ports, caller.ports]))
        calls = {
            "audio": caller.send(page, kamailio.uri(f"{NUMBER}1{Way.AUDIO.value}"), "secret"),
            "T38": caller.send(page, kamailio.uri(f"{NUMBER}2{Way.FAX.value}"), "secret"),
            "refused": caller.send(page, asterisk.uri(f"{NUMBER}3{Way.FAX.value}"), "audio"),
            "tcp": caller.send(page, asterisk.uri(f"{NUMBER}4{Way.FAX.value}", "tcp"), "fec"),
            "tls": caller.send(page, kamailio.uri(f"{NUMBER}5{Way.AUDIO.value}", "tls"), "secret"),
            "bad": caller.send(page, f"sip:{NUMBER}6{Way.FAX.value}@127.0.0.1:{bad.port}"),
            "v6": caller.send(page, asterisk.uri(f"{NUMBER}7{Way.FAX.value}", host="::1"), "six"),
        }
        for name, order in calls.items():
            print(name, caller.sent(order))
        for n in range(1, 8):
            print(n, [c for c in asterisk.calls() if c.called[-4]==str(n)], )
        for c in asterisk.calls():
            print(c.called, pixels(c.file)==pixels(page) if c.file.is_file() else "none")
        print([(k, w.tally) for k, w in bad.media], bad.signalling.tally)
        print(asterisk.command("pjsip show endpoint six")[:0])
    j = capture.judge()
    print(j.protocols, len(j.complaints)); print("\n".join(j.complaints[:40]))
    (Path("/tmp/w/peers.pcap")).write_bytes(capture.file.read_bytes())
    (Path("/tmp/w/peers.caller.log")).write_text(caller.log if caller.folder.exists() else "")
    assert 0
