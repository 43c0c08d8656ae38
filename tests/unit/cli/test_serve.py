"""How a server begins and ends, and what it says when it cannot."""

import json
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commands import Depesche
from depesche.cli import serve
from depesche.config import load
from depesche.render.detect import Format
from serving import Serving


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo server that has said all that it says at its start."""
    command = [sys.executable, "-m", "depesche", "serve", "--demo", "--port", "0", "--data", "data"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def welcome(process: subprocess.Popen[str]) -> str:
    """What it prints, to the last line of it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "inbox save" in line:
            break
    return "".join(lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_peace(serving: subprocess.Popen[str], number: signal.Signals) -> None:
    welcome(serving)
    serving.send_signal(number)
    _, log = serving.communicate(timeout=40)
    assert serving.returncode == 0
    records = [json.loads(line) for line in log.splitlines()]
    assert records[-1]["event"] == "stopped"
    assert not any(record["level"] in ("error", "warning") for record in records), log


def test_the_commands_that_it_prints_work_as_they_are(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    shown = welcome(serving)
    printed = re.findall(r"^(?:  Try)? +(\S+ -m depesche .*)$", shown, re.MULTILINE)
    assert len(printed) == 2
    for line in printed:
        done = subprocess.run(shlex.split(line), cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "fax-1.tif").read_bytes()[:2] == b"II"


def test_a_port_that_is_taken_is_told(depesche: Depesche, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = depesche("serve", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: 127.0.0.1 port {port} is taken")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("host", "words"),
    [("192.0.2.1", "no address of this machine"), ("nowhere.invalid", "the name of no machine")],
)
def test_an_address_that_is_not_ours_is_told(depesche: Depesche, host: str, words: str) -> None:
    done = depesche("serve", "--port", "0", "--host", host)
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_in_place_of_the_folder_is_told(depesche: Depesche, tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    done = depesche("serve", "--port", "0")
    assert done.returncode == 1
    assert "data: File exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_none_is_told(depesche: Depesche, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "depesche.db").write_text("Dies ist keine Datenbank, sondern ein Brief. " * 20)
    done = depesche("serve", "--port", "0")
    assert done.returncode == 1
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_a_newer_depesche_is_told(depesche: Depesche, tmp_path: Path) -> None:
    data = tmp_path / "data"
    Serving(data).start().stop()
    with closing(sqlite3.connect(data / "depesche.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    done = depesche("serve", "--port", "0")
    assert done.returncode == 1
    assert "made by a newer Depesche" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("prot = 1", "prot: Extra inputs"),
        ("[web]\nport = 70000", "web.port: Input should be less"),
        ("[web", "cannot be read"),
        (None, "no settings file"),
    ],
)
def test_settings_that_are_wrong_are_told(depesche: Depesche, tmp_path: Path, toml: str | None, words: str) -> None:
    if toml is not None:
        (tmp_path / "depesche.toml").write_text(toml)
    done = depesche("serve", "--config", "depesche.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_demo_is_refused_where_others_can_reach_it(depesche: Depesche, tmp_path: Path) -> None:
    done = depesche("serve", "--demo", DEPESCHE_WEB__HOST="::")
    assert done.returncode == 2
    assert "known passwords" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, False),
        ({"database_url": "postgresql://h/d"}, True),
        ({"database_url": "postgresql://h/d", "blobs": {"url": "s3://documents"}}, False),
    ],
)
def test_whoever_shares_a_database_but_no_bucket_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any], told: bool
) -> None:
    serve._welcome(load(data=tmp_path, **given), 8080, {}, with_demo=False)
    assert ("out of reach for other machines" in capsys.readouterr().out) is told


def test_formats_that_cannot_be_converted_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve._welcome(load(data=tmp_path), 8080, dict.fromkeys((Format.DOC, Format.DOCX), "python3-uno"), with_demo=False)
    assert "DOC, DOCX: install python3-uno" in capsys.readouterr().out
