"""The simulator: whoever does what the documentation says gets the code that it says, on the demo's accounts."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.conftest import Final, Send
from contract.sendjob import PDF, anew
from depesche.model.rules import Rule
from depesche.usecases.simulate import HOW, OTHERS
from documents import pdf, words
from serving import Serving
from soapcall import call

SMS: dict[str, Any] = {"JobType": 1}
FAX: dict[str, Any] = {"JobType": 0, "Recipient": "+493023125000"}
LETTER: dict[str, Any] = {"JobType": 3, "Recipient": "Hamburg", "SendFilename1": "brief.pdf", "SendFile1": PDF}
QSIGN: dict[str, Any] = {"JobType": 8, "Recipient": "ok@sandbox.invalid", "SendFilename1": "a.pdf", "SendFile1": PDF}
FOUR_PAGES = pdf(*[words(f"Seite {number}") for number in range(4)])


def named(name: str) -> dict[str, Any]:
    """A fax of a good document with this name."""
    return FAX | {"SendFilename1": name, "SendFile1": PDF}


CALLS: dict[Rule, tuple[dict[str, Any], int]] = {
    Rule.ACCOUNT_EMPTY: (SMS | {"Account": ""}, 2),
    Rule.ACCOUNT_UNKNOWN: (SMS | {"Account": "99999"}, -2),
    Rule.PASSWORD_WRONG: (SMS | {"Password": "falsch"}, -1),
    Rule.ACCOUNT_LOCKED: (SMS | {"Account": "10003"}, 1),
    Rule.TRIAL_OVER: (SMS | {"Account": "10004"}, 3),
    Rule.JOB_TYPE: ({"JobType": 5}, 4),
    Rule.TYPE_NOT_RELEASED: (SMS | {"Account": "10010"}, -8),
    Rule.NO_PAYMENT: (SMS | {"Account": "10006"}, 54),
    Rule.DEBIT_TOO_YOUNG: (SMS | {"Account": "10007"}, 6),
    Rule.FIRST_FILE_MISSING: ({"JobType": 3, "Recipient": "Hamburg"}, 15),
    Rule.NO_RECIPIENT: (SMS | {"Recipient": ""}, 8),
    Rule.LIST_UNREADABLE: (SMS | {"RecipientFile": b'"open'}, -65),
    Rule.ONE_RECIPIENT: (QSIGN | {"Recipient": "a@b.de,c@d.de"}, 11),
    Rule.NOTHING_TO_SEND: (FAX | {"SendText": ""}, 75),
    Rule.FILE_EMPTY: (FAX | {"SendFilename1": "a.pdf", "SendFile1": b""}, -3),
    Rule.FORMAT: (named("a.xyz"), -6),
    Rule.DOUBLE: (SMS | {"SendText": "zweimal derselbe Auftrag"}, -77),
    Rule.BULK_NOT_RELEASED: (FAX | {"Account": "10010", "Recipient": "+493023125000,+493023125008"}, 1),
    Rule.SENDER_NOT_ALLOWED: (
        {"JobType": 2, "Recipient": "ok@sandbox.invalid", "Options": "MAILFROM=nobody@example.com"},
        1,
    ),
    Rule.ADDRESS_MALFORMED: (FAX | {"Recipient": "0800-FAXMICH"}, 47),
    Rule.NUMBER_PREMIUM: (FAX | {"Recipient": "0900 1234567"}, 45),
    Rule.NUMBER_INVALID: (FAX | {"Recipient": "+4930"}, 46),
    Rule.OWN_BLACKLIST: (FAX | {"Recipient": "+493023125011"}, 9),
    Rule.BARRED: (FAX | {"Recipient": "+493023125010"}, -5),
    Rule.FOREIGN: (FAX | {"Account": "10010", "Recipient": "+4312345678"}, -8),
    Rule.DAMAGED: (named("sandbox-damaged.pdf"), -7),
    Rule.NOT_WHOLE: (named("sandbox-too-long.pdf"), -14),
    Rule.ADDRESS_WINDOW: (LETTER | {"Account": "10012"}, -7),
    Rule.CONVERTER: (named("sandbox-crash.pdf"), 58),
    Rule.TRIAL_PAGES: (
        FAX | {"Account": "10005", "SendFilename1": "a.pdf", "SendFile1": FOUR_PAGES, "SendText": ""},
        -1309,
    ),
    Rule.LETTER_BALANCE: (LETTER | {"Account": "10008"}, 7),
    Rule.BALANCE: (SMS | {"Account": "10008"}, 2),
    Rule.PACKAGE: (SMS | {"Account": "10009"}, 61),
    Rule.DAY_LIMIT: (named("a.pdf") | {"Account": "10011"}, 61),
    Rule.SIGNING: (QSIGN | {"SendFilename1": "sandbox-unsigned.pdf"}, 10),
    Rule.STORE: (named("sandbox-store-full.pdf"), -66),
    Rule.SERVER: (named("sandbox-server-error.pdf"), -4),
}
"""For each rule the call as `HOW` describes it, and the code of the contract."""


def test_there_is_a_way_to_every_rule_and_each_is_tried() -> None:
    assert set(CALLS) == set(HOW) == set(Rule)


@pytest.mark.parametrize("rule", CALLS, ids=lambda rule: rule.name)
def test_what_the_documentation_says_yields_the_code(send: Send, rule: Rule) -> None:
    parameters, code = CALLS[rule]
    order = {"SendText": anew()} | parameters
    if rule is Rule.DOUBLE:
        assert send(**order)["return"] == "0"
    assert send(**order)["return"] == str(code)
    assert code == int(rule.code)


@pytest.mark.parametrize("rule", CALLS, ids=lambda rule: rule.name)
def test_every_word_of_the_documentation_is_in_the_call(rule: Rule) -> None:
    """What stands in backquotes is handed in as it is."""
    parameters, _ = CALLS[rule]
    values = [str(value) for value in parameters.values() if not isinstance(value, bytes)]
    values += [value.decode("latin-1") for value in parameters.values() if isinstance(value, bytes)]
    values += [f"{name}={value}" for name, value in parameters.items()]
    for text in HOW[rule]:
        for word in text.split("`")[1::2]:
            assert word in {*values, "demo", "10001"}


DEMO = {"Account": "10001", "Password": "demo"}
STRANGER, WRONG, OVER, LOCKED = (
    {"Account": "99999"},
    {"Password": "falsch"},
    {"Account": "10004"},
    {"Account": "10003"},
)
LOGINS = {1: STRANGER, 2: WRONG, 3: OVER, 4: LOCKED}

OTHER_CALLS: dict[str, dict[int, dict[str, str]]] = {
    "JobStatus": {0: {"JobId": "sent"}, **LOGINS, 5: {"JobId": "0"}, 6: {"JobId": "tomorrow"}},
    "CancelJob": {
        0: {"JobId": "tomorrow"},
        1: {"JobId": "sent"},
        -1: STRANGER,
        -2: {"JobId": "0"},
        -3: LOCKED,
    },
    "RequestReceived": {0: {"Account": "10002"}, **LOGINS, 5: {"Account": "10005"}},
    "DeleteReceived": {0: {"Account": "10002", "FaxId": "received"}, **LOGINS, 5: {"FaxId": "0"}},
}
"""What differs from a call of account 10001; what stands for an id is a job or a fax that the test makes before."""


def test_there_is_a_way_to_every_code_of_the_other_operations_and_each_is_tried() -> None:
    assert {name: [code for code, _, _ in steps] for name, steps in OTHERS.items()} == {
        name: list(calls) for name, calls in OTHER_CALLS.items()
    }


@pytest.fixture(scope="module")
def ids(server: Serving, send: Send, final: Final) -> dict[str, str]:
    """A job that is finished, one for a day to come, and a fax in the inbox of account 10002."""
    sent = send(**FAX | {"Recipient": "+493023125200"}, SendText=anew())["JobId"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert final(sent)["SendResult"] == "OK"
    fax = call(server.base_url, "RequestReceived", Account="10002", Password="demo")["FaxId"]
    return {"sent": sent, "tomorrow": send(**FAX, SendText=anew(), SendDateTime=tomorrow)["JobId"], "received": fax}


@pytest.mark.parametrize(("operation", "code"), [(name, code) for name, calls in OTHER_CALLS.items() for code in calls])
def test_the_other_operations_do_as_the_documentation_says(
    server: Serving, ids: dict[str, str], operation: str, code: int
) -> None:
    given = {"JobId": "0", "FaxId": "0"} | DEMO | OTHER_CALLS[operation][code]
    arguments = {name: ids.get(value, value) for name, value in given.items()}
    assert call(server.base_url, operation, **arguments)["return"] == str(code)


NAMES = ("sandbox-damaged", "sandbox-too-long", "sandbox-crash", "sandbox-unsigned", "sandbox-store-full",
         "sandbox-server-error")  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sandbox-unsigned"])
def test_a_name_counts_in_any_case_and_at_any_place(send: Send, name: str) -> None:
    code = send(**named(f"{name}.pdf"), SendText=anew())["return"]
    other = FAX | {"SendFilename1": "a.pdf", "SendFile1": PDF, "SendFilename2": f"{name.upper()}.PDF", "SendFile2": PDF}
    assert send(**other, SendText=anew())["return"] == code != "0"


@pytest.mark.parametrize("name", NAMES)
def test_for_an_account_beyond_the_sandbox_a_name_is_a_name(send: Send, name: str) -> None:
    assert send(**named(f"{name}.pdf") | {"Account": "30001"}, SendText=anew())["return"] == "0"


def test_a_simulated_refusal_says_on_its_line_that_it_was(send: Send, depesche: Callable[..., str]) -> None:
    send(**named("sandbox-crash.pdf"), SendText=anew())
    [line] = json.loads(depesche("refusal", "list", "--account", "10001", "--limit", "1", "--json"))
    assert (line["code"], line["rule"]) == (58, "CONVERTER")
    assert "simulated" in line["reason"]
