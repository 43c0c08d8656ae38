"""What is installed is named to the byte."""

import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ["run", "test", "uv"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pins(root: Path, lock: str) -> list[str]:
    """The lock's requirements, each with its hashes, as pip reads them: a backslash continues a line."""
    return (root / "requirements" / f"{lock}.lock").read_text().replace("\\\n", " ").splitlines()


def requirement(pin: str) -> Requirement:
    return Requirement(pin.partition("--hash")[0])


def asked(pyproject: dict[str, Any], lock: str) -> list[Requirement]:
    groups = {"run": ["build"], "test": ["build", "dev"]}[lock]
    lines = pyproject["project"]["dependencies"] + [line for g in groups for line in pyproject["dependency-groups"][g]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_one_release_with_its_hashes(root: Path, lock: str) -> None:
    for pin in pins(root, lock):
        name, _, hashes = pin.partition("--hash")
        assert re.fullmatch(r"[a-z0-9.-]+==[^ ]+( ; .+)? *", name), pin
        assert all(HASH.fullmatch(word) for word in f"--hash{hashes}".split()), pin


@pytest.mark.parametrize("lock", LOCKS)
def test_no_pin_says_where_to_fetch(root: Path, lock: str) -> None:
    for pin in pins(root, lock):
        assert "://" not in pin
        assert "--index" not in pin
        assert "--find-links" not in pin


@pytest.mark.parametrize("lock", ["run", "test"])
def test_what_pyproject_asks_for_is_locked(root: Path, pyproject: dict[str, Any], lock: str) -> None:
    locked = [requirement(pin) for pin in pins(root, lock)]
    for wanted in asked(pyproject, lock):
        versions = [
            specifier.version
            for pin in locked
            if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
            for specifier in pin.specifier
        ]
        assert versions, f"{wanted.name} is not in {lock}.lock: make lock"
        assert all(wanted.specifier.contains(version, prereleases=True) for version in versions), str(wanted)


def test_what_runs_is_what_was_tested(root: Path) -> None:
    assert set(pins(root, "run")) <= set(pins(root, "test"))
