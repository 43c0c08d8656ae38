"""What an operator does with accounts, and the record of it."""

import json
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from builders import START, everything, rows
from customers import OpenHouse
from depesche.model.account import AccountState, Payment
from depesche.model.jobtype import JobType
from depesche.store import schema
from depesche.store.accounts import hash_password
from depesche.usecases import accounts
from depesche.usecases.accounts import NewAccount, NotPossible
from depesche.usecases.authenticate import authenticate

pytestmark = pytest.mark.anyio

DAY = date(2030, 12, 31)
MUSTER = NewAccount(
    "10001",
    "Muster GmbH",
    "sehr-geheim",
    ("030 23125100", "+49 30 23125200"),
    password_hash=hash_password("sehr-geheim"),  # once for all tests: it takes its time
)


def audited(opened: OpenHouse) -> list[dict[str, Any]]:
    return opened.house.database.read_here(lambda connection: rows(connection, schema.audit))


async def test_a_new_account_has_careful_defaults(opened: OpenHouse) -> None:
    account = await accounts.add(opened.house, "root", MUSTER)
    assert (account.number, account.name, account.state) == ("10001", "Muster GmbH", AccountState.ACTIVE)
    assert account.numbers == ("+493023125100", "+493023125200")
    assert account.fax_number == "+493023125100"
    assert account.job_types == {JobType.FAX, JobType.SMS, JobType.LETTER, JobType.LETTER_COLOUR}
    assert (account.bulk, account.foreign, account.sandbox, account.country) == (False, False, False, "DE")
    assert await accounts.show(opened.house, "10001") == account
    assert await accounts.everyone(opened.house) == [account]


async def test_an_account_can_begin_with_other_values(opened: OpenHouse) -> None:
    values = {"bulk": True, "job_types": [2], "country": "AT"}
    new = NewAccount("10001", "Muster", "geheim", ("01 234567",), values)
    account = await accounts.add(opened.house, "root", new)
    assert (account.bulk, set(account.job_types), list(account.numbers)) == (True, {JobType.MAIL}, ["+431234567"])


async def test_a_number_given_twice_is_kept_once(opened: OpenHouse) -> None:
    new = NewAccount("10001", "Muster", "geheim", ("030 23125100", "+493023125100"))
    assert (await accounts.add(opened.house, "root", new)).numbers == ("+493023125100",)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (NewAccount("10001", "Zweite", "geheim"), "account 10001 exists already"),
        (NewAccount("10002", "Zweite", "geheim", ("+493023125200",)), "belongs to another account"),
        (NewAccount("10002", "Zweite", ""), "the password is empty"),
        (NewAccount("10002", "Zweite", "geheim", ("12", "030 23125100")), "no valid telephone number: 12$"),
        (NewAccount(" 10001\n", "Zweite", "geheim"), "account 10001 exists already"),
        (NewAccount("", "Zweite", "geheim"), "the account's number is empty"),
        (NewAccount(" \t", "Zweite", "geheim"), "the account's number is empty"),
        (NewAccount("10 002", "Zweite", "geheim"), "number holds a blank"),
        (NewAccount("10\u00a0002", "Zweite", "geheim"), "number holds a blank"),
        (NewAccount("10\x1b[2J", "Zweite", "geheim"), r"number holds the character U\+001B"),
        (NewAccount("10\udcff", "Zweite", "geheim"), r"number holds the character U\+DCFF"),
        (NewAccount("1" * 65, "Zweite", "geheim"), "no room for a number of 65 characters: 64 are the most"),
        (NewAccount("10002", "Z" * 201, "geheim"), "no room for a name of 201 characters: 200 are the most"),
        (
            NewAccount("10002", "Zweite", "geheim", (), {"mail_subject": "S" * 201}),
            "no room for a mail subject of 201 characters: 200 are the most",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    opened: OpenHouse, new: NewAccount, reason: str
) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match=reason):
        await accounts.add(opened.house, "root", new)
    assert opened.house.database.read_here(everything) == before


