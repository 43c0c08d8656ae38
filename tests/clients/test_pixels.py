"""What one account sends is what the other fetches: the pixels of the pages, under a header line."""

import base64
import time
from collections.abc import Callable

import weasyprint  # type: ignore[import-untyped]

from clients import kept
from serving import Serving
from soapcall import call

SENDER = {"Account": "10001", "Password": "demo"}
RECEIVER = {"Account": "10002", "Password": "demo"}


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
    received = kept.frames(base64.b64decode(fetched["FaxImage"]))
    rendered = kept.pages(server, int(sent["JobId"]))
    assert len(received) == len(rendered) == 3
    for arrived, made in zip(received, rendered, strict=True):
        assert arrived.width == made.width == 1728
        assert kept.arrived_as_made(arrived, made)
    call(server.base_url, "DeleteReceived", **RECEIVER, FaxId=fetched["FaxId"])


def _final(server: Serving, job: str) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status = call(server.base_url, "JobStatus", **SENDER, JobId=job)
        if status["return"] != "6":
            return status
        time.sleep(0.1)
    raise AssertionError(f"job {job} is not final")
