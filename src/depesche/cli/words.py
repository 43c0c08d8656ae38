"""What the codes of the interface mean, and what to do about them."""

from collections.abc import Mapping
from typing import Any

from depesche.model.codes import CancelJobCode, JobStatusCode, SendJobCode

_SEND_JOB = {
    SendJobCode.WRONG_PASSWORD: "the password is wrong, or there were too many wrong ones lately",
    SendJobCode.UNKNOWN_ACCOUNT: "there is no such account",
    SendJobCode.DOCUMENT_MISSING: "a file has no content",
    SendJobCode.SERVER_ERROR: "the server failed: its log says more",
    SendJobCode.NUMBER_BARRED: "the recipient is barred for everyone",
    SendJobCode.FORMAT_UNSUPPORTED: "a file is of a format that cannot be sent, or is not what its name says",
    SendJobCode.NOT_CONVERTIBLE: "a file is damaged or encrypted",
    SendJobCode.NOT_RELEASED: "the job type, or numbers abroad, are not released for the account",
    SendJobCode.WHOLE_NOT_CONVERTIBLE: "the document has no page, or too many",
    SendJobCode.RECIPIENT_FILE: "the list of recipients cannot be read as CSV",
    SendJobCode.DOCUMENT_STORE: "the server cannot keep the files: its log says more",
    SendJobCode.DOUBLE: "the same order is there already: nothing is sent a second time",
    SendJobCode.TRIAL_PAGES: "a trial account sends at most three pages",
    SendJobCode.NOT_AUTHORISED: "the account is locked, or not released for many recipients or for this sender address",
    SendJobCode.ACCOUNT_EMPTY: "no account is given: --account",
    SendJobCode.TRIAL_OVER: "the account's trial is over",
    SendJobCode.JOB_TYPE: "the server does not know this job type",
    SendJobCode.CREDIT_NOT_YET: "the account's first direct debit is too young",
    SendJobCode.CREDIT_TOO_LOW: "the account's credit is too low",
    SendJobCode.NO_RECIPIENT: "there is no recipient",
    SendJobCode.BLACKLISTED: "the recipient is on the account's blacklist",
    SendJobCode.QSIGN_ERROR: "the invoice cannot be signed",
    SendJobCode.NO_BULK_TYPE: "this job type goes to one recipient",
    SendJobCode.SEND_FILE_MISSING: "this job type needs a file",
    SendJobCode.PREMIUM_NUMBER: "premium numbers are not called",
    SendJobCode.NUMBER_INVALID: "the recipient is no valid number",
    SendJobCode.NUMBER_MALFORMED: "the recipient is no telephone number, or no mail address",
    SendJobCode.NO_PAYMENT: "no payment of the account has been received yet",
    SendJobCode.CONVERSION_ERROR: "the server could not convert a file in time: its log says more",
    SendJobCode.ALLOWANCE_USED: "the account's package or daily limit is used up",
    SendJobCode.NOTHING_TO_SEND: "there is neither text nor file",
}

_JOB_STATUS = {
    JobStatusCode.UNKNOWN_ACCOUNT: "there is no such account",
    JobStatusCode.WRONG_PASSWORD: "the password is wrong, or there were too many wrong ones lately",
    JobStatusCode.TRIAL_OVER: "the account's trial is over",
    JobStatusCode.LOCKED: "the account is locked",
}

_CANCEL_JOB = {
    CancelJobCode.ALREADY_DONE: "it is done already: nothing of it can be stopped any more",
    CancelJobCode.LOGIN_FAILED: "there is no such account, or the password is wrong",
    CancelJobCode.UNKNOWN_JOB: "there is no such job of this account",
    CancelJobCode.LOCKED: "the account is locked",
}


def refusal(code: int) -> str:
    """A code of SendJob, with its name and what it means."""
    try:
        known = SendJobCode(code)
    except ValueError:
        return f"code {code}"
    return f"code {code} {known.name}, {_SEND_JOB[known]}"


def order_refusal(code: int, job_id: int) -> str:
    """Why SendJob said no; `job_id` is the job that a double is a double of, else 0."""
    return f"the order was refused: {refusal(code)}" + (f" (job {job_id})" if job_id else "")


def status_refusal(code: int, job_id: int) -> str:
    """Why JobStatus said no."""
    if code == JobStatusCode.UNKNOWN_JOB:
        return f"there is no job {job_id} of this account"
    return _meaning(_JOB_STATUS, code)


def cancel_refusal(code: int) -> str:
    """Why CancelJob said no."""
    return _meaning(_CANCEL_JOB, code)


def inbox_refusal(code: int) -> str:
    """Why RequestReceived or DeleteReceived said no: the numbers are those of JobStatus."""
    return _meaning(_JOB_STATUS, code)


def _meaning(meanings: Mapping[Any, str], code: int) -> str:
    return meanings.get(code, f"the server answers with code {code}")
