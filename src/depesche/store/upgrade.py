"""A database of any age becomes one of today, after a copy of it was put aside."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import structlog

from depesche.store import database, sequence
from depesche.store.schema import REVISION

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
"""Alembic's folder. Its revisions are numbered: ``0001``, ``0002``, ..."""


class TooNew(Exception):
    """The folder was made by a newer Depesche than this one."""


def wanted(path: Path) -> bool:
    """Whether `ready` would change anything. Raises: sqlite3.Error."""
    return _revision(path) != REVISION


def ready(path: Path, *, first_job_id: int = 1, first_fax_id: int = 1) -> Path | None:
    """Make the database at `path`, or bring it up to date. Returns the backup copy, if one had to be made.

    Raises: TooNew, OSError, sqlite3.Error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    found = _revision(path)
    if found == REVISION:
        return None
    if found > REVISION:
        raise TooNew(f"{path} was made by a newer Depesche: install that one, or restore an older copy")
    backup = _backup(path, found) if found else None
    _migrate(path, None if found else (first_job_id, first_fax_id))
    log.info("database ready", revision=REVISION, was=found or None, backup=str(backup) if backup else None)
    return backup


def _revision(path: Path) -> str:
    """The migration that the file has seen; empty for none."""
    if not path.exists():
        return ""
    with closing(sqlite3.connect(path)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return str(row[0]) if row else ""


def _backup(path: Path, revision: str) -> Path:
    """A consistent copy beside the database, named by its age; running readers do no harm."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    copy = path.with_name(f"{path.stem}-{revision}-{stamp}.backup")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def _migrate(path: Path, first_ids: tuple[int, int] | None) -> None:
    # Alembic takes 150 ms to import, and is needed once in the life of a folder and release.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = database.engine(path)
    try:
        with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if first_ids:
                sequence.start_at(connection, *first_ids)
    finally:
        engine.dispose()
