"""What tests of several folders stand on: servers of their own, and an installation of several nodes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from installation import Installation
from peers.bucket import S3Server
from peers.postgres import Server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with Server.running() as running:
        yield running


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[S3Server]:
    with S3Server.running() as running:
        yield running


@pytest.fixture
def installation(postgres: Server, bucket_server: S3Server, tmp_path: Path) -> Iterator[Installation]:
    with Installation.running(tmp_path, postgres, bucket_server) as running:
        yield running
