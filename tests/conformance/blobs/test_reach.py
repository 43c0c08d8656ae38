"""Whether the place for blobs is there."""

import shutil

import pytest

from depesche.blobs.store import BlobError, BlobGone, Blobs
from depesche.config import Blobs as Place
from peers.bucket import SECRET, S3Server, Trouble, Wire

pytestmark = pytest.mark.anyio


async def test_a_place_is_reached_whether_there_is_something_in_it_or_not(blobs: Blobs) -> None:
    await blobs.reach()
    blob = await blobs.put("order", b"ein Brief")
    await blobs.reach()
    assert await blobs.read(blob.key) == b"ein Brief"


async def test_nothing_is_left_of_it(in_folder: Blobs) -> None:
    await in_folder.reach()
    assert in_folder._root is not None
    assert list(in_folder._root.iterdir()) == []


async def test_a_folder_that_is_gone_is_not_reached_and_not_made_again(in_folder: Blobs) -> None:
    assert in_folder._root is not None
    shutil.rmtree(in_folder._root)
    with pytest.raises(BlobError):
        await in_folder.reach()
    assert not in_folder._root.exists()


def opened(place: Place, in_folder: Blobs) -> Blobs:
    return Blobs.in_bucket(place, in_folder._scratch)


async def test_a_bucket_that_does_not_exist_is_not_reached(s3: S3Server, in_folder: Blobs) -> None:
    with pytest.raises(BlobError):
        await opened(s3.place().model_copy(update={"url": "s3://nobody-made-it"}), in_folder).reach()


async def test_a_blob_is_not_called_gone_where_the_whole_place_is(s3: S3Server, in_folder: Blobs) -> None:
    nowhere = opened(s3.place().model_copy(update={"url": "s3://nobody-made-it"}), in_folder)
    assert in_folder._root is not None
    shutil.rmtree(in_folder._root)
    for blobs in (nowhere, in_folder):
        with pytest.raises(BlobError) as failed:
            await blobs.read("order/00/missing")
        assert not isinstance(failed.value, BlobGone)


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.SILENCE, Trouble.ERRORS])
async def test_a_bucket_that_does_not_answer_is_not_reached_and_is_so_when_it_does(
    s3: S3Server, in_folder: Blobs, trouble: Trouble
) -> None:
    async with Wire(s3.port) as wire:
        blobs = opened(s3.place(wire, seconds=1), in_folder)
        await wire.fail(trouble)
        with pytest.raises(BlobError) as failed:
            await blobs.reach()
        assert SECRET not in str(failed.value)
        await wire.heal()
        await blobs.reach()
