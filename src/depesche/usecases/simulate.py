"""The simulator: how a program that is being written gets each code of SendJob on purpose, from a sandbox account.

Most situations can be had for real. Those that a customer cannot bring about (a crash of ours, a full disk) have a
file name: an order of a sandbox account with a document of that name, good as it may be, is refused as if it had
happened.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from depesche.model.account import Account
from depesche.model.rules import Rule
from depesche.usecases.order import Order
from depesche.usecases.refused import Refused


@dataclass(frozen=True, slots=True)
class FileName:
    """A file name with a fate."""

    stem: str
    """Before the extension, in any case."""

    rule: Rule


FILE_NAMES = (
    FileName("sandbox-damaged", Rule.DAMAGED),
    FileName("sandbox-too-long", Rule.NOT_WHOLE),
    FileName("sandbox-crash", Rule.CONVERTER),
    FileName("sandbox-unsigned", Rule.SIGNING),
    FileName("sandbox-store-full", Rule.STORE),
    FileName("sandbox-server-error", Rule.SERVER),
)

DOCUMENTS = frozenset({Rule.DAMAGED, Rule.NOT_WHOLE, Rule.CONVERTER})
"""Judged when the pages are made."""

AFTERWARDS = frozenset(name.rule for name in FILE_NAMES) - DOCUMENTS
"""Judged after the money."""

_RULES = {name.stem: name.rule for name in FILE_NAMES}

HOW: dict[Rule, tuple[str, str]] = {
    Rule.ACCOUNT_EMPTY: ("Account empty", "Account leer"),
    Rule.ACCOUNT_UNKNOWN: ("Account `99999`", "Account `99999`"),
    Rule.PASSWORD_WRONG: ("Account `10001`, another password than `demo`", "Account `10001`, anderes Passwort"),
    Rule.ACCOUNT_LOCKED: ("Account `10003`", "Account `10003`"),
    Rule.TRIAL_OVER: ("Account `10004`", "Account `10004`"),
    Rule.JOB_TYPE: ("JobType `5`", "JobType `5`"),
    Rule.TYPE_NOT_RELEASED: ("Account `10010`, JobType `1`", "Account `10010`, JobType `1`"),
    Rule.NO_PAYMENT: ("Account `10006`", "Account `10006`"),
    Rule.DEBIT_TOO_YOUNG: ("Account `10007`", "Account `10007`"),
    Rule.FIRST_FILE_MISSING: ("JobType `3` without SendFile1", "JobType `3` ohne SendFile1"),
    Rule.NO_RECIPIENT: ("Recipient empty", "Recipient leer"),
    Rule.LIST_UNREADABLE: ('RecipientFile `"open`', 'RecipientFile `"open`'),
    Rule.ONE_RECIPIENT: ("JobType `8`, Recipient `a@b.de,c@d.de`", "JobType `8`, Recipient `a@b.de,c@d.de`"),
    Rule.NOTHING_TO_SEND: ("SendText empty, no file", "SendText leer, keine Datei"),
    Rule.FILE_EMPTY: ("SendFilename1 `a.pdf`, SendFile1 empty", "SendFilename1 `a.pdf`, SendFile1 leer"),
    Rule.FORMAT: ("SendFilename1 `a.xyz`", "SendFilename1 `a.xyz`"),
    Rule.DOUBLE: ("the same order a second time within five minutes", "derselbe Auftrag noch einmal in fünf Minuten"),
    Rule.BULK_NOT_RELEASED: ("Account `10010`, two recipients", "Account `10010`, zwei Empfänger"),
    Rule.SENDER_NOT_ALLOWED: (
        "JobType `2`, Options `MAILFROM=nobody@example.com`",
        "JobType `2`, Options `MAILFROM=nobody@example.com`",
    ),
    Rule.ADDRESS_MALFORMED: ("Recipient `0800-FAXMICH`", "Recipient `0800-FAXMICH`"),
    Rule.NUMBER_PREMIUM: ("Recipient `0900 1234567`", "Recipient `0900 1234567`"),
    Rule.NUMBER_INVALID: ("Recipient `+4930`", "Recipient `+4930`"),
    Rule.OWN_BLACKLIST: ("Recipient `+493023125011`", "Recipient `+493023125011`"),
    Rule.BARRED: ("Recipient `+493023125010`", "Recipient `+493023125010`"),
    Rule.FOREIGN: ("Account `10010`, Recipient `+4312345678`", "Account `10010`, Recipient `+4312345678`"),
    Rule.DAMAGED: ("SendFilename1 `sandbox-damaged.pdf`", "SendFilename1 `sandbox-damaged.pdf`"),
    Rule.ADDRESS_WINDOW: (
        "Account `10012`, JobType `3`, a page without an address",
        "Account `10012`, JobType `3`, eine Seite ohne Anschrift",
    ),
    Rule.NOT_WHOLE: ("SendFilename1 `sandbox-too-long.pdf`", "SendFilename1 `sandbox-too-long.pdf`"),
    Rule.CONVERTER: ("SendFilename1 `sandbox-crash.pdf`", "SendFilename1 `sandbox-crash.pdf`"),
    Rule.TRIAL_PAGES: ("Account `10005`, a document of four pages", "Account `10005`, ein Dokument mit vier Seiten"),
    Rule.LETTER_BALANCE: ("Account `10008`, JobType `3`", "Account `10008`, JobType `3`"),
    Rule.BALANCE: ("Account `10008`", "Account `10008`"),
    Rule.PACKAGE: ("Account `10009`", "Account `10009`"),
    Rule.DAY_LIMIT: ("Account `10011`, two pages", "Account `10011`, zwei Seiten"),
    Rule.SIGNING: ("JobType `8`, SendFilename1 `sandbox-unsigned.pdf`", "… `sandbox-unsigned.pdf`"),
    Rule.STORE: ("SendFilename1 `sandbox-store-full.pdf`", "SendFilename1 `sandbox-store-full.pdf`"),
    Rule.SERVER: ("SendFilename1 `sandbox-server-error.pdf`", "SendFilename1 `sandbox-server-error.pdf`"),
}
"""What to hand in, on an installation with the demo's accounts; all else as for an order that is accepted."""


