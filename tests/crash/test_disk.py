"""A disk that is full: orders are refused in time, and the process goes on by itself when there is room again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash.faults import Customer, accepted, all_is_well, until
from crash.places import OneProcess

SIZE = "24m"
"""Of the whole disk."""


AS_ROOT = [] if os.getuid() == 0 else ["sudo", "--non-interactive"]


def mounted(folder: Path) -> subprocess.CompletedProcess[str]:
    options = f"size={SIZE},mode=700,uid={os.getuid()}"
    command = [*AS_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def kernels_refusal(folder: Path) -> str:
    """Why nobody may mount here, asked with a mount that needs no more than the right to; empty where somebody may."""
    bare = ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    probe = subprocess.run(bare, capture_output=True, text=True, check=False)
    return (probe.stderr.strip() or "unknown") if probe.returncode else ""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small one, to be a data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    done = mounted(folder)
    if done.returncode:
        refusal = kernels_refusal(folder)
        if refusal:
            pytest.skip(f"this machine lets nobody mount: {refusal}")
        pytest.fail(f"no disk could be made, which takes root: {done.stderr}")
    try:
        yield folder
    finally:
        subprocess.run([*AS_ROOT, "umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """To the last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_a_full_disk_refuses_orders_and_loses_nothing(tmp_path: Path, disk: Path) -> None:
    with OneProcess.running(tmp_path) as place:
        with Customer(place.base_url) as customer:
            for number in (1, 2):
                until(lambda wanted=number * 10: customer.answered("0", wanted))  # type: ignore[misc]
                filler = fill(disk)
                until(lambda wanted=number * 5: customer.answered("-4", wanted))  # type: ignore[misc]
                filler.unlink()
            until(lambda: customer.answered("0", 40))
        assert set(customer.codes) == {"0", "-4"}
        job = accepted(place.base_url)
        all_is_well(place, customer.accepted | {job})
