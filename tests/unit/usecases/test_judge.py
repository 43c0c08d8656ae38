"""Whether an account may do this."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from customers import Customer, Enter
from depesche.model.account import Account, AccountState
from depesche.usecases import judge


@pytest.fixture
def account(customer: Customer) -> Account:
    assert customer.login.account is not None
    return customer.login.account


@pytest.mark.parametrize(
    ("now", "over"),
    [
        (datetime(2026, 3, 30, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 31, 0, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), True),
        (datetime(2026, 5, 1, 12, 0, tzinfo=UTC), True),
    ],
)
def test_the_last_day_of_a_trial_ends_at_midnight_in_germany(account: Account, now: datetime, over: bool) -> None:
    trial = replace(account, state=AccountState.TRIAL, trial_until=date(2026, 3, 31))
    assert judge.trial_over(trial, now) is over


@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.LOCKED])
def test_only_a_trial_can_be_over(account: Account, state: AccountState) -> None:
    other = replace(account, state=state, trial_until=date(2020, 1, 1))
    assert not judge.trial_over(other, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_trial_without_an_end_goes_on(account: Account) -> None:
    endless = replace(account, state=AccountState.TRIAL, trial_until=None)
    assert not judge.trial_over(endless, datetime(2099, 1, 1, tzinfo=UTC))


def test_an_account_that_may_send_is_given_back(enter: Enter) -> None:
    customer = enter(state="trial", trial_until=date(2026, 3, 2))
    assert judge.account(customer.login, datetime(2026, 3, 2, 22, 0, tzinfo=UTC)) is customer.login.account
