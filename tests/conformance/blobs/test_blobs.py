"""What every place for blobs does: written whole or not at all, read as it was written, gone when it was deleted."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from depesche.blobs.store import CHUNK, Blob, BlobError, Blobs, TooLarge

pytestmark = pytest.mark.anyio

SIZES = (0, 1, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17)


def listing(blobs: Blobs) -> set[str]:
    """Keys of all blobs, and of what is left of those that were given up."""
    found = {str(entry["path"]) for chunk in blobs._store.list() for entry in chunk}
    if blobs._root is not None:
        found |= {str(path.relative_to(blobs._root)) for path in blobs._root.rglob("*") if path.is_file()}
    return found


def scratch(blobs: Blobs) -> list[Path]:
    return list(blobs._scratch.iterdir())


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_written_is_read(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    blob = await blobs.put("order", data)
    assert blob == Blob(blob.key, size, hashlib.sha256(data).hexdigest())
    assert await blobs.read(blob.key) == data
    assert b"".join([chunk async for chunk in blobs.chunks(blob.key)]) == data
    assert listing(blobs) == {blob.key}


@pytest.mark.parametrize("step", [1, 1000, CHUNK, CHUNK + 1])
async def test_pieces_of_any_size_make_one_blob(blobs: Blobs, step: int) -> None:
    data = os.urandom(2 * CHUNK + 5 if step > 1 else 3000)
    async with blobs.writer("order", len(data)) as writer:
        for start in range(0, len(data), step):
            await writer.write(data[start : start + step])
        blob = await writer.close()
    assert blob.size == len(data)
    assert blob.sha256 == hashlib.sha256(data).hexdigest()
    assert await blobs.read(blob.key) == data


async def test_keys_say_the_kind_and_nothing_else(blobs: Blobs) -> None:
    keys = [(await blobs.put("inbound", b"the same")).key for _ in range(20)]
    assert len(set(keys)) == 20
    for key in keys:
        kind, shard, name = key.split("/")
        assert (kind, shard, len(name)) == ("inbound", name[:2], 32)


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_is_copied_in_and_left_where_it_is(blobs: Blobs, tmp_path: Path, size: int) -> None:
    path = tmp_path / "fax.tif"
    path.write_bytes(os.urandom(size))
    blob = await blobs.put_file("inbound", path)
    assert await blobs.read(blob.key) == path.read_bytes()
    assert blob.size == size


# --- given up


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_given_up_leaves_nothing(blobs: Blobs, size: int) -> None:
    writer = blobs.writer("order", size)
    await writer.write(os.urandom(size))
    await writer.abort()
    assert listing(blobs) == set()


@pytest.mark.parametrize("size", SIZES)
async def test_leaving_without_close_is_giving_up(blobs: Blobs, size: int) -> None:
    async with blobs.writer("order", size) as writer:
        await writer.write(os.urandom(size))
    assert listing(blobs) == set()


@pytest.mark.parametrize("size", SIZES)
async def test_an_error_on_the_way_leaves_nothing(blobs: Blobs, size: int) -> None:
    async def fail() -> None:
        async with blobs.writer("order", size) as writer:
            await writer.write(os.urandom(size))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert listing(blobs) == set()


@pytest.mark.parametrize("size", SIZES)
async def test_a_writer_cancelled_on_the_way_leaves_nothing(blobs: Blobs, size: int) -> None:
    written = asyncio.Event()

    async def write() -> None:
        async with blobs.writer("order", size) as writer:
            await writer.write(os.urandom(size))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert listing(blobs) == set()


@pytest.mark.parametrize("limit", [0, 10, CHUNK, 2 * CHUNK])
async def test_more_than_allowed_is_too_large_and_leaves_nothing(blobs: Blobs, limit: int) -> None:
    async with blobs.writer("order", limit) as writer:
        await writer.write(b"x" * limit)
        with pytest.raises(TooLarge, match=str(limit)):
            await writer.write(b"x")
    assert listing(blobs) == set()


async def test_exactly_as_much_as_allowed_is_good(blobs: Blobs) -> None:
    async with blobs.writer("order", 10) as writer:
        await writer.write(b"x" * 10)
        blob = await writer.close()
    assert await blobs.read(blob.key) == b"x" * 10


async def test_a_blob_stays_when_its_writer_is_left_after_close(blobs: Blobs) -> None:
    async with blobs.writer("order", 10) as writer:
        await writer.write(b"x")
        blob = await writer.close()
    assert listing(blobs) == {blob.key}


# --- reading


@pytest.mark.parametrize(
    ("size", "length"), [(0, 4096), (1, 4096), (4096, 4096), (4097, 4096), (3 * CHUNK, 4096), (10, 3)]
)
async def test_the_head_is_the_first_octets_or_all(blobs: Blobs, size: int, length: int) -> None:
    data = os.urandom(size)
    blob = await blobs.put("order", data)
    assert await blobs.head(blob.key, length) == data[:length]


async def test_what_is_not_there_cannot_be_read(blobs: Blobs) -> None:
    missing = "order/00/missing"
    with pytest.raises(BlobError, match=missing):
        await blobs.head(missing, 10)
    with pytest.raises(BlobError, match=missing):
        await blobs.read(missing)
    with pytest.raises(BlobError, match=missing):
        [chunk async for chunk in blobs.chunks(missing)]
    with pytest.raises(BlobError, match=missing):
        async with blobs.local(missing):
            pass
    assert scratch(blobs) == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_blob_can_be_had_as_a_file(blobs: Blobs, size: int) -> None:
    data = os.urandom(size)
    blob = await blobs.put("order", data)
    async with blobs.local(blob.key) as path:
        assert path.read_bytes() == data
    assert scratch(blobs) == []
    assert await blobs.read(blob.key) == data


async def test_a_file_is_put_away_after_an_error_too(blobs: Blobs) -> None:
    blob = await blobs.put("order", b"x")
    with pytest.raises(LookupError):
        async with blobs.local(blob.key):
            raise LookupError
    assert scratch(blobs) == []
    assert await blobs.read(blob.key) == b"x"


async def test_a_workplace_is_ones_own_and_goes_with_all_that_is_in_it(blobs: Blobs) -> None:
    async with blobs.workplace() as first, blobs.workplace() as second:
        assert first != second
        assert list(first.iterdir()) == []
        (first / "deep" / "down").mkdir(parents=True)
        (first / "deep" / "down" / "file").write_bytes(b"x")
    assert scratch(blobs) == []


# --- keeping and deleting


async def test_what_is_kept_is_still_there(blobs: Blobs) -> None:
    kept = [await blobs.put("order", b"x" * number) for number in range(3)]
    await blobs.keep(kept)
    await blobs.keep([])
    assert listing(blobs) == {blob.key for blob in kept}


async def test_deleting_takes_what_is_named_and_is_content_with_what_is_gone(blobs: Blobs) -> None:
    first, second, third = [await blobs.put("order", b"x") for _ in range(3)]
    await blobs.delete([first.key, "order/00/missing", second.key])
    assert listing(blobs) == {third.key}
    await blobs.delete([first.key])
    await blobs.delete([])
    with pytest.raises(BlobError):
        await blobs.read(first.key)


async def test_many_writers_do_not_get_in_each_others_way(blobs: Blobs) -> None:
    data = [os.urandom(CHUNK // 4 + number) for number in range(20)]
    written = await asyncio.gather(*(blobs.put("order", one) for one in data))
    assert [await blobs.read(blob.key) for blob in written] == data
