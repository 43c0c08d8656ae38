"""What every place for blobs does: written whole or not at all, read as it was written, gone when it was deleted."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from depesche.blobs.store import CHUNK, LISTED, Blob, BlobError, BlobGone, Blobs, TooLarge
from depesche.blobs.upload import PART

pytestmark = pytest.mark.anyio

SIZES = (0, 1, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17, PART, PART + 1, 2 * PART + 17)


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


@pytest.mark.parametrize(
    ("step", "size"), [(1, 3000), (1000, 2 * CHUNK + 5), (50_000, 12 * CHUNK), (CHUNK, PART), (CHUNK + 1, 20 * CHUNK)]
)
async def test_pieces_of_any_size_make_one_blob(blobs: Blobs, step: int, size: int) -> None:
    data = os.urandom(size)
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


async def _cancelled_after(turns: int, work: Callable[[asyncio.Event], Awaitable[object]]) -> bool:
    """Cancel `work` so many turns of the loop after it set its event; whether it was finished by then."""
    begun = asyncio.Event()
    task = asyncio.ensure_future(work(begun))
    await begun.wait()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return not task.cancelled()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", ["write", "close"])
async def test_a_writer_cancelled_in_the_middle_of_a_step_leaves_nothing(blobs: Blobs, size: int, step: str) -> None:
    data = os.urandom(size)

    async def write(begun: asyncio.Event) -> None:
        async with blobs.writer("order", size) as writer:
            if step == "write":
                begun.set()
            await writer.write(data)
            begun.set()
            await writer.close()

    times = 40 if size < PART else 10
    finished = sum([await _cancelled_after(turns % 5, write) for turns in range(times)])
    assert len(listing(blobs)) == finished


async def test_giving_up_is_not_cut_short_by_a_second_cancellation(blobs: Blobs) -> None:
    async def write(begun: asyncio.Event) -> None:
        async with blobs.writer("order", 11 * CHUNK) as writer:
            for _ in range(11):
                await writer.write(bytes(CHUNK))
            begun.set()  # and on to the deleting, which is what is cancelled

    for turns in range(10):
        await _cancelled_after(turns % 5, write)
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
    with pytest.raises(BlobGone, match=missing):
        [chunk async for chunk in blobs.chunks(missing)]
    with pytest.raises(BlobGone, match=missing):
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


# --- what dead processes left


async def all_keys(blobs: Blobs, older_than: datetime) -> list[str]:
    chunks = [keys async for keys in blobs.keys(older_than)]
    assert all(0 < len(keys) <= LISTED for keys in chunks)
    return [key for keys in chunks for key in keys]


async def test_keys_are_those_of_all_blobs_older_than_a_moment(blobs: Blobs) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    kept = {(await blobs.put(kind, b"x")).key for kind in ("order", "inbound", "pages") for _ in range(3)}
    assert await all_keys(blobs, before) == []
    assert sorted(await all_keys(blobs, datetime.now(UTC) + timedelta(seconds=1))) == sorted(kept)


async def test_many_keys_come_in_chunks_and_may_be_deleted_on_the_way(blobs: Blobs) -> None:
    await asyncio.gather(*(blobs.put("order", b"") for _ in range(LISTED + 20)))
    later = datetime.now(UTC) + timedelta(seconds=1)
    seen: list[str] = []
    async for keys in blobs.keys(later):
        seen += keys
        await blobs.delete(keys)
    assert len(set(seen)) == len(seen) == LISTED + 20
    assert await all_keys(blobs, later) == []
    assert listing(blobs) == set()


async def test_clearing_the_scratch_leaves_the_workplaces_of_living_processes(blobs: Blobs) -> None:
    (blobs._scratch / "tmpdead" / "deep").mkdir(parents=True)
    (blobs._scratch / "tmpdead" / "deep" / "fax.tif").write_bytes(b"x")
    (blobs._scratch / "left").write_bytes(b"x")
    async with blobs.workplace() as place:
        (place / "file").write_bytes(b"x")
        assert await blobs.clear_scratch() == 2
        assert (place / "file").read_bytes() == b"x"
        assert scratch(blobs) == [place]
    assert scratch(blobs) == []
    assert await blobs.clear_scratch() == 0


async def test_no_room_to_work_in_is_told(blobs: Blobs) -> None:
    blobs._scratch.rmdir()
    with pytest.raises(BlobError, match="no room"):
        async with blobs.workplace():
            pass
    with pytest.raises(BlobError):
        await blobs.clear_scratch()


async def test_many_writers_do_not_get_in_each_others_way(blobs: Blobs) -> None:
    data = [os.urandom(CHUNK // 4 + number) for number in range(20)]
    written = await asyncio.gather(*(blobs.put("order", one) for one in data))
    assert [await blobs.read(blob.key) for blob in written] == data
