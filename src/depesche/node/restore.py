"""An installation made of a backup."""

import asyncio
from pathlib import Path

from depesche.config import Settings
from depesche.node.place import alone, place_of
from depesche.usecases import restore as restoring
from depesche.usecases.backup import Told, verify
from depesche.usecases.restore import Restored, Site, Wishes


async def restore(settings: Settings, archive: Path, wishes: Wishes, told: Told) -> Restored:
    """Make the installation that an archive holds, where the settings say and nothing is yet.

    Raises: FolderInUse, NotVacant, NotReadable, BlobError, OSError, sqlite3.Error, sqlalchemy.exc.DBAPIError.
    """
    site = Site(settings, place_of(settings))
    restoring.check_vacant(site)
    manifest = await asyncio.to_thread(verify, archive, told)
    restoring.check_known(manifest)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(settings.data / "lock"):
        restoring.check_vacant(site)
        return await restoring.restore(site, archive, manifest, wishes, told)
