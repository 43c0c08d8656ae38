"""`make run`, as a person at a terminal has it."""

import os
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+\S+")
INTERRUPT = b"\x03"
ENDED_BY_INTERRUPT = 130


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def terminal(root: Path, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`make run` in a terminal of its own, whose keyboard is stdin."""
    make = f"make --no-print-directory run PORT=0 DATA='{data}'"
    # `timeout`: a terminal that says nothing more is a failure, not an endless wait.
    command = ["timeout", "120", "script", "--quiet", "--flush", "--return", "--command", make, "/dev/null"]
    environment = os.environ | {"HOME": "", "TERM": "dumb"}
    with subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.terminate()


def address(terminal: subprocess.Popen[bytes]) -> str:
    """The first address on the screen."""
    assert terminal.stdout is not None
    shown = b""
    for line in terminal.stdout:
        shown += line
        if found := ADDRESS.search(line):
            return found[0].decode()
    raise AssertionError(shown.decode())


def press(terminal: subprocess.Popen[bytes], key: bytes) -> str:
    """Press a key; what the screen shows from then to the end."""
    assert terminal.stdin is not None
    assert terminal.stdout is not None
    terminal.stdin.write(key)
    terminal.stdin.flush()
    return terminal.stdout.read().decode()


def test_ctrl_c_ends_it_without_complaint_and_the_data_stay(terminal: subprocess.Popen[bytes], data: Path) -> None:
    with urllib.request.urlopen(address(terminal), timeout=30) as page:
        assert page.status == 200
    farewell = press(terminal, INTERRUPT)
    assert "***" not in farewell, farewell
    assert "Traceback" not in farewell, farewell
    assert terminal.wait() == ENDED_BY_INTERRUPT
    assert (data / "depesche.db").is_file()
