"""Callers that may call this machine, and certificates for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from depesche.callbacks.caller import Caller
from depesche.config import Callbacks
from peers import certificates
from peers.certificates import Certificate

Build = Callable[..., Caller]

LOOPBACK = ("127.0.0.0/8", "::1/128")


@pytest.fixture
async def caller() -> AsyncIterator[Build]:
    """Builds callers with settings, by default ones that may call loopback; they are closed at the end."""
    async with AsyncExitStack() as stack:

        def build(**changes: Any) -> Caller:
            built = Caller(Callbacks(**{"allow": LOOPBACK} | changes))
            stack.push_async_callback(built.aclose)
            return built

        yield build


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1", "DNS:localhost")
