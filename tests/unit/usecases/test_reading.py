"""From the parameters of SendJob to an order that can be judged."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from builders import MOBILE, START
from customers import Customer, Enter, File, Order
from depesche.model.recipients import Given
from depesche.render.detect import Format
from depesche.usecases.listfile import ListFile
from depesche.usecases.order import Order as Read
from depesche.usecases.reading import read_order

pytestmark = pytest.mark.anyio

FAX, SMS, MAIL, LETTER, QSIGN = 0, 1, 2, 3, 8
PDF = b"%PDF-1.7\n% nobody looks further"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
RTF = b"{\\rtf1 Brief}"
FILE = ("a.pdf", PDF)


async def read(customer: Customer, order: Order) -> Read:
    account = customer.login.account
    assert account is not None
    async with AsyncExitStack() as stack:
        found = await read_order(customer.house, account, await customer.submission(order), stack)
        if isinstance(found.given, ListFile):
            assert tuple(found.given) == tuple(found.given), "readable as long as the stack is open"
        return found


@pytest.mark.parametrize(
    ("order", "given"),
    [
        (Order(SMS, "1[a],2"), (Given("1", "a"), Given("2", ""))),
        (Order(LETTER, "Muster, Hamburg[5]", files=[FILE]), (Given("Muster, Hamburg", "5"),)),
        (Order(LETTER, "", files=[FILE]), (Given("", ""),)),
        (Order(SMS, "1", recipient_file=b""), (Given("1", ""),)),
    ],
)
async def test_the_recipients_of_the_parameter(customer: Customer, order: Order, given: tuple[Given, ...]) -> None:
    assert (await read(customer, order)).given == given


async def test_a_file_stays_a_file(customer: Customer) -> None:
    found = await read(customer, Order(SMS, "9", recipient_file="1,ä\n2\n".encode("windows-1252")))
    assert isinstance(found.given, ListFile)
    assert (len(found.given), found.given.encoding) == (2, "windows-1252")
    assert found.warnings == ("Recipient was ignored: RecipientFile is given",)


@pytest.mark.parametrize(
    ("job_type", "files", "kept", "warnings"),
    [
        (FAX, [FILE], [(1, "a.pdf", Format.PDF)], 0),
        (FAX, [("", None), ("  b.PDF ", PDF), ("", b"")], [(2, "b.PDF", Format.PDF)], 0),
        (
            FAX,
            [("a.png", PNG), FILE, FILE],
            [(1, "a.png", Format.PNG), (2, "a.pdf", Format.PDF), (3, "a.pdf", Format.PDF)],
            0,
        ),
        (FAX, [("a.jpg", PNG)], [(1, "a.jpg", Format.PNG)], 1),
        (SMS, [FILE], [], 1),
        (MAIL, [("a.xyz", b"x"), ("b.pdf", RTF)], [(1, "a.xyz", Format.OTHER), (2, "b.pdf", Format.OTHER)], 0),
        (QSIGN, [FILE, ("r.xml", b"<x/>")], [(1, "a.pdf", Format.PDF), (2, "r.xml", Format.OTHER)], 0),
    ],
)
async def test_files_have_the_format_that_name_and_content_say(
    customer: Customer, job_type: int, files: Sequence[File], kept: list[tuple[int, str, Format]], warnings: int
) -> None:
    recipient = {FAX: "+493023125000", SMS: MOBILE}.get(job_type, "a@firma.de")
    found = await read(customer, Order(job_type, recipient, files=files))
    assert [(file.position, file.filename, file.format) for file in found.files] == kept
    assert len(found.warnings) == warnings


@pytest.mark.parametrize(
    ("order", "warnings"),
    [
        (Order(SMS, files=[FILE]), ["files were ignored: an SMS has none"]),
        (Order(SMS, files=[("a.pdf", None)]), ["files were ignored: an SMS has none"]),
        (Order(LETTER, text="x", files=[FILE]), ["SendText was ignored"]),
        (Order(LETTER, text=" \n", files=[FILE]), []),
        (Order(SMS, MOBILE, recipient_file=b"1\n"), ["Recipient was ignored"]),
        (Order(SMS, "  ", recipient_file=b"1\n"), []),
        (Order(SMS, options="A;B=1;FLASHSMS"), ["option A was ignored", "option B was ignored"]),
    ],
)
async def test_what_is_not_used_is_a_warning(customer: Customer, order: Order, warnings: list[str]) -> None:
    found = (await read(customer, order)).warnings
    assert len(found) == len(warnings)
    assert all(map(str.startswith, found, warnings))


@pytest.mark.parametrize(
    "order",
    [
        Order(text="Gr\udcfc\udcdfe"),
        Order(recipient=f"{MOBILE}[\ud800]"),
        Order(options="STATIONID=\udcff"),
        Order(MAIL, "a@firma.de", files=[("\udcdc.txt", b"x")]),
    ],
)
async def test_what_is_no_text_is_replaced_and_the_record_says_so(customer: Customer, order: Order) -> None:
    """A command line in Latin-1, read as UTF-8."""
    found = await read(customer, order)
    assert found.warnings[0].startswith("characters that are no text were replaced")
    words = (found.submission.text, found.submission.recipient, found.submission.options, *found.files)
    assert "\N{REPLACEMENT CHARACTER}" in str(words)
    assert (await customer.send(order)).code == 0


@pytest.mark.parametrize(
    ("given", "send_at"),
    [
        (None, START),
        (START - timedelta(microseconds=1), START),
        (START + timedelta(microseconds=1), START + timedelta(microseconds=1)),
        (datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=1))), datetime(2026, 3, 2, 11, 0, tzinfo=UTC)),
    ],
)
async def test_a_time_past_or_missing_is_now(customer: Customer, given: datetime | None, send_at: datetime) -> None:
    assert (await read(customer, Order(send_at=given))).send_at == send_at


ORDER: dict[str, Any] = {
    "job_type": MAIL,
    "recipient": "a@firma.de[1],b@firma.de",
    "text": "Guten Tag",
    "files": [("a.txt", b"x"), ("b.txt", b"y")],
    "send_at": START + timedelta(hours=1),
    "options": "MAILFROM=",
}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"options": " MAILFROM= "}, True),
        ({"recipient": " a@firma.de [1] ,b@firma.de,"}, True),
        ({"recipient": "", "recipient_file": b"a@firma.de,1\r\nb@firma.de\r\n"}, True),
        ({"recipient": "ignored", "recipient_file": b'"a@firma.de","1"\nb@firma.de,'}, True),
        ({"send_at": datetime(2026, 3, 2, 11, 0, tzinfo=timezone(timedelta(hours=1)))}, True),
        ({"files": [("a.txt", b"x"), ("b.txt", b"y"), ("", None)]}, True),
        ({"job_type": QSIGN, "recipient": "a@firma.de", "files": [FILE]}, False),
        ({"recipient": "a@firma.de[2],b@firma.de"}, False),
        ({"recipient": "b@firma.de,a@firma.de[1]"}, False),
        ({"text": "Guten Tag "}, False),
        ({"files": [("b.txt", b"y"), ("a.txt", b"x")]}, False),
        ({"files": [("a.txt", b"x"), ("", None), ("b.txt", b"y")]}, False),
        ({"files": [("a.txt", b"x"), ("c.txt", b"y")]}, False),
        ({"files": [("a.txt", b"x"), ("b.txt", b"z")]}, False),
        ({"send_at": START + timedelta(hours=2)}, False),
        ({"send_at": None}, False),
        ({"options": "FLASHSMS"}, False),
    ],
)
async def test_two_orders_are_the_same_if_type_recipients_content_options_and_time_are(
    customer: Customer, changes: dict[str, Any], same: bool
) -> None:
    first, second = await read(customer, Order(**ORDER)), await read(customer, Order(**ORDER | changes))
    assert (first.key == second.key) is same


async def test_all_that_is_due_is_due_now(customer: Customer) -> None:
    times = (None, START, START - timedelta(days=1))
    assert len({(await read(customer, Order(send_at=moment))).key for moment in times}) == 1


async def test_where_words_are_cut_makes_a_difference(customer: Customer) -> None:
    orders = (Order(text="ab", options="c"), Order(text="a", options="bc"), Order(text="ab\0c", options=""))
    assert len({(await read(customer, order)).key for order in orders}) == 3


async def test_the_accounts_rights_are_asked_before_its_money(enter: Enter) -> None:
    assert (await enter(payment="prepaid", job_types=[0]).send(Order(MAIL, "a@firma.de"))).code == -8
    assert (await enter("10002", payment="prepaid").send(Order(MAIL, ""))).code == 54
