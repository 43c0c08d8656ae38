"""JobStatus: outs and StatusFile, byte by byte, for every type of job and every result."""

import base64
import csv
import io
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.conftest import Final, Record, Send
from contract.sendjob import FAX, FILE, LATER, LETTER, MAIL, QSIGN
from depesche.model.states import State
from documents import pdf, words
from serving import Serving
from soapcall import call

HEADING = '"RECIPIENT","JOBTYPE","RESULT","REMOTEID","PAGES","SENDDATETIME","DURATION","REFID"\r\n'
ZERO_DATE = "1899-12-30T00:00:00.000Z"

SMS = {"JobType": 1}
TWO_PAGES = {"SendFilename1": "brief.pdf", "SendFile1": pdf(words("eins"), words("zwei")), "SendText": ""}
ONE_TRY = {"Options": "FAXRETRY=0"}
COLOUR = LETTER | {"JobType": 4}

WORDS = {"OK", "busy", "No answer", "Voice", "Call failed", "Send failed", "Blacklist", "Canceled"}
"""All that a recipient's result can be."""


@dataclass(frozen=True)
class Case:
    """An order to one recipient, and its line, with places for the moment and for the seconds on the line."""

    situation: str
    order: dict[str, Any]
    recipient: str
    line: str


CASES = (
    # each type of job, OK
    Case("a fax", FAX | FILE, "+493023125000[r-1]",
         '"+493023125000","FAX","OK","+49 30 23125 000","2","{at}","{sec}","r-1"'),
    Case("a fax to an account", FAX, "+493023125105",
         '"+493023125105","FAX","OK","+493023125105","1","{at}","{sec}",""'),
    Case("an SMS", SMS, "0171 3920000[r-2]", '"+491713920000","SMS","OK","","1","{at}","0","r-2"'),
    Case("an SMS of two messages", SMS | {"SendText": "zwei".ljust(161, "i")}, "+491713920000",
         '"+491713920000","SMS","OK","","2","{at}","0",""'),
    Case("a mail", MAIL, "ok@sandbox.invalid[r-3]", '"ok@sandbox.invalid","Mail","OK","","1","{at}","0","r-3"'),
    Case("a mail with two pages", MAIL | TWO_PAGES, "ok@sandbox.invalid",
         '"ok@sandbox.invalid","Mail","OK","","2","{at}","0",""'),
    Case("a letter", LETTER | TWO_PAGES, "Max Muster, Hamburg[r-4]",
         '"Max Muster, Hamburg","Brief","OK","","2","{at}","0","r-4"'),
    Case("a letter in colour", COLOUR | TWO_PAGES, "", '"","Brief","OK","","2","{at}","0",""'),
    Case("an invoice", QSIGN, "ok@sandbox.invalid[r-5]", '"ok@sandbox.invalid","QSign","OK","","1","{at}","0","r-5"'),
    # each result
    Case("busy", FAX | ONE_TRY, "+493023125001[b]", '"+493023125001","FAX","busy","","0","{at}","0","b"'),
    Case("nobody answers", FAX | ONE_TRY, "+493023125003", '"+493023125003","FAX","No answer","","0","{at}","0",""'),
    Case("a person answers", FAX | ONE_TRY, "+493023125004", '"+493023125004","FAX","Voice","","0","{at}","{sec}",""'),
    Case("no such number", FAX | ONE_TRY, "+493023125005", '"+493023125005","FAX","Call failed","","0","{at}","0",""'),
    Case("no fax taken there", FAX | ONE_TRY, "+493023125012",
         '"+493023125012","FAX","Call failed","","0","{at}","0",""'),
    Case("a fault of the network", FAX | ONE_TRY, "+493023125013",
         '"+493023125013","FAX","Call failed","","0","{at}","0",""'),
    Case("the line breaks on page 2", FAX | ONE_TRY | TWO_PAGES, "+493023125006",
         '"+493023125006","FAX","Send failed","+49 30 23125 006","1","{at}","{sec}",""'),
    Case("the network refuses", SMS, "+491713920001", '"+491713920001","SMS","Send failed","","0","{at}","0",""'),
    Case("the mail server refuses", MAIL, "refuse@sandbox.invalid",
         '"refuse@sandbox.invalid","Mail","Send failed","","0","{at}","0",""'),
    # how fields are written
    Case("quotes are doubled", LETTER, 'Hans "Hannes" Muster[a "b" c]',
         '"Hans ""Hannes"" Muster","Brief","OK","","1","{at}","0","a ""b"" c"'),
    Case("UTF-8", LETTER, "Jürgen Čapek €[ä]", '"Jürgen Čapek €","Brief","OK","","1","{at}","0","ä"'),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.situation)
