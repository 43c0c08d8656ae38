"""What tests of several folders stand on: servers of their own, and an installation of several nodes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from installation import Installation
from peers import certificates
from peers.asterisk import Asterisk
from peers.bucket import S3Server
from peers.certificates import Certificate
from peers.kamailio import Kamailio, Rules
from peers.postgres import Server


@pytest.fixture(autouse=True)
def logs_stay_as_they_are() -> Iterator[None]:
    """Whoever sets up the program's logs in this process keeps later tests from seeing any."""
    yield
    assert not structlog.get_config()["cache_logger_on_first_use"], "run the command in a process of its own"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with Server.running() as running:
        yield running


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[S3Server]:
    with S3Server.running() as running:
        yield running


@pytest.fixture(scope="session")
def sip_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Of every SIP server here."""
    return certificates.make(tmp_path_factory.mktemp("sip"), "IP:127.0.0.1", "DNS:localhost", "DNS:tls.example")


@pytest.fixture(scope="session")
def asterisk(sip_certificate: Certificate) -> Iterator[Asterisk]:
    """Shared: whoever calls it takes numbers of his own."""
    with Asterisk.running(certificate=sip_certificate) as running:
        yield running


@pytest.fixture(scope="session")
def provider(asterisk: Asterisk, sip_certificate: Certificate) -> Iterator[Kamailio]:
    """Whoever has the password "geheim" calls that Asterisk by it, and is called by it."""
    users = ("alice", "bob", "secret", "4930231259100")
    rules = Rules(dict.fromkeys(users, "geheim"), gateway=asterisk.port)
    with Kamailio.running(rules, sip_certificate) as running:
        yield running


@pytest.fixture
def installation(postgres: Server, bucket_server: S3Server, tmp_path: Path) -> Iterator[Installation]:
    with Installation.running(tmp_path, postgres, bucket_server) as running:
        yield running