async def test_a_number_is_kept_as_a_login_looks_for_it(opened: OpenHouse) -> None:
    longest = "1" * 64
    account = await accounts.add(opened.house, "root", NewAccount(f" {longest}\t", "N" * 200, "geheim"))
    assert (account.number, len(account.name)) == (longest, 200)
    login = await authenticate(opened.house, f" {longest}\t", "geheim", "192.0.2.1")
    assert login.account == account
    assert await accounts.show(opened.house, f" {longest}\t") == account


async def test_a_name_that_is_too_long_is_not_written(opened: OpenHouse) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match="no room for a name of 201 characters"):
        await accounts.change(opened.house, "root", "10001", {"name": "N" * 201})
    assert opened.house.database.read_here(everything) == before


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"mail_from": "praxis"}, "praxis is no mail address"),
        ({"mail_from": "a@b"}, "a@b is no mail address"),
        ({"sender_addresses": ["a@example.com", "b example.com"]}, "b example.com is no mail address"),
        ({"sms_from": "Praxis Weiss"}, "at most 11 letters and digits, or at most 16 digits"),
        ({"sms_from": "Weiß"}, "Weiß cannot send SMS"),
        ({"sms_from": "1" * 17}, "at most 16 digits"),
        ({"day_spend": Decimal("0.00001")}, "at most four decimals"),
        ({"day_spend": Decimal(-1)}, "less than nothing cannot be spent"),
        ({"day_spend": Decimal(2_000_000_000)}, "1000000000 euro are the most"),
        ({"day_spend": Decimal("NaN")}, "1000000000 euro are the most"),
        ({"day_pages": -1}, "day pages: 0 is the least"),
        ({"day_pages": 2_000_000_000}, "day pages: 1000000000 are the most"),
        ({"most_recipients": 0}, "most recipients: 1 is the least"),
        ({"most_pages": 0}, "most pages: 1 is the least"),
        ({"tariff": ""}, "the name of a price list has letters"),
        ({"tariff": " gold"}, "no blanks at its ends"),
        ({"tariff": "g" * 41}, "no room for a tariff of 41 characters"),
        ({"quiet_from": time(20), "quiet_until": time(20)}, "quiet hours that begin and end at 20:00 are none"),
        ({"quiet_from": time(20)}, "quiet hours have a beginning and an end, or there are none"),
        ({"quiet_from": None, "quiet_until": time(7)}, "quiet hours have a beginning and an end"),
    ],
)
async def test_a_column_that_makes_no_sense_is_refused_with_a_sentence(
    opened: OpenHouse, values: dict[str, Any], reason: str
) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match=reason):
        await accounts.change(opened.house, "root", "10001", values)
    with pytest.raises(NotPossible, match=reason):
        await accounts.add(opened.house, "root", NewAccount("10002", "Zweite", "geheim", (), values))
    assert opened.house.database.read_here(everything) == before


@pytest.mark.parametrize("sender", ["", "Dr. Weiss", "ABCDEFGHIJK", "1234567890123456", "+491713920000"])
async def test_a_sender_of_sms_has_11_letters_or_16_digits(opened: OpenHouse, sender: str) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    assert (await accounts.change(opened.house, "root", "10001", {"sms_from": sender})).sms_from == sender


async def test_an_account_begins_without_payment_and_without_limits(opened: OpenHouse) -> None:
    account = await accounts.add(opened.house, "root", MUSTER)
    assert (account.payment, account.paid_since, account.tariff) == (Payment.NONE, None, "standard")
    assert (account.balance, account.allowance) == (Decimal(0), 0)
    limits = (account.day_spend, account.day_pages, account.most_recipients, account.most_pages)
    assert limits == (None, None, None, None)


