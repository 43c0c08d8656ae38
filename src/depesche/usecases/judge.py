"""May this account do this? The small steps of SendJob that say no; each raises `Refused` with its code."""

from datetime import datetime
from zoneinfo import ZoneInfo

from depesche.model.account import Account, AccountState
from depesche.model.codes import SendJobCode as Code
from depesche.model.job import Recipient
from depesche.model.jobtype import JobType
from depesche.model.numbers import judge_mail, judge_number
from depesche.model.recipients import Given
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.order import Order, Refused

TRIAL_PAGES = 3

_LOGIN_CODES = {
    LoginFailure.NO_ACCOUNT: (Code.ACCOUNT_EMPTY, "the parameter Account is empty"),
    LoginFailure.UNKNOWN: (Code.UNKNOWN_ACCOUNT, "there is no such account"),
    LoginFailure.WRONG_PASSWORD: (Code.WRONG_PASSWORD, "wrong password, or too many wrong ones lately"),
}


def account(login: Login, now: datetime) -> Account:
    """Steps 1 to 5: who is it, and may it send at all?"""
    if login.failure is not None:
        raise Refused(*_LOGIN_CODES[login.failure])
    assert login.account is not None
    if login.account.state is AccountState.LOCKED:
        raise Refused(Code.NOT_AUTHORISED, "the account is locked")
    if trial_over(login.account, now):
        raise Refused(Code.TRIAL_OVER, f"the trial ended on {login.account.trial_until}")
    return login.account


def trial_over(of: Account, now: datetime) -> bool:
    """Whether the last day of the trial is past, by the calendar in Germany."""
    if of.state is not AccountState.TRIAL or of.trial_until is None:
        return False
    return now.astimezone(ZoneInfo("Europe/Berlin")).date() > of.trial_until


def bulk(of: Account, order: Order) -> None:
    """Step 16, first half."""
    if len(order.given) > 1 and not of.bulk:
        raise Refused(Code.NOT_AUTHORISED, "more than one recipient is not released for the account")


def sender(of: Account, order: Order) -> None:
    """Step 16, second half: MAILFROM must be an address, and one of the account's."""
    address = order.options.get("MAILFROM")
    if not address or order.type not in (JobType.MAIL, JobType.QSIGN):
        return
    if judge_mail(address)[1] is not Code.ACCEPTED:
        raise Refused(Code.NOT_AUTHORISED, "MAILFROM is no mail address")
    allowed = {known.casefold() for known in (*of.sender_addresses, of.mail_from)}
    if address.casefold() not in allowed:
        raise Refused(Code.NOT_AUTHORISED, "MAILFROM is not an address of the account")


def recipients(of: Account, order: Order) -> tuple[Recipient, ...]:
    """Steps 17 to 19: a single bad one refuses the order, bad ones in a list are on the record with their code."""
    judged = tuple(_judge(of, order.type, given) for given in order.given)
    if judged and not good(judged):
        first = judged[0]
        raise Refused(Code(first.code), f"{first.address[:100]} is not sent to ({Code(first.code).name})")
    return judged


def good(judged: tuple[Recipient, ...]) -> int:
    """How many different good addresses there are."""
    return len({recipient.address for recipient in judged if not recipient.code})


def trial_pages(of: Account, order: Order, pages: int) -> None:
    """Step 23; an SMS is no document, its messages are no pages."""
    if of.state is AccountState.TRIAL and order.type is not JobType.SMS and pages > TRIAL_PAGES:
        raise Refused(Code.TRIAL_PAGES, f"{pages} pages are more than the {TRIAL_PAGES} of a trial account")


def _judge(of: Account, job_type: JobType, given: Given) -> Recipient:
    if job_type.is_letter:
        return Recipient(given.address, given.reference)
    if job_type.to_number:
        address, code = judge_number(given.address, of.country, foreign=of.foreign)
    else:
        address, code = judge_mail(given.address)
    return Recipient(address, given.reference, int(code))
