"""SendJob says no: every code that needs neither pages nor money, in the order of the contract, and nothing is left."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from builders import MOBILE, everything
from customers import Customer, Enter, OpenHouse, Order
from depesche.store import refusals
from depesche.usecases import reading
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.submit import SubmitAnswer

pytestmark = pytest.mark.anyio

PDF = b"%PDF-1.7\n% nobody looks further"
FAX, SMS, MAIL, LETTER, COLOUR, QSIGN = 0, 1, 2, 3, 4, 8
FAX_NUMBER = "+493023125000"


async def refused(opened: OpenHouse, customer: Customer, order: Order) -> int:
    """The code; the order left a line and nothing else, and nobody was woken for it."""
    before = opened.house.database.read_here(everything)
    answer = await customer.send(order)
    assert answer == SubmitAnswer(answer.code)
    assert opened.house.database.read_here(everything) == before
    assert opened.blobs() == []
    assert opened.scratch() == []
    assert opened.wake.rung == 0
    (line,) = opened.house.database.read_here(lambda connection: refusals.newest(connection, None, 10))
    assert (line.at, line.account, int(line.rule.code)) == (opened.clock(), customer.login.number, answer.code)
    assert line.reason
    return answer.code


@pytest.mark.parametrize(
    ("failure", "code"), [(LoginFailure.NO_ACCOUNT, 2), (LoginFailure.UNKNOWN, -2), (LoginFailure.WRONG_PASSWORD, -1)]
)
async def test_who_is_not_logged_in(opened: OpenHouse, failure: LoginFailure, code: int) -> None:
    stranger = Customer(opened.house, Login(failure=failure))
    assert await refused(opened, stranger, Order(FAX, FAX_NUMBER, files=[("a.pdf", PDF)])) == code


async def test_who_is_locked(opened: OpenHouse, enter: Enter) -> None:
    assert await refused(opened, enter(state="locked"), Order()) == 1


async def test_whose_trial_is_over(opened: OpenHouse, enter: Enter) -> None:
    assert await refused(opened, enter(state="trial", trial_until=date(2026, 3, 1)), Order()) == 3


@pytest.mark.parametrize(
    ("order", "code"),
    [
        # 4: JobType
        (Order(5), 4),
        (Order(-1), 4),
        (Order(2**31 - 1), 4),
        # 15: SendFile1
        (Order(LETTER), 15),
        (Order(COLOUR), 15),
        (Order(QSIGN, "a@b.de"), 15),
        (Order(LETTER, files=[("", None), ("b.pdf", PDF)]), 15),
        (Order(LETTER, files=[(" ", b"")]), 15),
        # 8: recipient
        (Order(SMS, ""), 8),
        (Order(SMS, " , "), 8),
        (Order(SMS, "", recipient_file=b""), 8),
        (Order(SMS, MOBILE, recipient_file=b"\r\n,\r\n"), 8),
        (Order(QSIGN, "", files=[("a.pdf", PDF)]), 8),
        # -65: RecipientFile
        (Order(SMS, MOBILE, recipient_file=b'"open'), -65),
        (Order(SMS, MOBILE, recipient_file=b"\0"), -65),
        (Order(SMS, MOBILE, recipient_file=b"a,\x81"), -65),
        # 11: one recipient alone
        (Order(QSIGN, "a@b.de,b@b.de", files=[("a.pdf", PDF)]), 11),
        (Order(QSIGN, recipient_file=b"a@b.de\nb@b.de", files=[("a.pdf", PDF)]), 11),
        (Order(LETTER, recipient_file=b"Muster\nBeispiel", files=[("a.pdf", PDF)]), 11),
        (Order(COLOUR, recipient_file=b"Muster\nBeispiel", files=[("a.pdf", PDF)]), 11),
        # 75: nothing to send
        (Order(SMS, text=""), 75),
        (Order(SMS, text=" \r\n\t"), 75),
        (Order(SMS, text="", files=[("a.pdf", PDF)]), 75),
        (Order(FAX, FAX_NUMBER, text=""), 75),
        (Order(FAX, FAX_NUMBER, text=" "), 75),
        (Order(FAX, FAX_NUMBER, text="", files=[("", b"")]), 75),
        (Order(MAIL, "a@b.de", text=""), 75),
        # -3: a name without content
        (Order(FAX, FAX_NUMBER, files=[("a.pdf", None)]), -3),
        (Order(FAX, FAX_NUMBER, files=[("a.pdf", b"")]), -3),
        (Order(FAX, FAX_NUMBER, text="", files=[("a.pdf", PDF), ("b.pdf", PDF), ("c.pdf", None)]), -3),
        (Order(LETTER, files=[("a.pdf", None)]), -3),
        (Order(MAIL, "a@b.de", files=[("a.xyz", b"")]), -3),
        # -6: content without a name, or a format that is not ours
        (Order(FAX, FAX_NUMBER, files=[("", PDF)]), -6),
        (Order(FAX, FAX_NUMBER, files=[("a", PDF)]), -6),
        (Order(FAX, FAX_NUMBER, files=[("a.xyz", PDF)]), -6),
        (Order(FAX, FAX_NUMBER, files=[("a.png", PDF)]), -6),
        (Order(FAX, FAX_NUMBER, files=[("a.exe", b"MZ\x90\x00")]), -6),
        (Order(LETTER, files=[("a.pdf", b"GIF89a")]), -6),
        (Order(QSIGN, "a@b.de", files=[("a.xml", b"<x/>")]), -6),
        (Order(MAIL, "a@b.de", files=[("", PDF)]), -6),
        # 1: MAILFROM
        (Order(MAIL, "a@b.de", options="MAILFROM=nobody"), 1),
        (Order(MAIL, "a@b.de", options="MAILFROM=else@firma.de"), 1),
        (Order(QSIGN, "a@b.de", files=[("a.pdf", PDF)], options="mailfrom=else@firma.de"), 1),
        # 47, 45, 46, -5: the recipient
        (Order(SMS, "0171-CALL-ME"), 47),
        (Order(FAX, "01013040123456"), 47),
        (Order(MAIL, "info"), 47),
        (Order(MAIL, MOBILE), 47),
        (Order(SMS, "0900123456"), 45),
        (Order(FAX, "+4930"), 46),
        (Order(FAX, "+493023125010"), -5),
        (Order(SMS, "+4930,0900123456,x"), 46),
        (Order(SMS, recipient_file=b"x\n+4930\n"), 47),
    ],
)
async def test_what_cannot_be_sent(opened: OpenHouse, customer: Customer, order: Order, code: int) -> None:
    assert await refused(opened, customer, order) == code


@pytest.mark.parametrize(
    ("rights", "order", "code"),
    [
        ({"job_types": [0, 1, 3, 4]}, Order(MAIL, "a@b.de"), -8),
        ({"job_types": [0, 1, 2, 3, 4]}, Order(QSIGN, "a@b.de", files=[("a.pdf", PDF)]), -8),
        ({"job_types": []}, Order(), -8),
        ({"bulk": False}, Order(SMS, f"{MOBILE},+491713920003"), 1),
        ({"bulk": False}, Order(SMS, f"{MOBILE}[a],{MOBILE}[b]"), 1),
        ({"bulk": False}, Order(SMS, recipient_file=b"+491713920000\n+491713920003\n"), 1),
        ({"abroad": False}, Order(SMS, "+436641234567"), -8),
        ({"abroad": False, "country": "AT"}, Order(SMS, MOBILE), -8),
        ({"mail_from": ""}, Order(MAIL, "a@b.de", options="MAILFROM=a@firma.de"), 1),
        ({"sender_addresses": ["b@firma.de"]}, Order(MAIL, "a@b.de", options="MAILFROM=a@firma.de"), 1),
    ],
)
async def test_what_the_account_may_not(
    opened: OpenHouse, enter: Enter, rights: dict[str, Any], order: Order, code: int
) -> None:
    assert await refused(opened, enter(**rights), order) == code


async def test_a_recipient_file_beyond_all_measure(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"+491713920000\n" * 10
    monkeypatch.setattr(reading, "LONGEST_LIST", len(data) - 1)
    assert await refused(opened, customer, Order(SMS, recipient_file=data)) == -65
    monkeypatch.setattr(reading, "LONGEST_LIST", len(data))
    assert (await customer.send(Order(SMS, recipient_file=data))).code == 0


BAD_FILE = ("a.xyz", b"x")
WRONG_IN_EVERYTHING = Order(
    5, "", recipient_file=b'"open', text="", files=[("", None), BAD_FILE], options="MAILFROM=nobody"
)

TRIAL_OVER = {"state": "trial", "trial_until": date(2026, 3, 1)}
NO_RIGHTS: dict[str, Any] = {"job_types": [0], "bulk": False, "abroad": False}


@pytest.mark.parametrize(
    ("account", "changes", "code"),
    [
        ({**NO_RIGHTS, "state": "locked", "trial_until": date(2026, 3, 1)}, {}, 1),
        ({**NO_RIGHTS, **TRIAL_OVER}, {}, 3),
        (NO_RIGHTS, {}, 4),
        (NO_RIGHTS, {"job_type": QSIGN}, -8),
        ({"bulk": False}, {"job_type": QSIGN}, 15),
        ({"bulk": False}, {"job_type": QSIGN, "files": [("a.pdf", None), BAD_FILE], "recipient_file": b"\n"}, 8),
        ({"bulk": False}, {"job_type": QSIGN, "files": [("a.pdf", None), BAD_FILE]}, -65),
        ({"bulk": False}, {"job_type": QSIGN, "files": [("a.pdf", None), BAD_FILE], "recipient_file": b"x\ny"}, 11),
        ({"bulk": False}, {"job_type": SMS, "recipient_file": b"x\ny"}, 75),
        ({"bulk": False}, {"job_type": FAX, "files": [("a.pdf", None), BAD_FILE], "recipient_file": b"x\ny"}, -3),
        ({"bulk": False}, {"job_type": FAX, "files": [("a.pdf", PDF), BAD_FILE], "recipient_file": b"x\ny"}, -6),
        ({"bulk": False}, {"job_type": MAIL, "text": "x", "files": (), "recipient_file": b"x\ny"}, 1),
        ({}, {"job_type": MAIL, "text": "x", "files": (), "recipient_file": b"x\ny"}, 1),
        ({}, {"job_type": MAIL, "text": "x", "files": (), "recipient_file": b"x\ny", "options": ""}, 47),
    ],
)
async def test_of_several_faults_the_contracts_first_is_told(
    opened: OpenHouse, enter: Enter, account: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    assert await refused(opened, enter(**account), replace(WRONG_IN_EVERYTHING, **changes)) == code
