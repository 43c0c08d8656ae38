"""Every code of SendJob, brought about by a real situation, through SOAP."""

import base64
import json
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from contract.sendjob import CASES, FAX, FILE, PDF, SPECIFIED, Case
from depesche.model.rules import Rule
from serving import Serving
from soapcall import call

Send = Callable[..., dict[str, str]]

OTHERS = frozenset({-77, -66, -4})
"""Codes with tests of their own."""

LOGIN = {"Account": "10001", "Password": "demo"}


def test_the_table_has_every_code_of_the_document() -> None:
    assert {case.code for case in CASES} | OTHERS == SPECIFIED


def test_the_rules_are_judged_where_the_contract_has_them() -> None:
    judged = {(rule.row, int(rule.code)) for rule in Rule}
    assert {(case.row, case.code) for case in CASES if case.row} <= judged
    assert {code for _, code in judged} | {0} == SPECIFIED


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.row}: {case.code}, {case.situation}")
def test_each_situation_has_its_code(send: Send, case: Case) -> None:
    answer = send(**case.parameters)
    assert answer["return"] == str(case.code)
    counts = [answer[name] for name in ("JobId", "RecipientsCount", "PageCount")]
    assert (counts == ["0", "0", "0"]) is (case.code != 0)


def test_a_refused_order_leaves_its_line(send: Send, depesche: Callable[..., str]) -> None:
    send(Account="10003", Recipient="+491713920077")
    line = json.loads(depesche("refusal", "list", "--account", "10003", "--limit", "1", "--json"))[0]
    assert (line["account"], line["code"], line["row"], line["rule"]) == ("10003", 1, 4, "ACCOUNT_LOCKED")
    assert line["reason"]


def test_the_same_order_is_told_the_first_ones_job_and_counts(send: Send) -> None:
    order = FAX | FILE | {"Recipient": "+493023125000,+493023125008", "Options": "FAXRETRY=1"}
    first = send(**order)
    assert (first["return"], first["RecipientsCount"], first["PageCount"]) == ("0", "2", "2")
    assert send(**order) == first | {"return": "-77"}


def test_of_two_identical_orders_at_the_same_moment_one_is_accepted(send: Send) -> None:
    for number in range(10):
        order = {"SendText": f"gleichzeitig {number}"}
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: send(**order), range(8)))  # noqa: B023
        assert sorted(int(answer["return"]) for answer in answers) == [-77] * 7 + [0]
        assert len({answer["JobId"] for answer in answers}) == 1


@pytest.mark.parametrize("changes", [{"Recipient": "+493023125005"}, {"SendDateTime": "2099-01-01T00:00:00Z"}])
def test_an_order_that_failed_or_was_cancelled_is_no_double(
    server: Serving, send: Send, final: Callable[[str], dict[str, str]], changes: dict[str, str]
) -> None:
    order = FAX | FILE | changes
    first = send(**order)
    if "SendDateTime" in order:
        call(server.base_url, "CancelJob", **LOGIN, JobId=first["JobId"])
    assert final(first["JobId"])["SendResult"] in ("Call failed", "Canceled")
    again = send(**order)
    assert (again["return"], again["JobId"] != first["JobId"]) == ("0", True)


def test_documents_that_cannot_be_kept_are_66(tmp_path: Path) -> None:
    """The folder for documents is gone, as after a lost mount."""
    serving = Serving(tmp_path / "data").start()
    try:
        blobs = tmp_path / "data" / "blobs"
        shutil.rmtree(blobs)
        blobs.write_bytes(b"in the way")
        document = base64.b64encode(PDF).decode()
        answer = call(serving.base_url, "SendJob", **LOGIN, **FAX, SendFilename1="a.pdf", SendFile1=document)
        assert answer["return"] == "-66"
        answer = call(serving.base_url, "SendJob", **LOGIN, JobType=1, Recipient="+491713920000", SendText="geht")
        assert answer["return"] == "0", "what needs no document goes on"
    finally:
        serving.stop()


def test_a_database_that_somebody_else_keeps_locked_is_4_and_nothing_was_accepted(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "data").start()
    try:
        order = {**LOGIN, "JobType": 1, "Recipient": "+491713920000", "SendText": "Guten Tag"}
        assert call(serving.base_url, "SendJob", **order)["return"] == "0"
        with closing(sqlite3.connect(tmp_path / "data" / "depesche.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert call(serving.base_url, "SendJob", **(order | {"SendText": "zweite"}))["return"] == "-4"
            other.execute("ROLLBACK")
            [(jobs,)] = other.execute("SELECT count(*) FROM job").fetchall()
        assert jobs == 1
        assert call(serving.base_url, "SendJob", **(order | {"SendText": "zweite"}))["return"] == "0"
    finally:
        serving.stop()
