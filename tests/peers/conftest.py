"""Two exchanges with a provider between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from peers import certificates
from peers.asterisk import Asterisk
from peers.certificates import Certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("certificate"), "IP:127.0.0.1", "DNS:localhost")


@pytest.fixture(scope="session")
def asterisk(certificate: Certificate) -> Iterator[Asterisk]:
    with Asterisk.running(certificate=certificate) as running:
        yield running
