"""Every place for blobs, empty."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from depesche.blobs import store
from depesche.blobs.store import Blobs
from peers.bucket import S3Server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with S3Server.running() as server:
        yield server


def _folder(place: Path) -> Blobs:
    return Blobs.in_folder(place / "blobs", place / "scratch")


@contextmanager
def _in_folder(request: pytest.FixtureRequest, place: Path) -> Iterator[Blobs]:
    yield _folder(place)


@contextmanager
def _in_memory(request: pytest.FixtureRequest, place: Path) -> Iterator[Blobs]:
    """As far away as S3: nothing of it lies in a folder of this machine."""
    scratch = place / "scratch"
    scratch.mkdir()
    yield Blobs(MemoryStore(), scratch)


@contextmanager
def _in_bucket(request: pytest.FixtureRequest, place: Path) -> Iterator[Blobs]:
    """The server has all the time that it wants; at the end nothing is there in parts."""
    server: S3Server = request.getfixturevalue("s3")
    request.getfixturevalue("monkeypatch").setattr(store, "CLEARING", 60)
    bucket = server.place()
    yield Blobs.in_bucket(bucket, place / "scratch")
    assert server.uploads(bucket) == []


STORES: dict[str, Callable[[pytest.FixtureRequest, Path], AbstractContextManager[Blobs]]] = {
    "folder": _in_folder,
    "memory": _in_memory,
    "bucket": _in_bucket,
}


@pytest.fixture(params=STORES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    with STORES[request.param](request, tmp_path) as opened:
        yield opened


@pytest.fixture
def in_folder(tmp_path: Path) -> Blobs:
    return _folder(tmp_path)
