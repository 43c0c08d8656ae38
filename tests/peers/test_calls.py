"""The peers among themselves: what they say of Depesche is worth something if they get along with each other."""

import re
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from depesche.channels.fax.header import FONT
from peers import ports, relay, sipp
from peers.asterisk import Asterisk, Way
from peers.capture import Capture
from peers.certificates import Certificate
from peers.kamailio import Kamailio, Rules
from peers.relay import Weather
from peers.sipp import Sipp
from peers.trunk import TRUNKS, Trunk
from processes import Watch, descendants

Number = Callable[[str], str]


@pytest.fixture
def number() -> Number:
    """A new one at each call, with these last digits."""
    first = iter(range(10, 100))
    return lambda last: f"+49302312{next(first)}{last}"


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
    asterisk: Asterisk,
    provider: Kamailio,
    sip_certificate: Certificate,
    number: Number,
    page: Path,
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        home = Trunk("4930231259100", "geheim", registrar=provider.uri(transport="tls"))
        caller = stack.enter_context(Asterisk.running([*TRUNKS, home], sip_certificate))
        wire = stack.enter_context(relay.crossing(asterisk.port, image=Weather(loss=0.1, disorder=0.05, doubling=0.05)))
        # Asterisk fills no gap in audio: what is lost there may be the end of a call.
        long = stack.enter_context(relay.crossing(asterisk.port, caller.port, audio=Weather(delay=0.1)))
        sip = (asterisk.port, caller.port, provider.port)
        capture = stack.enter_context(Capture.running(tmp_path / "calls.pcap", sip, [asterisk.ports, caller.ports]))
        fax, audio = number(Way.FAX.value), number(Way.AUDIO.value)
        refused, tcp, tls, bad, six = (number(Way.FAX.value) for _ in range(5))
        modes = {fax: "T38", audio: "audio", refused: "audio", tcp: "T38", tls: "T38", bad: "T38", six: "T38"}
        orders = [
            caller.send(page, provider.uri(fax), "secret"),
            caller.send(page, provider.uri(audio), "secret"),
            caller.send(page, asterisk.uri(refused), "audio"),
            caller.send(page, asterisk.uri(tcp, "tcp"), "fec", caller="fec"),
            caller.send(page, provider.uri(tls, "tls"), "secret"),
            caller.send(page, f"sip:{bad}@127.0.0.1:{wire.port}"),
            caller.send(page, asterisk.uri(six, host="::1"), "six", caller="six"),
        ]
        provider.wait_for(home.name)
        back = asterisk.send(page, provider.uri(home.name))
        late = number(Way.AUDIO.value)
        back_late = asterisk.send(page, f"sip:{late}@127.0.0.1:{long.far_port}")
        assert {caller.sent(order).status for order in orders} == {"SUCCESS"}
        assert (asterisk.sent(back).status, pixels(caller.received(home.name))) == ("SUCCESS", pixels(page))
        for called, mode in modes.items():
            call = asterisk.taken(called)
            assert (call.status, call.pages, call.rate, call.mode) == ("SUCCESS", "1", "14400", mode)
            assert pixels(call.file) == pixels(page)
        assert (asterisk.sent(back_late).status, pixels(caller.received(late))) == ("SUCCESS", pixels(page))
        assert wire.lost("image") > 0
        assert (asterisk.channels(), caller.channels()) == (0, 0)
        relayed = wire.ports | long.ports
    judgement = capture.judge(relayed)
    assert judgement.complaints == []
    assert all(judgement.protocols[protocol] for protocol in ("sip", "sdp", "rtp", "t38"))


@pytest.mark.parametrize(
    ("last", "code"),
    [(Way.BUSY.value, 486), (Way.UNKNOWN.value, 404), (Way.CONGESTED.value, 503), (Way.REJECTED.value, 403)],
)
def test_whom_nobody_can_reach_is_refused(
    asterisk: Asterisk, provider: Kamailio, number: Number, tmp_path: Path, last: str, code: int
) -> None:
    played = sipp.call("refused", number(last), asterisk.port, tmp_path, code=code)
    assert played.code == 0, played.complaints
    stranger = sipp.call("refused", number(last), provider.port, tmp_path, code=407)
    assert stranger.code == 0, stranger.complaints


@pytest.mark.parametrize(
    ("scenario", "last"),
    [("giving_up", Way.SILENT.value), ("calling", Way.VOICE.value), ("options", ""), ("malformed", "")],
)
def test_asterisk_is_called_as_sipp_likes(
    asterisk: Asterisk, number: Number, tmp_path: Path, scenario: str, last: str
) -> None:
    played = sipp.call(scenario, number(last), asterisk.port, tmp_path, code=200)
    assert played.code == 0, played.complaints


