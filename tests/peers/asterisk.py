"""Asterisk, a telephone exchange with fax machines of its own: SIP and RTP and UDPTL that are not ours.

Its T.30 engine is spandsp as well, so it proves nothing about that. What befalls a call is in the last three digits of
the number that it goes to (`Way`); how Asterisk speaks with the other end is in the trunk that it comes by (`Trunk`).
"""

import array
import math
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Literal, Self

from peers import ports, trunk
from peers.certificates import Certificate
from peers.trunk import TRUNKS, Trunk

SECONDS = 30
"""Until it must have started, or stopped."""

CALL_SECONDS = 120
"""Until a call must be over; a page takes 45."""

UNPACKED = Path(__file__).parents[2] / ".build/asterisk"
SETTINGS = Path(__file__).with_suffix("")

Transport = Literal["udp", "tcp", "tls"]


class Way(Enum):
    """What befalls a call, by the last three digits of its number."""

    FAX = "100"
    """A fax machine. By a trunk with T.38 it asks for it 3.5 seconds after its answer."""

    AUDIO = "101"
    """A fax machine that never uses T.38."""

    NO_ECM = "102"
    V29 = "103"
    """Without V.17: 9600 bit/s at most."""

    V27 = "104"
    """V.27ter alone: 4800 bit/s at most."""

    EARLY = "105"
    """A fax machine that answers two seconds after a 183 with SDP."""

    BUSY = "200"
    """486."""

    SILENT = "201"
    """It rings for ever."""

    VOICE = "202"
    """Somebody speaks, for more than a minute."""

    MUTE = "203"
    """An answer, and no sound after it."""

    CONGESTED = "204"
    """503."""

    REJECTED = "205"
    """403."""

    ELSEWHERE = "206"
    """302, to the same number with `FAX` at its end."""

    STRAYING = "207"
    """302, to the same number at another host."""

    CIRCLE = "208"
    """302, to itself."""

    UNKNOWN = "404"
    """404, as for any other number."""

    SENDS = "300"
    """It answers, and sends the caller the page that `offer` put there."""

    SENDS_T38 = "301"
    """The same, and it asks for T.38 by itself."""

    @staticmethod
    def drops_after(seconds: int) -> str:
        """A fax machine whose line breaks so many seconds (1 to 99) after its answer."""
        return f"9{seconds:02}"


@dataclass(frozen=True)
class Call:
    """What Asterisk wrote of a call that is over. Fields of which it knew nothing are empty."""

    order: str
    """Of `send`, if it was Asterisk that called."""

    called: str
    caller: str
    sip_id: str
    """Its Call-ID."""

    file: Path
    """What was received or sent."""

    status: str
    """SUCCESS or FAILED."""

    error: str
    pages: str
    rate: str
    """Bits a second."""

    resolution: str
    remote: str
    """How the other end named itself."""

    mode: str
    """"audio" or "T38"."""

    cause: str
    """Q.850, as Asterisk takes it from the SIP status: 17 busy, 1 unknown ..."""

    reason: str
    """Why nobody answered a call of ours, by the number that Asterisk has for it."""


