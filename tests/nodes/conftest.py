"""An installation of several nodes: one PostgreSQL database, one bucket, a data folder for each node."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from peers.bucket import S3Server
from peers.postgres import Server
from serving import Serving
from soapcall import call

SECONDS = 180
LOGIN = {"Account": "10001", "Password": "demo"}


@dataclass
class Installation:
    """Its nodes are started by a test, and stopped at its end."""

    folder: Path
    server: Server
    database: str
    environment: dict[str, str]
    stack: ExitStack = field(default_factory=ExitStack)

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


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with Server.running() as running:
        yield running


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[S3Server]:
    with S3Server.running() as running:
        yield running


@pytest.fixture
def installation(server: Server, bucket_server: S3Server, tmp_path: Path) -> Iterator[Installation]:
    place, database = bucket_server.place(), server.database()
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
    made = Installation(tmp_path, server, database, environment)
    with made.stack:
        yield made
    server.drop(database)


def send(node: Serving, **parameters: Any) -> str:
    """An order of account 10001; gives its JobId."""
    given = {"JobType": 1, "Recipient": "+491713920000", "SendText": "Guten Tag"} | parameters
    answer = call(node.base_url, "SendJob", **LOGIN, **given)
    assert answer["return"] == "0", answer
    return answer["JobId"]


def final(node: Serving, job: str) -> dict[str, str]:
    """Wait for the end of a job; gives what JobStatus says."""
    deadline = time.monotonic() + SECONDS
    while (answer := call(node.base_url, "JobStatus", **LOGIN, JobId=job))["return"] == "6":
        assert time.monotonic() < deadline, f"job {job} is still in work"
        time.sleep(0.05)
    return answer
