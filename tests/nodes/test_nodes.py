"""Several nodes on one database: work is shared, cancelled, handed on, and taken over."""

import base64
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from depesche.store.schema import REVISION
from documents import pdf, words
from installation import Installation
from nodes.conftest import LOGIN, final, send
from serving import Serving
from soapcall import call

WORD_ALONE = {"DEPESCHE_DISPATCH__POLL_SECONDS": "60"}
"""Nothing is found by looking again: whoever has something to do has been told."""

FAX = {"JobType": 0, "Recipient": "+493023125200"}
LONG = {
    "SendFilename1": "akte.pdf",
    "SendFile1": base64.b64encode(pdf(*[words(f"Seite {number} von 60") for number in range(1, 61)])).decode(),
}
"""Seconds on the line."""

ATTEMPTS = "SELECT sending_at, ended_at, coalesce(result, '') FROM attempt ORDER BY sending_at"


def on_the_line(installation: Installation) -> None:
    """Wait until pages are going over."""
    deadline = time.monotonic() + 30
    while not any(path.stat().st_size > 20_000 for path in installation.folder.glob("*/scratch/fax-*/received.tif")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def inbox(node: Serving) -> list[dict[str, str]]:
    """What account 10002 fetches, until nothing is left."""
    login, found = {"Account": "10002", "Password": "demo"}, []
    while (fax := call(node.base_url, "RequestReceived", **login))["return"] == "0":
        found.append(fax)
        assert call(node.base_url, "DeleteReceived", **login, FaxId=fax["FaxId"])["return"] == "0"
    return found


def test_what_one_node_takes_another_moves_on_a_third_carries_and_all_of_them_know(installation: Installation) -> None:
    front = installation.node("front", "web", **WORD_ALONE)
    installation.node("office", "dispatch", **WORD_ALONE)
    installation.node("lines", "lines", **WORD_ALONE)
    other = installation.node("other", "web", **WORD_ALONE)
    began = time.monotonic()
    answer = final(other, send(front, **FAX))
    assert (answer["return"], answer["SendResult"]) == ("0", "OK")
    assert time.monotonic() - began < 30, "found by looking again: nobody was told"
    [fax] = inbox(other)
    assert fax["Pages"] == "1"
    assert installation.nodes() == dict.fromkeys(("front", "office", "lines", "other"), "working")


def test_a_call_on_one_node_is_ended_by_another(installation: Installation) -> None:
    front = installation.node("front", "web", **WORD_ALONE)
    installation.node("lines", "dispatch,lines", **WORD_ALONE)
    job = send(front, **FAX, **LONG)
    on_the_line(installation)
    assert call(front.base_url, "CancelJob", **LOGIN, JobId=job)["return"] == "0"
    assert final(front, job)["SendResult"] == "Send failed"
    assert len(installation.ask(ATTEMPTS)) == 1


def test_what_a_node_held_that_died_is_taken_over(installation: Installation) -> None:
    front = installation.node("front", "web,dispatch")
    dying = installation.node("dying", "lines")
    job = send(front, **FAX, **LONG)
    on_the_line(installation)
    dying.kill()
    installation.node("heir", "lines")
    assert final(front, job)["SendResult"] == "OK"
    results = [row[2] for row in installation.ask(ATTEMPTS)]
    assert (results[0], results[-1]) == ("SENDFAIL", "OK")
    assert set(results[1:-1]) <= {"CANCELED"}, "on a busy machine the heir may fear for its lease, and hang up in time"
    assert [fax["Pages"] for fax in inbox(front)] == ["61"]
    assert installation.nodes()["dying"] == "lost"


def test_a_node_that_drains_ends_what_it_has_and_takes_nothing_new(installation: Installation) -> None:
    front = installation.node("front", "web,dispatch")
    installation.node("tired", "lines")
    job = send(front, **FAX, **LONG)
    on_the_line(installation)
    assert installation.depesche("node", "drain", "tired").returncode == 0
    installation.until("SELECT draining FROM node WHERE name = 'tired'", lambda rows: rows == [["t"]])
    assert final(front, job)["SendResult"] == "OK"
    time.sleep(1)  # its beat has heard of it by now
    waiting = send(front)
    time.sleep(1)
    assert call(front.base_url, "JobStatus", **LOGIN, JobId=waiting)["return"] == "6"
    assert installation.nodes() == {"front": "working", "tired": "draining"}
    assert installation.depesche("node", "resume", "tired").returncode == 0
    assert final(front, waiting)["SendResult"] == "OK"


def test_a_node_that_nobody_knows_cannot_drain(installation: Installation) -> None:
    installation.node("front")
    refused = installation.depesche("node", "drain", "frnt")
    assert refused.returncode != 0
    assert "there is no node frnt" in refused.stderr


def test_no_two_nodes_call_one_number_at_a_time(installation: Installation) -> None:
    nodes = [installation.node(name, DEPESCHE_DISPATCH__POLL_SECONDS="0.05") for name in ("one", "two")]
    jobs = [send(nodes[number % 2], **FAX, SendText=f"Fax {number}") for number in range(12)]
    assert {final(nodes[0], job)["SendResult"] for job in jobs} == {"OK"}
    calls = installation.ask(ATTEMPTS)
    assert len(calls) == 12
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(calls))
    assert len(inbox(nodes[0])) == 12


def test_nodes_that_start_at_one_moment_make_the_tables_once(installation: Installation) -> None:
    with ThreadPoolExecutor(3) as pool:
        nodes = list(pool.map(installation.node, ("one", "two", "three")))
    assert final(nodes[2], send(nodes[0]))["SendResult"] == "OK"


@pytest.mark.parametrize("revision", [f"{int(REVISION) + 1:04}", "9999"])
def test_a_node_of_an_older_release_refuses_to_start_and_says_why(installation: Installation, revision: str) -> None:
    installation.node("new").stop()
    installation.server.psql(f"UPDATE alembic_version SET version_num = '{revision}'", installation.database)
    with pytest.raises(AssertionError, match="made by a newer Depesche"):
        installation.node("old")
