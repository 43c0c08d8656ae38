"""Recipient and RecipientFile: every rule by which they are read, and what becomes of rows that are not sent to."""

import asyncio
import base64
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from contract.conftest import Final, Record, Send
from contract.farend import FarEnd
from contract.sendjob import FAX, LATER, LETTER, MAIL, QSIGN
from depesche.usecases import blocklists
from depesche.usecases.house import House
from serving import Serving
from soapcall import call

MOBILE, OTHER, THIRD = "+491713920000", "+491713920003", "+491713920004"

Row = tuple[str, str]
"""Address and reference id."""

Told = tuple[str, str, str]
"""Of a row of the StatusFile: RECIPIENT, RESULT, REFID."""

Read = Callable[..., list[Told]]


def status_rows(answer: dict[str, str], encoding: str = "utf-8") -> list[dict[str, str]]:
    """The rows of the StatusFile by their columns."""
    assert answer["return"] == "0"
    text = base64.b64decode(answer["StatusFile"]).decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.fixture
def read(server: Serving, send: Send, final: Final) -> Read:
    """Orders for the far future, takes it back, and gives the rows that there were; checks the count."""

    def order(**parameters: Any) -> list[Told]:
        answer = send(**({"SendDateTime": LATER} | parameters))
        assert answer["return"] == "0", answer
        assert (
            call(server.base_url, "CancelJob", Account="10001", Password="demo", JobId=answer["JobId"])["return"] == "0"
        )
        rows = [(row["RECIPIENT"], row["RESULT"], row["REFID"]) for row in status_rows(final(answer["JobId"]))]
        good = {address for address, result, _ in rows if result != "Blacklist"}
        assert int(answer["RecipientsCount"]) == len(good)
        return rows

    return order


def cancelled(*rows: Row) -> list[Told]:
    return [(address, "Canceled", reference) for address, reference in rows]


# Recipient: one address; what stands in [] is the reference id; several separated by comma (not those inside [])

RECIPIENT: tuple[tuple[str, list[Row]], ...] = (
    ("+491713920000", [(MOBILE, "")]),
    ("+491713920000[ref-17]", [(MOBILE, "ref-17")]),
    (" +491713920000 [ ref-17 ] ", [(MOBILE, "ref-17")]),
    ("+491713920000,+491713920003", [(MOBILE, ""), (OTHER, "")]),
    ("+491713920000[1,2],+491713920003[3]", [(MOBILE, "1,2"), (OTHER, "3")]),
    (",+491713920000,, ,+491713920003,", [(MOBILE, ""), (OTHER, "")]),
    ("+491713920000[a],+491713920000[b]", [(MOBILE, "a"), (MOBILE, "b")]),
)


@pytest.mark.parametrize(("given", "rows"), RECIPIENT)
def test_recipient_is_read(read: Read, given: str, rows: list[Row]) -> None:
    assert read(Recipient=given) == cancelled(*rows)


# RecipientFile: CSV, comma, CRLF or LF; column 1 address, column 2 reference id (optional). UTF-8, BOM allowed, else
# Windows-1252; quoted fields allowed; blank lines skipped

FILES: tuple[tuple[str, bytes, list[Row]], ...] = (
    ("CRLF", b"+491713920000,1\r\n+491713920003,2\r\n", [(MOBILE, "1"), (OTHER, "2")]),
    ("LF", b"+491713920000,1\n+491713920003,2\n", [(MOBILE, "1"), (OTHER, "2")]),
    ("no end of the last line", b"+491713920000,1\n+491713920003,2", [(MOBILE, "1"), (OTHER, "2")]),
    ("no reference id", b"+491713920000\n+491713920003,\n", [(MOBILE, ""), (OTHER, "")]),
    ("further columns", b"+491713920000,1,Muster,GmbH\n", [(MOBILE, "1")]),
    ("blank lines", b"\r\n+491713920000,1\r\n\r\n  \r\n,\r\n+491713920003,2\r\n\r\n", [(MOBILE, "1"), (OTHER, "2")]),
    ("blanks around", b"  +491713920000 , 1 \n", [(MOBILE, "1")]),
    ("quoted", b'"+491713920000","a, ""b"""\n"+491713920003",2\n', [(MOBILE, 'a, "b"'), (OTHER, "2")]),
    ("a line break in quotes", b'+491713920000,"a\nb"\n+491713920003,2\n', [(MOBILE, "a\nb"), (OTHER, "2")]),
    ("UTF-8", "+491713920000,Müller €\n".encode(), [(MOBILE, "Müller €")]),
    ("UTF-8 with BOM", b"\xef\xbb\xbf" + "+491713920000,Müller €\n".encode(), [(MOBILE, "Müller €")]),
    ("Windows-1252", "+491713920000,Müller €\n".encode("windows-1252"), [(MOBILE, "Müller €")]),
    ("the same address twice", b"+491713920000,1\n0171 3920000,2\n", [(MOBILE, "1"), (MOBILE, "2")]),
    ("brackets are no reference ids here", b"+491713920000,[1]\n", [(MOBILE, "[1]")]),
)


