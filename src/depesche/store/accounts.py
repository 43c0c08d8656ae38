"""Accounts and their numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import argon2
import sqlalchemy as sa

from depesche.model.account import Account, AccountState, Payment
from depesche.model.jobtype import JobType
from depesche.model.resolution import Resolution
from depesche.store.blocked import EVERYONE
from depesche.store.schema import Row, account, account_number, blocked, price
from depesche.store.sequence import assigned

_hasher = argon2.PasswordHasher()
"""argon2id with the library's defaults (RFC 9106, low-memory profile): about 40 ms a password."""


class NumberTaken(Exception):
    """A fax number belongs to another account already."""


def hash_password(password: str) -> str:
    """argon2id; takes its time on purpose."""
    return _hasher.hash(password)


def password_fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed; takes its time on purpose."""
    try:
        return _hasher.verify(password_hash, password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False


def credentials(connection: sa.Connection, number: str) -> tuple[Account, str] | None:
    """The account with its password hash; for `usecases.authenticate` alone."""
    row = connection.execute(_BY_NUMBER, {"number": number}).one_or_none()
    return None if row is None else (_account(row), row.password_hash)


def by_number(connection: sa.Connection, number: str) -> Account | None:
    """The account of this customer number."""
    found = credentials(connection, number)
    return found[0] if found else None


def by_fax_number(connection: sa.Connection, fax_number: str) -> int | None:
    """Id of the account that an E.164 number belongs to."""
    query = sa.select(account_number.c.account_id).where(account_number.c.number == fax_number)
    return connection.execute(query).scalar()


def name_by_fax_number(connection: sa.Connection, fax_number: str) -> str | None:
    """Name of the account that an E.164 number belongs to."""
    joined = account.join(account_number, account_number.c.account_id == account.c.id)
    name: str | None = connection.execute(
        sa.select(account.c.name).select_from(joined).where(account_number.c.number == fax_number)
    ).scalar()
    return name


def hold(connection: sa.Connection, account_id: int) -> None:
    """Whoever else holds this account waits until this transaction ends; what only refers to it does not."""
    connection.execute(_HELD, {"of": account_id})


def everyone(connection: sa.Connection) -> list[Account]:
    """All accounts in the order of their numbers."""
    rows = connection.execute(_ACCOUNT.order_by(account.c.number)).all()
    return [_account(row) for row in rows]


def add(connection: sa.Connection, values: Mapping[str, Any], numbers: Sequence[str], now: datetime) -> int:
    """Add an account, give its id. Raises: NumberTaken, sqlalchemy.exc.IntegrityError (the account exists)."""
    result = connection.execute(account.insert().values(**values, numbers=[], created_at=now))
    account_id = assigned(result)
    set_numbers(connection, account_id, numbers)
    return account_id


def change(connection: sa.Connection, account_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of an account."""
    connection.execute(account.update().where(account.c.id == account_id).values(**values))


def set_numbers(connection: sa.Connection, account_id: int, numbers: Sequence[str]) -> None:
    """Make these the account's numbers, the main one first. Raises: NumberTaken."""
    connection.execute(account_number.delete().where(account_number.c.account_id == account_id))
    for number in numbers:
        if by_fax_number(connection, number) is not None:
            raise NumberTaken(f"{number} belongs to another account")
        connection.execute(account_number.insert().values(number=number, account_id=account_id))
    change(connection, account_id, {"numbers": list(numbers)})


_ACCOUNT = sa.select(
    account,
    sa.exists().where(price.c.tariff == account.c.tariff).label("has_prices"),
    sa.exists().where(blocked.c.account_id.in_((EVERYONE, account.c.id))).label("has_blocked"),
)
_HELD = sa.select(account.c.id).where(account.c.id == sa.bindparam("of")).with_for_update(key_share=True)
_BY_NUMBER = _ACCOUNT.where(account.c.number == sa.bindparam("number"))


def _account(row: Row) -> Account:
    return Account(
        id=row.id,
        number=row.number,
        name=row.name,
        state=AccountState(row.state),
        trial_until=row.trial_until,
        sandbox=row.sandbox,
        country=row.country,
        fax_number=row.numbers[0] if row.numbers else "",
        numbers=tuple(row.numbers),
        job_types=frozenset(JobType(kind) for kind in row.job_types),
        bulk=row.bulk,
        foreign=row.abroad,
        mail_from=row.mail_from,
        mail_subject=row.mail_subject,
        sms_from=row.sms_from,
        sender_addresses=frozenset(row.sender_addresses),
        status_encoding=row.status_encoding,
        weight=row.weight,
        payment=Payment(row.payment),
        paid_since=row.paid_since,
        tariff=row.tariff,
        balance=row.balance,
        reserved=row.reserved,
        allowance=row.allowance,
        allowance_reserved=row.allowance_reserved,
        day_spend=row.day_spend,
        day_pages=row.day_pages,
        most_recipients=row.most_recipients,
        most_pages=row.most_pages,
        double_minutes=row.double_minutes,
        demands_window=row.demands_window,
        duplex=row.duplex,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        document_days=row.document_days,
        fax_days=row.fax_days,
        kept_fax_days=row.kept_fax_days,
        record_days=row.record_days,
        resolution=Resolution(row.resolution),
        has_prices=row.has_prices,
        has_blocked=row.has_blocked,
    )
