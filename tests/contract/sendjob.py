"""The table of SendJob's codes: every row of the contract, and a situation that yields it.

Rows and codes are copied from the specification by hand, never from the code that is tested.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from documents import address, encrypted_pdf, endless_pdf, pdf, words

PDF = pdf(words("Sehr geehrte Damen und Herren"))
FOUR_PAGES = pdf(*[words(f"Seite {number}") for number in range(1, 5)])
MAIL = {"JobType": 2, "Recipient": "ok@sandbox.invalid"}
QSIGN = {"JobType": 8, "Recipient": "ok@sandbox.invalid", "SendFilename1": "rechnung.pdf", "SendFile1": PDF}
LETTER = {
    "JobType": 3, "Recipient": "", "SendText": "", "SendFilename1": "brief.pdf", "SendFile1": pdf(address(45))
}  # fmt: skip
FAX = {"JobType": 0, "Recipient": "+493023125000"}
FILE = {"SendFilename1": "brief.pdf", "SendFile1": PDF}
NO_TEXT = {"SendText": ""}

LATER = "2099-01-01T00:00:00Z"

_numbers = itertools.count(1)


def anew() -> str:
    """A text that no order before had, so that none is a double."""
    return f"Text {next(_numbers)}"


def later() -> str:
    """A time in the far future that no order before had."""
    return (datetime(2099, 1, 1, tzinfo=UTC) + timedelta(seconds=next(_numbers))).isoformat()


SPECIFIED = frozenset(
    {0, -1, -2, -3, -4, -5, -6, -7, -8, -14, -65, -66, -77, -1309}
    | {1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 15, 45, 46, 47, 54, 58, 61, 75}
)
"""All 32 codes of the document."""


@dataclass(frozen=True)
class Case:
    """One situation."""

    row: int
    """Of the table of codes in the specification; 0: accepted."""

    code: int
    situation: str
    parameters: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case(0, 0, "an SMS"),
    Case(0, 0, "a fax of text and file", FAX | FILE),
    Case(0, 0, "a mail with an attachment that cannot be read", MAIL | {"SendFilename1": "a.xyz", "SendFile1": b"x"}),
    Case(0, 0, "a letter without a recipient", LETTER),
    Case(0, 0, "an invoice", QSIGN),
    Case(1, 2, "Account is empty", {"Account": ""}),
    Case(1, 2, "Account is blank", {"Account": "  "}),
    Case(2, -2, "nobody has this account", {"Account": "99999"}),
    Case(3, -1, "the password is wrong", {"Account": "30001", "Password": "falsch"}),
    Case(4, 1, "the account is locked", {"Account": "10003"}),
    Case(5, 3, "the trial is over", {"Account": "10004"}),
    Case(6, 4, "JobType 5", {"JobType": 5}),
    Case(6, 4, "JobType -1", {"JobType": -1}),
    Case(7, -8, "SMS is not released", {"Account": "10010"}),
    Case(8, 54, "nothing was paid yet", {"Account": "10006"}),
    Case(8, 6, "the first direct debit is of today", {"Account": "10007"}),
    Case(9, 15, "a letter without SendFile1", {"JobType": 3}),
    Case(9, 15, "an invoice without SendFile1", {"JobType": 8, "Recipient": "a@b.de"}),
    Case(10, 8, "no recipient", {"Recipient": ""}),
    Case(10, 8, "nothing but commas", {"Recipient": " , "}),
    Case(10, 8, "a recipient file of blank lines", {"RecipientFile": b"\r\n\r\n"}),
    Case(11, -65, "a quote is never closed", {"RecipientFile": b'"+491713920000'}),
    Case(11, -65, "a picture as recipient file", {"RecipientFile": b"\x89PNG\r\n\0\0"}),
    Case(12, 11, "an invoice to two", QSIGN | {"Recipient": "a@b.de,c@d.de"}),
    Case(12, 11, "a letter to a list", LETTER | {"RecipientFile": b"Hamburg\nBerlin\n"}),
    Case(13, 75, "an SMS without a text", NO_TEXT | FILE),
    Case(13, 75, "a fax without anything", FAX | NO_TEXT),
    Case(13, 75, "a mail without anything", MAIL | NO_TEXT),
    Case(14, -3, "a name without content", FAX | {"SendFilename1": "a.pdf"}),
    Case(14, -6, "content without a name", FAX | {"SendFile1": PDF}),
    Case(14, -6, "an extension that nobody knows", FAX | {"SendFilename1": "a.xyz", "SendFile1": PDF}),
    Case(14, -6, "content of another family", FAX | {"SendFilename1": "a.doc", "SendFile1": PDF}),
    Case(16, 1, "two recipients without the release", FAX | {"Account": "10010", "Recipient": "+493023125000,030123"}),
    Case(16, 1, "more recipients than the account may reach", {"Account": "30002", "Recipient": "+491713920000,1,2"}),
    Case(16, 1, "MAILFROM is no address", MAIL | {"Options": "MAILFROM=nobody"}),
    Case(16, 1, "MAILFROM is another's", MAIL | {"Options": "MAILFROM=chef@firma.de"}),
    Case(17, 47, "letters in a number", {"Recipient": "0171-FIRMA"}),
    Case(17, 47, "a call-by-call prefix", {"Recipient": "01033 0171 3920000"}),
    Case(17, 47, "no mail address", MAIL | {"Recipient": "niemand"}),
    Case(17, 45, "0900", FAX | {"Recipient": "0900 1234567"}),
    Case(17, 45, "0137", FAX | {"Recipient": "0137 1234567"}),
    Case(17, 45, "118xx", FAX | {"Recipient": "11833"}),
    Case(17, 46, "a number that is too short", FAX | {"Recipient": "+4930"}),
    Case(18, 9, "on the account's own blacklist", FAX | {"Recipient": "+493023125011"}),
    Case(18, -5, "barred for everyone", FAX | {"Recipient": "+493023125010"}),
    Case(19, -8, "abroad without release", FAX | {"Account": "10010", "Recipient": "+4312345678"}),
    Case(20, -7, "a damaged document", FAX | {"SendFilename1": "a.pdf", "SendFile1": PDF[: len(PDF) // 2]}),
    Case(20, -7, "an encrypted document", FAX | {"SendFilename1": "a.pdf", "SendFile1": encrypted_pdf()}),
    Case(20, -7, "an address beside the window", LETTER | {"Account": "10012", "SendFile1": PDF}),
    Case(21, -14, "more pages than the account may send", FAX | FILE | {"Account": "30002", "SendFile1": FOUR_PAGES}),
    Case(22, 58, "a document without an end", FAX | FILE | {"SendFile1": endless_pdf()}),
    Case(23, -1309, "four pages in the trial", FAX | FILE | NO_TEXT | {"Account": "10005", "SendFile1": FOUR_PAGES}),
    Case(24, 7, "the balance is too low for a letter", LETTER | {"Account": "10008"}),
    Case(24, 2, "the balance is empty", {"Account": "10008"}),
    Case(24, 61, "the package is used up", {"Account": "10009"}),
    Case(24, 61, "the limit of the day is reached", {"Account": "10011", "SendText": "x" * 161}),
    Case(25, 10, "nothing to sign with", QSIGN | {"Account": "30001"}),
)
"""-77, -66 and -4 need more than one call: they have tests of their own."""
