"""What an operator does with accounts; every change is on the audit record, in the same transaction."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from depesche.model.account import Account, AccountState
from depesche.model.codes import SendJobCode
from depesche.model.jobtype import JobType
from depesche.model.numbers import judge_number
from depesche.store import accounts, audit
from depesche.usecases.house import House


class NotPossible(Exception):
    """The change makes no sense; the message says why, nothing was changed."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account begins with."""

    number: str
    name: str
    password: str
    numbers: tuple[str, ...] = ()
    """Own fax numbers in any notation, the main one first."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Columns that shall differ from `DEFAULTS`."""


DEFAULTS: Mapping[str, Any] = {
    "state": AccountState.ACTIVE.value,
    "trial_until": None,
    "sandbox": False,
    "country": "DE",
    "job_types": [int(kind) for kind in (JobType.FAX, JobType.SMS, JobType.LETTER, JobType.LETTER_COLOUR)],
    "bulk": False,
    "abroad": False,
    "mail_from": "",
    "mail_subject": "",
    "sms_from": "",
    "sender_addresses": [],
    "status_encoding": "utf-8",
    "weight": 1,
}


async def add(house: House, actor: str, new: NewAccount) -> Account:
    """Add an account. Raises: NotPossible."""
    values = {**DEFAULTS, **new.values, "number": new.number, "name": new.name}
    numbers = _numbers(new.numbers, values["country"])
    hashed = await asyncio.to_thread(accounts.hash_password, _sound(new.password))
    now = house.now()

    def work(connection: sa.Connection) -> Account:
        account_id = accounts.add(connection, {**values, "password_hash": hashed}, numbers, now)
        audit.write(connection, now, actor, "account.add", account_id, _tellable(values) | {"numbers": numbers})
        return _found(connection, new.number)

    try:
        return await house.database.run(work)
    except IntegrityError:
        raise NotPossible(f"account {new.number} exists already") from None
    except accounts.NumberTaken as error:
        raise NotPossible(str(error)) from None


async def change(
    house: House, actor: str, number: str, values: Mapping[str, Any], own_numbers: tuple[str, ...] | None = None
) -> Account:
    """Change columns, and the own numbers if given. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> Account:
        account = _found(connection, number)
        told = _tellable(values)
        if values:
            accounts.change(connection, account.id, values)
        if own_numbers is not None:
            told["numbers"] = _numbers(own_numbers, account.country)
            accounts.set_numbers(connection, account.id, told["numbers"])
        audit.write(connection, now, actor, "account.set", account.id, told)
        return _found(connection, number)

    try:
        return await house.database.run(work)
    except accounts.NumberTaken as error:
        raise NotPossible(str(error)) from None


async def set_password(house: House, actor: str, number: str, password: str) -> None:
    """A new password, in force at once on every worker. Raises: NotPossible."""
    hashed = await asyncio.to_thread(accounts.hash_password, _sound(password))
    now = house.now()

    def work(connection: sa.Connection) -> None:
        account = _found(connection, number)
        accounts.change(connection, account.id, {"password_hash": hashed})
        audit.write(connection, now, actor, "account.password", account.id, {})

    await house.database.run(work)


async def show(house: House, number: str) -> Account:
    """Raises: NotPossible."""
    return await house.database.read(lambda connection: _found(connection, number))


async def everyone(house: House) -> list[Account]:
    """All accounts in the order of their numbers."""
    return await house.database.read(accounts.everyone)


def new_password() -> str:
    """One that nobody has to think of: 96 bits."""
    return secrets.token_urlsafe(12)


def _found(connection: sa.Connection, number: str) -> Account:
    account = accounts.by_number(connection, number)
    if account is None:
        raise NotPossible(f"there is no account {number}")
    return account


def _sound(password: str) -> str:
    if not password:
        raise NotPossible("the password is empty")
    return password


def _numbers(given: tuple[str, ...], country: str) -> list[str]:
    judged = [judge_number(number, country, foreign=True) for number in given]
    bad = [number for number, code in judged if code is not SendJobCode.ACCEPTED]
    if bad:
        raise NotPossible(f"no valid telephone number: {', '.join(bad)}")
    return list(dict.fromkeys(number for number, _ in judged))


def _tellable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | list) else str(value) for key, value in values.items()}
