"""The PHP peer: nginx, php-fpm and PHP's own SoapServer, as they are usually put together."""

import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import statements
from bench.servers.service import NotStarted, Original, Service, started

CHILDREN = 4
"""Processes of php-fpm; more of them only wait for SQLite's one writer."""

START_SECONDS = 10


@contextmanager
def serving(folder: Path, original: Original) -> Iterator[Service]:
    """Both programs, with all their files in `folder`."""
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(original.database, data / "depesche.db")
    port = _free_port()
    _configure(folder, original, port)
    fpm = [_fpm(), "--allow-to-run-as-root", "--fpm-config", str(folder / "php-fpm.conf")]
    nginx = [_nginx(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    with (
        started(fpm, folder / "php-fpm.out", {}) as pool,
        started(nginx, folder / "nginx.out", {}) as server,
    ):
        _wait(socket.AF_UNIX, str(folder / "php.sock"))
        _wait(socket.AF_INET, ("127.0.0.1", port))
        yield Service("nginx + php-fpm", port, data / "depesche.db", (server.pid, pool.pid))


def versions() -> dict[str, str]:
    """Of PHP and nginx."""
    php = subprocess.run([_fpm(), "-v"], capture_output=True, text=True, check=True).stdout
    nginx = subprocess.run([_nginx(), "-v"], capture_output=True, text=True, check=True).stderr
    return {"PHP": _number(php), "nginx": _number(nginx)}


def _configure(folder: Path, original: Original, port: int) -> None:
    """Both run as whoever runs the benchmark: all they can touch is this folder and the loopback device."""
    for name in ("php-fpm.conf", "nginx.conf"):
        template = (statements.PEERS / "php" / name).read_text()
        values = {
            "folder": folder,
            "port": port,
            "children": CHILDREN,
            "user": pwd.getpwuid(os.getuid()).pw_name,
            "group": grp.getgrgid(os.getgid()).gr_name,
        }
        (folder / name).write_text(template.format_map(values))
    (folder / "statements.php").write_text(statements.as_php())
    shutil.copy(statements.PEERS / "php" / "SendJob.php", folder)
    shutil.copy(original.wsdl, folder / "service.wsdl")


def _wait(family: socket.AddressFamily, address: str | tuple[str, int]) -> None:
    """Until somebody listens there. Raises: NotStarted."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket(family) as probe:
            if probe.connect_ex(address) == 0:
                return
        time.sleep(0.05)
    raise NotStarted(f"nobody listens at {address}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _fpm() -> str:
    """Debian's is named after its version."""
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise NotStarted("there is no php-fpm: make bench installs it")
    return str(found[-1])


def _nginx() -> str:
    return shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"


def _number(text: str) -> str:
    found = re.search(r"\d+\.\d+\.\d+", text)
    return found[0] if found else "?"
