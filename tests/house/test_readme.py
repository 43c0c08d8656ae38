"""The commands under "Run it for yourself", as they stand there."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SECONDS = 60


@pytest.fixture(scope="module")
def commands(root: Path) -> list[str]:
    section = (root / "README.md").read_text().partition("## Run it for yourself\n")[2].partition("\n## ")[0]
    return re.findall(r"^\$ (.+)$", section, re.MULTILINE)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Somebody's whose home is empty; another server may have the usual port."""
    return os.environ | {"HOME": str(tmp_path), "DEPESCHE_WEB__PORT": "0", "COLUMNS": "200"}


@pytest.fixture
def server(root: Path, commands: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The first command, when it answers."""
    command = ["sh", "-c", f"exec {commands[0]}"]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://" in process.stdout.readline() + process.stdout.readline()
        yield process
        process.kill()


def sh(root: Path, command: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_account_that_is_added_is_the_servers(
    root: Path, commands: list[str], environment: dict[str, str], server: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert len(commands) == 2
    sh(root, commands[1], environment)
    [data] = (folder for folder in tmp_path.iterdir() if (folder / "depesche.db").exists())
    assert "20001" in sh(root, f".venv/bin/depesche account list --data {data}", environment)
    server.send_signal(signal.SIGINT)
    assert server.wait(SECONDS) == 0
