"""One node lets go for all what is old enough; when it dies another goes on with it."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from depesche.config import Blobs as Place
from documents import pdf, words
from installation import SECONDS, Installation
from nodes.conftest import LOGIN, final, send
from peers.bucket import S3Server
from serving import Serving
from soapcall import call

LOOKS = {"DEPESCHE_RETENTION__HOURS": "0.0003"}
"""About every second."""

GROW_OLD = "UPDATE job SET final_at = final_at - interval '20 years' WHERE final_at > now() - interval '1 year'"
JOBS_LEFT = "SELECT count(*) FROM job"

Keys = Callable[[], list[str]]


@pytest.fixture
def keys(installation: Installation, bucket_server: S3Server) -> Keys:
    """All that lies in the installation's bucket."""
    place = Place(url=installation.environment["DEPESCHE_BLOBS__URL"])
    return lambda: bucket_server.keys(place)


def ended(node: Serving, number: int) -> str:
    """A fax with a document of its own that came to its end."""
    document = base64.b64encode(pdf(words(f"Brief {number}"))).decode()
    job = send(node, JobType=0, Recipient="+493023125000", SendFilename1="brief.pdf", SendFile1=document)
    assert final(node, job)["SendResult"] == "OK"
    return job


def pruned(node: Serving) -> int:
    """Jobs that this node let go, as its log says."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in node.log.read_text().splitlines()]
    return sum(line.get("jobs", 0) for line in lines if line["event"] == "pruned")


def told(node: Serving, jobs: int) -> None:
    """Wait until its log says so: it does at the end of a walk."""
    deadline = time.monotonic() + SECONDS
    while pruned(node) < jobs:
        assert time.monotonic() < deadline, "it was another"
        time.sleep(0.05)


def test_the_eldest_node_prunes_and_when_it_is_killed_the_next_one_does(installation: Installation, keys: Keys) -> None:
    eldest = installation.node("eldest", **LOOKS)
    second = installation.node("second", **LOOKS)
    first = [ended(second, number) for number in range(3)]
    waiting = send(second, SendDateTime="2099-01-01 08:00:00")
    assert len(keys()) >= 2 * len(first)
    installation.ask(GROW_OLD)
    installation.until(JOBS_LEFT, lambda rows: rows == [["1"]])
    installation.until("SELECT count(*) FROM delivery", lambda rows: rows == [["1"]])
    told(eldest, 3)
    eldest.kill()
    assert pruned(second) == 0
    then = [ended(second, 3 + number) for number in range(2)]
    assert min(map(int, then)) > int(waiting)
    installation.ask(GROW_OLD)
    installation.until(JOBS_LEFT, lambda rows: rows == [["1"]])
    for job in (*first, *then):
        assert call(second.base_url, "JobStatus", **LOGIN, JobId=job)["return"] == "5"
    assert call(second.base_url, "JobStatus", **LOGIN, JobId=waiting)["return"] == "6"
    assert keys() == []


def test_an_operator_sees_what_would_go_and_lets_it_go_beside_running_nodes(
    installation: Installation, keys: Keys
) -> None:
    node = installation.node("one", DEPESCHE_RETENTION__HOURS="1000")
    job = ended(node, 1)
    installation.ask(GROW_OLD)
    for command, left in (("--dry-run", 1), ("--json", 0), ("--json", 0)):
        done = installation.depesche("prune", "--json", command)
        assert done.returncode == 0, done.stderr
        assert installation.ask(JOBS_LEFT) == [[str(left)]]
    assert json.loads(done.stdout)["jobs"] == 0
    assert call(node.base_url, "JobStatus", **LOGIN, JobId=job)["return"] == "5"
    assert keys() == []
