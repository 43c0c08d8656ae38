"""``depesche ledger``: the money and the packages of an account."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import customer, tables
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    Limit,
    actor,
    euro,
    fail,
    load_settings,
    local_time,
    money,
    out,
    plain,
)

if TYPE_CHECKING:
    from depesche.config import Settings
    from depesche.model.account import Account
    from depesche.usecases.billing import Booking, Entry, Statement

app = typer.Typer(help="Payments, packages and corrections of an account.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Customer number.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="What it is, at most 200 characters.")]
NotFirst = Annotated[
    bool, typer.Option("--no-first-payment", help="Leave it open since when the account pays, if it is.")
]


@app.command("show")
def show(
    number: Number, limit: Limit = 50, as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None
) -> None:
    """Show where an account's money stands, and its last entries, the newest first.

    What is reserved is for orders under way: it is booked or given back when each delivery ends.

    Examples:

      depesche ledger show 20001

      depesche ledger show 20001 --limit 10000 --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import billing

    found = in_house(load_settings(config, data), lambda house: billing.statement(house, number, limit))
    if as_json:
        tables.print_json(_json(found))
        return
    out.print(tables.described(_lines(found)))
    if found.entries:
        _print(found.entries)


@app.command("deposit")
def deposit(
    number: Number,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Net euro, 12.50.")],
    note: Note = "",
    not_first: NotFirst = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Book a payment. The first one says since when the account pays: until then its orders are refused.

    Example: depesche ledger deposit 20001 50 --note "transfer of 2 March"
    """
    from depesche.usecases.billing import Booking, Kind

    paid = money(amount, "AMOUNT")
    _book(load_settings(config, data), number, Booking(Kind.DEPOSIT, paid, 0, note, first_payment=not not_first))


@app.command("units")
def units(
    number: Number,
    count: Annotated[int, typer.Argument(metavar="N", min=1, help="Pages, messages, letters.")],
    note: Note = "",
    not_first: NotFirst = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Book a package: so many pages, messages or letters more. The first one counts as first payment.

    Example: depesche ledger units 20001 500 --note "package 500"
    """
    from depesche.usecases.billing import Booking, Kind

    package = Booking(Kind.DEPOSIT, units=count, note=note, first_payment=not not_first)
    _book(load_settings(config, data), number, package)


@app.command("correct")
def correct(
    number: Number,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why, at most 200 characters.")],
    amount: Annotated[str, typer.Option(metavar="EURO", help="Net euro, 12.50 or -12.50.")] = "0",
    count: Annotated[int, typer.Option("--units", metavar="N", help="Pages, messages, letters, also below 0.")] = 0,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Book a correction: something more, or something less. It is no payment, and may lead below zero.

    Example: depesche ledger correct 20001 --amount -3.20 --note "booked twice"
    """
    from depesche.usecases.billing import Booking, Kind

    changed = Booking(Kind.CORRECTION, money(amount, "--amount"), count, note)
    if not changed.amount and not changed.units:
        fail("what is to be corrected? Give --amount or --units", Exit.USAGE)
    _book(load_settings(config, data), number, changed)


def _book(settings: "Settings", number: str, booking: "Booking") -> None:
    from depesche.cli.folder import in_house
    from depesche.usecases import billing

    account = in_house(settings, lambda house: billing.book(house, actor(), number, booking))
    out.print(tables.described(_standing(account)))


def _standing(account: "Account") -> list[tuple[str, object]]:
    """Balance and allowance, whatever the account pays with."""
    return [
        ("Account", f"{account.number}, {account.name}"),
        ("Payment", customer.payment(account)),
        ("Balance", euro(account.balance)),
        ("Reserved", euro(account.reserved)),
        ("Available", euro(account.balance - account.reserved)),
        ("Allowance", customer.allowance(account)),
    ]


def _lines(statement: "Statement") -> list[tuple[str, object]]:
    account = statement.account
    spent = _of(euro(statement.spent_today), None if account.day_spend is None else euro(account.day_spend))
    pages = _of(str(statement.pages_today), None if account.day_pages is None else str(account.day_pages))
    return [*_standing(account), ("Today", f"{spent} euro, {pages} pages or messages")]


def _of(used: str, limit: str | None) -> str:
    return used if limit is None else f"{used} of {limit}"


def _print(entries: "tuple[Entry, ...]") -> None:
    table = tables.titled("At", "Kind", "Amount", "Units", "Job", "Note")
    for entry in entries:
        table.add_row(
            local_time(entry.at),
            entry.kind.value,
            _signed(entry.amount),
            _signed(entry.units),
            str(entry.job_id or ""),
            plain(entry.note),
        )
    tables.show(table)


def _signed(value: Decimal | int) -> str:
    """Empty for nothing."""
    if not value:
        return ""
    return f"{'+' if value > 0 else ''}{euro(value) if isinstance(value, Decimal) else value}"


def _json(statement: "Statement") -> dict[str, Any]:
    account = statement.account
    return {
        "account": account.number,
        **customer.json_of_money(account),
        "today": {"spent": statement.spent_today, "pages": statement.pages_today},
        "entries": [
            {
                "at": entry.at,
                "kind": entry.kind.value,
                "amount": entry.amount,
                "units": entry.units,
                "job": entry.job_id,
                "note": entry.note,
            }
            for entry in statement.entries
        ],
    }
