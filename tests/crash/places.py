"""Where the proof is made: nodes on PostgreSQL, or one process on SQLite, that can be killed and started again."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from installation import Installation
from peers.bucket import S3Server
from peers.postgres import Server
from serving import Serving

QUICKLY = {"DEPESCHE_DISPATCH__LEASE_SECONDS": "8", "DEPESCHE_DISPATCH__SANDBOX_SPEED": "600"}
"""What a lost worker held is taken over soon, and nobody waits a minute for a busy number."""

FEW = {"DEPESCHE_DISPATCH__OTHERS": "4"}
"""Deliveries in work at once: none of the nodes has them all, and none is idle."""

NODES = ("one", "two", "three", "four")


class Judged(Protocol):
    """An installation about which it can be said whether it did right."""

    folder: Path
    """The far side's records lie in the folders below it."""

    def ask(self, statement: str) -> list[list[str]]:
        """Rows of a question to the database."""
        ...


class Place(Judged, Protocol):
    """An installation that lives through this."""

    lost: str
    """Name of the node that never comes back; empty: all do."""

    longest_wait: float
    """Seconds between the first order of a wave and the kill that follows: most of the work is done then."""

    others: bool
    """Whether work goes on without one of the workers."""

    @property
    def base_url(self) -> str:
        """Where orders are handed in."""
        ...

    def kill(self) -> str:
        """SIGKILL for one of the workers; gives its name."""
        ...

    def revive(self, name: str) -> None:
        """Start it again, and wait until it works."""
        ...

    def depesche(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the operator."""
        ...


class Nodes:
    """Four workers and a front on PostgreSQL."""

    longest_wait = 0.8
    others = True

    def __init__(self, installation: Installation, chance: random.Random, names: tuple[str, ...] = NODES) -> None:
        self.folder = installation.folder
        self.lost = ""
        self._installation = installation
        self._chance = chance
        self._front = installation.node("front", "web")
        self._workers = {name: self._worker(name) for name in names}

    @classmethod
    @contextmanager
    def running(cls, folder: Path, chance: random.Random) -> Iterator["Nodes"]:
        """With servers of their own."""
        with (
            Server.running() as postgres,
            S3Server.running() as bucket,
            Installation.running(folder, postgres, bucket) as installation,
        ):
            yield cls(installation, chance)

    @property
    def base_url(self) -> str:
        return self._front.base_url

    def kill(self) -> str:
        name = self._chance.choice(sorted(self._workers))
        self._workers.pop(name).kill()
        return name

    def revive(self, name: str) -> None:
        self._workers[name] = self._worker(name)

    def ask(self, statement: str) -> list[list[str]]:
        return self._installation.ask(statement)

    def depesche(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._installation.depesche(*arguments)

    def _worker(self, name: str) -> Serving:
        return self._installation.node(name, "dispatch,lines", **FEW)


class OneProcess:
    """All roles in one process on SQLite; who kills the worker kills the front as well."""

    longest_wait = 2.5
    others = False

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.lost = ""
        self._serving = Serving(folder / "data", "--name", "one", **QUICKLY | environment).start()

    @classmethod
    @contextmanager
    def running(cls, folder: Path, environment: dict[str, str] | None = None) -> Iterator["OneProcess"]:
        place = cls(folder, environment or {})
        try:
            yield place
        finally:
            place._serving.stop()

    @property
    def base_url(self) -> str:
        return self._serving.base_url

    def kill(self) -> str:
        self._serving.kill()
        return "one"

    def revive(self, name: str) -> None:
        del name
        self._serving.start()

    def ask(self, statement: str) -> list[list[str]]:
        """Read only: what the process left is not put right by us."""
        path = self.folder / "data/depesche.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as connection:
            return [["" if field is None else str(field) for field in row] for row in connection.execute(statement)]

    def depesche(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "depesche", *arguments, "--data", str(self.folder / "data")]
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **QUICKLY}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
