"""Kamailio, as a provider has it: a registrar that asks for a password, and a proxy that its calls go through."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from peers import ports
from peers.certificates import Certificate

SECONDS = 30
"""Until it must have started, or stopped."""

SETTINGS = Path(__file__).with_suffix(".cfg")
HOSTS = ("127.0.0.1", "[::1]")
QOPS = ("none", "auth", "auth-int")
"""Each in the place of its flag of www_challenge()."""

_ASK = (
    "OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:{mine};branch=z9hG4bKstart\r\n"
    "Max-Forwards: 1\r\n"
    "From: <sip:start@127.0.0.1>;tag=start\r\n"
    "To: <sip:127.0.0.1:{port}>\r\n"
    "Call-ID: start@127.0.0.1\r\n"
    "CSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)

Transport = Literal["udp", "tcp", "tls"]


@dataclass(frozen=True)
class Rules:
    """How it treats others."""

    passwords: Mapping[str, str] = field(default_factory=dict)
    """By user: who may register, and call."""

    gateway: int = 0
    """A UDP port of this machine: calls from there need no password, and numbers of nobody here are called there."""

    realm: str = "provider.example"
    algorithm: Literal["MD5", "SHA-256"] = "MD5"
    qop: Literal["none", "auth", "auth-int"] = "auth"
    nonce_seconds: int = 300
    """After that a nonce is stale."""


class Kamailio:
    """A running one."""

    def __init__(self, folder: Path, block: range, rules: Rules, certificate: Certificate | None) -> None:
        self.port = block[0]
        """UDP and TCP, at 127.0.0.1 and ::1."""

        self.tls_port = block[1]
        self.folder = folder
        self._rules = rules
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(cls, rules: Rules, certificate: Certificate | None = None) -> Iterator[Self]:
        """Made anew, and nothing of it is left at the end. With a certificate it speaks TLS too."""
        folder = Path(tempfile.mkdtemp(prefix="kamailio-"))  # short: a socket's path has 107 octets at most
        try:
            with ports.block(2) as block:
                kamailio = cls(folder, block, rules, certificate)
                kamailio._settle()
                try:
                    kamailio._start()
                    yield kamailio
                finally:
                    kamailio._stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def uri(self, user: str = "", transport: Transport = "udp") -> str:
        """Where somebody is called; without a user, the registrar."""
        port = self.tls_port if transport == "tls" else self.port
        at = f"{user}@" if user else ""
        return f"sip:{at}127.0.0.1:{port}" + ("" if transport == "udp" else f";transport={transport}")

    def registered(self, user: str) -> list[str]:
        """The contacts under which a user can be called now."""
        answer = self._ask("ul.lookup", "location", user)
        contacts = answer.get("result", {}).get("Contacts", [])
        return [contact["Contact"]["Address"] for contact in contacts]

    def wait_for(self, user: str, seconds: float = SECONDS) -> None:
        """Until a user is registered."""
        deadline = time.monotonic() + seconds
        while not self.registered(user):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{user} did not register:\n{self.log[-4000:]}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """Of the process whose children do the work."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has to say."""
        return (self.folder / "log").read_text(errors="replace")

    def _ask(self, method: str, *parameters: str) -> dict[str, Any]:
        """JSON-RPC by a socket of datagrams."""
        mine = self.folder / "me"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.settimeout(SECONDS)
            way.bind(str(mine))
            try:
                question = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
                way.sendto(json.dumps(question).encode(), str(self._control))
                answer: dict[str, Any] = json.loads(way.recv(1 << 16))
            finally:
                mine.unlink()
        return answer

    @property
    def _control(self) -> Path:
        return self.folder / "control"

    def _settle(self) -> None:
        rules = self._rules
        names = {
            "ALGORITHM": _quoted(rules.algorithm),
            "NONCE_SECONDS": str(rules.nonce_seconds),
            "CONTROL": _quoted(str(self._control)),
            "REALM": _quoted(rules.realm),
            "QOP": _quoted(str(QOPS.index(rules.qop))),
        }
        if rules.gateway:
            names |= {"GATEWAY": _quoted(f"sip:127.0.0.1:{rules.gateway}"), "GATEWAY_PORT": str(rules.gateway)}
        lines = ["#!KAMAILIO", *(f"#!define {name} {value}" for name, value in names.items())]
        lines += [f"listen={protocol}:{host}:{self.port}" for protocol in ("udp", "tcp") for host in HOSTS]
        if self._certificate:
            lines += self._tls(self._certificate)
        lines.append(SETTINGS.read_text())
        if rules.passwords:
            words = [f"    $sht(password=>{user}) = {_quoted(word)};" for user, word in rules.passwords.items()]
            lines += ["event_route[htable:mod-init] {", *words, "}"]
        (self.folder / "kamailio.cfg").write_text("\n".join([*lines, ""]))

    def _tls(self, certificate: Certificate) -> list[str]:
        settings: dict[str, str | int] = {
            "certificate": str(certificate.file),
            "private_key": str(certificate.key),
            "ca_list": str(certificate.file),
            "verify_certificate": 1,
            "tls_method": "TLSv1.2+",
        }
        parameters = [f'modparam("tls", "{name}", {_quoted(value)})' for name, value in settings.items()]
        return ["enable_tls=yes", f"listen=tls:127.0.0.1:{self.tls_port}", 'loadmodule "tls.so"', *parameters]

    def _start(self) -> None:
        program = shutil.which("kamailio", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise RuntimeError("Kamailio is not installed: make test installs it")
        command = [program, "-DD", "-E", "-f", str(self.folder / "kamailio.cfg"), "-Y", str(self.folder)]
        command += ["-w", str(self.folder), "-m", "32", "-M", "8"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log[-4000:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        """Whether it answers OPTIONS, and takes connections."""
        with socket.socket(type=socket.SOCK_DGRAM) as way, suppress(OSError):
            way.settimeout(0.5)
            way.connect(("127.0.0.1", self.port))
            way.send(_ASK.format(port=self.port, mine=way.getsockname()[1]).encode())
            if not way.recv(1 << 16).startswith(b"SIP/2.0 200 "):
                return False
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False

    def _stop(self) -> None:
        """Its processes are children of the first one, in a session of their own: none may stay."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _quoted(value: str | int) -> str:
    """As a value of Kamailio's language."""
    return f'"{value}"' if isinstance(value, str) else str(value)
