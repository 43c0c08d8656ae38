"""Programs are built once for each state of their files, of the WSDL and of the tools."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from clients.customers import Customer

FOLDER = Path(__file__).parent
_BUILDS = FOLDER.parents[1] / ".build" / "clients"
_SECONDS = 180

ENVIRONMENT = {**os.environ, "LANG": "C.UTF-8", "TZ": "Europe/Berlin"}
"""Of every program: its local time is not UTC."""


def require(needs: Mapping[str, str]) -> None:
    """Fail, with the Debian packages to install, if something is not there."""
    missing = {package for name, package in needs.items() if not list(_places(name))}
    if missing:
        pytest.fail(f"install what is missing: apt-get install {' '.join(sorted(missing))}", pytrace=False)


def build(customer: Customer, base_url: str) -> Path:
    """The folder of the built program, of an earlier run if nothing has changed since."""
    require(customer.needs)
    folder = _BUILDS / f"{customer.name}-{_fingerprint(customer, base_url)}"
    if not folder.exists():
        _BUILDS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_BUILDS) as place:
            unfinished = Path(place) / "build"
            _make(customer, base_url, unfinished)
            _keep(unfinished, folder)
    return folder


def run(command: Sequence[str], folder: Path, **environment: str) -> str:
    """What a program of a customer prints; it has to succeed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _places(name: str) -> Iterator[Path]:
    """Where a program on PATH is, or the files that fit a pattern."""
    if name.startswith("/"):
        yield from Path("/").glob(name[1:])
    elif program := shutil.which(name):
        yield Path(program).resolve()


def _fingerprint(customer: Customer, base_url: str) -> str:
    digest = hashlib.sha256(repr(customer).encode())
    for source in customer.sources:
        digest.update((FOLDER / source).read_bytes())
    for place in sorted(place for name in customer.needs for place in _places(name)):
        digest.update(f"{place} {place.stat().st_mtime_ns}".encode())
    with urllib.request.urlopen(base_url + customer.wsdl) as answer:
        digest.update(answer.read().replace(base_url.encode(), b""))
    return digest.hexdigest()[:16]


def _make(customer: Customer, base_url: str, folder: Path) -> None:
    folder.mkdir()
    for source in customer.sources:
        shutil.copy(FOLDER / source, folder)
    for command in customer.build:
        run([argument.format(wsdl=base_url + customer.wsdl) for argument in command], folder)


def _keep(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.exists():  # else somebody was faster
            raise
