"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, reached by a socket in that folder alone.

Nothing is synced to the disk: a server that is killed loses nothing that way, a machine that loses its power may.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Self

SECONDS = 60
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "256MB",
}


class Server:
    """A running server. Databases of it are copies of its first one, made in a tenth of a second."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._settings = settings
        self._names = count()
        self._bin = _programs()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def running(cls, parent: Path | None = None, **settings: str) -> Iterator[Self]:
        """Made anew (in `parent`, if it is to be on a certain disk), and nothing of it is left at the end."""
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir=parent))  # short: a socket's path has 107 octets at most
        folder.chmod(0o755)
        server = cls(folder, SETTINGS | settings)
        try:
            server._make()
            server.start()
            yield server
        finally:
            server.stop(signal.SIGQUIT)
            shutil.rmtree(folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def database(self, template: str = "template1") -> str:
        """A new database; gives its name."""
        name = f"d{next(self._names)}"
        self.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, database: str) -> None:
        """Whoever is still connected is thrown out."""
        self.psql(f"DROP DATABASE {database} WITH (FORCE)")

    def psql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement; gives what it prints, fields separated by ``|``."""
        command = [self._program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [*_as_nobody(), self._program("postgres"), "-D", f"{self._folder}/data", "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + SECONDS
        while subprocess.run([self._program("pg_isready"), "-q", "-h", str(self._folder)], check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast, its clients are cut off; SIGQUIT: at once, as after a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(SECONDS)
            self._process = None

    def _program(self, name: str) -> str:
        return str(self._bin / name)

    def _make(self) -> None:
        data = self._folder / "data"
        data.mkdir()
        if os.getuid() == 0:
            for path in (self._folder, data):
                shutil.chown(path, _user())
        command = [
            *_as_nobody(),
            self._program("initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        subprocess.run([*command, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True)
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self._settings.items())


def _programs() -> Path:
    """Of the newest release that is installed."""
    releases = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not releases:
        raise RuntimeError("PostgreSQL is not installed: make test installs it")
    return releases[-1].parent


def _user() -> str:
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def _as_nobody() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", f"--reuid={_user()}", "--clear-groups"] if os.getuid() == 0 else []
