"""What goes wrong in the rooms below, as one sentence that says what to do."""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError

from depesche.node.trouble import BrokenOff, FolderInUse, NotWatched
from depesche.render.errors import RenderError
from depesche.render.sandbox import SandboxMissing
from depesche.usecases.accounts import NotPossible
from depesche.usecases.trouble import BlobError, NotReadable, NotVacant, TooLarge, TooNew, Unsound

_PLAIN = (BrokenOff, FolderInUse, NotVacant, NotWatched, TooNew, NotPossible, RenderError, SandboxMissing)
"""Their messages say it all."""

_WHAT: dict[type[Exception], str] = {
    BlobError: "the documents cannot be reached",
    TooLarge: "the documents cannot be reached",
    NotReadable: "the archive cannot be used",
    Unsound: "the database is damaged, and nothing was written",
}
"""What their messages are about."""

_ADVICE = {
    errno.EACCES: "run it as the owner of the folder, or give another with --data",
    errno.EPERM: "run it as the owner of the folder, or give another with --data",
    errno.EROFS: "give a folder that can be written with --data",
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota of this user is used up: make room",
    errno.ENOTDIR: "a folder is expected there: give another with --data",
    errno.EEXIST: "a folder is expected there: give another with --data",
}


def sentence(error: Exception) -> str | None:
    """For failures that can be expected; None for all others, which are ours to mend."""
    if isinstance(error, _PLAIN):
        return str(error)
    if isinstance(error, OSError):
        return _of_system(error)
    if isinstance(error, DBAPIError | sqlite3.Error):
        return _of_database(error)
    return next((f"{words}: {error}" for kind, words in _WHAT.items() if isinstance(error, kind)), None)


def _of_system(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    advice = _ADVICE.get(error.errno or 0, "")
    return where + (error.strerror or str(error)) + (f" ({advice})" if advice else "")


def _of_database(error: DBAPIError | sqlite3.Error) -> str:
    reason = str(error.orig if isinstance(error, DBAPIError) else error)
    if "locked" in reason:
        return "the database is busy with another program's changes: try again in a moment"
    if "readonly" in reason or "unable to open" in reason:
        return f"the database cannot be written ({reason}): run it as the owner of the folder"
    return f"the database cannot be used: {reason}"
