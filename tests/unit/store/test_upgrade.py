"""A folder of any age becomes one of today, and nothing is lost on the way."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from builders import START, add_account, copy_of, new_job, rows
from depesche.blobs.store import Blob
from depesche.model.reception import Reception
from depesche.store import inbound, jobs, schema, upgrade
from depesche.store.accounts import everyone
from depesche.store.sqlite import Sqlite, SqliteFile
from depesche.store.upgrade import TooNew

NEXT = f"{int(schema.REVISION) + 1:04}"
"""The migration that the next release brings."""

MIGRATION = f'''"""A table more."""

import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{schema.REVISION}"


def upgrade() -> None:
    op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True))
'''

BROKEN = MIGRATION + '    raise RuntimeError("the migration has a bug")\n'


@pytest.fixture
def old(ready: Path, tmp_path: Path) -> Path:
    """A folder of today, with an account in it."""
    database = copy_of(ready, tmp_path)
    database.run_here(add_account)
    database.close()
    return database.path


OF_THE_FIRST_RELEASE = """
INSERT INTO account VALUES (1, '10001', 'A', '', 'active', NULL, 1, 'DE', '[]', '[0]', 1, 1, '', '', '', '[]', 'utf-8',
  1, '2026-01-01 00:00:00');
INSERT INTO account VALUES (2, '10002', 'B', '', 'active', NULL, 0, 'DE', '[]', '[0]', 1, 1, '', '', '', '[]', 'utf-8',
  1, '2026-01-01 00:00:00');
INSERT INTO job VALUES (1, 1, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'k', '', '', '{}', 3, 1, 1, 1, 0, NULL,
  '[]');
INSERT INTO job VALUES (2, 2, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'k', '', '', '{}', 3, 1, 1, 1, 0, NULL,
  '[]');
"""


DELIVERIES = """
INSERT INTO delivery VALUES (7, 1, 1, 'sms', 0, '+491713920000', 'a', NULL, 'sent', '2026-01-01 00:00:00', 0.5, 2, 'w1',
  NULL, 1, 0, 0, 'OK', 1, 'far', 3, '2026-01-01 00:00:01', '2026-01-01 00:00:02');
INSERT INTO delivery VALUES (9, 1, 1, 'fax', 1, '+491713920001', 'b', NULL, 'claimed', NULL, 1.5, 2, 'w1',
  '2026-01-01 00:00:00', 0, 0, 0, NULL, 0, '', 0, NULL, NULL);
INSERT INTO attempt VALUES (7, 1, 'w1', '2026-01-01 00:00:01', '2026-01-01 00:00:02', 'OK', 1, 'far', 3, 14400, 'MMR',
  1, '[0]', '');
