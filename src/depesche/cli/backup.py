"""``depesche backup`` and ``depesche restore``: one file that holds an installation."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depesche.cli.common import (
    ConfigFile,
    DataFolder,
    actor,
    err,
    fail,
    load_settings,
    local_time,
    out,
    plain,
    program,
    run,
    warn,
)
from depesche.cli.follow import Stages

if TYPE_CHECKING:
    from depesche.usecases.backup import Manifest, Taken
    from depesche.usecases.restore import Restored

MEBIBYTE = 1 << 20
PAUSE = 0.1
"""Seconds between two looks at how far it is."""

Target = Annotated[
    Path, typer.Argument(metavar="TARGET", help="File to write, or a folder: the file is named by the moment then.")
]
Verify = Annotated[bool, typer.Option("--verify", help="Write nothing; check the archive TARGET.")]
Archive = Annotated[Path, typer.Argument(metavar="ARCHIVE", help="What `depesche backup` wrote.")]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Send at once what was not sent yet at the backup, even if it was sent since."),
]
Skip = Annotated[
    int,
    typer.Option(
        metavar="N", min=0, max=10**9, help="Numbers of jobs and faxes that may have been given after the backup."
    ),
]


def backup(target: Target, verify: Verify = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Write the database and all documents into one file, while the server runs.

    The file holds documents and password hashes: keep it as you keep the data folder. The settings are not in it.

    Examples:

      depesche backup /var/backups/depesche/ --data /var/lib/depesche

      depesche backup monday.tar --config /etc/depesche.toml

      depesche backup monday.tar --verify
    """
    from depesche.usecases import backup as backups

    with Stages(err) as stages:
        told = _telling(stages)
        if verify:
            checked = run(lambda: _verify(target, told))
            stages.end()
            out.print(plain(f"{target} is whole: {_contents(checked)}"), soft_wrap=True)
            return
        from depesche.cli.folder import in_house

        taken = in_house(load_settings(config, data), lambda house: backups.take(house, target, told))
        stages.end()
    out.print(plain(f"{taken.path}: {_size(taken.size)}, {_contents(taken.manifest)}"), soft_wrap=True)
    _tell_missing(taken)


def restore(
    archive: Archive,
    resume: Resume = False,
    skip: Skip = 100_000,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Make an installation of a backup: in a new data folder, or an empty database and bucket of the settings.

    The backup of a data folder may go into PostgreSQL and S3, and the other way round. Stop the old installation for
    good before the new one starts. What it sent after the backup is not known here, so everything is on hold until you
    lift that; --resume does without.

    Examples:

      depesche restore monday.tar --data /var/lib/depesche

      depesche restore monday.tar --config /etc/depesche.toml --skip 500000
    """
    from depesche.cli import logs
    from depesche.node.restore import restore as restore_archive
    from depesche.usecases.restore import Wishes

    logs.configure(quiet=True)
    settings = load_settings(config, data)
    wishes = Wishes(actor(), resume=resume, skip=skip)
    with Stages(err) as stages:
        restored = run(lambda: restore_archive(settings, archive, wishes, _telling(stages)))
        stages.end()
    _tell_restored(restored, resume=resume)


async def _verify(archive: Path, told: Callable[[str, int, int], None]) -> "Manifest":
    from depesche.usecases.backup import verify

    return verify(archive, told)


def _telling(stages: Stages) -> Callable[[str, int, int], None]:
    looked = 0.0

    def told(what: str, done: int, total: int) -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked >= PAUSE or not total:
            looked = now
            stages.begin(what, _share(done, total) if total else "")

    return told


def _share(done: int, total: int) -> str:
    return f"{done * 100 // total}% of {_size(total)}"


def _contents(manifest: "Manifest") -> str:
    held = manifest.contents
    counts = ", ".join(f"{held.rows.get(table, 0)} {words}" for table, words in _WORDS.items())
    return f"{counts}, {held.documents} documents, as of {local_time(manifest.taken_at)}"


_WORDS = {"account": "accounts", "job": "jobs", "inbound": "received faxes"}


def _size(size: int) -> str:
    return f"{size / MEBIBYTE:.1f} MiB"


def _tell_missing(taken: "Taken") -> None:
    if taken.gone:
        warn(f"{taken.gone} documents went with their orders or faxes meanwhile, and are not in it")
    if taken.missed:
        named = ", ".join(taken.keys) + (", ..." if taken.missed > len(taken.keys) else "")
        fail(f"{taken.missed} documents are missing or damaged in the installation itself; all else is saved: {named}")


def _tell_restored(restored: "Restored", *, resume: bool) -> None:
    out.print(plain(f"restored: {_contents(restored.manifest)}"), soft_wrap=True)
    out.print(f"the next JobId is {restored.next_job}")
    if restored.missing:
        warn(
            f"{restored.missing} documents were not in the archive: their jobs cannot be sent, nor their faxes fetched"
        )
    if restored.sendable and not resume:
        warn(
            f"{restored.sendable} deliveries were not sent yet at the backup, and may have been since. Everything is "
            f"on hold, new orders too: cancel what was sent (`{program()} job cancel`), then lift it "
            f"(`{program()} hold lift --all`)"
        )
    if restored.unknown:
        warn(
            f"{restored.unknown} deliveries are `unknown`, nobody knows whether they were sent: "
            f"`{program()} job resolve` decides"
        )
