"""A clone in a new folder, for somebody whose home is empty."""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.terminal import make_run

INSTALL_SECONDS = 600
"""Every Python package, over a line as it may be."""

SANE_SECONDS = 10
"""The aim is 3, and one or two is what a second start takes; but a machine may be busy, and a test is no stopwatch."""


@pytest.fixture
def clone(root: Path, files: tuple[Path, ...], tmp_path: Path) -> Iterator[Path]:
    """What a clone would be if what lies here were committed; it takes 400 MB, so it does not stay."""
    place = tmp_path / "clone"
    config = tmp_path / "gitconfig"
    config.write_text("[safe]\ndirectory = *\n")  # a folder of another user is no danger to a copy
    environment = os.environ | {"GIT_CONFIG_GLOBAL": str(config)}
    subprocess.run(["git", "clone", "--quiet", root, place], env=environment, check=True)
    for file in files:
        (place / file.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place / file.relative_to(root))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with an empty home; but pip fetches from where it does for us, and nothing twice."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not re.fullmatch("XDG_.*_HOME", name)}
    if ours := environment.get("HOME"):
        environment.setdefault("PIP_CACHE_DIR", f"{ours}/.cache/pip")
        if Path(settings := f"{ours}/.config/pip/pip.conf").exists():
            environment.setdefault("PIP_CONFIG_FILE", settings)
    return environment | {"HOME": str(home)}


def run_once(clone: Path, data: Path, environment: dict[str, str]) -> tuple[str, float]:
    """Start it, ask it, end it. Returns: what was on the screen, and seconds to the first answer."""
    began = time.monotonic()
    with make_run(clone, data, environment, INSTALL_SECONDS) as terminal:
        with urllib.request.urlopen(terminal.address(), timeout=30) as page:
            assert page.status == 200
        seconds = time.monotonic() - began
        terminal.interrupt()
    return terminal.screen.decode(), seconds


def test_a_fresh_clone_runs_with_one_command_and_starts_again_at_once(
    clone: Path, newcomer: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    screen, seconds = run_once(clone, data, newcomer)
    print(f"first start: {seconds:.1f} s")
    steps = r"Making \.venv \.{3,}\r\nInstalling Python packages of requirements/run\.lock \.{3,}\r\n"
    assert re.search(steps, screen), screen  # a dot more every two seconds
    assert "10001" in screen

    screen, seconds = run_once(clone, data, newcomer)
    print(f"second start: {seconds:.1f} s")
    assert "..." not in screen.partition("http://")[0], screen
    assert seconds < SANE_SECONDS
