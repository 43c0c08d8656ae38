"""Installations of both kinds: with SQLite and a folder, with PostgreSQL and a bucket."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from depesche.store.database import Place
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile
from peers.bucket import S3Server
from peers.postgres import Server
from serving import Serving

T = TypeVar("T")

COMMAND_SECONDS = 180


@dataclass
class Installation:
    """One that is there, or shall be."""

    data: Path
    place: Place
    environment: dict[str, str] = field(default_factory=dict)
    nodes: list[Serving] = field(default_factory=list)

    def start(self) -> Serving:
        """Its node, which is stopped at the end of the test."""
        quick = {"DEPESCHE_DISPATCH__SANDBOX_SPEED": "600", "DEPESCHE_DISPATCH__LEASE_SECONDS": "8"}
        self.nodes.append(Serving(self.data, **quick, **self.environment).start())
        return self.nodes[-1]

    def depesche(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of an operator to its end."""
        with self.begin(*arguments) as process:
            out, err = process.communicate(timeout=COMMAND_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "depesche", *arguments, "--data", str(self.data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **self.environment},
        )

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """A transaction on its database."""
        with closing(self.place.open()) as database:
            return database.run_here(work)

    def sent(self) -> Counter[int]:
        """How often something went out for each job, as the outside sees it: the job of each message in the outbox."""
        names = (path.read_text() for path in (self.data / "outbox" / "sms").glob("*.json"))
        return Counter(int(text.partition('"job_id": ')[2].partition(",")[0]) for text in names)


New = Callable[[str, str], Installation]
"""Gives an installation of this kind, whose data folder has this name."""


@pytest.fixture
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[New]:
    """Makes installations; what runs of them is stopped at the end."""
    made: list[Installation] = []

    def make(kind: str, name: str) -> Installation:
        made.append(_embedded(tmp_path / name) if kind == "sqlite" else _shared(request, tmp_path / name))
        return made[-1]

    yield make
    for node in (node for one in made for node in one.nodes):
        with suppress(AssertionError, ProcessLookupError):  # the test may have ended it
            node.kill()


def _embedded(data: Path) -> Installation:
    return Installation(data, SqliteFile(data / "depesche.db"))


def _shared(request: pytest.FixtureRequest, data: Path) -> Installation:
    server: Server = request.getfixturevalue("postgres")
    bucket_server: S3Server = request.getfixturevalue("bucket_server")
    url, place = server.url(server.database()), bucket_server.place()
    environment = {
        "DEPESCHE_DATABASE_URL": url,
        "DEPESCHE_BLOBS__URL": place.url,
        "DEPESCHE_BLOBS__ENDPOINT": place.endpoint,
        "DEPESCHE_BLOBS__REGION": place.region,
        "DEPESCHE_BLOBS__ACCESS_KEY": place.access_key,
        "DEPESCHE_BLOBS__SECRET_KEY": place.secret_key.get_secret_value(),
        "DEPESCHE_BLOBS__ALLOW_HTTP": "true",
    }
    return Installation(data, PostgresServer(url), environment)
