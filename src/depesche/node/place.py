"""Where a node keeps what it has: its data folder, which one process owns, and its database."""

import fcntl
import os
from pathlib import Path

from depesche.config import Settings
from depesche.node.trouble import FolderInUse
from depesche.store import upgrade
from depesche.store.database import Place
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile


def url(settings: Settings) -> str:
    """Of the PostgreSQL database; empty: there is none, and nobody else works on ours."""
    return settings.database_url.get_secret_value()


def place_of(settings: Settings) -> Place:
    """The database of these settings, not opened yet."""
    if server := url(settings):
        return PostgresServer(server, settings.database_connections)
    return SqliteFile(settings.data / "depesche.db")


def bring_up_to_date(settings: Settings, place: Place) -> None:
    """Make the database, or migrate it. The caller holds the folder's lock. Raises: upgrade.TooNew, OSError."""
    upgrade.ready(place, first_job_id=settings.first_job_id, first_fax_id=settings.first_fax_id)


class alone:  # noqa: N801  reads as a word in a with statement
    """Holds the folder's lock; the kernel lets go of it when the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "?"
            self._file.close()
            raise FolderInUse(f"{self._path.parent} is in use by process {owner}") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def keep(self) -> None:
        """Hold it until the process ends: a second descriptor, which nobody closes."""
        os.dup(self._file.fileno())
