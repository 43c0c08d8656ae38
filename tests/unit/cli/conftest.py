"""The command, as people and scripts use it."""

import subprocess
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from commands import Depesche, depesche_in
from depesche.cli import logs
from depesche.cli.common import UNCUT, out
from depesche.cli.main import app


@pytest.fixture
def depesche(tmp_path: Path) -> Depesche:
    """Runs in an empty folder."""
    return depesche_in(tmp_path)


@pytest.fixture
def quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Depesche:
    """The same without a process of its own, which takes a second to start; logs are not set up."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "configure", lambda **_quiet: None)
    monkeypatch.setattr(out, "width", UNCUT)

    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {"COLUMNS": "200", **environment}
        with capture_logs():
            done = CliRunner().invoke(app, arguments, input=stdin, env=plain, catch_exceptions=False)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return run
