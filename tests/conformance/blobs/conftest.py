"""Every place for blobs, empty."""

from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from depesche.blobs.store import Blobs


def _folder(place: Path) -> Blobs:
    return Blobs.in_folder(place / "blobs", place / "scratch")


def _memory(place: Path) -> Blobs:
    """As far away as S3: nothing of it lies in a folder of this machine."""
    scratch = place / "scratch"
    scratch.mkdir()
    return Blobs(MemoryStore(), scratch)


STORES: dict[str, Callable[[Path], Blobs]] = {"folder": _folder, "memory": _memory}


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return STORES[request.param](tmp_path)


@pytest.fixture
def in_folder(tmp_path: Path) -> Blobs:
    return _folder(tmp_path)
