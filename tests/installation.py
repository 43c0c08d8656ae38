"""An installation of several nodes: one PostgreSQL database, one bucket, a data folder for each node."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from depesche.config import Blobs as Place
from peers.bucket import S3Server
from peers.postgres import Server
from serving import Serving

SECONDS = 180


@dataclass
class Installation:
    """Its nodes are started by a test, and stopped at its end."""

    folder: Path
    server: Server
    database: str
    place: Place
    """Of its blobs."""

    environment: dict[str, str]
    stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def running(cls, folder: Path, server: Server, bucket: S3Server) -> Iterator[Self]:
        """On a database and a bucket of its own, without a node yet."""
        place, database = bucket.place(), server.database()
        environment = {
            "DEPESCHE_DATABASE_URL": server.url(database),
            "DEPESCHE_BLOBS__URL": place.url,
            "DEPESCHE_BLOBS__ENDPOINT": place.endpoint,
            "DEPESCHE_BLOBS__REGION": place.region,
            "DEPESCHE_BLOBS__ACCESS_KEY": place.access_key,
            "DEPESCHE_BLOBS__SECRET_KEY": place.secret_key.get_secret_value(),
            "DEPESCHE_BLOBS__ALLOW_HTTP": "true",
            "DEPESCHE_DISPATCH__LEASE_SECONDS": "8",
            "DEPESCHE_DISPATCH__SANDBOX_SPEED": "600",
        }
        made = cls(folder, server, database, place, environment)
        with made.stack:
            yield made
        server.drop(database)

    def node(self, name: str, roles: str = "web,dispatch,lines", **environment: str) -> Serving:
        """Start one; the first one makes the demo's accounts."""
        serving = Serving(
            self.folder / name, "--roles", roles, "--name", name, **{**self.environment, **environment}
        ).start()
        self.stack.callback(_end, serving)
        return serving

    def depesche(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of an operator, beside the nodes."""
        command = [sys.executable, "-m", "depesche", *arguments, "--data", str(self.folder / "operator")]
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **self.environment}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)

    def nodes(self) -> dict[str, str]:
        """The state of each, as the operator sees it."""
        told = self.depesche("node", "list", "--json")
        assert told.returncode == 0, told.stderr
        return {node["name"]: node["state"] for node in json.loads(told.stdout)}

    def ask(self, statement: str) -> list[list[str]]:
        """Rows of a question to the database."""
        return [line.split("|") for line in self.server.psql(statement, self.database).splitlines()]

    def until(self, statement: str, wanted: Callable[[list[list[str]]], bool]) -> list[list[str]]:
        """Ask again and again."""
        deadline = time.monotonic() + SECONDS
        while not wanted(rows := self.ask(statement)):
            assert time.monotonic() < deadline, rows
            time.sleep(0.05)
        return rows


def _end(serving: Serving) -> None:
    with suppress(AssertionError, ProcessLookupError):  # the test may have ended it
        serving.stop()
