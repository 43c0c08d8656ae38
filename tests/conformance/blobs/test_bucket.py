"""What a bucket of S3 adds: how it is asked, what it costs, and servers that are gone, out of order or silent."""

import asyncio
import gc
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from obstore.store import S3Store

from conformance.blobs.memory import resident
from depesche.blobs import store
from depesche.blobs.store import CHUNK, Blob, BlobError, Blobs
from depesche.blobs.upload import PART, PARTS_AT_ONCE
from depesche.config import Blobs as Place
from peers.bucket import KEY, SECRET, S3Server, Trouble, Wire
from ways import until

pytestmark = pytest.mark.anyio

SECONDS = 0.5
"""For one step, where the server is in trouble; elsewhere it may take its time."""

LARGE = 2 * PART + CHUNK

LATER = datetime(9999, 1, 1, tzinfo=UTC)


@pytest.fixture
async def wire(s3: S3Server) -> AsyncIterator[Wire]:
    async with Wire(s3.port) as wire:
        yield wire


@pytest.fixture
def place(s3: S3Server, wire: Wire) -> Place:
    return s3.place(wire)


@pytest.fixture
def blobs(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    monkeypatch.setattr(store, "CLEARING", 60)
    return Blobs.in_bucket(place, tmp_path / "scratch")


@pytest.fixture
def hasty(place: Place, tmp_path: Path) -> Blobs:
    """The same bucket for somebody who waits for `SECONDS`."""
    return Blobs.in_bucket(place.model_copy(update={"seconds": SECONDS}), tmp_path / "scratch")


async def write(blobs: Blobs, size: int) -> Blob:
    async with blobs.writer("order", size) as writer:
        for begin in range(0, size, CHUNK):
            await writer.write(bytes(min(CHUNK, size - begin)))
        return await writer.close()


# --- how it is asked


async def test_a_small_blob_is_one_request(blobs: Blobs, wire: Wire) -> None:
    await write(blobs, PART)
    assert wire.requests == ["PUT"]


async def test_a_large_blob_goes_in_parts_none_of_which_is_too_small_but_the_last(blobs: Blobs, wire: Wire) -> None:
    await write(blobs, LARGE)
    assert wire.requests[0] == "POST ?uploads="
    assert sorted(wire.requests[1:-1]) == [f"PUT ?partNumber={number}" for number in (1, 2, 3)]
    assert wire.requests[-1] == "POST"
    sizes = sorted(int(head.lower().partition("content-length: ")[2].split()[0]) for head in wire.heads[1:-1])
    assert sizes == [CHUNK, PART, PART]


async def test_a_small_blob_that_is_given_up_costs_nothing(blobs: Blobs, wire: Wire) -> None:
    async with blobs.writer("order", PART) as writer:
        await writer.write(bytes(PART))
    assert wire.requests == []


async def test_a_large_blob_that_is_given_up_is_not_completed_first(
    place: Place, blobs: Blobs, wire: Wire, s3: S3Server
) -> None:
    async with blobs.writer("order", LARGE) as writer:
        for _ in range(LARGE // CHUNK):
            await writer.write(bytes(CHUNK))
        await until(lambda: "PUT ?partNumber=1" in wire.requests)
        assert len(s3.uploads(place)) == 1
    assert wire.requests[-1] == "DELETE"
    assert s3.uploads(place) == []


async def test_deleting_many_is_one_request(blobs: Blobs, wire: Wire) -> None:
    keys = [(await write(blobs, 1)).key for _ in range(3)]
    wire.heads.clear()
    await blobs.delete([*keys, "order/00/missing"])
    assert wire.requests == ["POST ?delete"]


async def test_what_others_keep_in_the_bucket_is_no_blob_of_ours(s3: S3Server, place: Place, blobs: Blobs) -> None:
    name = "ab" * 16
    others = [f"order/ab/{name}", "one/two/readme.txt", "one/two/order/ab/ab", f"one/two/order/cd/{name}"]
    for key in others:
        s3.put(place, key)
    mine = (await write(blobs, 1)).key
    assert [keys async for keys in blobs.keys(LATER)] == [[mine]]
    assert sorted(s3.keys(place)) == sorted([*others, f"one/two/{mine}"])


async def test_a_large_blob_takes_no_more_memory_than_its_parts(s3: S3Server, tmp_path: Path) -> None:
    blobs = Blobs.in_bucket(s3.place(), tmp_path / "scratch")
    await blobs.read((await write(blobs, LARGE)).key)
    gc.collect()
    before = most = resident()
    async with blobs.writer("order", 96 * CHUNK) as writer:
        for _ in range(96):
            await writer.write(bytes(CHUNK))
            most = max(most, resident())
        blob = await writer.close()
    async for _ in blobs.chunks(blob.key):
        most = max(most, resident())
    assert most - before < 2 * (PARTS_AT_ONCE + 2) * PART


# --- the key


async def test_the_key_of_the_settings_signs_though_the_environment_has_another(
    place: Place, blobs: Blobs, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another-token")
    await write(Blobs.in_bucket(place, tmp_path / "scratch"), 1)
    assert f"Credential={KEY}/" in wire.heads[0]
    assert "x-amz-security-token" not in wire.heads[0].lower()


async def test_without_a_key_that_of_the_environment_signs(
    place: Place, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another-token")
    keyless = place.model_copy(update={"access_key": "", "secret_key": Place().secret_key})
    await write(Blobs.in_bucket(keyless, tmp_path / "scratch"), 1)
    assert "Credential=another/" in wire.heads[0]
    assert "x-amz-security-token: another-token" in wire.heads[0].lower()


async def test_the_secret_is_in_no_error_and_in_nothing_that_is_shown(place: Place, blobs: Blobs, wire: Wire) -> None:
    await wire.fail(Trouble.ERRORS)
    with pytest.raises(BlobError) as caught:
        await blobs.read("order/00/missing")
    assert isinstance(blobs._store, S3Store)
    key = blobs._store.credential_provider
    shown = [repr(one) for one in (place, blobs, blobs._store, blobs._store.config, key, vars(key))]
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in "".join([told, *shown])
    assert "500" in told


# --- trouble

STEPS: dict[str, Callable[[Blobs, Blob], Awaitable[object]]] = {
    "write": lambda blobs, blob: write(blobs, 1),
    "write much": lambda blobs, blob: write(blobs, LARGE),
    "head": lambda blobs, blob: blobs.head(blob.key, 10),
    "read": lambda blobs, blob: blobs.read(blob.key),
    "delete": lambda blobs, blob: blobs.delete([blob.key]),
    "keys": lambda blobs, blob: anext(blobs.keys(LATER)),
}


async def eventually(work: Callable[[], Awaitable[object]]) -> None:
    """It has to succeed, some time."""
    async with asyncio.timeout(20):
        while True:
            with suppress(BlobError):
                await work()
                return


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.ERRORS, Trouble.SILENCE])
@pytest.mark.parametrize("name", STEPS)
async def test_a_server_in_trouble_is_told_in_time_and_used_again_when_it_is_well(
    blobs: Blobs, hasty: Blobs, wire: Wire, name: str, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CLEARING", SECONDS)
    blob = await write(blobs, CHUNK)
    await wire.fail(trouble)
    began = time.monotonic()
    with pytest.raises(BlobError):
        await STEPS[name](hasty, blob)
    assert time.monotonic() - began < 4 * SECONDS
    await wire.heal()
    await eventually(lambda: STEPS[name](hasty, blob))


@pytest.mark.parametrize("name", ["head", "read", "keys"])
async def test_an_answer_that_stands_still_in_its_middle_is_told_in_time(
    blobs: Blobs, hasty: Blobs, wire: Wire, name: str
) -> None:
    blob = await write(blobs, CHUNK)
    await wire.fail(Trouble.STANDSTILL)
    began = time.monotonic()
    with pytest.raises(BlobError):
        await STEPS[name](hasty, blob)
    assert time.monotonic() - began < 4 * SECONDS


@pytest.mark.parametrize("name", STEPS)
async def test_an_error_that_passes_is_not_noticed(blobs: Blobs, wire: Wire, name: str) -> None:
    blob = await write(blobs, CHUNK)
    await wire.fail(Trouble.ERRORS, times=2)
    await STEPS[name](blobs, blob)


@pytest.mark.parametrize("where", ["uploads", "partNumber=1", "partNumber=2", "partNumber=3", r"POST .*\?uploadId="])
@pytest.mark.parametrize(("trouble", "seconds"), [(Trouble.ERRORS, 60), (Trouble.SILENCE, 1)])
async def test_a_large_blob_that_fails_on_its_way_leaves_nothing(
    place: Place, wire: Wire, s3: S3Server, tmp_path: Path, where: str, trouble: Trouble, seconds: float
) -> None:
    """Giving up may take longer than anybody waits; it goes on alone."""
    blobs = Blobs.in_bucket(place.model_copy(update={"seconds": seconds}), tmp_path / "scratch")
    await wire.fail(trouble, where)
    with pytest.raises(BlobError):
        await write(blobs, LARGE)
    await until(lambda: not store._going_on)
    assert s3.keys(place) == []
    assert s3.uploads(place) == []


async def test_nobody_waits_long_for_what_is_given_up_while_the_server_is_silent(
    blobs: Blobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CLEARING", 0.2)
    async with blobs.writer("order", LARGE) as writer:
        for _ in range(PART // CHUNK + 1):
            await writer.write(bytes(CHUNK))
        await until(lambda: wire.heads != [])
        await wire.fail(Trouble.SILENCE)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert len(store._going_on) == 1
    await wire.fail(Trouble.GONE)
    await until(lambda: not store._going_on)
