"""What the server keeps of an order, read from its data folder, and pages to compare with."""

import io
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from PIL import Image, ImageChops

from serving import Serving

HEADER_ROWS = 40


def sent_files(server: Serving, job: int) -> list[str]:
    """The names under which the customer's files are kept."""
    query = "SELECT filename FROM document WHERE job_id = ? AND role = 'source' ORDER BY position"
    return [name for (name,) in _rows(server, query, job)]


def send_at(server: Serving, job: int) -> datetime:
    [(moment,)] = _rows(server, "SELECT send_at FROM job WHERE id = ?", job)
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def pages(server: Serving, job: int) -> list[Image.Image]:
    """The pages as they were made when the order was accepted."""
    [(key,)] = _rows(server, "SELECT blob_key FROM document WHERE job_id = ? AND role = 'pages'", job)
    return frames((server.data / "blobs" / key).read_bytes())


def frames(tiff: bytes) -> list[Image.Image]:
    """The pages of a file."""
    found = []
    with Image.open(io.BytesIO(tiff)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(image.convert("1"))
    return found


def arrived_as_made(arrived: Image.Image, made: Image.Image) -> bool:
    """Whether a received page is the page that was made, pixel by pixel, but for the header line at its top.

    The line takes the place of blank rows, or lengthens the page.
    """
    below = arrived.crop((0, HEADER_ROWS + arrived.height - made.height, arrived.width, arrived.height))
    shown = made.crop((0, HEADER_ROWS, made.width, made.height))
    same = below.size == shown.size and ImageChops.difference(below.convert("L"), shown.convert("L")).getbbox() is None
    return same and shown.convert("L").getextrema() == (0, 255)


def _rows(server: Serving, query: str, job: int) -> list[Any]:
    with closing(sqlite3.connect(server.data / "depesche.db")) as connection:
        return connection.execute(query, (job,)).fetchall()
