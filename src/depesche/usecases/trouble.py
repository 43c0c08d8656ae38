"""What may go wrong in the rooms below, for those who call use cases and know nothing of these rooms."""

from depesche.blobs.store import BlobError, TooLarge
from depesche.store.upgrade import TooNew

__all__ = ["BlobError", "TooLarge", "TooNew"]
