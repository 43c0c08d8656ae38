"""SIPp (sipp(1)): a scenario of SIP messages, played word for word by either side.

A scenario is a file of `sipp/`, or any other. Words in double braces are filled in first: ``{{status}}``.
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from peers import ports

SECONDS = 60
"""Until a scenario must be over."""

SCENARIOS = Path(__file__).with_suffix("")

Transport = Literal["udp", "tcp"]

EXACT = {"forked", "retransmissions"}
"""In these what comes again is a message like any other; elsewhere SIPp takes no notice of it."""

PORTS = 6
"""For messages, for its own control, and four for media that it never sends."""

PLAIN: Mapping[str, str | int] = {
    "status": "486 Busy Here",
    "header": "Server: SIPp",
    "from": "sipp",
    "milliseconds": 500,
    "seconds": 300,
}
"""What stands in for words that a test does not name."""


@dataclass(frozen=True)
class Played:
    """What became of a scenario."""

    code: int
    """0: each call went as it says (sipp(1))."""

    messages: str
    """All that was sent and received."""

    complaints: str
    """What SIPp did not expect."""

    @property
    def received(self) -> list[str]:
        """First lines of what came, in their order."""
        return re.findall(r"message received \[\d+\] bytes ?:\s+(\S[^\r\n]*)", self.messages)


class Sipp:
    """One that answers, on a UDP or TCP port of 127.0.0.1."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self._folder = folder
        self._process = process

    @classmethod
    @contextmanager
    def answering(
        cls,
        scenario: str | Path,
        folder: Path,
        transport: Transport = "udp",
        calls: int = 1,
        *,
        probed: bool = False,
        **words: str | int,
    ) -> Iterator[Self]:
        """It waits for so many calls, and keeps its papers in an empty place of the folder.

        `probed`: somebody asks once by OPTIONS whether it is there, which is a call to SIPp, and hears yes.
        """
        place = Path(tempfile.mkdtemp(prefix="sipp-", dir=folder))
        with ports.block(PORTS) as block:
            options = ["-m", str(calls + probed)]
            process = _start(place, scenario, block, transport, options, words, probed=probed)
            try:
                sipp = cls(place, block[0], process)
                sipp._wait_for_port(transport)
                yield sipp
            finally:
                process.kill()
                process.wait()

    def played(self, seconds: float = SECONDS) -> Played:
        """Wait until its calls are over."""
        return _end(self._folder, self._process, seconds)

    def _wait_for_port(self, transport: Transport) -> None:
        deadline = time.monotonic() + SECONDS
        while not _bound(self.port, transport):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"SIPp does not listen: {_end(self._folder, self._process, 0).complaints}")
            time.sleep(0.02)


def call(
    scenario: str | Path,
    number: str,
    port: int,
    folder: Path,
    transport: Transport = "udp",
    calls: int = 1,
    rate: int = 10,
    **words: str | int,
) -> Played:
    """Call a number at a port of this machine, so many times, so often a second, until all is over."""
    place = Path(tempfile.mkdtemp(prefix="sipp-", dir=folder))
    with ports.block(PORTS) as block:
        options = [f"127.0.0.1:{port}", "-s", number, "-m", str(calls), "-r", str(rate)]
        return _end(place, _start(place, scenario, block, transport, options, words), SECONDS)


def _start(
    place: Path,
    scenario: str | Path,
    block: range,
    transport: Transport,
    options: list[str],
    words: Mapping[str, str | int],
    *,
    probed: bool = False,
) -> subprocess.Popen[bytes]:
    if shutil.which("sipp") is None:
        raise RuntimeError("SIPp is not installed: make test installs it")
    source = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
    filled = place / "scenario.xml"
    text = _filled(source.read_text(), words)
    filled.write_text(_probed(text) if probed else text)
    command = ["sipp", *options, "-sf", str(filled), "-t", "u1" if transport == "udp" else "t1", "-nostdin"]
    command += ["-i", "127.0.0.1", "-p", str(block[0])]
    command += ["-ci", "127.0.0.1", "-cp", str(block[1]), "-mi", "127.0.0.1", "-mp", str(block[2])]
    if scenario in EXACT:
        command.append("-nr")
    command += ["-timeout", f"{SECONDS}s", "-timeout_error"]
    command += [
        "-trace_msg",
        "-message_file",
        str(place / "messages"),
        "-trace_err",
        "-error_file",
        str(place / "errors"),
    ]
    with (place / "out").open("wb") as out:
        return subprocess.Popen(command, cwd=place, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def _filled(text: str, words: Mapping[str, str | int]) -> str:
    known = {**PLAIN, **words}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: str(known[found[1]]), text)


def _probed(text: str) -> str:
    """A scenario that may begin with OPTIONS as well, and ends then."""
    first, last = '  <recv request="', "</scenario>"
    asked = '  <recv request="OPTIONS" optional="true" next="asked"/>\n\n'
    return text.replace(first, asked + first, 1).replace(last, _ASKED + last)


_ASKED = """
  <nop next="over"/>

  <label id="asked"/>

  <send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=asked
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

    ]]>
  </send>

  <label id="over"/>

  <nop/>
"""


def _end(place: Path, process: subprocess.Popen[bytes], seconds: float) -> Played:
    """What it left; whoever does not end by itself is ended."""
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    messages, errors, out = (_text(place / name) for name in ("messages", "errors", "out"))
    return Played(code, messages, errors or out or f"it went no further than this:\n{messages[-2000:]}")


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""


def _bound(port: int, transport: Transport) -> bool:
    """Whether somebody has the port (proc_pid_net(5))."""
    lines = Path(f"/proc/net/{transport}").read_text().splitlines()[1:]
    return any(line.split()[1] == f"0100007F:{port:04X}" for line in lines)
