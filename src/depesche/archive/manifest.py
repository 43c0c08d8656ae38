"""The first part of an archive: what the others are."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

FORMAT = 1
"""Of the archives that are written here; none newer is read."""

MANIFEST = "manifest.json"
DATABASE = "depesche.db"
BLOBS = "blobs/"
"""Before the key of each document."""

SUMS = "SHA256SUMS"
"""The last part: a line for each one before it, as ``sha256sum --check`` reads it."""

LARGEST = 1 << 20
"""Bytes of a manifest."""


class NotReadable(Exception):
    """The archive cannot be used, for the reason that the message tells."""


class Damaged(NotReadable):
    """It is not what was written, or not whole."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What the snapshot of a database holds."""

    rows: Mapping[str, int]
    """Of each table."""

    documents: int
    """Blobs that it names, each counted once."""

    bytes: int
    """Their sizes, together."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The archive in a few words."""

    version: str
    """Of the Depesche that wrote it."""

    taken_at: datetime
    """The moment of the snapshot, UTC: what was committed later is not in it."""

    schema: str
    """The migration that its database has seen."""

    source: str
    """``sqlite`` or ``postgresql``: where the database came from. In the archive it is always an SQLite file."""

    database_size: int
    database_sha256: str
    contents: Contents
    format: int = FORMAT

    def to_json(self) -> bytes:
        """As it stands in the archive."""
        return json.dumps(asdict(self) | {"taken_at": self.taken_at.isoformat()}, indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Raises: NotReadable: it is none, or that of a newer release."""
        try:
            said: dict[str, Any] = json.loads(data)
            number = int(said["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged("its manifest cannot be read") from error
        if number > FORMAT:
            raise NotReadable(f"it is of the newer format {number}: use the Depesche that wrote it")
        try:
            taken_at = datetime.fromisoformat(said["taken_at"]).astimezone(UTC)
            return cls(**said | {"taken_at": taken_at, "contents": Contents(**said["contents"])})
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged("its manifest cannot be read") from error
