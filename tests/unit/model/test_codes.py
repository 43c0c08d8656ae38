"""The tables of the document, Rev. 2.55, written out by hand."""

from enum import IntEnum

import pytest

from depesche.model.codes import CancelJobCode, DeleteReceivedCode, JobStatusCode, RequestReceivedCode, SendJobCode
from depesche.model.jobtype import Channel, JobType
from depesche.model.result import Result


@pytest.mark.parametrize(
    ("codes", "table"),
    [
        (
            SendJobCode,
            {
                "ACCEPTED": 0,
                "ACCOUNT_EMPTY": 2,
                "UNKNOWN_ACCOUNT": -2,
                "WRONG_PASSWORD": -1,
                "NOT_AUTHORISED": 1,
                "TRIAL_OVER": 3,
                "JOB_TYPE": 4,
                "NOT_RELEASED": -8,
                "NO_PAYMENT": 54,
                "CREDIT_NOT_YET": 6,
                "SEND_FILE_MISSING": 15,
                "NO_RECIPIENT": 8,
                "RECIPIENT_FILE": -65,
                "NO_BULK_TYPE": 11,
                "NOTHING_TO_SEND": 75,
                "DOCUMENT_MISSING": -3,
                "FORMAT_UNSUPPORTED": -6,
                "DOUBLE": -77,
                "NUMBER_MALFORMED": 47,
                "PREMIUM_NUMBER": 45,
                "NUMBER_INVALID": 46,
                "BLACKLISTED": 9,
                "NUMBER_BARRED": -5,
                "NOT_CONVERTIBLE": -7,
                "WHOLE_NOT_CONVERTIBLE": -14,
                "CONVERSION_ERROR": 58,
                "TRIAL_PAGES": -1309,
                "CREDIT_TOO_LOW": 7,
                "ALLOWANCE_USED": 61,
                "QSIGN_ERROR": 10,
                "DOCUMENT_STORE": -66,
                "SERVER_ERROR": -4,
            },
        ),
        (
            JobStatusCode,
            {
                "FINISHED": 0,
                "UNKNOWN_ACCOUNT": 1,
                "WRONG_PASSWORD": 2,
                "TRIAL_OVER": 3,
                "LOCKED": 4,
                "UNKNOWN_JOB": 5,
                "IN_WORK": 6,
            },
        ),
        (
            CancelJobCode,
            {"CANCELLED": 0, "ALREADY_DONE": 1, "LOGIN_FAILED": -1, "UNKNOWN_JOB": -2, "LOCKED": -3},
        ),
        (
            RequestReceivedCode,
            {"FOUND": 0, "UNKNOWN_ACCOUNT": 1, "WRONG_PASSWORD": 2, "TRIAL_OVER": 3, "LOCKED": 4, "NO_FAX": 5},
        ),
        (
            DeleteReceivedCode,
            {"DELETED": 0, "UNKNOWN_ACCOUNT": 1, "WRONG_PASSWORD": 2, "TRIAL_OVER": 3, "LOCKED": 4, "UNKNOWN_FAX": 5},
        ),
    ],
)
def test_every_code_has_the_documents_number(codes: type[IntEnum], table: dict[str, int]) -> None:
    assert {name: code.value for name, code in codes.__members__.items()} == table


def test_there_are_six_kinds_of_job() -> None:
    assert {kind.name: (kind.value, kind.channel) for kind in JobType} == {
        "FAX": (0, Channel.FAX),
        "SMS": (1, Channel.SMS),
        "MAIL": (2, Channel.MAIL),
        "LETTER": (3, Channel.LETTER),
        "LETTER_COLOUR": (4, Channel.LETTER),
        "QSIGN": (8, Channel.QSIGN),
    }


def test_numbers_are_for_fax_and_sms_alone() -> None:
    assert {kind for kind in JobType if kind.to_number} == {JobType.FAX, JobType.SMS}
    assert {kind for kind in JobType if kind.is_letter} == {JobType.LETTER, JobType.LETTER_COLOUR}


def test_the_words_of_staturl_are_the_documents() -> None:
    assert [result.value for result in Result] == [
        "OK",
        "BUSY",
        "NOANSWER",
        "VOICE",
        "NORING",
        "ISDNERR",
        "NOSERVICE",
        "BLACKLIST",
        "SENDFAIL",
        "CANCELED",
    ]