"""


def first_tables(path: Path) -> Path:
    """A database as migration 0001 leaves it."""
    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with SqliteFile(path).alone() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    return path


def release(monkeypatch: pytest.MonkeyPatch, folder: Path, migration: str) -> None:
    """Let this be the next release, which brings a migration more."""
    shutil.copytree(upgrade.MIGRATIONS, folder)
    (folder / "versions" / f"{NEXT}_next.py").write_text(migration)
    monkeypatch.setattr(upgrade, "MIGRATIONS", folder)
    monkeypatch.setattr(upgrade, "REVISION", NEXT)


def accounts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT number FROM account")]


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def stamp(path: Path, number: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (number,))


def test_a_new_folder_gets_its_tables_and_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "depesche.db"
    assert upgrade.ready(SqliteFile(path)) is None
    assert revision(path) == schema.REVISION
    assert set(schema.metadata.tables) <= tables(path)


def test_a_folder_of_today_is_left_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    assert upgrade.ready(SqliteFile(old)) is None
    assert old.read_bytes() == before
    assert list(old.parent.glob("*.backup")) == []


def test_an_older_folder_is_copied_then_brought_up_to_date(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(monkeypatch, tmp_path / "migrations", MIGRATION)
    backup = upgrade.ready(SqliteFile(old))
    assert revision(old) == NEXT
    assert "extra" in tables(old)
    assert accounts(old) == ["10001"]
    assert backup is not None
    assert backup.parent == old.parent
    assert schema.REVISION in backup.name
    assert revision(backup) == schema.REVISION
    assert "extra" not in tables(backup)
    assert accounts(backup) == ["10001"]
    assert upgrade.ready(SqliteFile(old)) is None


def test_a_folder_of_the_first_tables_keeps_what_is_in_it(tmp_path: Path) -> None:
    path = first_tables(tmp_path / "depesche.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OF_THE_FIRST_RELEASE)
    assert upgrade.wanted(SqliteFile(path))
    assert upgrade.ready(SqliteFile(path)) is not None
    assert not upgrade.wanted(SqliteFile(path))
    opened = Sqlite(path)
    made = opened.read_here(lambda connection: rows(connection, schema.job))
    assert [(row["id"], row["sandbox"], row["purse"]) for row in made] == [(1, True, "none"), (2, False, "none")]
    first, second = opened.read_here(everyone)
    assert (first.number, first.sandbox, second.sandbox) == ("10001", True, False)
    opened.close()


def test_deliveries_are_what_they_were_and_their_ids_are_not_given_again(tmp_path: Path) -> None:
    path = first_tables(tmp_path / "depesche.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OF_THE_FIRST_RELEASE + DELIVERIES)
    upgrade.ready(SqliteFile(path))
    opened = Sqlite(path)
    first, second = opened.read_here(lambda connection: rows(connection, schema.delivery))
    assert (first["id"], first["remote_id"]) == (7, "far")
    assert first["attempted_at"] == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert (second["id"], second["state"], second["turn"], second["price"]) == (9, "ready", 1.5, Decimal(0))
    (attempt,) = opened.read_here(lambda connection: rows(connection, schema.attempt))
    assert (attempt["delivery_id"], attempt["bad_rows"], attempt["ecm"]) == (7, [0], True)
    assert opened.run_here(_delivery_after_all_are_gone) == 10
    opened.close()


def _delivery_after_all_are_gone(connection: sa.Connection) -> int:
    for table in (schema.attempt, schema.delivery):
        connection.execute(table.delete())
    jobs.insert(connection, new_job(1), START)
    return int(rows(connection, schema.delivery)[0]["id"])


def test_the_copy_holds_what_still_lay_in_the_log(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release(monkeypatch, tmp_path / "migrations", MIGRATION)
    with closing(sqlite3.connect(old)) as crashed:
        crashed.execute("UPDATE account SET number = '10002'")
        crashed.commit()
        assert old.with_name("depesche.db-wal").stat().st_size > 0
        backup = upgrade.ready(SqliteFile(old))
    assert backup is not None
    assert accounts(backup) == ["10002"]


def test_a_migration_that_fails_changes_nothing(old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release(monkeypatch, tmp_path / "migrations", BROKEN)
    with pytest.raises(RuntimeError, match="bug"):
        upgrade.ready(SqliteFile(old))
    assert revision(old) == schema.REVISION
    assert "extra" not in tables(old)
    assert accounts(old) == ["10001"]


def test_a_first_start_that_fails_is_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "depesche.db"
    release(monkeypatch, tmp_path / "migrations", BROKEN)
    with pytest.raises(RuntimeError, match="bug"):
        upgrade.ready(SqliteFile(path))
    monkeypatch.undo()
    assert upgrade.ready(SqliteFile(path), first_job_id=77) is None
    assert revision(path) == schema.REVISION


@pytest.mark.parametrize("number", [NEXT, "9999"])
def test_a_folder_of_a_newer_release_is_refused_and_not_touched(old: Path, number: str) -> None:
    stamp(old, number)
    before = old.read_bytes()
    with pytest.raises(TooNew, match=r"depesche\.db was made by a newer Depesche"):
        upgrade.ready(SqliteFile(old))
    assert old.read_bytes() == before
    assert [path.name for path in old.parent.iterdir()] == ["depesche.db"]


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "depesche.db"
    path.write_bytes(b"Kein Brief, kein Fax, keine Datenbank. " * 100)
    before = path.read_bytes()
    with pytest.raises(sqlite3.DatabaseError):
        upgrade.ready(SqliteFile(path))
    assert path.read_bytes() == before


def _job(connection: sa.Connection) -> int:
    account = add_account(connection)
    return jobs.insert(connection, new_job(account.id), START)


def _fax(connection: sa.Connection) -> int:
    reception = Reception("call-1", "+493023125100", START, "", "", 1, Path("unused.tif"), complete=True)
    inbound.insert(connection, 1, reception, Blob("inbound/00/0", 1, "0" * 64), START)
    fax = inbound.oldest(connection, 1)
    assert fax is not None
    return fax.id


@pytest.mark.parametrize(("first_job", "first_fax"), [(1, 1), (700_001, 9_000_000_001), (2**31 - 1, 2**63 - 1)])
def test_the_first_numbers_of_a_new_folder_can_be_chosen(tmp_path: Path, first_job: int, first_fax: int) -> None:
    path = tmp_path / "depesche.db"
    upgrade.ready(SqliteFile(path), first_job_id=first_job, first_fax_id=first_fax)
    database = Sqlite(path)
    assert database.run_here(_job) == first_job
    assert database.run_here(_fax) == first_fax
    database.close()


def _order(path: Path) -> int:
    database = Sqlite(path)
    job = database.run_here(lambda connection: jobs.insert(connection, new_job(1), START))
    database.close()
    return job


def test_the_first_numbers_of_a_folder_in_use_stay_as_they_are(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _order(old) == 1
    upgrade.ready(SqliteFile(old), first_job_id=500)
    assert _order(old) == 2
    release(monkeypatch, tmp_path / "migrations", MIGRATION)
    upgrade.ready(SqliteFile(old), first_job_id=500)
    assert _order(old) == 3
    with closing(sqlite3.connect(old)) as connection:
        numbered = [row[0] for row in connection.execute("SELECT name FROM sqlite_sequence")]
    assert len(numbered) == len(set(numbered))


def test_the_number_of_a_deleted_job_is_not_given_again(old: Path) -> None:
    def insert_and_delete(connection: sa.Connection) -> int:
        job = jobs.insert(connection, new_job(1), START)
        connection.execute(schema.delivery.delete())
        connection.execute(schema.job.delete())
        return job

    database = Sqlite(old)
    given = [database.run_here(insert_and_delete) for _ in range(3)]
    database.close()
    assert given == [1, 2, 3]
