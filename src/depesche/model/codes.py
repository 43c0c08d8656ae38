"""Return codes of the five operations, with the words of the document (Rev. 2.55)."""

from enum import IntEnum


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


class JobStatusCode(IntEnum):
    """Return codes of JobStatus."""

    FINISHED = 0
    UNKNOWN_ACCOUNT = 1
    WRONG_PASSWORD = 2
    TRIAL_OVER = 3
    LOCKED = 4
    UNKNOWN_JOB = 5
    IN_WORK = 6


class CancelJobCode(IntEnum):
    """Return codes of CancelJob."""

    CANCELLED = 0
    ALREADY_DONE = 1
    LOGIN_FAILED = -1
    UNKNOWN_JOB = -2
    LOCKED = -3


class InboxCode(IntEnum):
    """Return codes of RequestReceived and DeleteReceived."""

    OK = 0
    UNKNOWN_ACCOUNT = 1
    WRONG_PASSWORD = 2
    TRIAL_OVER = 3
    LOCKED = 4
    NO_FAX = 5
