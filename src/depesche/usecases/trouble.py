"""What may go wrong in the rooms below, for those who call use cases and know nothing of these rooms."""

from depesche.archive.manifest import NotReadable
from depesche.blobs.store import BlobError, TooLarge
from depesche.store.database import NotVacant
from depesche.store.snapshot import Unsound
from depesche.store.upgrade import TooNew

__all__ = ["BlobError", "NotReadable", "NotVacant", "TooLarge", "TooNew", "Unsound"]
