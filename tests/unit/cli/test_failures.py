"""Failures that can be expected are sentences; others are ours to mend, and keep their traceback."""

import sqlite3

import pytest
import typer
from sqlalchemy.exc import OperationalError

from depesche.blobs.store import BlobError
from depesche.cli import failures
from depesche.cli.common import Exit, Failed, run
from depesche.node.trouble import FolderInUse
from depesche.store.upgrade import TooNew
from depesche.usecases.accounts import NotPossible


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FolderInUse("data is in use by process 7"), "data is in use by process 7"),
        (TooNew("made by a newer Depesche"), "made by a newer Depesche"),
        (NotPossible("there is no account 1"), "there is no account 1"),
        (PermissionError(13, "Permission denied", "data/lock"), "data/lock: Permission denied (run it as the owner"),
        (OSError(28, "No space left on device"), "No space left on device (the disk is full"),
        (OSError("no number"), "no number"),
        (sqlite3.OperationalError("database is locked"), "busy with another program's changes"),
        (OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked")), "busy with another"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "run it as the owner"),
        (sqlite3.DatabaseError("file is not a database"), "cannot be used: file is not a database"),
        (BlobError("blob x is gone"), "blob x is gone"),
    ],
)
def test_it_says_what_happened_and_what_to_do(error: Exception, words: str) -> None:
    told = failures.sentence(error)
    assert told is not None
    assert words in told


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    async def work() -> None:
        raise KeyError("job")

    with pytest.raises(KeyError, match="job"):
        run(work)


def test_a_command_ends_with_the_code_of_its_failure(capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        raise Failed("[red]not[/] this way\x1b[2J", Exit.REFUSED)

    with pytest.raises(typer.Exit) as ended:
        run(work)
    assert ended.value.exit_code == Exit.REFUSED
    assert capsys.readouterr().err == "error: [red]not[/] this way\N{REPLACEMENT CHARACTER}[2J\n"