def test_the_outs_and_each_byte_of_the_file(send: Send, final: Final, record: Record, case: Case) -> None:
    begun = datetime.now(UTC)
    answer = send(**{"SendText": case.situation} | case.order | {"Recipient": case.recipient})
    assert answer["return"] == "0", "this order must be no double of another test's"
    job = answer["JobId"]
    status = final(job)
    moment = sent_at(status)
    assert begun - timedelta(milliseconds=1) <= moment <= datetime.now(UTC)
    [attempt] = record(job).attempts
    assert (attempt.seconds > 0) is ("{sec}" in case.line)
    line = written(case.line, moment, attempt.seconds)
    assert file_of(status) == f"{HEADING}{line}".encode()
    [row] = csv.reader([line])
    assert (status["return"], status["SendResult"], status["RemoteId"]) == ("0", row[2], row[3])


def sent_at(status: dict[str, str]) -> datetime:
    """SendDateTime, which is UTC and says so."""
    assert status["SendDateTime"].endswith("Z")
    return datetime.fromisoformat(status["SendDateTime"])


def file_of(status: dict[str, str]) -> bytes:
    return base64.b64decode(status["StatusFile"], validate=True)


def written(line: str, moment: datetime, seconds: int = 0) -> str:
    return line.replace("{at}", f"{moment:%Y-%m-%d %H:%M:%S}").replace("{sec}", str(seconds)) + "\r\n"


def test_the_table_has_every_type_and_every_result_of_one_recipient() -> None:
    rows = [row for case in CASES for row in csv.reader([case.line])]
    assert {row[1] for row in rows} == {"FAX", "SMS", "Mail", "Brief", "QSign"}
    assert {row[2] for row in rows} == WORDS - {"Blacklist", "Canceled"}, "those two have tests of their own"
    assert {case.order["JobType"] for case in CASES} == {0, 1, 2, 3, 4, 8}


# per account: windows-1252


@pytest.mark.parametrize(
    ("recipient", "told"),
    [
        ("Jürgen Groß €[Ä]", '"Jürgen Groß €","Brief","OK","","1","{at}","0","Ä"'),
        ("Čapek „Nr. 5“[日本]", '"?apek „Nr. 5“","Brief","OK","","1","{at}","0","??"'),
    ],
)
def test_an_account_may_have_its_file_in_windows_1252(send: Send, final: Final, recipient: str, told: str) -> None:
    status = final(send(**LETTER | {"Account": "30003", "Recipient": recipient})["JobId"], "30003")
    assert file_of(status) == (HEADING + written(told, sent_at(status))).encode("windows-1252")


# several given rows: multi, RemoteId empty, SendDateTime = the last sending or attempt; one row per given row, in the
# order given


def test_several_rows_are_multi_and_stand_in_the_order_given(send: Send, final: Final) -> None:
    given = "+493023125004[1],0900 1234567[2],+493023125000[3],030 23125004[4]"
    status = final(send(**FAX | {"Recipient": given, "SendText": "an viele"})["JobId"])
    assert (status["return"], status["SendResult"], status["RemoteId"]) == ("0", "multi", "")
    rows = list(csv.DictReader(io.StringIO(file_of(status).decode(), newline="")))
    assert [(row["RECIPIENT"], row["RESULT"], row["REMOTEID"], row["PAGES"], row["REFID"]) for row in rows] == [
        ("+493023125004", "Voice", "", "0", "1"),
        ("0900 1234567", "Blacklist", "", "0", "2"),
        ("+493023125000", "OK", "+49 30 23125 000", "1", "3"),
        ("+493023125004", "Voice", "", "0", "4"),
    ]
    assert max(row["SENDDATETIME"] for row in rows) == f"{sent_at(status):%Y-%m-%d %H:%M:%S}"


