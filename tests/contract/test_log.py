"""What the log of a server tells of orders: numbers of its own, and nothing that is a customer's secret or affair."""

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from contract.web import Called
from documents import encrypted_pdf, pdf, words
from soapcall import call
from watching import Watched

SECRETS = {
    "a password": "Kennwort-XYZZY",
    "a wrong password": "Passwort-XYZZY",
    "a text": "Der Befund ist XYZZY",
    "a document": "Diagnose XYZZY",
    "a file's name": "Befund-XYZZY.pdf",
    "a reference": "Akte-XYZZY",
    "a station id": "XYZZY Praxis",
    "what STATURL is told": "token-XYZZY",
    "a password in STATURL": "geheim-XYZZY",
    "a mail address": "patient.xyzzy@example.org",
    "a number": "+491713920000",
    "a number that is none": "+49171392000012345678",
    "a number of an inbox": "+493023125200",
    "a number that is engaged": "+493023125001",
}
LOGIN = {"Account": "10001", "Password": SECRETS["a password"]}
DOCUMENT = pdf(words(SECRETS["a document"]))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("log")
    with Watched.running(folder / "data", "--name", "log", DEPESCHE_DISPATCH__SANDBOX_SPEED="6000") as running:
        command = [sys.executable, "-m", "depesche", "account", "password", "10001", "--password-stdin", "--data"]
        subprocess.run([*command, folder / "data"], input=SECRETS["a password"], text=True, check=True)
        yield running


def order(watched: Watched, **parameters: Any) -> str:
    """The return code; waits until all that was accepted is done."""
    encoded = {
        name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in ({"JobType": 1, "SendText": SECRETS["a text"]} | LOGIN | parameters).items()
    }
    answer = call(watched.serving.base_url, "SendJob", **encoded)
    deadline = time.monotonic() + 60
    while answer["return"] == "0" and (
        call(watched.serving.base_url, "JobStatus", **LOGIN, JobId=answer["JobId"])["return"] == "6"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer["return"]


def test_no_password_text_document_name_or_address_gets_into_the_log(watched: Watched, web: Called) -> None:
    to, named = SECRETS["a number of an inbox"], {"SendFilename1": SECRETS["a file's name"]}
    url = f"STATURL=http://{web.address}/{SECRETS['what STATURL is told']}?to=$RCV"
    options = f"STATIONID={SECRETS['a station id']};{url}"
    credentials = f"STATURL=http://user:{SECRETS['a password in STATURL']}@{web.address}/"
    orders: list[tuple[str, dict[str, Any]]] = [
        ("0", {"Recipient": f"{SECRETS['a number']}[{SECRETS['a reference']}]", "Options": options}),
        ("0", {"JobType": 0, "Recipient": to, "Options": options}),
        ("0", {"JobType": 0, "Recipient": SECRETS["a number that is engaged"], "Options": f"{url};FAXRETRY=1"}),
        (
            "0",
            {"JobType": 2, "Recipient": SECRETS["a mail address"], "Options": credentials, "SendFile1": DOCUMENT}
            | named,
        ),
        ("46", {"Recipient": SECRETS["a number that is none"]}),
        ("-7", {"JobType": 0, "Recipient": to, "SendFile1": encrypted_pdf()} | named),
        ("-6", {"JobType": 0, "Recipient": to, "SendFile1": b"?"} | named),
        ("-3", {"JobType": 0, "Recipient": to, "SendFile1": b""} | named),
        ("-1", {"Recipient": SECRETS["a number"], "Password": SECRETS["a wrong password"]}),
    ]
    answered = [order(watched, **parameters) for _, parameters in orders]
    assert "token-XYZZY" in web.next()
    lines = watched.lines()
    written = watched.serving.log.read_text()
    assert [one for one, secret in SECRETS.items() if secret.lower() in written.lower()] == []
    assert "xyzzy" not in written.lower()
    assert answered == [code for code, _ in orders]
    assert len([line for line in lines if line["event"] == "order accepted"]) == answered.count("0")
    assert len([line for line in lines if line["event"] == "order refused"]) == len(orders) - answered.count("0")


def test_the_lines_of_a_request_carry_its_id_and_those_of_an_attempt_its_numbers(watched: Watched) -> None:
    assert order(watched, Recipient=SECRETS["a number"], SendText="Noch etwas") == "0"
    lines = watched.lines()
    accepted = [line for line in lines if line["event"] == "order accepted"][-1]
    [ended] = [line for line in lines if line["event"] == "attempt ended" and line["job"] == accepted["job"]]
    assert re.fullmatch("[0-9a-f]{16}", accepted["request"])
    assert (ended["account"], ended["attempt"], ended["result"]) == ("10001", 1, "OK")
    assert ended["delivery"] >= 1
    assert "request" not in ended


def test_a_refused_order_names_its_rule(watched: Watched) -> None:
    assert order(watched, Recipient=SECRETS["a number that is none"]) == "46"
    refused = [line for line in watched.lines() if line["event"] == "order refused"][-1]
    assert (refused["account"], refused["code"], refused["rule"]) == ("10001", 46, "NUMBER_INVALID")