async def test_payment_and_limits_are_set_and_taken_away(opened: OpenHouse) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    values = {
        "payment": "debit",
        "paid_since": DAY,
        "tariff": "gold",
        "day_spend": Decimal("49.5"),
        "day_pages": 0,
        "most_recipients": 7,
        "most_pages": 8,
    }
    changed = await accounts.change(opened.house, "root", "10001", values)
    assert (changed.payment, changed.paid_since, changed.tariff) == (Payment.DEBIT, DAY, "gold")
    assert (changed.day_spend, changed.day_pages) == (Decimal("49.5"), 0)
    assert (changed.most_recipients, changed.most_pages) == (7, 8)
    without = {"day_spend": None, "day_pages": None, "most_recipients": None, "most_pages": None, "paid_since": None}
    bare = await accounts.change(opened.house, "root", "10001", without)
    assert (bare.day_spend, bare.day_pages, bare.most_recipients, bare.most_pages) == (None, None, None, None)
    assert (bare.payment, bare.paid_since) == (Payment.DEBIT, None)
    assert audited(opened)[1]["data"]["day_spend"] == "49.5"
    assert audited(opened)[2]["data"] == without


async def test_quiet_hours_are_set_and_taken_away(opened: OpenHouse) -> None:
    assert (await accounts.add(opened.house, "root", MUSTER)).quiet_from is None
    for start, end in ((time(20), time(7, 30)), (None, None)):
        values = {"quiet_from": start, "quiet_until": end}
        changed = await accounts.change(opened.house, "root", "10001", values)
        assert (changed.quiet_from, changed.quiet_until) == (start, end)
    assert audited(opened)[1]["data"] == {"quiet_from": "20:00:00", "quiet_until": "07:30:00"}
    assert audited(opened)[2]["data"] == {"quiet_from": None, "quiet_until": None}


async def test_an_account_that_will_send_has_no_doubts(opened: OpenHouse) -> None:
    account = await accounts.add(opened.house, "root", replace(MUSTER, values={"sandbox": True}))
    portrait = await accounts.portrait(opened.house, account)
    assert (portrait.sandbox, portrait.has_line, portrait.doubts) == (True, False, ())


@pytest.mark.parametrize(
    ("values", "doubts"),
    [
        ({"sandbox": False}, ["it is live, and no line is set up"]),
        ({"trial_until": date(2026, 3, 1)}, ["its trial is over since 2026-03-01"]),
        ({"trial_until": date(2026, 3, 2), "payment": "prepaid"}, []),
        ({"payment": "package"}, ["no payment of it is known"]),
        ({"payment": "debit", "paid_since": DAY}, ["its price list standard has no lines"]),
        ({"payment": "prepaid"}, ["no payment of it is known", "its price list standard has no lines"]),
    ],
)
async def test_what_will_not_go_well_is_known(opened: OpenHouse, values: dict[str, Any], doubts: list[str]) -> None:
    account = await accounts.add(opened.house, "root", replace(MUSTER, values={"sandbox": True, **values}))
    told = (await accounts.portrait(opened.house, account)).doubts
    assert len(told) == len(doubts)
    assert all(sentence.startswith(doubt) for sentence, doubt in zip(told, doubts, strict=True))


async def test_a_trial_begins_and_ends_with_its_last_day(opened: OpenHouse) -> None:
    trial = await accounts.add(opened.house, "root", replace(MUSTER, values={"trial_until": DAY}))
    assert (trial.state, trial.trial_until) == (AccountState.TRIAL, DAY)
    grown = await accounts.change(opened.house, "root", "10001", {"trial_until": None})
    assert (grown.state, grown.trial_until) == (AccountState.ACTIVE, None)
    again = await accounts.change(opened.house, "root", "10001", {"trial_until": DAY})
    assert (again.state, again.trial_until) == (AccountState.TRIAL, DAY)
    assert (await accounts.change(opened.house, "root", "10001", {"bulk": True})).state is AccountState.TRIAL


