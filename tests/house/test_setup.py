"""The scripts behind `make`, on this machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ["sh", "awk", "cat", "dpkg-query", "sed", "tr"]


def sh(root: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", *arguments],
        cwd=root,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def guest(tmp_path: Path) -> str:
    """PATH of somebody who is not root and has no sudo."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        place = shutil.which(tool)
        assert place is not None
        (folder / tool).symlink_to(place)
    (folder / "id").write_text("#!/bin/sh\necho 1000\n")
    (folder / "id").chmod(0o755)
    return str(folder)


def test_nothing_is_said_or_done_when_every_package_is_there(root: Path, guest: str) -> None:
    done = sh(root, "setup/debian.sh", "setup/packages.txt", PATH=guest)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_package_may_have_another_name_here(root: Path, guest: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("depesche-none | dpkg  # its name on this release\n\n# a comment\n")
    assert sh(root, "setup/debian.sh", tmp_path / "list", PATH=guest).returncode == 0


def test_a_package_may_be_provided_by_another(root: Path, guest: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("awk\n")  # no package of this name: mawk or gawk provide it
    assert sh(root, "setup/debian.sh", tmp_path / "list", PATH=guest).returncode == 0


def test_somebody_without_rights_is_told_what_to_ask_for(root: Path, guest: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("dpkg\ndepesche-none | depesche-neither\n")
    done = sh(root, "setup/debian.sh", tmp_path / "list", PATH=guest)
    assert done.returncode == 1
    assert done.stderr.endswith("Have an administrator install: depesche-none|depesche-neither\n")


@pytest.fixture
def elsewhere(root: Path, tmp_path: Path) -> Path:
    """A copy of the scripts, without .venv."""
    shutil.copytree(root / "setup", tmp_path / "setup")
    return tmp_path


def test_a_python_that_is_not_there_is_named(elsewhere: Path) -> None:
    done = sh(elsewhere, "setup/venv.sh", "requirements/run.lock", PYTHON="python2.99")
    assert done.returncode == 1
    assert "there is no python2.99 here" in done.stderr


def test_a_python_that_is_too_old_is_named_with_its_version(elsewhere: Path) -> None:
    old = elsewhere / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\n')
    old.chmod(0o755)
    done = sh(elsewhere, "setup/venv.sh", "requirements/run.lock", PYTHON=str(old))
    assert done.returncode == 1
    assert f"Python 3.11 or newer is needed; {old} is Python 3.9.2" in done.stderr


def test_what_failed_is_shown_and_where_to_read_on(elsewhere: Path) -> None:
    script = '. setup/say.sh; quietly "Reading" sh -c "echo torn page; exit 3"'
    done = sh(elsewhere, "-c", script)
    assert done.returncode == 1
    assert done.stdout == "Reading ...\n"
    assert "torn page" in done.stderr
    assert ".build/setup.log" in done.stderr
    assert "torn page" in (elsewhere / ".build/setup.log").read_text()
