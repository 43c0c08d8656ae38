"""A restore is made where nothing is, is all or nothing, and sends nothing that may have been sent."""

import asyncio
import hashlib
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from backup.conftest import Installation, New
from backup.houses import furnished
from builders import START, everything
from customers import OpenHouse
from depesche.archive.manifest import DATABASE, MANIFEST, Contents, Manifest
from depesche.archive.reader import opened, verify
from depesche.archive.writer import Writer
from depesche.model.states import State
from depesche.store import holds, schema, sequence, turns, upgrade
from depesche.store.accounts import by_number
from depesche.store.sqlite import engine
from depesche.usecases import backup
from journeys import OTHERS, begun, claim_one, ordered

DOCUMENTS = 400
SECONDS = 60


def silent(*_: object) -> None:
    """Nobody listens."""


def saved(house: OpenHouse, target: Path) -> Path:
    return asyncio.run(backup.take(house.house, target, silent)).path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a house with many documents."""
    folder = tmp_path_factory.mktemp("archive")
    house = furnished(folder / "house", DOCUMENTS)
    with closing(house.house.database):
        return saved(house, folder / "b.tar")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OpenHouse]:
    house = furnished(tmp_path / "own", 3)
    with closing(house.house.database):
        yield house


def files(folder: Path) -> set[str]:
    """All but the lock, by their names within the folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"lock"}


def documents(house: Installation) -> int:
    return len([name for name in files(house.data) if name.startswith("blobs/")])


def test_a_folder_that_is_not_empty_is_refused(new: New, archive: Path) -> None:
    house = new("sqlite", "new")
    house.data.mkdir()
    (house.data / "notes.txt").write_text("mine")
    done = house.depesche("restore", str(archive))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("is not empty, notes.txt is in it: give a new folder with --data")
    assert files(house.data) == {"notes.txt"}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_house_is_not_restored_over(new: New, archive: Path, kind: str) -> None:
    house = new(kind, "new")
    house.data.mkdir()
    assert house.depesche("account", "add", "1", "--name", "A", "--generate").returncode == 0
    before = house.run(everything)
    if kind == "postgres":  # from another folder it is the database that says no
        house.data = house.data.with_name("another")
    done = house.depesche("restore", str(archive))
    assert done.returncode == 1
    assert ("`database_url`" if kind == "postgres" else "--data") in done.stderr
    assert house.run(everything) == before
    assert kind == "sqlite" or not house.data.exists()


def test_a_bucket_that_is_not_empty_is_refused_and_stays_as_it_is(new: New, archive: Path, tmp_path: Path) -> None:
    first, second = new("postgres", "first"), new("postgres", "second")
    assert first.depesche("restore", str(archive)).returncode == 0
    second.environment["DEPESCHE_BLOBS__URL"] = first.environment["DEPESCHE_BLOBS__URL"]
    done = second.depesche("restore", str(archive))
    assert done.returncode == 1
    assert "holds documents: give a bucket or prefix of its own in `[blobs] url`" in done.stderr
    assert not (second.data / "restoring").exists()
    again = first.depesche("backup", str(tmp_path / "again.tar"))
    assert again.returncode == 0, again.stderr  # nothing was taken from it
    assert verify(tmp_path / "again.tar", silent).contents.documents == DOCUMENTS


