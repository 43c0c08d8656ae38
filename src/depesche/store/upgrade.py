"""A database of any age becomes one of today, after a copy of it was put aside."""

from pathlib import Path

import sqlalchemy as sa
import structlog

from depesche.store import sequence
from depesche.store.database import Place
from depesche.store.schema import REVISION

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
"""Alembic's folder. Its revisions are numbered: ``0001``, ``0002``, ..."""


class TooNew(Exception):
    """The database was made by a newer Depesche than this one."""


def wanted(place: Place) -> bool:
    """Whether `ready` would change anything. Raises: sqlite3.Error, sqlalchemy.exc.DBAPIError."""
    return place.revision() != REVISION


def ready(place: Place, *, first_job_id: int = 1, first_fax_id: int = 1) -> Path | None:
    """Make the database, or bring it up to date. Returns the copy that was put aside, if there is one.

    Raises: TooNew, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError.
    """
    if _is_ready(place):
        return None
    found = place.revision()
    backup = place.set_aside(found) if found else None
    with place.alone() as connection:
        if _is_ready(place):  # another node was faster
            return None
        _migrate(connection)
        if not found:
            sequence.start_at(connection, first_job_id, first_fax_id)
    log.info("database ready", revision=REVISION, was=found or None, backup=str(backup) if backup else None)
    return backup


def _is_ready(place: Place) -> bool:
    found = place.revision()
    if found > REVISION:
        raise TooNew(f"{place} was made by a newer Depesche: install that one, or restore an older copy")
    return found == REVISION


def _migrate(connection: sa.Connection) -> None:
    # Alembic takes 150 ms to import, and is needed once in the life of a database and release.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
