"""An S3 server that answers 500: orders are refused in time, and what was accepted before waits until it is over."""

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from crash.faults import accepted, all_is_well, order, until
from documents import address, pdf
from installation import Installation
from peers.bucket import S3Server, Switch, Trouble, Wire

OUTAGE = 60
"""Seconds: all repeats of an order would be over, and each document is asked for several times."""

FAX = {"JobType": 0, "Recipient": "+493023125200", "Options": "FAXRETRY=0"}
LETTER = {
    "JobType": 3,
    "Recipient": "Erika Muster",
    "SendFilename1": "brief.pdf",
    "SendFile1": base64.b64encode(pdf(address(45))).decode(),
}
NAMED = "SELECT blob_key FROM document UNION SELECT blob_key FROM inbound"
ATTEMPTS = "SELECT delivery_id, number FROM attempt ORDER BY delivery_id, number"


@pytest.fixture
def wire(bucket_server: S3Server) -> Iterator[Switch]:
    with Wire.in_a_thread(bucket_server.port) as switch:
        yield switch


def test_an_outage_refuses_new_orders_and_costs_the_others_no_attempt(
    installation: Installation, bucket_server: S3Server, wire: Switch
) -> None:
    node = installation.node("node", DEPESCHE_BLOBS__ENDPOINT=wire.endpoint)
    accepted(node.base_url, **FAX)
    until(lambda: installation.ask("SELECT state FROM delivery") == [["sent"]])
    soon = (datetime.now(UTC) + timedelta(seconds=8)).isoformat()
    jobs = {accepted(node.base_url, **kind, SendDateTime=soon) for kind in (FAX, LETTER, FAX, LETTER)}
    wire.fail(Trouble.ERRORS)
    end = time.monotonic() + OUTAGE
    assert {order(node.base_url, **kind)["return"] for kind in (FAX, LETTER)} == {"-66"}
    jobs.add(accepted(node.base_url))  # a message has no documents
    until(lambda: installation.ask("SELECT count(*) FROM delivery WHERE state = 'waiting' AND fence > 1") == [["4"]])
    while time.monotonic() < end:
        assert order(node.base_url, **FAX)["return"] == "-66"
        time.sleep(1)
    assert {row[0] for row in installation.ask(f"SELECT state FROM delivery WHERE job_id IN ({','.join(jobs)})")} <= {
        "waiting", "ready", "claimed", "sent"
    }  # fmt: skip
    wire.heal()
    all_is_well(installation, jobs)
    assert [number for _, number in installation.ask(ATTEMPTS)] == ["1"] * 6
    named = {key for [key] in installation.ask(NAMED)}
    keys = {key.removeprefix("one/two/") for key in bucket_server.keys(installation.place)}
    assert named == keys, "something half is left of what was refused"
    assert bucket_server.uploads(installation.place) == []