class Asterisk:
    """A running one."""

    def __init__(
        self, folder: Path, block: range, trunks: Sequence[Trunk], certificate: Certificate | None, verbose: int
    ) -> None:
        self.port = block[0]
        """UDP and TCP, at 127.0.0.1 and ::1."""

        self.tls_port = block[1]
        self.ports = block
        """All that it uses, media as well."""

        self.folder = folder
        self._trunks = trunks
        self._certificate = certificate
        self._verbose = verbose
        self._orders = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(
        cls,
        trunks: Sequence[Trunk] = TRUNKS,
        certificate: Certificate | None = None,
        calls: int = 40,
        verbose: int = 3,
    ) -> Iterator[Self]:
        """Made anew, for so many calls at once, and nothing of it is left at the end. `verbose`: of its log.

        With a certificate it speaks TLS too, and takes others' word only if that certificate stands for them.
        """
        folder = Path(tempfile.mkdtemp(prefix="asterisk-"))  # short: a socket's path has 107 octets at most
        try:
            with ports.block(10 + 4 * calls) as block:
                asterisk = cls(folder, block, trunks, certificate, verbose)
                asterisk._settle()
                try:
                    asterisk._start()
                    yield asterisk
                finally:
                    asterisk._stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def uri(self, number: str = "", transport: Transport = "udp", host: str = "127.0.0.1") -> str:
        """Where a number is called; without one, where to register."""
        port = self.tls_port if transport == "tls" else self.port
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return f"sip:{number}{'@' if number else ''}{place}" + ("" if transport == "udp" else f";transport={transport}")

    def send(
        self,
        tiff: Path,
        to: str,
        trunk: str = "fax",
        *,
        caller: str = "+493023125000",
        ecm: bool = True,
        t38: bool = False,
        ring_seconds: int = 60,
    ) -> str:
        """Have a page sent to a SIP URI; gives the order by which `sent` knows it.

        `t38`: Asterisk asks for it. Otherwise it leaves that to the other end.
        """
        order = f"order-{next(self._orders)}"
        lines = [
            f"Channel: PJSIP/{trunk}/{to}".replace(";", "\\;"),
            f"CallerID: <{caller}>",
            f"WaitTime: {ring_seconds}",
            "MaxRetries: 0",
            "Context: send",
            "Extension: s",
            f"Setvar: ORDER={order}",
            f"Setvar: CALLED={to}".replace(";", "\\;"),
            f"Setvar: STATION={caller}",
            f"Setvar: FAXFILE={tiff}",
            f"Setvar: ECM={'yes' if ecm else 'no'}",
            f"Setvar: FLAGS={'fz' if t38 else 'f'}",
        ]
        paper = self.folder / order
        paper.write_text("\n".join(lines) + "\n")
        paper.rename(self.folder / "spool/outgoing" / order)  # whole, or it is read too early
        return order

    def offer(self, tiff: Path) -> None:
        """What whoever calls `Way.SENDS` gets from now on."""
        shutil.copy(tiff, self.folder / "page.tif")

    def sent(self, order: str, seconds: float = CALL_SECONDS) -> Call:
        """Wait until a call of ours is over."""
        return self._wait(lambda call: call.order == order, order, seconds)

    def taken(self, number: str, seconds: float = CALL_SECONDS) -> Call:
        """Wait until the first call to a number here is over."""
        return self._wait(lambda call: not call.order and call.called == number, number, seconds)

    def received(self, number: str, seconds: float = CALL_SECONDS) -> Path:
        """Wait until the first call to a number here is over, and give the TIFF that it left."""
        call = self.taken(number, seconds)
        assert call.file.is_file(), f"nothing was received: {call}"
        return call.file

    def calls(self) -> list[Call]:
        """All that are over, oldest first."""
        log = self.folder / "calls"
        lines = log.read_text(errors="replace").split("\n")[:-1] if log.exists() else []
        return [_call(line) for line in lines]

    def channels(self) -> int:
        """How many calls there are now."""
        found = re.search(r"(\d+) active channel", self.command("core show channels count"))
        assert found
        return int(found[1])

    def hang_up(self, trunk: str = "") -> None:
        """End every call, as an exchange does that is taken out of service; of one trunk, if it is named."""
        channels = [line.partition("!")[0] for line in self.command("core show channels concise").splitlines()]
        for channel in ["all"] if not trunk else [name for name in channels if name.startswith(f"PJSIP/{trunk}-")]:
            self.command(f"channel request hangup {channel}")

    def registered(self, trunk: str) -> list[str]:
        """The URIs at which somebody is registered."""
        known = self.command("database show registrar")  # "pjsip show contacts" cuts them off
        found = re.findall(rf'^/registrar/contact/{trunk};.*"uri":"([^"]+)"', known, re.MULTILINE)
        return [uri.replace("^3B", ";") for uri in found]

    def command(self, line: str) -> str:
        """What its command line says (asterisk(8), -rx)."""
        done = subprocess.run([*self._program(), "-rx", line], capture_output=True, text=True, check=False)
        return done.stdout

    @property
    def pid(self) -> int:
        """Of its only process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has to say."""
        log = self.folder / "log/full"
        return log.read_text(errors="replace") if log.exists() else ""

    def _wait(self, which: Callable[[Call], bool], what: str, seconds: float) -> Call:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := next(filter(which, self.calls()), None):
                return found
            time.sleep(0.1)
        raise TimeoutError(f"the call {what} is not over after {seconds} seconds:\n{self.log[-4000:]}")

    def _program(self) -> list[str]:
        """Asterisk by the loader and the libraries that it came with: it is newer than this machine."""
        library = self._loader.parent
        return [
            *(str(self._loader), "--library-path", str(library), str(UNPACKED / "usr/sbin/asterisk")),
            *("-C", str(self.folder / "etc/asterisk.conf")),
        ]

    def _settle(self) -> None:
        for name in ("etc", "log", "received", "spool/outgoing", "spool/tmp"):
            (self.folder / name).mkdir(parents=True)
        media = self.ports[10 - self.port % 2 :]  # RTP has even ports
        half = len(media) // 2
        files = {
            "asterisk.conf": trunk.main(self.folder / "etc", UNPACKED, self.folder, self._verbose),
            "pjsip.conf": trunk.settings(self._trunks, self.port, self.tls_port, self._certificate),
            "globals.conf": f"FOLDER={self.folder}\nVOICE={self.folder}/voice\n",
            "rtp.conf": f"[general]\nrtpstart={media[0]}\nrtpend={media[half - 1]}\n",
            "udptl.conf": f"[general]\nudptlstart={media[half]}\nudptlend={media[-1]}\nuse_even_ports=no\n",
        }
        for name, text in files.items():
            (self.folder / "etc" / name).write_text(text)
        for file in SETTINGS.iterdir():
            shutil.copy(file, self.folder / "etc")
        (self.folder / "voice.sln").write_bytes(_voice())

    def _start(self) -> None:
        with (self.folder / "out").open("wb") as out:
            self._process = subprocess.Popen([*self._program(), "-f"], stdout=out, stderr=out, start_new_session=True)
        deadline = time.monotonic() + SECONDS
        while "fully booted" not in self.command("core waitfullybooted"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self._complaint())
            time.sleep(0.1)
        known = set(re.findall(r"^ Endpoint: +([\w-]+)", self.command("pjsip show endpoints"), re.MULTILINE))
        if lacking := {one.name for one in self._trunks} - known:
            raise RuntimeError(f"Asterisk does not know {lacking}:\n{self._complaint()}")

    def _complaint(self) -> str:
        out = (self.folder / "out").read_text(errors="replace")
        return f"Asterisk did not start:\n{out[-2000:]}\n{self.log[-4000:]}"

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    @property
    def _loader(self) -> Path:
        found = next(UNPACKED.glob("usr/lib/*/ld-linux*.so.*"), None)
        if found is None:
            raise RuntimeError("Asterisk is not unpacked: make test does that, by setup/asterisk.sh")
        return found


def _call(line: str) -> Call:
    order, called, caller, sip_id, file, *rest = line.split("|")
    return Call(order, called, caller, sip_id, Path(file), *rest)


RATE = 8000


def _voice() -> bytes:
    """Ten seconds of what a modem cannot take for another: syllables of a humming voice, as 16 bit samples."""
    chance = random.Random(1)
    samples = array.array("h")
    while len(samples) < 10 * RATE:
        pitch, length = chance.uniform(90, 180), int(chance.uniform(0.1, 0.3) * RATE)
        for n in range(length):
            loudness = 3000 * math.sin(math.pi * n / length)
            samples.append(int(loudness * sum(math.sin(2 * math.pi * pitch * k * n / RATE) / k for k in range(1, 6))))
        samples.extend([0] * int(chance.uniform(0.05, 0.2) * RATE))
    return samples.tobytes()
