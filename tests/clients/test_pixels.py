"""What one account sends is what the other fetches: the pixels of the pages, under a header line."""

import base64
import io
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import weasyprint  # type: ignore[import-untyped]
from PIL import Image, ImageChops

from serving import Serving
from soapcall import call

SENDER = {"Account": "10001", "Password": "demo"}
RECEIVER = {"Account": "10002", "Password": "demo"}
HEADER_ROWS = 40


def _frames(tiff: bytes) -> list[Image.Image]:
    image = Image.open(io.BytesIO(tiff))
    frames = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        frames.append(image.convert("1"))
    return frames


def _rendered(server: Serving, job: int) -> list[Image.Image]:
    """The pages as they were made when the order was accepted."""
    with closing(sqlite3.connect(server.data / "depesche.db")) as connection:
        query = "SELECT blob_key FROM document WHERE job_id = ? AND role = 'pages'"
        [key] = connection.execute(query, (job,)).fetchone()
    return _frames((server.data / "blobs" / key).read_bytes())


def _below_the_header(frame: Image.Image, rows: int) -> Image.Image:
    """The page without its header line, which may have lengthened it."""
    return frame.crop((0, HEADER_ROWS + frame.height - rows, frame.width, frame.height))


def test_a_three_page_pdf_arrives_pixel_by_pixel(server: Serving, empty_inbox: Callable[[], None]) -> None:
    empty_inbox()
    pages = "".join(f"<h1>Seite {number}</h1><p style='page-break-after:always'>{'Text ' * 400}" for number in "123")
    pdf = weasyprint.HTML(string=pages).write_pdf()
    sent = call(
        server.base_url,
        "SendJob",
        **SENDER,
        JobType=0,
        Recipient="+493023125200[pixel]",
        SendFilename1="drei.pdf",
        SendFile1=base64.b64encode(pdf).decode(),
    )
    assert (sent["return"], sent["RecipientsCount"], sent["PageCount"]) == ("0", "1", "3")
    status = _final(server, sent["JobId"])
    assert status["SendResult"] == "OK"
    [_, row] = base64.b64decode(status["StatusFile"]).decode().splitlines()
    assert row.startswith('"+493023125200","FAX","OK","')
    assert row.endswith('"pixel"')

    fetched = call(server.base_url, "RequestReceived", **RECEIVER)
    assert (fetched["return"], fetched["Pages"]) == ("0", "3")
    received = _frames(base64.b64decode(fetched["FaxImage"]))
    rendered = _rendered(server, int(sent["JobId"]))
    assert len(received) == len(rendered) == 3
    for arrived, made in zip(received, rendered, strict=True):
        assert arrived.width == made.width == 1728
        shown = made.crop((0, HEADER_ROWS, made.width, made.height))
        assert (
            ImageChops.difference(_below_the_header(arrived, made.height).convert("L"), shown.convert("L")).getbbox()
            is None
        )
        assert shown.convert("L").getextrema() == (0, 255)
    call(server.base_url, "DeleteReceived", **RECEIVER, FaxId=fetched["FaxId"])


def _final(server: Serving, job: str) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = call(server.base_url, "JobStatus", **SENDER, JobId=job)
        if status["return"] != "6":
            return status
        time.sleep(0.1)
    raise AssertionError(f"job {job} is not final")
