"""Faxes on their way in: on this node's disk from their first page on, until their inbox has them.

A call has two files: the pages, which the line process writes, and beside them who called whom. What a dead process or
node leaves there is handed over when the node is back.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from PIL import Image

from depesche.channels.fax.header import UNREADABLE

_PREFIX = "fax-"


@dataclass(frozen=True, slots=True)
class Arriving:
    """One of them."""

    source: str
    """Our own id of the call, never the same twice."""

    number: str
    """E.164, that was called."""

    caller: str
    line: str
    at: str
    """ISO 8601, UTC."""

    def pages(self, folder: Path) -> Path:
        """What came, as TIFF."""
        return folder / f"{_PREFIX}{self.source}.tif"

    @property
    def received_at(self) -> datetime:
        return datetime.fromisoformat(self.at).astimezone(UTC)

    def note(self, folder: Path) -> None:
        """Write down who called whom; durable. Raises: OSError."""
        path = folder / f"{_PREFIX}{self.source}.json"
        with path.open("x") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def forget(self, folder: Path) -> None:
        """It is in its inbox, or nothing came."""
        self.pages(folder).unlink(missing_ok=True)
        (folder / f"{_PREFIX}{self.source}.json").unlink(missing_ok=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises: ValueError, TypeError, OSError."""
        return cls(**json.loads(path.read_text()))


def left(folder: Path) -> Iterator[Arriving]:
    """What was on its way when this node ended. A note that was not written whole has no page yet."""
    for path in sorted(folder.glob(f"{_PREFIX}*.json")):
        try:
            yield Arriving.read(path)
        except (ValueError, TypeError):
            path.unlink(missing_ok=True)


def whole_pages(tiff: Path) -> int:
    """Pages of a TIFF that are there whole; spandsp adds each when it has all of it."""
    try:
        with Image.open(tiff, formats=["TIFF"]) as image:
            return int(getattr(image, "n_frames", 1))
    except UNREADABLE:
        return 0
