"""A file of the outbox is there whole, or not at all."""

import os
import resource
from pathlib import Path

import pytest

from depesche.channels.outbox import deposit


def test_the_folder_is_made_and_the_file_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    data = os.urandom(100_000)
    assert deposit(folder, "a.json", [data]) == folder / "a.json"
    assert (folder / "a.json").read_bytes() == data
    assert list(folder.iterdir()) == [folder / "a.json"]


def test_the_same_attempt_deposited_again_is_one_file(tmp_path: Path) -> None:
    deposit(tmp_path, "a.json", [b"first"])
    deposit(tmp_path, "a.json", [b"second"])
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"second"]


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    deposit(tmp_path, "a.json", [b"first"])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            deposit(tmp_path, "a.json", [b"x" * 1_000_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


def test_the_name_appears_only_when_its_content_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bool]] = []
    fsync = os.fsync

    def record(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        seen.append(("folder" if path == tmp_path else "file", (tmp_path / "a.json").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    deposit(tmp_path, "a.json", [b"x"])
    assert seen == [("file", False), ("folder", True)]