def test_one_row_given_twice_is_several(send: Send, final: Final) -> None:
    status = final(send(Recipient="+491713920000,+491713920000", SendText="zweimal")["JobId"])
    assert (status["SendResult"], file_of(status).count(b'"OK"')) == ("multi", 2)


# cancelled


def cancel(server: Serving, job: str) -> str:
    return call(server.base_url, "CancelJob", Account="10001", Password="demo", JobId=job)["return"]


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (FAX, '"+493023125000","FAX","Canceled","","0","{at}","0","c"'),
        (SMS, '"+491713920000","SMS","Canceled","","0","{at}","0","c"'),
        (MAIL, '"ok@sandbox.invalid","Mail","Canceled","","0","{at}","0","c"'),
        (LETTER, '"Hamburg","Brief","Canceled","","0","{at}","0","c"'),
        (QSIGN, '"ok@sandbox.invalid","QSign","Canceled","","0","{at}","0","c"'),
    ],
)
def test_a_cancelled_job_says_when_that_was_decided(
    server: Serving, send: Send, final: Final, order: dict[str, Any], line: str
) -> None:
    [row] = csv.reader([line])
    job = send(**order | {"Recipient": f"{row[0]}[c]", "SendDateTime": LATER})["JobId"]
    begun = datetime.now(UTC) - timedelta(milliseconds=1)
    assert cancel(server, job) == "0"
    status = final(job)
    assert begun <= sent_at(status) <= datetime.now(UTC)
    assert (status["SendResult"], status["RemoteId"]) == ("Canceled", "")
    assert file_of(status) == (HEADING + written(line, sent_at(status))).encode()


def test_of_a_broadcast_cancelled_on_its_way_what_was_sent_stays_sent(
    server: Serving, send: Send, final: Final, record: Record
) -> None:
    given = "+493023125000[a],+493023125001[b],0900 1234567[c],+493023125000[d]"
    job = send(**FAX | {"Recipient": given, "SendText": "halb", "Options": "FAXRETRY=10"})["JobId"]
    until = time.monotonic() + 30
    while not ((fates := record(job).fates)[0].state is State.SENT and fates[1].attempts):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert cancel(server, job) == "0"
    status = final(job)
    [sent, busy, bad, double] = csv.reader(file_of(status).decode().splitlines()[1:])
    assert sent[:5] == ["+493023125000", "FAX", "OK", "+49 30 23125 000", "1"]
    assert busy[:2] + busy[3:5] == ["+493023125001", "FAX", "", "0"]
    assert busy[2] in {"Canceled", "busy"}, "a call that was under way ends as it really ended"
    assert bad[:5] == ["0900 1234567", "FAX", "Blacklist", "", "0"]
    assert double[:7] == sent[:7]
    assert (sent[7], busy[7], bad[7], double[7]) == ("a", "b", "c", "d")
    assert cancel(server, job) == "1"


# on every non-zero code the other outs are empty, or the zero date


@pytest.mark.parametrize(
    ("login", "code"),
    [
        ({"Account": "99999", "Password": "demo"}, "1"),
        ({"Account": "10001", "Password": "falsch"}, "2"),
        ({"Account": "10004", "Password": "demo"}, "3"),
        ({"Account": "10003", "Password": "demo"}, "4"),
        ({"Account": "10002", "Password": "demo"}, "5"),
        ({"Account": "10001", "Password": "demo"}, "6"),
    ],
)
def test_any_other_code_comes_with_nothing(server: Serving, send: Send, login: dict[str, str], code: str) -> None:
    job = send(SendText="noch lange nicht", SendDateTime=LATER)["JobId"]
    assert call(server.base_url, "JobStatus", **login, JobId=job) == {
        "return": code,
        "SendResult": "",
        "SendDateTime": ZERO_DATE,
        "RemoteId": "",
        "StatusFile": "",
    }
    cancel(server, job)
