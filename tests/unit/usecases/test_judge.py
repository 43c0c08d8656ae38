"""Whether an account may do this."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from builders import START
from customers import Customer, Enter, OpenHouse
from customers import Order as Submitted
from depesche.model.account import Account, AccountState, Payment
from depesche.model.jobtype import JobType
from depesche.model.options import parse
from depesche.model.recipients import Given
from depesche.model.roll import Recipient, ShortRoll
from depesche.model.rules import Rule
from depesche.usecases import judge
from depesche.usecases.order import Order, Submission
from depesche.usecases.refused import Refused


@pytest.fixture
def account(customer: Customer) -> Account:
    assert customer.login.account is not None
    return customer.login.account


@pytest.mark.parametrize(
    ("today", "over"),
    [
        (date(2026, 3, 30), False),
        (date(2026, 3, 31), False),
        (date(2026, 4, 1), True),
        (date(2027, 1, 1), True),
    ],
)
def test_the_last_day_of_a_trial_is_part_of_it(account: Account, today: date, over: bool) -> None:
    trial = replace(account, state=AccountState.TRIAL, trial_until=date(2026, 3, 31))
    assert judge.trial_over(trial, today) is over


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2026, 3, 30, 23, 0, tzinfo=UTC), 0),
        (datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), 3),
    ],
)
async def test_a_day_ends_at_midnight_by_the_operators_calendar(
    opened: OpenHouse, enter: Enter, now: datetime, code: int
) -> None:
    customer = enter(state="trial", trial_until=date(2026, 3, 31))
    opened.clock.moment = now
    assert (await customer.send(Submitted())).code == code


@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.LOCKED])
def test_only_a_trial_can_be_over(account: Account, state: AccountState) -> None:
    other = replace(account, state=state, trial_until=date(2020, 1, 1))
    assert not judge.trial_over(other, date(2026, 1, 1))


def test_a_trial_without_an_end_goes_on(account: Account) -> None:
    endless = replace(account, state=AccountState.TRIAL, trial_until=None)
    assert not judge.trial_over(endless, date(2099, 1, 1))


def test_an_account_that_may_send_is_given_back(enter: Enter) -> None:
    customer = enter(state="trial", trial_until=date(2026, 3, 2))
    assert judge.account(customer.login, date(2026, 3, 2)) is customer.login.account


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({}, None),
        ({"payment": Payment.PREPAID}, Rule.NO_PAYMENT),
        ({"payment": Payment.DEBIT}, Rule.NO_PAYMENT),
        ({"payment": Payment.PACKAGE}, Rule.NO_PAYMENT),
        ({"payment": Payment.PREPAID, "paid_since": date(2026, 3, 31)}, None),
        ({"payment": Payment.PACKAGE, "paid_since": date(2026, 3, 31)}, None),
        ({"payment": Payment.DEBIT, "paid_since": date(2026, 3, 31)}, Rule.DEBIT_TOO_YOUNG),
        ({"payment": Payment.DEBIT, "paid_since": date(2026, 3, 18)}, Rule.DEBIT_TOO_YOUNG),
        ({"payment": Payment.DEBIT, "paid_since": date(2026, 3, 17)}, None),
        ({"payment": Payment.PREPAID, "state": AccountState.TRIAL}, None),
        ({"payment": Payment.DEBIT, "state": AccountState.TRIAL, "paid_since": date(2026, 3, 31)}, None),
    ],
)
def test_who_pays_has_paid_and_a_first_direct_debit_is_14_days_old(
    account: Account, columns: dict[str, Any], rule: Rule | None
) -> None:
    assert broken(lambda: judge.paid(replace(account, **columns), date(2026, 3, 31))) is rule


def order(job_type: JobType = JobType.SMS, rows: int = 1, options: str = "") -> Order:
    given = tuple(Given(str(number), "") for number in range(rows))
    return Order(Submission(int(job_type)), job_type, given, (), parse(options), START, "")


def broken(step: Callable[[], object]) -> Rule | None:
    """The rule that the step says no by."""
    try:
        step()
    except Refused as refused:
        return refused.rule
    return None


@pytest.mark.parametrize(
    ("columns", "rows", "fits"),
    [
        ({"bulk": False}, 1, True),
        ({"bulk": False}, 2, False),
        ({"bulk": True}, 100_000, True),
        ({"bulk": True, "most_recipients": 5}, 5, True),
        ({"bulk": True, "most_recipients": 5}, 6, False),
        ({"bulk": False, "most_recipients": 5}, 2, False),
        ({"bulk": True}, 100_001, False),
        ({"bulk": True, "most_recipients": 200_000}, 100_001, False),
    ],
)
def test_rows_count_not_recipients(account: Account, columns: dict[str, Any], rows: int, fits: bool) -> None:
    rule = broken(lambda: judge.bulk(replace(account, **columns), order(rows=rows), 100_000))
    assert rule is (None if fits else Rule.BULK_NOT_RELEASED)


@pytest.mark.parametrize("job_type", [JobType.MAIL, JobType.QSIGN])
@pytest.mark.parametrize(
    ("options", "fits"),
    [
        ("", True),
        ("MAILFROM=", True),
        ("MAILFROM=info@firma.de", True),
        ("MAILFROM=INFO@Firma.de", True),
        ("MAILFROM=zwei@firma.de", True),
        ("MAILFROM=Zwei@FIRMA.de", True),
        ("MAILFROM=drei@firma.de", False),
        ("MAILFROM=info@firma.de.example", False),
        ("MAILFROM=info", False),
        ("MAILFROM=Info <info@firma.de>", False),
    ],
)
def test_a_sender_is_an_address_of_the_account(account: Account, job_type: JobType, options: str, fits: bool) -> None:
    known = replace(account, mail_from="info@firma.de", sender_addresses=frozenset({"zwei@firma.de"}))
    rule = broken(lambda: judge.sender(known, order(job_type, options=options)))
    assert rule is (None if fits else Rule.SENDER_NOT_ALLOWED)


@pytest.mark.parametrize("job_type", [JobType.FAX, JobType.SMS, JobType.LETTER, JobType.LETTER_COLOUR])
def test_where_no_mail_goes_out_nobody_asks_for_its_sender(account: Account, job_type: JobType) -> None:
    assert broken(lambda: judge.sender(account, order(job_type, options="MAILFROM=niemand"))) is None


@pytest.mark.parametrize(
    ("job_type", "given", "judged"),
    [
        (JobType.FAX, "030 23125000", ("+493023125000", 0)),
        (JobType.SMS, "+4312345678", ("+4312345678", -8)),
        (JobType.FAX, "x", ("x", 47)),
        (JobType.MAIL, " a@firma.de ", ("a@firma.de", 0)),
        (JobType.QSIGN, "030 23125000", ("030 23125000", 47)),
        (JobType.LETTER, "0900 1", ("0900 1", 0)),
        (JobType.LETTER_COLOUR, "", ("", 0)),
    ],
)
def test_a_row_is_judged_by_where_it_goes(
    account: Account, job_type: JobType, given: str, judged: tuple[str, int]
) -> None:
    home = replace(account, foreign=False)
    assert judge.recipient(home, job_type, Given(given, "ref")) == Recipient(judged[0], "ref", judged[1])


@pytest.mark.parametrize(
    ("code", "own", "told"),
    [(0, True, 9), (0, False, -5), (-5, True, 9), (-8, True, 9), (-8, False, -5)]
    + [(code, own, code) for code in (45, 46, 47) for own in (True, False)],
)
def test_a_blacklist_stands_before_the_release_for_abroad_and_behind_what_is_no_number(
    code: int, own: bool, told: int
) -> None:
    judged = Recipient("+4312345678", "ref", code)
    assert judge.blockable([judged]) == (["+4312345678"] if told != code or code == -5 else [])
    assert judge.unless_blocked(judged, {"+4312345678": own}) == Recipient("+4312345678", "ref", told)
    assert judge.unless_blocked(judged, {"+4312345679": own}) == judged


@pytest.mark.parametrize(
    ("codes", "rule"),
    [
        ((0,), None),
        ((47, 0), None),
        ((47,), Rule.ADDRESS_MALFORMED),
        ((45, 47), Rule.NUMBER_PREMIUM),
        ((46, 47), Rule.NUMBER_INVALID),
        ((9, 47), Rule.OWN_BLACKLIST),
        ((-5, 47), Rule.BARRED),
        ((-8, 47), Rule.FOREIGN),
    ],
)
def test_the_first_ones_fault_is_told_if_none_is_good(codes: tuple[int, ...], rule: Rule | None) -> None:
    roll = ShortRoll(tuple(Recipient("x", code=code) for code in codes))
    assert broken(lambda: judge.anyone(roll)) is rule


@pytest.mark.parametrize(
    ("state", "job_type", "pages", "fits"),
    [
        (AccountState.TRIAL, JobType.FAX, 3, True),
        (AccountState.TRIAL, JobType.FAX, 4, False),
        (AccountState.TRIAL, JobType.LETTER, 4, False),
        (AccountState.TRIAL, JobType.MAIL, 4, False),
        (AccountState.TRIAL, JobType.SMS, 4, True),
        (AccountState.ACTIVE, JobType.FAX, 500, True),
    ],
)
def test_a_trial_has_three_pages(
    account: Account, state: AccountState, job_type: JobType, pages: int, fits: bool
) -> None:
    trial = replace(account, state=state, trial_until=None)
    assert broken(lambda: judge.trial_pages(trial, order(job_type), pages)) is (None if fits else Rule.TRIAL_PAGES)


@pytest.mark.parametrize(
    ("most", "job_type", "pages", "fits"),
    [
        (None, JobType.FAX, 500, True),
        (2, JobType.FAX, 2, True),
        (2, JobType.FAX, 3, False),
        (2, JobType.LETTER, 3, False),
        (2, JobType.SMS, 3, True),
    ],
)
def test_an_account_has_its_own_most_pages(
    account: Account, most: int | None, job_type: JobType, pages: int, fits: bool
) -> None:
    rule = broken(lambda: judge.most_pages(replace(account, most_pages=most), order(job_type), pages))
    assert rule is (None if fits else Rule.NOT_WHOLE)


@pytest.mark.parametrize("job_type", JobType)
@pytest.mark.parametrize("sandbox", [True, False])
def test_only_the_sandbox_signs(account: Account, job_type: JobType, sandbox: bool) -> None:
    rule = broken(lambda: judge.signing(account, order(job_type), sandbox=sandbox))
    assert rule is (Rule.SIGNING if job_type is JobType.QSIGN and not sandbox else None)
