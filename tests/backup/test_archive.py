"""An archive is whole, or it is not used: no octet of it can change, be missing or be added unnoticed."""

import asyncio
import hashlib
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backup.houses import furnished
from commands import Depesche, depesche_in
from customers import OpenHouse
from depesche.archive import tar
from depesche.archive.manifest import MANIFEST, Manifest, NotReadable
from depesche.archive.reader import opened, verify
from depesche.archive.writer import Writer
from depesche.blobs.store import BlobError, Blobs
from depesche.store import blobnames, schema, snapshot
from depesche.usecases import backup
from peers.bucket import S3Server, Trouble, Wire

DOCUMENTS = 30


def silent(*_: object) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    """One that no test changes."""
    house = furnished(tmp_path_factory.mktemp("house"), DOCUMENTS)
    with closing(house.house.database):
        yield house


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OpenHouse]:
    """One of a test's own."""
    house = furnished(tmp_path / "own", DOCUMENTS)
    with closing(house.house.database):
        yield house


@pytest.fixture(scope="module")
def archive(house: OpenHouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(backup.take(house.house, tmp_path_factory.mktemp("archive"), silent)).path


@pytest.fixture
def depesche(tmp_path: Path) -> Depesche:
    return depesche_in(tmp_path)


def changed(archive: Path, target: Path, at: int) -> Path:
    """A copy in which one bit is another."""
    data = bytearray(archive.read_bytes())
    data[at] ^= 1 << at % 8
    target.write_bytes(data)
    return target


def boundaries(archive: Path) -> list[int]:
    """The first and the last octet of each header, part and padding."""
    found, at = [], 0
    with opened(archive) as reader:
        for part in reader.parts():
            for size in (tar.BLOCK, part.size, tar.padding(part.size)):
                found += [at, at + size - 1] if size else []
                at += size
    return [*found, at, archive.stat().st_size - 1]


def test_no_octet_can_change_unnoticed(archive: Path, tmp_path: Path) -> None:
    chance = random.Random(20261125)
    size = archive.stat().st_size
    verify(archive, silent)
    for at in {*boundaries(archive), *(chance.randrange(size) for _ in range(200))}:
        with pytest.raises(NotReadable):
            verify(changed(archive, tmp_path / "changed.tar", at), silent)


def test_nothing_can_be_missing_or_more(archive: Path, tmp_path: Path) -> None:
    data, target = archive.read_bytes(), tmp_path / "changed.tar"
    for cut in {*boundaries(archive), 0}:
        target.write_bytes(data[:cut])
        with pytest.raises(NotReadable):
            verify(target, silent)
    for more in (data + b"\0", data + data):
        target.write_bytes(more)
        with pytest.raises(NotReadable):
            verify(target, silent)


def test_other_tools_read_it(archive: Path, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    checked = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert len(list((tmp_path / "blobs").glob("*/*/*"))) == DOCUMENTS


@pytest.mark.parametrize("what", ["flipped", "cut", "something else"])
def test_what_is_damaged_changes_nothing(archive: Path, depesche: Depesche, tmp_path: Path, what: str) -> None:
    target, data = tmp_path / "damaged.tar", archive.read_bytes()
    if what == "flipped":
        changed(archive, target, len(data) // 2)
    else:
        target.write_bytes(data[: len(data) // 2] if what == "cut" else b"BEGIN TRANSACTION;\n")
    restored = depesche("restore", str(target), "--data", "new")
    assert restored.returncode == 1
    assert restored.stderr.splitlines()[-1].startswith("error: the archive cannot be used: ")
    assert not (tmp_path / "new").exists()
    checked = depesche("backup", "--verify", str(target))
    assert checked.returncode == 1
    assert "error: the archive cannot be used: " in checked.stderr


def test_one_that_is_whole_is_said_to_be(archive: Path, depesche: Depesche) -> None:
    checked = depesche("backup", "--verify", str(archive))
    assert checked.returncode == 0, checked.stderr
    assert f"{archive} is whole: 1 accounts, 1 jobs, 0 received faxes, {DOCUMENTS} documents" in checked.stdout


def rewritten(archive: Path, target: Path, manifest: Manifest | bytes) -> Path:
    """A copy with another manifest, and right sums."""
    with opened(archive) as reader, Writer(target, 0) as writer:
        for part in reader.parts():
            data = part.read()
            if part.name == MANIFEST:
                data = manifest if isinstance(manifest, bytes) else manifest.to_json()
            if part.name != "SHA256SUMS":
                writer.add(part.name, len(data), [data])
        writer.finish()
    return target


@pytest.mark.parametrize(
    ("change", "words"),
    [({"format": 2}, "of the newer format 2"), ({"schema": "9999", "version": "9.0"}, "newer Depesche, 9.0")],
)
def test_one_of_a_newer_release_is_refused(
    archive: Path, depesche: Depesche, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    newer = rewritten(archive, tmp_path / "newer.tar", replace(verify(archive, silent), **change))
    restored = depesche("restore", str(newer), "--data", "new")
    assert restored.returncode == 1
    assert words in restored.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"format": 1}', b'{"format": "x"}', b"\xff", b"null"])
def test_a_manifest_that_is_none_is_told(archive: Path, tmp_path: Path, manifest: bytes) -> None:
    with pytest.raises(NotReadable, match="manifest"):
        verify(rewritten(archive, tmp_path / "none.tar", manifest), silent)


def test_what_is_there_is_not_overwritten(house: OpenHouse, tmp_path: Path) -> None:
    target = tmp_path / "there.tar"
    target.write_text("of yesterday")
    with pytest.raises(FileExistsError):
        asyncio.run(backup.take(house.house, target, silent))
    assert target.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [target]


def test_what_comes_while_it_is_written_is_not_overwritten_either(house: OpenHouse, tmp_path: Path) -> None:
    target = tmp_path / "there.tar"

    def told(*_: object) -> None:
        target.write_text("of somebody else")

    with pytest.raises(FileExistsError):
        asyncio.run(backup.take(house.house, target, told))
    assert target.read_text() == "of somebody else"
    assert list(tmp_path.iterdir()) == [target]


def test_documents_that_the_house_lost_are_told_and_all_else_is_saved(
    own: OpenHouse, tmp_path: Path, depesche: Depesche
) -> None:
    first, second, *_ = own.blobs()
    first.unlink()
    second.write_bytes(b"something else")
    data = own.house.settings.data
    done = depesche("backup", "b.tar", "--data", str(data))
    assert done.returncode == 1
    assert "2 documents are missing or damaged in the installation itself" in done.stderr
    assert {str(path.relative_to(data / "blobs")) in done.stderr for path in (first, second)} == {True}
    restored = depesche("restore", "b.tar", "--data", "new")
    assert restored.returncode == 0, restored.stderr
    assert "2 documents were not in the archive" in restored.stderr
    assert len([path for path in (tmp_path / "new" / "blobs").rglob("*") if path.is_file()]) == DOCUMENTS - 2


def test_documents_that_go_with_their_rows_meanwhile_are_not_missed(own: OpenHouse, tmp_path: Path) -> None:
    def told(what: str, *_: int) -> None:
        if what == "copying documents":
            own.house.database.run_here(lambda connection: connection.execute(schema.document.delete()))
            shutil.rmtree(own.house.settings.data / "blobs" / "order", ignore_errors=True)

    taken = asyncio.run(backup.take(own.house, tmp_path / "b.tar", told))
    verify(taken.path, silent)
    assert taken.missed == 0
    assert 0 < taken.gone < DOCUMENTS


def test_when_s3_is_away_there_is_no_backup_that_lacks_its_documents(
    own: OpenHouse, bucket_server: S3Server, tmp_path: Path
) -> None:
    async def run() -> None:
        async with Wire(bucket_server.port) as wire:
            place = bucket_server.place(wire, seconds=2)
            house = replace(own.house, blobs=Blobs.in_bucket(place, tmp_path / "scratch"))
            taken = await backup.take(house, tmp_path / "b.tar", silent)
            assert taken.missed == DOCUMENTS  # S3 answers that it does not have them
            await wire.fail(Trouble.GONE)
            with pytest.raises(BlobError):
                await backup.take(house, tmp_path / "c.tar", silent)

    asyncio.run(run())
    assert {path.name for path in tmp_path.glob("*.tar*")} == {"b.tar"}


def test_a_database_that_is_damaged_is_not_saved_over_a_good_one(
    own: OpenHouse, tmp_path: Path, depesche: Depesche
) -> None:
    own.house.database.close()
    path = own.house.settings.data / "depesche.db"
    with closing(sqlite3.connect(path)) as connection:  # a page that nobody reads but whoever looks at all of them
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xee" * 64)
    done = depesche("backup", "b.tar", "--data", str(own.house.settings.data))
    assert done.returncode == 1
    assert "error: the database is damaged, and nothing was written" in done.stderr
    assert not list(tmp_path.glob("b.tar*"))


def test_a_snapshot_names_each_blob_once(house: OpenHouse, archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "s.db"
    house.house.database.snapshot(file)
    with snapshot.reading(file) as connection:
        named = list(snapshot.blobs(connection))
        assert blobnames.unnamed(connection, [one.key for one in named]) == []
    assert sorted(one.sha256 for one in named) == sorted(
        hashlib.sha256(path.read_bytes()).hexdigest() for path in house.blobs()
    )
    assert not list(tmp_path.glob("s.db-*"))
