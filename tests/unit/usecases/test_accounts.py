"""What an operator does with accounts, and the record of it."""

import json
from typing import Any

import pytest

from builders import START, everything, rows
from customers import OpenHouse
from depesche.model.account import AccountState
from depesche.model.jobtype import JobType
from depesche.store import schema
from depesche.usecases import accounts
from depesche.usecases.accounts import NewAccount, NotPossible

pytestmark = pytest.mark.anyio

MUSTER = NewAccount("10001", "Muster GmbH", "sehr-geheim", ("030 23125100", "+49 30 23125200"))


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


async def test_what_is_not_there_cannot_be_changed(opened: OpenHouse) -> None:
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await accounts.show(opened.house, "10009")
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await accounts.change(opened.house, "root", "10009", {"bulk": True})
    with pytest.raises(NotPossible, match="there is no account 10009"):
        await accounts.set_password(opened.house, "root", "10009", "x")
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
    await accounts.change(opened.house, "bernd", "10001", {"bulk": True, "state": "locked"}, ("030 23125100",))
    await accounts.set_password(opened.house, "clara", "10001", "noch-geheimer")
    found = audited(opened)
    assert [(row["actor"], row["action"], row["account_id"], row["at"]) for row in found] == [
        ("anna", "account.add", 1, START),
        ("bernd", "account.set", 1, START),
        ("clara", "account.password", 1, START),
    ]
    assert found[1]["data"] == {"bulk": True, "state": "locked", "numbers": ["+493023125100"]}
    assert found[2]["data"] == {}
    told = json.dumps([row["data"] for row in found])
    for secret in ("sehr-geheim", "noch-geheimer", "argon2"):
        assert secret not in told


def test_new_passwords_are_long_and_never_the_same() -> None:
    made = {accounts.new_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 16 for password in made)
