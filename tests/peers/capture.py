"""What went over this machine's own addresses, caught by tcpdump(1) and judged by tshark(1)."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SECONDS = 30
"""Until tcpdump must listen, or have written all."""

SEVERE = 0x600000
"""Warning; notes and chats, such as a retransmission, are below (epan/proto.h of Wireshark)."""

PROTOCOLS = ("sip", "sdp", "rtp", "rtcp", "t38")
_FIELDS = (
    *("frame.number", "frame.protocols", "udp.srcport", "udp.dstport", "udp.payload"),
    *("_ws.malformed", "_ws.expert.severity", "_ws.expert.message"),
)
_RTP = "udp.payload[0:1] == 80"
"""Version 2, no extension; a number of UDPTL that begins so comes after eleven minutes."""

_LACKING = (
    "sip && !(sip.Via && sip.From && sip.To && sip.Call-ID && sip.CSeq.seq && sip.CSeq.method)"
    " || sip.Request-Line && !sip.Max-Forwards"
)
"""RFC 3261 §8.1.1; tshark says nothing about that by itself."""

_BY_LOOKS = ("-o", "sdp.establish_conversation:FALSE", "--enable-heuristic", "rtp_udp")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
_T38 = re.compile(r"image (\d+) udptl t38")
_MARK = b"the end of the capture"


@dataclass(frozen=True)
class Judgement:
    """What tshark makes of a capture."""

    complaints: list[str]
    """Frame, protocol and words."""

    protocols: Counter[str]
    """Packets, by what they were understood as: what nobody looked for cannot be well-formed."""


class Capture:
    """Packets to and from ports of this machine."""

    def __init__(self, file: Path, sip: Iterable[int], mark: socket.socket) -> None:
        self.file = file
        self._sip = sorted(set(sip))
        self._t38: set[str] = set()  # of IPv6: tshark does not take them from SDP
        self._mark = mark
        self._mark_port: int = mark.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(cls, file: Path, sip: Iterable[int], media: Iterable[range] = ()) -> Iterator[Self]:
        """From now on, into a file. `sip`: ports of signalling, UDP or TCP; what TLS hides is not judged.

        One end of each flow is enough. Read it after the end.
        """
        ports = list(sip)
        with socket.socket(type=socket.SOCK_DGRAM) as mark:
            mark.bind(("127.0.0.1", 0))
            capture = cls(file, ports, mark)
            wanted = [f"port {port}" for port in (*ports, capture._mark_port)]
            wanted += [f"udp portrange {one[0]}-{one[-1]}" for one in media]
            capture._start(" or ".join(wanted))
            try:
                yield capture
            finally:
                capture._stop()

    def judge(self, relayed: Collection[int] = ()) -> Judgement:
        """Whatever is malformed, and whatever nobody understands, is complained of.

        `relayed`: UDP ports of a wire; what comes from it has holes that are no end's fault, and was seen before it.
        """
        complaints, protocols, known = [], Counter[str](), set[tuple[str, str, str]]()
        for frame, kinds, sender, receiver, payload, malformed, severity, words in self._understood():
            if sender and int(sender) in relayed:
                continue
            layers = kinds.split(":")
            if "t38" in layers:  # what is sent thrice so that it arrives is to tshark an end of nothing
                if (sender, receiver, payload) in known:
                    continue
                known.add((sender, receiver, payload))
            worst = max((int(one, 0) for one in severity.split(",") if one), default=0)
            understood = [name for name in PROTOCOLS if name in layers]
            protocols.update(understood)
            if malformed or worst >= SEVERE:
                complaints.append(f"{frame} {kinds}: {words or 'malformed'}")
            elif "udp" in layers and not understood:
                complaints.append(f"{frame} {kinds}: nobody knows what it is")
        lacking = self._tshark("-Y", _LACKING, *_fields("frame.number", "sip.Request-Line", "sip.Status-Line"))
        complaints += [f"{line}: without a header that every message has" for line in lacking.splitlines()]
        return Judgement(complaints, protocols)

    def text(self, show: str = "sip") -> str:
        """Its packets of a kind, for people (wireshark-filter(4))."""
        return self._tshark("-Y", show)

    def _understood(self) -> Iterator[list[str]]:
        """All frames. Where T.38 has the port that audio had, tshark takes the last of the audio for T.38."""
        self._t38 = set(_T38.findall(self._tshark("-Y", "ipv6 && sdp", *_fields("sdp.media"))))
        audio = set(self._tshark("-Y", f"t38 && {_RTP}", *_fields("frame.number")).split())
        yield from (row for row in self._rows(f"!(udp.port == {self._mark_port})") if row[0] not in audio)
        if audio:
            yield from (row for row in self._rows(_RTP, *_BY_LOOKS) if row[0] in audio)

    def _rows(self, show: str, *options: str) -> Iterator[list[str]]:
        for line in self._tshark("-Y", show, *options, *_fields(*_FIELDS)).splitlines():
            yield line.split("|", len(_FIELDS) - 1)

    def _tshark(self, *options: str) -> str:
        command = ["tshark", "-n", "-r", str(self.file), *options]
        for port in self._sip:
            command += ["-d", f"udp.port=={port},sip", "-d", f"tcp.port=={port},sip"]
        for image in self._t38:
            command += ["-d", f"udp.port=={image},t38"]
        plain = os.environ | {"WIRESHARK_CONFIG_DIR": str(self.file.parent)}  # not what somebody has set for himself
        done = subprocess.run(command, env=plain, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def _start(self, wanted: str) -> None:
        for program in ("tcpdump", "tshark"):
            if shutil.which(program, path=_PATH) is None:
                raise RuntimeError(f"{program} is not installed: make test installs it")
        command = [] if os.getuid() == 0 else ["sudo", "--non-interactive"]
        command += ["tcpdump", "-i", "lo", "-n", "-U", "--immediate-mode", "-B", "16384", "-s", "0", "-w", "-", wanted]
        with self.file.open("wb") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.PIPE, env=os.environ | {"PATH": _PATH}
            )
        assert self._process.stderr is not None
        said = b""
        while b"listening on" not in said:
            line = self._process.stderr.readline()
            if not line:
                raise RuntimeError(f"tcpdump does not listen: {said.decode(errors='replace')}")
            said += line

    def _stop(self) -> None:
        """What came before the mark is in the file when the mark is."""
        if self._process is None:
            return
        deadline = time.monotonic() + SECONDS
        self._mark.sendto(_MARK, self._mark.getsockname())
        while self._process.poll() is None and time.monotonic() < deadline and not self._marked():
            time.sleep(0.02)
        self._process.terminate()
        _, said = self._process.communicate()
        if not self._marked() or b"\n0 packets dropped by kernel" not in said:
            raise RuntimeError(f"tcpdump did not write down all that it had to: {said.decode(errors='replace')}")

    def _marked(self) -> bool:
        with self.file.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - (1 << 16)))
            return _MARK in file.read()


def _fields(*names: str) -> list[str]:
    """One line a frame."""
    return ["-T", "fields", "-E", "separator=|", *(word for name in names for word in ("-e", name))]
