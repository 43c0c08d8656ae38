"""What an operator does with accounts; every change is on the audit record, in the same transaction."""

import asyncio
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from depesche.config import LONGEST_DAYS
from depesche.model import tariff
from depesche.model.account import Account, AccountState, Payment
from depesche.model.codes import SendJobCode
from depesche.model.jobtype import Channel, JobType
from depesche.model.numbers import judge_mail, judge_number
from depesche.model.resolution import Resolution
from depesche.store import accounts, audit, lines, schema
from depesche.usecases.house import House
from depesche.usecases.judge import trial_over


class NotPossible(Exception):
    """The change makes no sense; the message says why, nothing was changed."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account begins with."""

    number: str
    """As people type it; blanks around it are not part of it."""

    name: str
    password: str
    numbers: tuple[str, ...] = ()
    """Own fax numbers in any notation, the main one first."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Columns that shall differ from `DEFAULTS`; the state follows from `trial_until` unless it is given."""

    password_hash: str = ""
    """Of `password`, as `hash_password` gave it; empty: it is hashed anew."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """An account as an operator sees it."""

    account: Account
    sandbox: bool
    """All that it sends ends in the sandbox: because of itself, or of the installation."""

    has_line: bool
    """A line is set up for something that it may send."""

    doubts: tuple[str, ...]
    """What will not go well, as sentences without their full stop."""


DEFAULTS: Mapping[str, Any] = {
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
    "payment": Payment.NONE.value,
    "paid_since": None,
    "tariff": "standard",
    "day_spend": None,
    "day_pages": None,
    "most_recipients": None,
    "most_pages": None,
    "double_minutes": None,
    "demands_window": False,
    "duplex": False,
    "quiet_from": None,
    "quiet_until": None,
    "document_days": None,
    "fax_days": None,
    "kept_fax_days": None,
    "record_days": None,
    "resolution": Resolution.FINE.value,
}


async def hash_password(password: str) -> str:
    """As it is kept: argon2id, a tenth of a second and more. Raises: NotPossible."""
    return await asyncio.to_thread(accounts.hash_password, _sound(password))


async def add(house: House, actor: str, new: NewAccount) -> Account:
    """Add an account. Raises: NotPossible."""
    number = _sound_number(new.number)
    values = {**DEFAULTS, **new.values, "number": number, "name": new.name}
    values.setdefault("state", _unlocked(values["trial_until"]).value)
    _check(values)
    numbers = _numbers(new.numbers, values["country"])
    hashed = new.password_hash or await hash_password(new.password)
    now = house.now()

    def work(connection: sa.Connection) -> Account:
        account_id = accounts.add(connection, {**values, "password_hash": hashed}, numbers, now)
        audit.write(connection, now, actor, "account.add", account_id, _tellable(values) | {"numbers": numbers})
        return found(connection, number)

    try:
        return await house.database.run(work)
    except IntegrityError:
        raise NotPossible(f"account {number} exists already") from None
    except accounts.NumberTaken as error:
        raise NotPossible(str(error)) from None


async def change(
    house: House, actor: str, number: str, values: Mapping[str, Any], own_numbers: tuple[str, ...] | None = None
) -> Account:
    """Change columns, and the own numbers if given. Raises: NotPossible.

    With `trial_until` a trial begins or ends; who is locked stays locked until `unlock`.
    """
    _check(values)

    def wanted(account: Account) -> dict[str, Any]:
        if "trial_until" not in values or account.state is AccountState.LOCKED:
            return dict(values)
        return {"state": _unlocked(values["trial_until"]).value, **values}

    return await _change(house, actor, number, wanted, own_numbers)


async def lock(house: House, actor: str, number: str) -> Account:
    """Refuse every call of the account from now on. Raises: NotPossible."""
    return await _change(house, actor, number, lambda _account: {"state": AccountState.LOCKED.value})


async def unlock(house: House, actor: str, number: str) -> Account:
    """End a lock; a trial goes on where it was. Raises: NotPossible."""

    def wanted(account: Account) -> dict[str, Any]:
        if account.state is not AccountState.LOCKED:
            return {}
        return {"state": _unlocked(account.trial_until).value}

    return await _change(house, actor, number, wanted)


async def set_password(house: House, actor: str, number: str, password: str) -> None:
    """A new password, in force at once on every worker. Raises: NotPossible."""
    hashed = await hash_password(password)
    now = house.now()

    def work(connection: sa.Connection) -> None:
        account = found(connection, number)
        accounts.change(connection, account.id, {"password_hash": hashed})
        audit.write(connection, now, actor, "account.password", account.id, {})

    await house.database.run(work)


async def show(house: House, number: str) -> Account:
    """Raises: NotPossible."""
    return await house.database.read(lambda connection: found(connection, number))


async def everyone(house: House) -> list[Account]:
    """All accounts in the order of their numbers."""
    return await house.database.read(accounts.everyone)


async def portrait(house: House, account: Account) -> Portrait:
    """The account, and what an operator who looks at it should know."""
    sandbox = account.sandbox or house.settings.sandbox
    wanted = {kind.channel for kind in account.job_types}
    has_line = bool(wanted & await house.database.read(_channels_with_lines))
    return Portrait(account, sandbox, has_line, tuple(_doubts(house, account, sandbox=sandbox, has_line=has_line)))


def _channels_with_lines(connection: sa.Connection) -> frozenset[Channel]:
    """The ways out of the house, for what does not end in the sandbox."""
    return frozenset({Channel.FAX} if any(line.enabled for line, _ in lines.every(connection)) else ())


def _doubts(house: House, account: Account, *, sandbox: bool, has_line: bool) -> Iterator[str]:
    if trial_over(account, house.today()):
        yield f"its trial is over since {account.trial_until}: its orders are refused"
    if not sandbox and not has_line:
        yield "it is live, and no line is set up (`line add`): all that it sends fails"
    if account.payment is Payment.NONE or account.state is AccountState.TRIAL:
        return
    if account.paid_since is None:
        yield "no payment of it is known: its orders are refused until `ledger deposit` or --paid-since"
    if account.payment is not Payment.PACKAGE and not account.has_prices:
        yield f"its price list {account.tariff} has no lines: all that it sends is free"


def new_password() -> str:
    """One that nobody has to think of: 96 bits."""
    return secrets.token_urlsafe(12)


async def _change(
    house: House,
    actor: str,
    number: str,
    wanted: Callable[[Account], dict[str, Any]],
    own_numbers: tuple[str, ...] | None = None,
) -> Account:
    """Write what is `wanted` of the account as the transaction finds it. Raises: NotPossible."""
    now = house.now()

    def work(connection: sa.Connection) -> Account:
        account = found(connection, number)
        values = wanted(account)
        told = _tellable(values)
        if values:
            accounts.change(connection, account.id, values)
        if own_numbers is not None:
            told["numbers"] = _numbers(own_numbers, values.get("country", account.country))
            accounts.set_numbers(connection, account.id, told["numbers"])
        audit.write(connection, now, actor, "account.set", account.id, told)
        return found(connection, number)

    try:
        return await house.database.run(work)
    except accounts.NumberTaken as error:
        raise NotPossible(str(error)) from None


def found(connection: sa.Connection, number: str) -> Account:
    """The account of this number, in a transaction. Raises: NotPossible."""
    account = accounts.by_number(connection, number.strip())
    if account is None:
        raise NotPossible(f"there is no account {number}")
    return account


def _unlocked(trial_until: date | None) -> AccountState:
    """The state of an account that is not locked."""
    return AccountState.ACTIVE if trial_until is None else AccountState.TRIAL


def _sound_number(number: str) -> str:
    """A customer number as `authenticate` looks for it. Raises: NotPossible."""
    number = number.strip()
    if not number:
        raise NotPossible("the account's number is empty")
    strange = next((c for c in number if c == " " or not c.isprintable()), None)
    if strange is not None:
        raise NotPossible(f"the account's number holds {_named(strange)}: programs could not log in with it")
    return number


def _named(character: str) -> str:
    return "a blank" if character.isspace() else f"the character U+{ord(character):04X}"


def check_tariff(name: str) -> str:
    """The name of a price list, as accounts name it. Raises: NotPossible."""
    if not name or not name.isprintable() or name != name.strip():
        raise NotPossible("the name of a price list has letters, and no blanks at its ends")
    _check_lengths({"tariff": name})
    return name


def check_amount(amount: Decimal, what: str) -> Decimal:
    """An amount as the database keeps it. Raises: NotPossible."""
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise NotPossible(f"{what}: {LARGEST} euro are the most")
    if amount != tariff.amount(amount):
        raise NotPossible(f"{what}: an amount in euro has at most four decimals")
    return tariff.amount(amount)


def check_units(units: int, what: str) -> int:
    """A number as the database keeps it. Raises: NotPossible."""
    if abs(units) > LARGEST:
        raise NotPossible(f"{what}: {LARGEST} are the most")
    return units


def _check(values: Mapping[str, Any]) -> None:
    """Whether the columns can be what they are to be. Raises: NotPossible."""
    for address in (values.get("mail_from"), *values.get("sender_addresses", ())):
        if address and judge_mail(address)[1] is not SendJobCode.ACCEPTED:
            raise NotPossible(f"{address} is no mail address")
    sender = values.get("sms_from", "")
    if not _SMS_SENDER.fullmatch(sender):
        raise NotPossible(f"{sender} cannot send SMS: at most 11 letters and digits, or at most 16 digits")
    if "tariff" in values:
        check_tariff(values["tariff"])
    if values.get("day_spend") is not None and check_amount(values["day_spend"], "spend a day") < 0:
        raise NotPossible("spend a day: less than nothing cannot be spent")
    for column, least in _LEAST.items():
        number = values.get(column)
        if number is not None and check_units(number, column.replace("_", " ")) < least:
            raise NotPossible(f"{column.replace('_', ' ')}: {least} is the least")
    _check_quiet(values.get("quiet_from"), values.get("quiet_until"))
    _check_ages(values)
    _check_lengths(values)


def _check_quiet(start: time | None, end: time | None) -> None:
    """Whether quiet hours can be so. Raises: NotPossible."""
    if (start is None) != (end is None):
        raise NotPossible("quiet hours have a beginning and an end, or there are none")
    if start is not None and start == end:
        raise NotPossible(f"quiet hours that begin and end at {start:%H:%M} are none: a hold keeps everything back")


def _check_ages(values: Mapping[str, Any]) -> None:
    """Whether things can be kept for so long. Raises: NotPossible."""
    for column in ("document_days", "fax_days", "kept_fax_days", "record_days"):
        days = values.get(column)
        if days is not None and not 0 <= days <= LONGEST_DAYS:
            raise NotPossible(f"{column.replace('_', ' ')}: {LONGEST_DAYS} are the most, and 0 is for ever")


LARGEST = 1_000_000_000
"""Euro of one entry, and pages: sums of them have room in every database."""

_LEAST = {"day_pages": 0, "most_recipients": 1, "most_pages": 1, "double_minutes": 0}
"""Limits that are whole numbers."""

_SMS_SENDER = re.compile(r"|[\x20-\x7e]{1,11}|\+?[0-9]{1,16}")
"""Eleven letters (3GPP TS 23.040 §9.1.2.5), or as many digits as the interface allows."""


def _check_lengths(values: Mapping[str, Any]) -> None:
    """Not every database refuses what is longer than its column. Raises: NotPossible."""
    for column, longest in _LONGEST.items():
        value = values.get(column)
        if isinstance(value, str) and len(value) > longest:
            told = f"{column.replace('_', ' ')} of {len(value)} characters"
            raise NotPossible(f"the account has no room for a {told}: {longest} are the most")


_LONGEST = {
    column.name: column.type.length
    for column in schema.account.columns
    if isinstance(column.type, sa.String) and column.type.length is not None
}
"""Characters of each column of text."""


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
    return {
        key: value if value is None or isinstance(value, int | list) else str(value) for key, value in values.items()
    }
