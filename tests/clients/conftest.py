"""A server of these tests' own, which the programs of customers talk to."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

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
