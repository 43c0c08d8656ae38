"""Saving a fax: whole or not at all, and never over something else."""

import os
import stat
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from depesche.cli import inbox, reach
from depesche.cli.common import Exit, Failed
from depesche.cli.gateway import Fax
from depesche.cli.main import app
from depesche.cli.reach import Target

TIFF = b"II*\0" + bytes(1000)


class Box:
    """An inbox with faxes 5 and 6."""

    def __init__(self) -> None:
        at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.kept = {number: Fax(number, "+4930", at, "+4940", "", 2) for number in (5, 6)}

    async def faxes(self, limit: int) -> list[Fax]:
        return list(self.kept.values())[:limit]

    async def fetch(self, fax_id: int | None) -> tuple[Fax, bytes] | None:
        found = self.kept.get(min(self.kept, default=0) if fax_id is None else fax_id)
        return (found, TIFF) if found else None

    async def delete(self, fax_id: int) -> bool:
        return self.kept.pop(fax_id, None) is not None


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Box:
    made = Box()

    def reached(target: Target) -> nullcontext[Box]:
        return nullcontext(made)

    monkeypatch.setattr(reach, "gateway", reached)
    monkeypatch.chdir(tmp_path)
    return made


def run(*arguments: str) -> tuple[int, str]:
    """Exit code, and all that was said."""
    done = CliRunner().invoke(app, ["inbox", *arguments], catch_exceptions=False)
    return done.exit_code, done.output


def test_the_oldest_is_saved_under_its_number(box: Box, tmp_path: Path) -> None:
    code, said = run("save", "--oldest")
    assert (code, said) == (Exit.DONE, "fax 5 from +4940, 2 pages, saved as fax-5.tif\n")
    assert (tmp_path / "fax-5.tif").read_bytes() == TIFF
    assert set(box.kept) == {5, 6}


def test_a_fax_is_saved_where_it_is_wanted_and_then_deleted(box: Box, tmp_path: Path) -> None:
    assert run("save", "6", "--output", "neu.tif", "--delete")[0] == Exit.DONE
    assert (tmp_path / "neu.tif").read_bytes() == TIFF
    assert set(box.kept) == {5}


def test_nothing_is_overwritten_and_nothing_deleted_unless_it_was_saved(box: Box, tmp_path: Path) -> None:
    (tmp_path / "fax-5.tif").write_text("something else")
    code, said = run("save", "--oldest", "--delete")
    assert code == Exit.FAILED
    assert "is there already" in said
    assert (tmp_path / "fax-5.tif").read_text() == "something else"
    assert set(box.kept) == {5, 6}
    assert run("save", "--oldest", "--delete", "--force")[0] == Exit.DONE
    assert (tmp_path / "fax-5.tif").read_bytes() == TIFF
    assert set(box.kept) == {6}


def test_a_fax_that_was_saved_and_is_gone_before_it_is_deleted_is_told(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_late(fax_id: int) -> bool:
        return False

    monkeypatch.setattr(box, "delete", too_late)
    code, said = run("save", "5", "--delete")
    assert code == Exit.FAILED
    assert said.startswith("error: fax 5 is saved as fax-5.tif, but somebody else deleted it meanwhile")
    assert (tmp_path / "fax-5.tif").read_bytes() == TIFF


def test_a_fax_that_is_saved_and_may_not_be_deleted_is_told(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(fax_id: int) -> bool:
        raise Failed("the account is locked", Exit.NO_ANSWER)

    monkeypatch.setattr(box, "delete", refuse)
    told = "error: fax 5 is saved as fax-5.tif, but it is not deleted: the account is locked\n"
    assert run("save", "5", "--delete") == (Exit.NO_ANSWER, told)
    assert (tmp_path / "fax-5.tif").read_bytes() == TIFF


def test_a_folder_that_is_not_there_is_told_and_the_fax_stays(box: Box) -> None:
    code, said = run("save", "--oldest", "--delete", "--output", "nowhere/fax.tif")
    assert code == Exit.FAILED
    assert "nowhere" in said
    assert set(box.kept) == {5, 6}


@pytest.mark.parametrize("arguments", [("save",), ("save", "5", "--oldest")])
def test_one_fax_is_to_be_named(box: Box, arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == Exit.USAGE


def test_a_fax_that_is_not_there_is_told(box: Box) -> None:
    assert run("save", "7") == (Exit.FAILED, "error: there is no fax 7 in this inbox\n")
    assert run("delete", "7") == (Exit.FAILED, "error: there is no fax 7 in this inbox\n")
    box.kept.clear()
    assert run("save", "--oldest") == (Exit.FAILED, "error: no fax waits\n")
    assert run("list") == (Exit.DONE, "no fax waits\n")


def test_faxes_are_listed_and_deleted(box: Box) -> None:
    assert "+4940" in run("list")[1]
    assert run("delete", "5") == (Exit.DONE, "fax 5 is deleted\n")
    assert '"id": 6' in run("list", "--json")[1]


def test_a_saved_file_is_readable_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        inbox.write(tmp_path / "fax.tif", TIFF, overwrite=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "fax.tif").stat().st_mode) == 0o640


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        inbox.write(tmp_path / "fax.tif", TIFF, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "fax.tif").touch()
    with pytest.raises(Failed, match="is there already"):
        inbox.write(tmp_path / "fax.tif", TIFF, overwrite=False)
