"""What a folder of this machine adds: durability, a disk that can be full, and memory that stays flat."""

import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.blobs.memory import resident
from depesche.blobs.store import CHUNK, Blob, BlobError, Blobs

pytestmark = pytest.mark.anyio

MIB = 1 << 20


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file grows beyond `size`, as on a disk without room (Python ignores SIGXFSZ)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files(blobs: Blobs) -> list[Path]:
    assert blobs._root is not None
    return [path for path in blobs._root.rglob("*") if path.is_file()]


async def _pieces(count: int) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * MIB


@pytest.mark.parametrize("size", [200_000, CHUNK + 1, 4 * MIB])
async def test_a_full_disk_is_told_and_leaves_nothing(in_folder: Blobs, size: int) -> None:
    with full_at(100_000):
        with pytest.raises(BlobError):
            await in_folder.put("order", b"x" * size)
        assert files(in_folder) == []
    blob = await in_folder.put("order", b"x" * size)
    assert [path.name for path in files(in_folder)] == [blob.key.rpartition("/")[2]]


async def test_a_disk_that_fills_up_on_the_way_is_told_and_leaves_nothing(in_folder: Blobs) -> None:
    async def write() -> Blob:
        async with in_folder.writer("order", 64 * MIB) as writer:
            async for piece in _pieces(64):
                await writer.write(piece)
            return await writer.close()

    with full_at(2 * MIB), pytest.raises(BlobError):
        await write()
    assert files(in_folder) == []


async def test_a_folder_that_is_no_folder_any_more_is_told(in_folder: Blobs) -> None:
    blob = await in_folder.put("order", b"x")
    root = in_folder._root
    assert root is not None
    root.rename(root.with_name("elsewhere"))
    root.write_bytes(b"in the way")
    for attempt in (
        in_folder.put("order", b"y"),
        in_folder.read(blob.key),
        in_folder.head(blob.key, 1),
        in_folder.keep([blob]),
        in_folder.delete([blob.key]),
    ):
        with pytest.raises(BlobError):
            await attempt


async def test_what_cannot_be_deleted_does_not_keep_the_rest(in_folder: Blobs) -> None:
    first, second = [await in_folder.put("order", b"x") for _ in range(2)]
    with pytest.raises(BlobError):
        await in_folder.delete([first.key, "order", second.key])
    assert files(in_folder) == []


async def test_what_is_gone_cannot_be_kept(in_folder: Blobs) -> None:
    there = await in_folder.put("order", b"x")
    with pytest.raises(BlobError, match="missing"):
        await in_folder.keep([there, Blob("order/00/missing", 1, "")])


async def test_keeping_syncs_the_files_and_every_folder_up_to_the_root(
    in_folder: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = [await in_folder.put("order", b"x") for _ in range(2)]
    synced: list[Path] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    await in_folder.keep(blobs)
    root = in_folder._root
    assert root is not None
    shards = {(root / blob.key).parent for blob in blobs}
    assert sorted(synced) == sorted({*(root / blob.key for blob in blobs), *shards, root / "order", root})


def test_a_new_root_is_synced_into_the_folder_above_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))
    Blobs.in_folder(tmp_path / "data" / "blobs", tmp_path / "data" / "scratch")
    Blobs.in_folder(tmp_path / "data" / "blobs", tmp_path / "data" / "scratch")
    assert synced == [tmp_path / "data"]


WORKER = """
import asyncio, sys
from pathlib import Path
from depesche.blobs.store import CHUNK, Blobs

async def work(data: Path) -> None:
    blobs = Blobs.in_folder(data / "blobs", data / "scratch")
    async with blobs.workplace() as place, blobs.writer("order", 9 * CHUNK) as writer:
        (place / "page.tif").write_bytes(b"x")
        await writer.write(bytes(5 * CHUNK))
        print("working", flush=True)
        await asyncio.Event().wait()

asyncio.run(work(Path(sys.argv[1])))
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is writing a blob and has a workplace in the same folder."""
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        yield process
        process.kill()


async def test_what_a_killed_process_left_is_found_and_cleared_away(
    in_folder: Blobs, other: subprocess.Popen[str]
) -> None:
    assert await in_folder.clear_scratch() == 0  # it is alive
    other.kill()
    other.wait()
    assert len(list(in_folder._scratch.iterdir())) == 1
    assert await in_folder.clear_scratch() == 1
    assert len(files(in_folder)) == 1
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert [keys async for keys in in_folder.keys(later - timedelta(hours=1))] == []
    async for keys in in_folder.keys(later):
        await in_folder.delete(keys)
    assert files(in_folder) == []


async def test_a_blob_of_the_folder_is_handed_out_where_it_lies(in_folder: Blobs) -> None:
    blob = await in_folder.put("order", b"x")
    async with in_folder.local(blob.key) as path:
        assert in_folder._root is not None
        assert path == in_folder._root / blob.key


async def test_a_large_blob_takes_no_more_memory_than_a_small_one(in_folder: Blobs) -> None:
    await in_folder.read((await in_folder.put("order", b"x" * 4 * MIB)).key)
    before = most = resident()
    async with in_folder.writer("order", 64 * MIB) as writer:
        async for piece in _pieces(64):
            await writer.write(piece)
            most = max(most, resident())
        blob = await writer.close()
    async for _ in in_folder.chunks(blob.key):
        most = max(most, resident())
    assert blob.size == 64 * MIB
    assert most - before < 24 * MIB
