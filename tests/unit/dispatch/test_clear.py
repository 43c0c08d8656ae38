"""What lies in the outbox goes with the documents of its job, and nothing else does."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import MOBILE, Clock, rows
from depesche.channels import outbox
from depesche.channels.base import Delivery, Document
from depesche.channels.letter.sandbox import SandboxLetter
from depesche.channels.mail.sandbox import SandboxMail
from depesche.channels.sms.sandbox import SandboxSms
from depesche.dispatch.clear import Clearer
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.model.account import Account
from depesche.model.jobtype import JobType
from depesche.store import schema
from depesche.store.sqlite import Sqlite
from journeys import ordered
from ways import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def ways(folder: Path, clock: Clock) -> tuple[SandboxSms, SandboxMail, SandboxLetter]:
    return SandboxSms(folder / "sms"), SandboxMail(folder / "mail", clock), SandboxLetter(folder / "letters")


@pytest.fixture
def desk(desk: Desk, ways: tuple[SandboxSms, SandboxMail, SandboxLetter]) -> Desk:
    return replace(desk, outbox=tuple(shelf for way in ways for shelf in way.shelves))


@pytest.fixture
def job(database: Sqlite, account: Account) -> int:
    return database.run_here(lambda connection: ordered(connection, account))


async def sent(ways: tuple[SandboxSms, SandboxMail, SandboxLetter], database: Sqlite, tmp_path: Path) -> None:
    """The job's delivery by each of the ways, as if it were one of each."""
    (row,) = database.read_here(lambda connection: rows(connection, schema.delivery))
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"%PDF-1.7")
    documents = [Document(letter, "letter.pdf", 1)]
    one = Delivery(row["id"], row["job_id"], 1, "10001", JobType.SMS, MOBILE, text="Hallo", sender="a@example.com")
    for way in ways:
        address = MOBILE if isinstance(way, SandboxSms) else "b@example.com"
        outcome = await way.deliver(replace(one, address=address), documents, threading.Event())
        assert outcome.result.word == "OK"


def lying(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def cleared(desk: Desk) -> int:
    """All of it; gives the rounds that it took."""
    clearer, rounds = Clearer(desk), 1
    while await clearer.clear():
        rounds += 1
    return rounds


def let_go(database: Sqlite, kept: str) -> None:
    database.run_here(lambda connection: connection.execute(schema.job.update().values(kept=kept)))


async def test_an_outbox_that_was_never_used_has_nothing_to_clear(desk: Desk) -> None:
    assert await cleared(desk) == 1


@pytest.mark.parametrize("kept", ["record", "nothing"])
async def test_what_was_sent_goes_with_the_documents_of_its_job(
    desk: Desk,
    ways: tuple[SandboxSms, SandboxMail, SandboxLetter],
    database: Sqlite,
    job: int,
    tmp_path: Path,
    folder: Path,
    kept: str,
) -> None:
    await sent(ways, database, tmp_path)
    letter = {f"letters/{job}-1-1.json", f"letters/{job}-1-1.pdf"}
    assert lying(folder) == {"sms/1-1.json", "mail/new/1.1.depesche", *letter}
    (folder / "mail/new/1.1.depesche").rename(folder / "mail/cur/1.1.depesche:2,S")
    assert await cleared(desk) == 2
    assert len(lying(folder)) == 4
    let_go(database, kept)
    assert await cleared(desk) == 2
    assert lying(folder) == set()


async def test_what_belongs_to_no_job_that_is_there_goes_and_what_others_put_there_stays(
    desk: Desk, database: Sqlite, job: int, folder: Path
) -> None:
    (folder / "sms").mkdir(parents=True)
    for name in ("1-1.json", "1-2.json", "77-1.json", "notes.txt", "77.json", ".hidden"):
        (folder / "sms" / name).write_text("x")
    await cleared(desk)
    assert lying(folder) == {f"sms/{name}" for name in ("1-1.json", "1-2.json", "notes.txt", "77.json", ".hidden")}


async def test_what_a_crash_left_half_written_goes_when_nobody_writes_it_any_more(
    desk: Desk, clock: Clock, folder: Path
) -> None:
    (folder / "sms").mkdir(parents=True)
    old, young = (folder / "sms" / f".{digit * 32}" for digit in "ab")
    for path in (old, young):
        path.write_text("Hal")
    past = old.stat().st_mtime - outbox.HALF_WRITTEN_SECONDS - 60
    os.utime(old, (past, past))
    await cleared(desk)
    assert lying(folder) == {f"sms/{young.name}"}


async def test_a_round_looks_at_no_more_than_a_chunk(
    desk: Desk, database: Sqlite, job: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CHUNK", 4)
    (folder / "sms").mkdir(parents=True)
    for number in range(10):
        (folder / "sms" / f"1-{number}.json").write_text("x")
    assert await cleared(desk) == 4
    assert len(lying(folder)) == 10


async def test_nothing_goes_while_the_database_is_in_trouble(
    desk: Desk, database: Sqlite, job: int, folder: Path
) -> None:
    (folder / "sms").mkdir(parents=True)
    (folder / "sms" / "1-1.json").write_text("x")
    clearer = Clearer(desk)
    database.run_here(lambda connection: connection.execute(sa.text("ALTER TABLE job RENAME TO gone")))
    with pytest.raises(sa.exc.OperationalError):
        await clearer.clear()
    database.run_here(lambda connection: connection.execute(sa.text("ALTER TABLE gone RENAME TO job")))
    assert await clearer.clear()
    assert lying(folder) == {"sms/1-1.json"}


async def test_a_node_with_lines_clears_its_outbox(desk: Desk, folder: Path) -> None:
    (folder / "sms").mkdir(parents=True)
    (folder / "sms" / "77-1.json").write_text("x")
    dispatcher = Dispatcher(desk)
    dispatcher.start()
    await until(lambda: lying(folder) == set())
    await dispatcher.stop()
