"""A DNS server for names that only a test knows: dnsmasq(8)."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from peers import ports

SECONDS = 30
"""Until it must have started."""


class Nameserver:
    """A running one, for all that ends in ``.example``."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    @property
    def place(self) -> str:
        """As the settings want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def questions(self) -> list[str]:
        """``kind name`` of each question that came."""
        return [f"{kind} {name}" for kind, name in re.findall(r"query\[(\w+)\] (\S+)", self._log.read_text())]

    @classmethod
    @contextmanager
    def running(cls, folder: Path, *records: str, ttl: int = 60) -> Iterator[Self]:
        """With records as ``host-record=name,address`` or ``srv-host=_sip._udp.name,target,port,priority,weight``."""
        program = shutil.which("dnsmasq", path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise RuntimeError("dnsmasq is not installed: make test installs it")
        log = folder / "dnsmasq.log"
        with ports.block(1) as block, log.open("ab") as out:
            settings = [f"port={block[0]}", "listen-address=127.0.0.1", "bind-interfaces", "no-resolv", "no-hosts"]
            settings += ["local=/example/", f"local-ttl={ttl}", "log-queries", "log-facility=-", *records]
            file = folder / "dnsmasq.conf"
            file.write_text("".join(f"{line}\n" for line in settings))
            process = subprocess.Popen([program, "--no-daemon", f"--conf-file={file}"], stdout=out, stderr=out)
            try:
                _wait(process, block[0], log)
                yield cls(block[0], log)
            finally:
                process.terminate()
                process.wait(SECONDS)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()[-2000:]) from None
            time.sleep(0.02)
        else:
            return