@pytest.mark.parametrize(("data", "rows"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_recipient_file_is_read(read: Read, data: bytes, rows: list[Row]) -> None:
    assert read(RecipientFile=data, Recipient="") == cancelled(*rows)


def test_recipient_is_ignored_beside_a_file_and_the_record_says_so(send: Send, record: Record, read: Read) -> None:
    assert read(RecipientFile=b"+491713920003,1\n", Recipient=MOBILE) == cancelled((OTHER, "1"))
    answer = send(RecipientFile=b"+491713920003,1\n", Recipient=MOBILE, SendText="beides", SendDateTime=LATER)
    assert record(answer["JobId"]).head.warnings == ("Recipient was ignored: RecipientFile is given",)


def test_a_file_of_zero_bytes_is_not_given(read: Read, send: Send) -> None:
    assert read(RecipientFile=b"", Recipient=f"{MOBILE}[1]") == cancelled((MOBILE, "1"))
    assert send(RecipientFile=b"", Recipient="")["return"] == "8"


@pytest.mark.parametrize(
    "data",
    [b'"+491713920000', b'"+491713920000"x\n', b"+491713920000\0\n", "+491713920000\n".encode("utf-16"), b"\x81"],
)
def test_what_is_no_csv_is_65(send: Send, data: bytes) -> None:
    assert send(RecipientFile=data, Recipient=MOBILE)["return"] == "-65"


# The same address twice is sent once, but each given row stays in StatusFile and STATURL with its own reference id


def test_one_address_is_sent_to_once_and_each_row_shares_its_fate(send: Send, final: Final, far_end: FarEnd) -> None:
    given = "+491713920000[a],+491713920001[b],01713920000[c],0049171/3920001[d]"
    answer = send(Recipient=given, SendText="doppelt")
    assert answer["RecipientsCount"] == "2"
    rows = status_rows(final(answer["JobId"]))
    assert [(row["RECIPIENT"], row["RESULT"], row["PAGES"], row["REFID"]) for row in rows] == [
        ("+491713920000", "OK", "1", "a"),
        ("+491713920001", "Send failed", "0", "b"),
        ("+491713920000", "OK", "1", "c"),
        ("+491713920001", "Send failed", "0", "d"),
    ]
    assert rows[0]["SENDDATETIME"] == rows[2]["SENDDATETIME"] != ""
    assert [message["address"] for message in far_end.messages(answer["JobId"])] == [MOBILE]


# Numbers: E.164 with the account's country as default, so `040/123 456-0`, `0049…`, `+49…` are one number

NOTATIONS = (
    "+49401234560",
    "040/123 456-0",
    "0049 40 1234560",
    "(040) 123.456-0",
    "+49 (0)40 1234560",
    "040 1234560",
)


def test_all_notations_are_one_number(read: Read) -> None:
    assert read(**FAX | {"Recipient": ",".join(NOTATIONS)}) == cancelled(*[("+49401234560", "") for _ in NOTATIONS])


@pytest.mark.parametrize("notation", NOTATIONS)
def test_each_notation_is_that_number(read: Read, notation: str) -> None:
    assert read(**FAX | {"Recipient": notation, "SendText": notation}) == cancelled(("+49401234560", ""))


# A single bad recipient gives its code. In a list bad recipients (17 to 19) do not stop the job: each is on the record
# at once with result Blacklist and its own code, and counts in no count; if none is good the code of the first is given


@dataclass(frozen=True)
class Bad:
    """A recipient that is not sent to."""

    address: str
    code: int
    kept: str = ""
    """As it stands in the StatusFile, if not as given."""


BAD_NUMBERS = (
    Bad("0171-FIRMA", 47),
    Bad("01033 0171 3920000", 47),
    Bad("0900 1234567", 45),
    Bad("0137 1234567", 45),
    Bad("0190 123456", 45),
    Bad("11833", 45),
    Bad("+19002345678", 45),
    Bad("+4930", 46),
    Bad("112", 46),
    Bad("030 / 23125-011", 9, "+493023125011"),
    Bad("030 / 23125-010", -5, "+493023125010"),
)
BAD_MAILS = (Bad("niemand", 47), Bad("a@b@firma.de", 47), Bad("a b@firma.de", 47), Bad("a@firma", 47))

SHARED_COST = "0180 5 123456"
"""A matter of tariff."""


@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=lambda bad: f"{bad.address} is {bad.code}")
def test_a_single_bad_number_gives_its_code(send: Send, bad: Bad) -> None:
    assert send(**FAX | {"Recipient": bad.address})["return"] == str(bad.code)


@pytest.mark.parametrize("bad", BAD_MAILS, ids=lambda bad: bad.address)
def test_a_single_bad_address_gives_its_code(send: Send, bad: Bad) -> None:
    assert send(**MAIL | {"Recipient": bad.address})["return"] == str(bad.code)


@pytest.mark.parametrize(
    ("order", "good", "bads"), [(FAX, "+493023125000", BAD_NUMBERS), (MAIL, "ok@sandbox.invalid", BAD_MAILS)]
)
def test_bad_rows_do_not_stop_the_others(
    server: Serving, send: Send, final: Final, record: Record, order: dict[str, Any], good: str, bads: tuple[Bad, ...]
) -> None:
    data = "".join(f"{bad.address},{number}\r\n" for number, bad in enumerate(bads)) + f"{good},good\r\n"
    answer = send(**order | {"Recipient": "", "SendText": "gemischt", "RecipientFile": data.encode()})
    assert (answer["return"], answer["RecipientsCount"], answer["PageCount"]) == ("0", "1", "1")
    rows = status_rows(final(answer["JobId"]))
    assert [(row["RECIPIENT"], row["RESULT"], row["PAGES"], row["DURATION"], row["REFID"]) for row in rows[:-1]] == [
        (bad.kept or bad.address, "Blacklist", "0", "0", str(number)) for number, bad in enumerate(bads)
    ]
    assert (rows[-1]["RECIPIENT"], rows[-1]["RESULT"]) == (good, "OK")
    assert all(row["SENDDATETIME"] for row in rows)
    assert [fate.code for fate in record(answer["JobId"]).fates] == [*(bad.code for bad in bads), 0]
    assert final(answer["JobId"])["SendResult"] == "multi"


def test_bad_rows_are_on_the_record_at_once(send: Send, record: Record) -> None:
    answer = send(Recipient=f"0171-FIRMA,{MOBILE}", SendText="sofort", SendDateTime=LATER)
    states = [(fate.state.value, fate.code, fate.at is not None) for fate in record(answer["JobId"]).fates]
    assert states == [("failed", 47, True), ("waiting", 0, False)]


@pytest.mark.parametrize("first", BAD_NUMBERS, ids=lambda bad: f"{bad.address} first")
def test_if_none_is_good_the_code_of_the_first_is_given(send: Send, first: Bad) -> None:
    others = [bad.address for bad in BAD_NUMBERS if bad is not first]
    assert send(**FAX | {"Recipient": ",".join([first.address, *others])})["return"] == str(first.code)


def test_a_number_of_shared_cost_is_no_premium_number(read: Read) -> None:
    assert read(**FAX | {"Recipient": SHARED_COST}) == cancelled(("+491805123456", ""))


def test_a_number_abroad_needs_its_release(send: Send, read: Read) -> None:
    assert (
        send(**FAX | {"Account": "30002", "Recipient": "+4312345678,+493023125000", "SendText": "Ausland"})[
            "RecipientsCount"
        ]
        == "1"
    )
    assert send(**FAX | {"Account": "30002", "Recipient": "+4312345678"})["return"] == "-8"
    assert read(**FAX | {"Recipient": "0043 1 2345678"}) == cancelled(("+4312345678", ""))


# Blacklists: the account's own and that of everyone; exact numbers, prefixes, addresses, domains

OWN_ENTRIES = ("+493023125301", "+4930231254*", "Feind@firma.example", "@gesperrt.example")
GENERAL_ENTRIES = ("+493023125302", "+4930231255*", "spam@firma.example", "@falle.example", "+493023125301")


@pytest.fixture(scope="module")
def blacklists(house: House) -> Iterator[None]:
    """Entries of account 10001, and of everyone; one number is on both."""
    lists = (("10001", OWN_ENTRIES), (None, GENERAL_ENTRIES))
    for whose, entries in lists:
        asyncio.run(blocklists.add(house, "test", whose, entries))
    yield
    for whose, entries in lists:
        asyncio.run(blocklists.remove(house, "test", whose, entries))


BLOCKED: tuple[tuple[str, dict[str, Any], str, int, int], ...] = (
    # situation, order, recipient, code of the account with the list, code of another account
    ("exact, own", FAX, "030 23125301", 9, -5),
    ("prefix, own", FAX, "030 23125499", 9, 0),
    ("exact, general", FAX, "030 23125302", -5, -5),
    ("prefix, general", FAX, "030 23125599", -5, -5),
    ("one beside the prefixes", FAX, "030 23125399", 0, 0),
    ("address, own, in any case", MAIL, "FEIND@firma.example", 9, 0),
    ("domain, own", MAIL, "wer@Gesperrt.Example", 9, 0),
    ("address, general", MAIL, "spam@firma.example", -5, -5),
    ("domain, general", MAIL, "wer@falle.example", -5, -5),
    ("a domain below", MAIL, "wer@unter.falle.example", 0, 0),
    ("another of the domain", MAIL, "freund@firma.example", 0, 0),
)


@pytest.mark.usefixtures("blacklists")
@pytest.mark.parametrize(
    ("order", "recipient", "own", "others"), [case[1:] for case in BLOCKED], ids=[case[0] for case in BLOCKED]
)
def test_a_blacklist_is_asked_the_accounts_own_before_everyones(
    send: Send, order: dict[str, Any], recipient: str, own: int, others: int
) -> None:
    asked = order | {"Recipient": recipient, "SendDateTime": LATER, "SendText": f"an {recipient}"}
    assert send(**asked)["return"] == str(own)
    assert send(**asked | {"Account": "10002"})["return"] == str(others)


@pytest.mark.usefixtures("blacklists")
def test_in_a_list_the_blocked_ones_are_recorded_and_the_others_sent_to(send: Send, record: Record) -> None:
    data = b"030 23125301,1\n030 23125499,2\n030 23125302,3\n030 23125399,4\n"
    answer = send(**FAX | {"Recipient": "", "RecipientFile": data, "SendText": "Listen", "SendDateTime": LATER})
    assert answer["RecipientsCount"] == "1"
    assert [fate.code for fate in record(answer["JobId"]).fates] == [9, 9, -5, 0]


# Letters and invoices


@pytest.mark.parametrize(
    ("given", "row"),
    [
        ("", ("", "")),
        ("Max Muster, Hamburg", ("Max Muster, Hamburg", "")),
        ("Max Muster, Hamburg[Akte 5]", ("Max Muster, Hamburg", "Akte 5")),
        ("[Akte 5]", ("", "Akte 5")),
        ("0900 1234567", ("0900 1234567", "")),
    ],
)
def test_the_recipient_of_a_letter_is_kept_as_it_is_and_never_judged(read: Read, given: str, row: Row) -> None:
    assert read(**LETTER | {"Recipient": given}) == cancelled(row)


def test_a_letter_takes_a_file_of_one_row_and_an_invoice_one_recipient(read: Read, send: Send) -> None:
    assert read(**LETTER | {"RecipientFile": b"Hamburg,5\n"}) == cancelled(("Hamburg", "5"))
    assert send(**LETTER | {"RecipientFile": b"Hamburg\nBerlin\n"})["return"] == "11"
    assert send(**QSIGN | {"Recipient": "", "RecipientFile": b"a@b.de\nc@d.de\n"})["return"] == "11"
    assert read(**QSIGN | {"Recipient": "", "RecipientFile": b"a@b.de,7\n"}) == cancelled(("a@b.de", "7"))
