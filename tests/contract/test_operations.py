"""Every code of JobStatus, CancelJob, RequestReceived and DeleteReceived, through SOAP."""

import base64
import csv
import json
import time
from collections.abc import Callable

import pytest

from contract.conftest import Final, Record, Send
from contract.farend import INBOX, FarEnd
from contract.sendjob import FAX
from documents import pdf, words
from serving import Serving
from soapcall import call

STRANGERS = (("", "demo"), ("99999", "demo"), ("10003", "demo"), ("10004", "demo"), ("10005", "falsch"))
"""No account, an unknown one, a locked one, one whose trial is over, a wrong password."""

CODES = {
    "JobStatus": ("1", "1", "4", "3", "2"),
    "CancelJob": ("-1", "-1", "-3", "-2", "-1"),
    "RequestReceived": ("1", "1", "4", "3", "2"),
    "DeleteReceived": ("1", "1", "4", "3", "2"),
}
"""What each of them is told; an ended trial may still cancel, and has no such job."""


@pytest.mark.parametrize("operation", CODES)
@pytest.mark.parametrize("place", range(len(STRANGERS)))
def test_who_may_not_ask_is_told_so_and_nothing_else(server: Serving, operation: str, place: int) -> None:
    account, password = STRANGERS[place]
    answer = call(server.base_url, operation, Account=account, Password=password, JobId=1, FaxId=1)
    assert answer.pop("return") == CODES[operation][place]
    assert set(answer.values()) <= {"", "0", "1899-12-30T00:00:00.000Z", "1899-12-30T00:00:00Z"}


def status(server: Serving, job: str, account: str = "10001") -> dict[str, str]:
    return call(server.base_url, "JobStatus", Account=account, Password="demo", JobId=job)


def cancel(server: Serving, job: str, account: str = "10001") -> str:
    return call(server.base_url, "CancelJob", Account=account, Password="demo", JobId=job)["return"]


def test_a_job_is_in_work_then_finished_and_nobody_elses(server: Serving, send: Callable[..., dict[str, str]]) -> None:
    job = send(SendText="später", SendDateTime="2099-01-01T00:00:00Z")["JobId"]
    assert status(server, job)["return"] == "6"
    assert status(server, job, "10002")["return"] == "5"
    assert cancel(server, job, "10002") == "-2"
    assert cancel(server, job) == "0"
    assert (status(server, job)["return"], status(server, job)["SendResult"]) == ("0", "Canceled")
    assert cancel(server, job) == "1"


def test_a_job_that_does_not_exist(server: Serving) -> None:
    for job in ("0", "-1", "2147483647"):
        assert (status(server, job)["return"], cancel(server, job)) == ("5", "-2")


def test_the_oldest_fax_comes_again_until_it_is_deleted(
    server: Serving, send: Callable[..., dict[str, str]], final: Callable[[str], dict[str, str]]
) -> None:
    login = {"Account": "10002", "Password": "demo"}
    assert call(server.base_url, "RequestReceived", **login)["return"] == "5"
    for text in ("eins", "zwei"):
        final(send(JobType=0, Recipient="+493023125200", SendText=text)["JobId"])
    first = call(server.base_url, "RequestReceived", **login)
    assert first["return"] == "0"
    assert call(server.base_url, "RequestReceived", **login) == first
    assert (
        call(server.base_url, "DeleteReceived", Account="10001", Password="demo", FaxId=first["FaxId"])["return"] == "5"
    )
    assert call(server.base_url, "DeleteReceived", **login, FaxId=first["FaxId"])["return"] == "0"
    assert call(server.base_url, "DeleteReceived", **login, FaxId=first["FaxId"])["return"] == "5"
    second = call(server.base_url, "RequestReceived", **login)
    assert int(second["FaxId"]) > int(first["FaxId"])
    assert call(server.base_url, "DeleteReceived", **login, FaxId=second["FaxId"])["return"] == "0"
    assert call(server.base_url, "RequestReceived", **login)["return"] == "5"


LONG = pdf(*[words(f"Seite {number} von 60") for number in range(1, 61)])
"""Seconds on the line."""


def test_a_call_on_the_line_is_ended_and_both_sides_have_the_pages_that_went_over(
    server: Serving, send: Send, final: Final, record: Record, far_end: FarEnd, depesche: Callable[..., str]
) -> None:
    job = send(**FAX | {"Recipient": INBOX, "SendFilename1": "akte.pdf", "SendFile1": LONG})["JobId"]
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size > 20_000 for path in (server.data / "scratch").glob("fax-*/received.tif")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert cancel(server, job) == "0"
    answer = final(job)
    assert cancel(server, job) == "1"
    assert answer["SendResult"] == "Send failed"
    [row] = csv.DictReader(base64.b64decode(answer["StatusFile"]).decode().splitlines())
    sent = int(row["PAGES"])
    assert row["RESULT"] == "Send failed"
    assert 1 <= sent < 61
    assert record(job).fates[0].attempts == 1
    *_, listed = json.loads(depesche("inbox", "list", "--account", "30005", "--json"))
    assert not listed["complete"]
    assert listed["pages"] in {sent, sent + 1}, "the confirmation of the last page may be what was cut off"
    while (fax := far_end.fax()).outs["FaxId"] != str(listed["id"]):
        pass  # another test's
    assert len(fax.pages) == listed["pages"]