def test_empty_folders_and_a_file_system_of_its_own_are_no_house(new: New, archive: Path) -> None:
    house = new("sqlite", "new")
    for name in ("lost+found", "blobs", "scratch"):
        (house.data / name).mkdir(parents=True)
    (house.data / "lost+found" / "#1").touch()
    done = house.depesche("restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert documents(house) == DOCUMENTS


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_restore_that_is_killed_starts_as_no_house_and_can_be_made_again(new: New, archive: Path, kind: str) -> None:
    house = new(kind, "new")
    for moment in range(4):
        with house.begin("restore", str(archive)) as process:
            deadline = time.monotonic() + SECONDS
            while not (house.data / "restoring" / DATABASE).exists() and process.poll() is None:
                assert time.monotonic() < deadline
            time.sleep(moment * 0.05)
            process.send_signal(signal.SIGKILL)
            _, told = process.communicate()
        if process.returncode != -signal.SIGKILL:
            break  # it was faster, or there is nothing more to do
        refused = house.depesche("serve", "--port", "0")
        assert refused.returncode == 1
        assert "was broken off: then run it again" in refused.stderr
    else:
        told = house.depesche("restore", str(archive)).stderr
    if "all is done" in told:  # killed behind the last step
        shutil.rmtree(house.data / "restoring")
    again = house.data.with_name("again.tar")
    assert house.depesche("backup", str(again)).returncode == 0, told
    assert verify(again, silent).contents.documents == DOCUMENTS


def test_a_document_that_is_not_what_its_order_names_leaves_nothing(new: New, archive: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tar"
    with opened(archive) as reader, Writer(wrong, 0) as writer:
        *parts, last = [(part.name, part.read()) for part in reader.parts()][:-1]
        for name, data in (*parts, (last[0], bytes(len(last[1])))):
            writer.add(name, len(data), [data])
        writer.finish()
    verify(wrong, silent)
    for kind in ("sqlite", "postgres"):
        house = new(kind, kind)
        done = house.depesche("restore", str(wrong))
        assert done.returncode == 1
        assert "is not the document that its order names" in done.stderr
        assert files(house.data) == set()
        assert house.place.is_vacant()
        assert house.depesche("restore", str(archive)).returncode == 0, "the bucket is not empty"


def test_a_name_that_leads_elsewhere_is_no_document(new: New, archive: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tar"
    with opened(archive) as reader, Writer(wrong, 0) as writer:
        parts = reader.parts()
        for _ in (MANIFEST, DATABASE):
            part = next(parts)
            writer.add(part.name, part.size, part.chunks)
        writer.add("blobs/../../evil", 3, [b"bad"])
        writer.finish()
    house = new("sqlite", "new")
    done = house.depesche("restore", str(wrong))
    assert done.returncode == 1
    assert "no order and no fax names 'blobs/../../evil'" in done.stderr
    assert files(tmp_path) == {"wrong.tar", "new/lock"}


def test_a_database_of_an_older_release_is_brought_up_to_date(new: New, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    made, file = engine(tmp_path / "old.db"), tmp_path / "old.db"
    with made.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO account VALUES (1, '10001', 'A', '', 'active', NULL, 1, 'DE', '[]', '[0]', 1, 1, '', '', '', "
            "'[]', 'utf-8', 1, '2026-01-01 00:00:00')"
        )
    made.dispose()
    data = file.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    manifest = Manifest("0.0.1", START, "0001", "sqlite", len(data), digest, Contents({"account": 1}, 0, 0))
    with Writer(tmp_path / "old.tar", 0) as writer:
        writer.add(MANIFEST, len(manifest.to_json()), [manifest.to_json()])
        writer.add(DATABASE, len(data), [data])
        writer.finish()
    for kind in ("sqlite", "postgres"):
        house = new(kind, kind)
        done = house.depesche("restore", str(tmp_path / "old.tar"))
        assert done.returncode == 0, done.stderr
        assert house.depesche("account", "show", "10001").returncode == 0


def in_all_states(house: OpenHouse) -> None:
    """A delivery that waits, one that is ready, one claimed, one being sent."""

    def work(connection: sa.Connection) -> None:
        account = by_number(connection, "10001")
        assert account is not None
        connection.execute(schema.delivery.delete())
        ordered(connection, account, *OTHERS[:3])
        turns.stage(connection, START, 10)
        begun(connection)
        claim_one(connection)
        ordered(connection, account, send_at=datetime.now(UTC) + timedelta(days=300))

    house.house.database.run_here(work)


def states(house: Installation) -> list[str]:
    query = sa.select(schema.delivery.c.state).order_by(schema.delivery.c.id)
    return list(house.run(lambda connection: connection.execute(query).scalars().all()))


def test_what_was_not_sent_is_on_hold_and_what_was_being_sent_is_unknown(
    own: OpenHouse, new: New, tmp_path: Path
) -> None:
    in_all_states(own)
    house = new("sqlite", "new")
    done = house.depesche("restore", str(saved(own, tmp_path / "b.tar")))
    assert done.returncode == 0, done.stderr
    assert "3 deliveries were not sent yet at the backup" in done.stderr
    assert "1 deliveries are `unknown`" in done.stderr
    assert states(house) == ["unknown", "held", "held", "waiting"]
    [hold] = house.run(holds.every)
    assert (hold.account_id, hold.channel) == (holds.EVERYONE, None)
    assert hold.note.startswith("restored from the backup of 2026-03-02")
    rows = house.run(everything)
    assert {row["lease_until"] for row in rows["delivery"]} == {None}
    assert {row["worker"] for row in rows["delivery"]} == {None}
    assert [row["action"] for row in rows["audit"]] == ["restore"]


def test_with_resume_it_goes_on_at_once(own: OpenHouse, new: New, tmp_path: Path) -> None:
    in_all_states(own)
    house = new("postgres", "new")
    done = house.depesche("restore", str(saved(own, tmp_path / "b.tar")), "--resume")
    assert done.returncode == 0, done.stderr
    assert "hold" not in done.stderr
    assert states(house) == ["unknown", "ready", "ready", "waiting"]
    assert house.run(holds.every) == []


def test_what_nobody_can_know_is_not_settled_by_an_empty_outbox(own: OpenHouse, new: New, tmp_path: Path) -> None:
    in_all_states(own)
    house = new("sqlite", "new")
    assert house.depesche("restore", str(saved(own, tmp_path / "b.tar")), "--resume").returncode == 0
    server = house.start()
    deadline = time.monotonic() + SECONDS
    while sorted(states(house)) != ["sent", "sent", "unknown", "waiting"]:
        assert time.monotonic() < deadline, states(house)
        time.sleep(0.1)
    assert server.stop() == 0
    assert house.start().stop() == 0  # nor at the next start
    assert states(house)[0] == State.UNKNOWN.value


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_numbers_that_may_have_been_given_are_left_out(own: OpenHouse, new: New, tmp_path: Path, kind: str) -> None:
    house = new(kind, "new")
    given = own.house.database.read_here(sequence.last)
    done = house.depesche("restore", str(saved(own, tmp_path / "b.tar")), "--skip", "7")
    assert f"the next JobId is {given['job'] + 8}" in done.stdout
    now = house.run(sequence.last)
    assert {table: now[table] - given[table] for table in ("job", "inbound", "account", "document")} == {
        "job": 7,
        "inbound": 7,
        "account": 0,
        "document": 0,
    }