@pytest.mark.parametrize(
    ("first", "then", "state"),
    [
        (None, DAY, AccountState.TRIAL),
        (DAY, None, AccountState.ACTIVE),
        (DAY, DAY, AccountState.TRIAL),
        (None, None, AccountState.ACTIVE),
    ],
)
async def test_a_lock_stays_when_a_trial_begins_or_ends_and_unlocking_finds_what_was_set(
    opened: OpenHouse, first: date | None, then: date | None, state: AccountState
) -> None:
    await accounts.add(opened.house, "root", replace(MUSTER, values={"trial_until": first}))
    assert (await accounts.lock(opened.house, "root", "10001")).state is AccountState.LOCKED
    changed = await accounts.change(opened.house, "root", "10001", {"trial_until": then})
    assert (changed.state, changed.trial_until) == (AccountState.LOCKED, then)
    unlocked = await accounts.unlock(opened.house, "root", "10001")
    assert (unlocked.state, unlocked.trial_until) == (state, then)


async def test_unlocking_what_is_not_locked_leaves_it_as_it_is(opened: OpenHouse) -> None:
    endless = await accounts.add(opened.house, "root", replace(MUSTER, values={"state": "trial"}))
    assert (endless.state, endless.trial_until) == (AccountState.TRIAL, None)
    assert await accounts.unlock(opened.house, "root", "10001") == endless


async def test_own_numbers_are_read_as_of_the_country_that_is_set_with_them(opened: OpenHouse) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    moved = await accounts.change(opened.house, "root", "10001", {"country": "AT"}, ("01 234567",))
    assert moved.numbers == ("+431234567",)


async def test_what_is_not_there_cannot_be_changed(opened: OpenHouse) -> None:
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await accounts.show(opened.house, "10009")
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await accounts.change(opened.house, "root", "10009", {"bulk": True})
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await accounts.set_password(opened.house, "root", "10009", "x")
    for turn in (accounts.lock, accounts.unlock):
        with pytest.raises(NotPossible, match="there is no account 10009"):
            await turn(opened.house, "root", "10009")
    assert audited(opened) == []


async def test_columns_and_numbers_can_be_changed(opened: OpenHouse) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    changed = await accounts.change(opened.house, "root", "10001", {"name": "Neu", "bulk": True}, ("030 23125200",))
    assert (changed.name, changed.bulk, changed.numbers) == ("Neu", True, ("+493023125200",))
    assert await accounts.show(opened.house, "10001") == changed
    kept = await accounts.change(opened.house, "root", "10001", {"bulk": False})
    assert kept.numbers == ("+493023125200",)
    bare = await accounts.change(opened.house, "root", "10001", {}, ())
    assert bare.numbers == ()


async def test_a_number_of_another_account_stays_there(opened: OpenHouse) -> None:
    await accounts.add(opened.house, "root", MUSTER)
    await accounts.add(opened.house, "root", NewAccount("10002", "Zweite", "geheim"))
    before = opened.house.database.read_here(everything)
    with pytest.raises(NotPossible, match="belongs to another account"):
        await accounts.change(opened.house, "root", "10002", {"bulk": True}, ("030 23125200",))
    assert opened.house.database.read_here(everything) == before


async def test_every_change_is_on_record_with_who_and_what_and_no_secret(opened: OpenHouse) -> None:
    await accounts.add(opened.house, "anna", MUSTER)
    await accounts.change(opened.house, "bernd", "10001", {"bulk": True}, ("030 23125100",))
    await accounts.set_password(opened.house, "clara", "10001", "noch-geheimer")
    await accounts.lock(opened.house, "dora", "10001")
    found = audited(opened)
    assert [(row["actor"], row["action"], row["account_id"], row["at"]) for row in found] == [
        ("anna", "account.add", 1, START),
        ("bernd", "account.set", 1, START),
        ("clara", "account.password", 1, START),
        ("dora", "account.set", 1, START),
    ]
    assert found[1]["data"] == {"bulk": True, "numbers": ["+493023125100"]}
    assert found[2]["data"] == {}
    assert found[3]["data"] == {"state": "locked"}
    told = json.dumps([row["data"] for row in found])
    for secret in ("sehr-geheim", "noch-geheimer", "argon2"):
        assert secret not in told


def test_new_passwords_are_long_and_never_the_same() -> None:
    made = {accounts.new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 16 for password in made)
