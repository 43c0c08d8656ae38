"""A server of these tests' own, which the programs of customers talk to."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from clients.raw import PATH, SECONDS, Answered, Post, answered, envelope, memory, sms
from serving import Serving
from soapcall import call
from studio import Studio

RECEIVER = {"Account": "10002", "Password": "demo"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = Serving(tmp_path_factory.mktemp("server") / "data").start()
    yield serving
    assert serving.stop() == 0


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Makes pages as the server does, for comparison."""
    made = Studio(tmp_path_factory.mktemp("studio"), "prefer")
    yield made
    made.close()


@pytest.fixture(scope="session")
def depesche(server: Serving) -> Callable[..., str]:
    """Runs a command of the CLI on the server's data, gives what it prints."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "depesche", *arguments, "--data", str(server.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    return run


@pytest.fixture(scope="session")
def empty_inbox(server: Serving) -> Callable[[], None]:
    """Deletes what the receiver's inbox still holds."""

    def empty() -> None:
        while (answer := call(server.base_url, "RequestReceived", **RECEIVER))["return"] == "0":
            call(server.base_url, "DeleteReceived", **RECEIVER, FaxId=answer["FaxId"])

    return empty


@pytest.fixture
def connect(server: Serving) -> Callable[[], socket.socket]:
    address = urlsplit(server.base_url)
    assert address.hostname is not None
    assert address.port is not None
    return lambda: socket.create_connection((address.hostname or "", address.port or 0), SECONDS)


@pytest.fixture
def post(server: Serving) -> Post:
    """Post a body, given whole or in chunks, with just these headers."""

    def run(body: bytes | str | Iterable[bytes], path: str = PATH, **headers: str) -> Answered:
        with closing(http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=SECONDS)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("POST", path, body.encode() if isinstance(body, str) else body, named)
            return answered(connection.getresponse())

    return run


@pytest.fixture
def growth(server: Serving, post: Post) -> Callable[[], int]:
    """How many bytes of memory the server came to use, at its peak, from the beginning of the test on."""
    post(envelope(sms()))  # passwords are checked in 64 MiB the first time
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")  # forget the peak so far
    before = memory(server, "VmRSS")
    return lambda: memory(server, "VmHWM") - before
