"""May this account do this? The small steps of SendJob that say no; each raises `Refused` with its rule."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from depesche.model.account import Account, AccountState, Payment
from depesche.model.codes import SendJobCode as Code
from depesche.model.jobtype import JobType
from depesche.model.numbers import judge_mail, judge_number
from depesche.model.recipients import Given
from depesche.model.roll import Recipient, Roll
from depesche.model.rules import OF_RECIPIENT, Rule
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.order import Order
from depesche.usecases.refused import Refused

TRIAL_PAGES = 3
DEBIT_DAYS = 14

_LOGIN_RULES = {
    LoginFailure.NO_ACCOUNT: Rule.ACCOUNT_EMPTY,
    LoginFailure.UNKNOWN: Rule.ACCOUNT_UNKNOWN,
    LoginFailure.WRONG_PASSWORD: Rule.PASSWORD_WRONG,
}

_MAY_BE_BLOCKED = (Code.ACCEPTED, Code.NUMBER_BARRED, Code.NOT_RELEASED)
"""A blacklist is asked before the release for abroad; what is no address at all is on no list."""


def account(login: Login, today: date) -> Account:
    """Rules 1 to 5: who is it, and may it send at all?"""
    if login.failure is not None:
        raise Refused(_LOGIN_RULES[login.failure])
    assert login.account is not None
    if login.account.state is AccountState.LOCKED:
        raise Refused(Rule.ACCOUNT_LOCKED)
    if trial_over(login.account, today):
        raise Refused(Rule.TRIAL_OVER, f"the trial ended on {login.account.trial_until}")
    return login.account


def trial_over(of: Account, today: date) -> bool:
    """Whether the last day of the trial is past."""
    return of.state is AccountState.TRIAL and of.trial_until is not None and today > of.trial_until


def paid(of: Account, today: date) -> None:
    """Rule 8; a trial has its own limits instead."""
    if of.payment is Payment.NONE or of.state is AccountState.TRIAL:
        return
    if of.paid_since is None:
        raise Refused(Rule.NO_PAYMENT)
    free_on = of.paid_since + timedelta(days=DEBIT_DAYS)
    if of.payment is Payment.DEBIT and today < free_on:
        raise Refused(Rule.DEBIT_TOO_YOUNG, f"the first direct debit of {of.paid_since} counts from {free_on}")


def bulk(of: Account, order: Order, most: int) -> None:
    """Rule 16, first half; `most` rows hold for everyone."""
    rows = len(order.given)
    if rows > 1 and not of.bulk:
        raise Refused(Rule.BULK_NOT_RELEASED, "more than one recipient is not released for the account")
    most = min(most, of.most_recipients or most)
    if rows > most:
        reason = f"{rows} recipients are more than {most}, which one order of the account may have"
        raise Refused(Rule.BULK_NOT_RELEASED, reason)


def sender(of: Account, order: Order) -> None:
    """Rule 16, second half: MAILFROM must be an address, and one of the account's."""
    address = order.options.get("MAILFROM")
    if not address or order.type not in (JobType.MAIL, JobType.QSIGN):
        return
    if judge_mail(address)[1] is not Code.ACCEPTED:
        raise Refused(Rule.SENDER_NOT_ALLOWED, "MAILFROM is no mail address")
    allowed = {known.casefold() for known in (*of.sender_addresses, of.mail_from)}
    if address.casefold() not in allowed:
        raise Refused(Rule.SENDER_NOT_ALLOWED, "MAILFROM is not an address of the account")


def recipient(of: Account, job_type: JobType, given: Given) -> Recipient:
    """Rules 17 and 19 for one row."""
    if job_type.is_letter:
        return Recipient(given.address, given.reference)
    if job_type.to_number:
        address, code = judge_number(given.address, of.country, foreign=of.foreign)
    else:
        address, code = judge_mail(given.address)
    return Recipient(address, given.reference, int(code))


def blockable(judged: Iterable[Recipient]) -> list[str]:
    """The addresses that a blacklist is asked about."""
    return [one.address for one in judged if one.code in _MAY_BE_BLOCKED]


def unless_blocked(judged: Recipient, blocked: Mapping[str, bool]) -> Recipient:
    """Rule 18, which comes before 19; `blocked`: True on the account's own list, False for everyone."""
    own = blocked.get(judged.address)
    if own is None or judged.code not in _MAY_BE_BLOCKED:
        return judged
    return Recipient(judged.address, judged.reference, int(Code.BLACKLISTED if own else Code.NUMBER_BARRED))


def anyone(roll: Roll) -> None:
    """A single bad recipient refuses the order; so do nothing but bad ones. In a list they are merely on the record."""
    first = roll.first
    if roll.good == 0 and first is not None:
        raise Refused(
            OF_RECIPIENT[Code(first.code)], f"{first.address[:100]}: {OF_RECIPIENT[Code(first.code)].english}"
        )


def trial_pages(of: Account, order: Order, pages: int) -> None:
    """Rule 23; an SMS is no document, its messages are no pages."""
    if of.state is AccountState.TRIAL and order.type is not JobType.SMS and pages > TRIAL_PAGES:
        raise Refused(Rule.TRIAL_PAGES, f"{pages} pages are more than the {TRIAL_PAGES} of a trial account")


def most_pages(of: Account, order: Order, pages: int) -> None:
    """Rule 21, the account's own limit; an SMS is no document."""
    if order.type is not JobType.SMS and of.most_pages is not None and pages > of.most_pages:
        raise Refused(Rule.NOT_WHOLE, f"{pages} pages are more than the {of.most_pages} of the account")


def signing(of: Account, order: Order, *, sandbox: bool) -> None:
    """Rule 25: the sandbox signs with a test certificate; beyond it no way to sign is set up yet."""
    if order.type is JobType.QSIGN and not sandbox:
        raise Refused(Rule.SIGNING, f"no certificate is set up for account {of.number}")