Step = tuple[int, str, str]
"""A code, and how to get it in English and German."""

_LOGIN: tuple[Step, ...] = (
    (1, "Account `99999`", "Account `99999`"),
    (2, "Account `10001`, another password than `demo`", "Account `10001`, anderes Passwort"),
    (3, "Account `10004`", "Account `10004`"),
    (4, "Account `10003`", "Account `10003`"),
)

OTHERS: dict[str, tuple[Step, ...]] = {
    "JobStatus": (
        (0, "a job to `+493023125000`, after a second", "ein Auftrag an `+493023125000`, nach einer Sekunde"),
        *_LOGIN,
        (5, "JobId `0`", "JobId `0`"),
        (6, "a job with a SendDateTime of tomorrow", "ein Auftrag mit einem SendDateTime von morgen"),
    ),
    "CancelJob": (
        (0, "a job with a SendDateTime of tomorrow", "ein Auftrag mit einem SendDateTime von morgen"),
        (1, "a job that is finished", "ein Auftrag, der erledigt ist"),
        (-1, "Account `99999`", "Account `99999`"),
        (-2, "JobId `0`", "JobId `0`"),
        (-3, "Account `10003`", "Account `10003`"),
    ),
    "RequestReceived": (
        (0, "Account `10002`, after a fax to `+493023125200`", "Account `10002`, nach einem Fax an `+493023125200`"),
        *_LOGIN,
        (5, "Account `10005`", "Account `10005`"),
    ),
    "DeleteReceived": (
        (0, "the FaxId that RequestReceived gave", "die FaxId, die RequestReceived nannte"),
        *_LOGIN,
        (5, "FaxId `0`", "FaxId `0`"),
    ),
}
"""How the codes of the other operations are had."""


def refuse(account: Account, order: Order, rules: frozenset[Rule]) -> None:
    """Raises: Refused, if a file of the order has the name of one of the rules and the account is in the sandbox."""
    if not account.sandbox:
        return
    for file in order.files:
        rule = _RULES.get(PurePosixPath(file.filename).stem.casefold())
        if rule in rules:
            raise Refused(rule, f"{rule.english} (simulated: the file is named {file.filename[:100]})")
