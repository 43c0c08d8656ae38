"""What an operator does with an account's money; every change is on the audit record, in the same transaction."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from depesche.model.account import Account
from depesche.store import accounts, audit, ledger
from depesche.store.ledger import Entry, Kind
from depesche.usecases.accounts import NotPossible, check_amount, check_units, found
from depesche.usecases.house import House

__all__ = ["Booking", "Entry", "Kind", "Statement", "book", "statement"]

LONGEST_NOTE = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Where an account's money stands."""

    account: Account
    entries: tuple[Entry, ...]
    """The newest first."""

    spent_today: Decimal
    """Net euro, less what came to nothing."""

    pages_today: int


@dataclass(frozen=True, slots=True)
class Booking:
    """One movement that an operator makes."""

    kind: Kind
    amount: Decimal = Decimal(0)
    """Net euro."""

    units: int = 0
    note: str = ""
    first_payment: bool = True
    """If the account has not paid yet, it has from today on; a correction is no payment."""


async def statement(house: House, number: str, limit: int) -> Statement:
    """The account with its last entries. Raises: NotPossible."""
    day = house.today()

    def look(connection: sa.Connection) -> Statement:
        account = found(connection, number)
        entries = tuple(ledger.newest(connection, account.id, limit))
        return Statement(account, entries, *ledger.used_on(connection, account.id, day))

    return await house.database.read(look)


async def book(house: House, actor: str, number: str, booking: Booking) -> Account:
    """Write it into the ledger; gives the account as it is then. Raises: NotPossible."""
    _check(booking)
    now = house.now()

    def work(connection: sa.Connection) -> Account:
        account = found(connection, number)
        ledger.book(connection, account.id, now, booking.kind, booking.amount, booking.units, booking.note)
        told = _told(booking)
        if booking.kind is Kind.DEPOSIT and booking.first_payment and account.paid_since is None:
            told["paid_since"] = _paid_since(house, connection, account)
        audit.write(connection, now, actor, f"ledger.{booking.kind.value}", account.id, told)
        return found(connection, number)

    return await house.database.run(work)


def _check(booking: Booking) -> None:
    check_amount(booking.amount, "amount")
    check_units(booking.units, "units")
    if not booking.amount and not booking.units:
        raise NotPossible("nothing is to be booked: the amount is 0")
    if booking.kind is Kind.DEPOSIT and (booking.amount < 0 or booking.units < 0):
        raise NotPossible("a deposit is more than 0: take something back with a correction")
    if booking.kind is Kind.CORRECTION and not booking.note:
        raise NotPossible("a correction needs a note that says why")
    if len(booking.note) > LONGEST_NOTE:
        raise NotPossible(f"a note has at most {LONGEST_NOTE} characters")


def _told(booking: Booking) -> dict[str, Any]:
    return {"amount": str(booking.amount), "units": booking.units, "note": booking.note}


def _paid_since(house: House, connection: sa.Connection, account: Account) -> str:
    today = house.today()
    accounts.change(connection, account.id, {"paid_since": today})
    return str(today)