@pytest.mark.parametrize(  # not "forked": Asterisk takes a second answer for the first one again
    "scenario", ["early_media", "late_200", "malformed_answers", "refusing", "reliable", "retransmissions", "too_brief"]
)
def test_asterisk_calls_whoever_answers_as_nobody_should(
    asterisk: Asterisk, number: Number, page: Path, tmp_path: Path, scenario: str
) -> None:
    with Sipp.answering(scenario, tmp_path) as answering:
        asterisk.send(page, f"sip:{number('')}@127.0.0.1:{answering.port}", "fax", ring_seconds=2)
        played = answering.played(20)
    assert played.code == 0, played.complaints


@pytest.mark.parametrize("name", ["secret", "sha256"])
def test_asterisk_registers_with_a_password_and_both_end_without_a_trace(name: str) -> None:
    algorithm = next(trunk.algorithm for trunk in TRUNKS if trunk.name == name)
    with Kamailio.running(Rules({name: "geheim"}, algorithm=algorithm)) as kamailio:
        trunk = Trunk(name, "geheim", algorithm, registrar=kamailio.uri())
        with Asterisk.running([trunk]) as asterisk:
            kamailio.wait_for(name)
            assert kamailio.registered(name) == [f"sip:{name}@127.0.0.1:{asterisk.port}"]
            folders = {kamailio.folder, asterisk.folder}
            family = {asterisk.pid, kamailio.pid, *descendants(kamailio.pid)}
            assert elsewhere(family) <= {("udp", asterisk.pid), ("udp6", asterisk.pid)}  # resolvers of Asterisk
            watch = Watch(family)
    assert watch.all_end()
    assert not any(folder.exists() for folder in folders)


def test_what_nobody_can_read_is_complained_of(tmp_path: Path) -> None:
    with (
        ports.block(2) as (signalling, media),
        socket.socket(type=socket.SOCK_DGRAM) as way,
        Capture.running(tmp_path / "bad.pcap", [signalling], [range(media, media + 1)]) as capture,
    ):
        way.sendto(b"OPTIONS sip:x SIP/2.0\r\nTo: <sip:x>\r\n\r\n", ("127.0.0.1", signalling))
        way.sendto(b"OPTIONS sip:x SIP/2.0\r\nTo\r\n\r\n", ("127.0.0.1", signalling))
        way.sendto(b"no media", ("127.0.0.1", media))
    frames = {re.split("[ |]", complaint)[0] for complaint in capture.judge().complaints}
    assert frames == {"1", "2", "3"}


def test_a_wire_does_the_same_to_the_same(tmp_path: Path) -> None:
    weather = Weather(loss=0.2, doubling=0.1, disorder=0.1, held=0.05)
    first, again, other = (through(weather, seed) for seed in (7, 7, 8))
    assert sorted(first) == sorted(again) != sorted(other)
    assert len(set(first)) < 200 < len(first) + 60
    assert first != sorted(first)


def through(weather: Weather, seed: int) -> list[int]:
    """What arrives of the numbers to 199, in its order."""
    with socket.socket(type=socket.SOCK_DGRAM) as far, socket.socket(type=socket.SOCK_DGRAM) as near:
        far.bind(("127.0.0.1", 0))
        with relay.wire(far.getsockname()[1], weather, seed) as wire:
            for number in range(200):
                near.sendto(bytes([number]), ("127.0.0.1", wire.port("near")))
            while wire.tally["near"].came < 200 or not wire.tally["near"].over:
                time.sleep(0.01)
        far.setblocking(False)
        arrived = []
        with suppress(BlockingIOError):
            while True:
                arrived.append(far.recv(10)[0])
    return arrived


def elsewhere(pids: set[int]) -> set[tuple[str, int]]:
    """Protocol and process of sockets that are bound, but not to this machine's own addresses (proc_pid_net(5))."""
    found = set()
    for pid in pids:
        files = (str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir())
        inodes = {match[1] for file in files if (match := SOCKET.match(file))}
        for protocol in ("udp", "tcp", "udp6", "tcp6"):
            rows = (line.split() for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:])
            found |= {(protocol, pid) for row in rows if row[9] in inodes and not row[1].startswith(OWN)}
    return found


SOCKET = re.compile(r"socket:\[(\d+)\]")
OWN = ("0100007F:", "00000000000000000000000001000000:")
"""127.0.0.1 and ::1, as the kernel writes them on a machine of this kind."""
