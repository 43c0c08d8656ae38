"""Return codes of the five operations, with the numbers of the document (Rev. 2.55).

What yields a code of SendJob is told by `model.rules`; the codes of the others tell it themselves.
"""

from enum import IntEnum
from typing import Self


class SendJobCode(IntEnum):
    """Return codes of SendJob."""

    ACCEPTED = 0
    WRONG_PASSWORD = -1
    UNKNOWN_ACCOUNT = -2
    DOCUMENT_MISSING = -3
    SERVER_ERROR = -4
    NUMBER_BARRED = -5
    FORMAT_UNSUPPORTED = -6
    NOT_CONVERTIBLE = -7
    NOT_RELEASED = -8
    WHOLE_NOT_CONVERTIBLE = -14
    RECIPIENT_FILE = -65
    DOCUMENT_STORE = -66
    DOUBLE = -77
    TRIAL_PAGES = -1309
    NOT_AUTHORISED = 1
    ACCOUNT_EMPTY = 2
    TRIAL_OVER = 3
    JOB_TYPE = 4
    CREDIT_NOT_YET = 6
    CREDIT_TOO_LOW = 7
    NO_RECIPIENT = 8
    BLACKLISTED = 9
    QSIGN_ERROR = 10
    NO_BULK_TYPE = 11
    SEND_FILE_MISSING = 15
    PREMIUM_NUMBER = 45
    NUMBER_INVALID = 46
    NUMBER_MALFORMED = 47
    NO_PAYMENT = 54
    CONVERSION_ERROR = 58
    ALLOWANCE_USED = 61
    NOTHING_TO_SEND = 75


class Told(IntEnum):
    """A code and the situation that yields it, as a sentence without its full stop."""

    english: str
    german: str

    def __new__(cls, value: int, english: str, german: str) -> Self:
        code = int.__new__(cls, value)
        code._value_ = value
        code.english = english
        code.german = german
        return code


_ACCOUNT = (
    "there is no account of this number, or none is given",
    "es gibt kein Konto mit dieser Kundennummer, oder keine ist angegeben",
)
_PASSWORD = (
    "the password is wrong, or too many wrong ones came lately",
    "das Passwort ist falsch, oder es kamen zuletzt zu viele falsche",
)
_TRIAL = ("the trial is over", "der Testzeitraum ist abgelaufen")
_LOCKED = ("the account is locked", "das Konto ist gesperrt")


class JobStatusCode(Told):
    """Return codes of JobStatus."""

    FINISHED = (
        0,
        "the job is finished: result, time, remote id and StatusFile are filled",
        "der Auftrag ist fertig: Ergebnis, Zeit, Gegenstelle und StatusFile sind gefüllt",
    )
    UNKNOWN_ACCOUNT = (1, *_ACCOUNT)
    WRONG_PASSWORD = (2, *_PASSWORD)
    TRIAL_OVER = (3, *_TRIAL)
    LOCKED = (4, *_LOCKED)
    UNKNOWN_JOB = (
        5,
        "there is no such job of this account, or its retention is over",
        "es gibt keinen solchen Auftrag dieses Kontos, oder seine Aufbewahrung ist vorbei",
    )
    IN_WORK = (
        6,
        "the job is still in work: scheduled, waiting for a repeat, being sent, on hold, or undecided",
        "der Auftrag ist in Arbeit: terminiert, vor einer Wiederholung, im Versand, angehalten oder ungeklärt",
    )


class CancelJobCode(Told):
    """Return codes of CancelJob."""

    CANCELLED = (
        0,
        "what was not sent yet is cancelled; a call on the line is ended, and its result is what really happened",
        "was noch nicht gesendet war, ist storniert; ein laufender Anruf endet und meldet, was wirklich geschah",
    )
    ALREADY_DONE = (
        1,
        "nothing can be stopped any more: every recipient is done already, handed over, or undecided",
        "nichts ist mehr zu stornieren: jeder Empfänger ist fertig, übergeben oder ungeklärt",
    )
    LOGIN_FAILED = (
        -1,
        "there is no such account, or the password is wrong, or too many wrong ones came lately",
        "es gibt kein solches Konto, oder das Passwort ist falsch, oder es kamen zuletzt zu viele falsche",
    )
    UNKNOWN_JOB = (-2, "there is no such job of this account", "es gibt keinen solchen Auftrag dieses Kontos")
    LOCKED = (-3, *_LOCKED)


class RequestReceivedCode(Told):
    """Return codes of RequestReceived."""

    FOUND = (
        0,
        "the account's oldest fax that is not deleted, the same again until it is",
        "das älteste nicht gelöschte Fax des Kontos, immer wieder, bis es gelöscht ist",
    )
    UNKNOWN_ACCOUNT = (1, *_ACCOUNT)
    WRONG_PASSWORD = (2, *_PASSWORD)
    TRIAL_OVER = (3, *_TRIAL)
    LOCKED = (4, *_LOCKED)
    NO_FAX = (5, "no fax is there", "es ist kein Fax da")


class DeleteReceivedCode(Told):
    """Return codes of DeleteReceived."""

    DELETED = (
        0,
        "the fax is deleted, and not handed out again",
        "das Fax ist gelöscht und wird nicht mehr herausgegeben",
    )
    UNKNOWN_ACCOUNT = (1, *_ACCOUNT)
    WRONG_PASSWORD = (2, *_PASSWORD)
    TRIAL_OVER = (3, *_TRIAL)
    LOCKED = (4, *_LOCKED)
    UNKNOWN_FAX = (
        5,
        "there is no such fax of this account, or it is deleted already",
        "es gibt kein solches Fax dieses Kontos, oder es ist schon gelöscht",
    )
