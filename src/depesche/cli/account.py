"""``depesche account``: the operator's way to accounts."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import customer, tables
from depesche.cli.columns import NONE, several, with_columns, written
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    PasswordStdin,
    actor,
    fail,
    load_settings,
    new_password,
    out,
    plain,
    warn,
)
from depesche.model.account import Account

if TYPE_CHECKING:
    from depesche.config import Settings
    from depesche.usecases.accounts import Portrait
    from depesche.usecases.house import House

app = typer.Typer(help="Add, show and change accounts.", no_args_is_help=True)


Number = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Customer number.")]
Name = typer.Option(metavar="TEXT", help="Name; default station id of its faxes.")
Fax = Annotated[list[str] | None, typer.Option(metavar="NUMBER", help="Own fax number; repeat it, the main one first.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]
NoTrial = Annotated[bool, typer.Option("--no-trial", help="It is a trial no longer; a lock stays.")]


@app.command("add")
@with_columns(defaults=True)
def add(
    number: Number,
    name: Annotated[str, Name],
    fax: Fax = None,
    password_stdin: PasswordStdin = False,
    generate: Generate = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    **columns: Any,
) -> None:
    """Add an account. The password is asked for, read from standard input, or generated.

    Examples:

      depesche account add 20001 --name "Praxis Dr. Weiss" --fax "030 23125 300" --sandbox --generate

      depesche account add 20002 --name "Kanzlei Kern" --payment prepaid --day-spend 50 --generate
    """
    from depesche.usecases import accounts

    password = accounts.new_password() if generate else new_password(from_stdin=password_stdin)
    new = accounts.NewAccount(number, name, password, tuple(fax or ()), written(columns))
    added = _portrait(load_settings(config, data), lambda house: accounts.add(house, actor(), new), made=False)
    out.print(f"account {added.account.number} added", markup=False)
    if generate:
        out.print(f"password: {password}", markup=False)
    for doubt in added.doubts:
        warn(doubt)


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List all accounts.

    Example: depesche account list --data /var/lib/depesche
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    everyone = in_house(load_settings(config, data), accounts.everyone)
    if as_json:
        tables.print_json([customer.json_of_line(account) for account in everyone])
        return
    table = tables.titled("Account", "Name", "State", "Fax numbers", "Types", "Ends in")
    for account in everyone:
        table.add_row(
            plain(account.number),
            plain(account.name),
            customer.state(account),
            plain("\n".join(account.numbers)),
            customer.types(account),
            "sandbox" if account.sandbox else "the world",
        )
    tables.show(table)


@app.command("show")
def show(number: Number, as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Show one account, and what about it will not go well.

    Example: depesche account show 20001
    """
    from depesche.usecases import accounts

    found = _portrait(load_settings(config, data), lambda house: accounts.show(house, number))
    if as_json:
        tables.print_json(customer.json_of(found))
    else:
        customer.print_portrait(found)


@app.command("set")
@with_columns(defaults=False)
def set_(
    number: Number,
    name: Annotated[str | None, Name] = None,
    fax: Fax = None,
    no_trial: NoTrial = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    **columns: Any,
) -> None:
    """Change what is given, leave the rest.

    Examples:

      depesche account set 20001 --bulk --type fax --type sms

      depesche account set 20001 --payment prepaid --tariff standard --day-spend 50 --day-pages none

      depesche account set 20001 --quiet 20:00-07:00
    """
    from depesche.usecases import accounts

    values = written(columns | {"name": name})
    if no_trial and "trial_until" in values:
        fail("give --trial-until or --no-trial, not both", Exit.USAGE)
    if no_trial:
        values["trial_until"] = None
    numbers = None if fax is None else tuple(several(fax))
    if not values and numbers is None:
        fail("nothing to change: see --help", Exit.USAGE)
    settings = load_settings(config, data)
    customer.print_portrait(_portrait(settings, lambda house: accounts.change(house, actor(), number, values, numbers)))


@app.command("password")
def password(
    number: Number, password_stdin: PasswordStdin = False, config: ConfigFile = None, data: DataFolder = None
) -> None:
    """Give an account a new password; the old one ends at once.

    Example: depesche account password 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    new = new_password(from_stdin=password_stdin, prompt="New password")
    in_house(load_settings(config, data), lambda house: accounts.set_password(house, actor(), number, new))
    out.print(f"account {number} has a new password", markup=False)


@app.command("lock")
def lock(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Lock an account: every call of it is refused at once. What it ordered before is still carried.

    Example: depesche account lock 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    in_house(load_settings(config, data), lambda house: accounts.lock(house, actor(), number))
    out.print(f"account {number} is locked", markup=False)


@app.command("unlock")
def unlock(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Unlock an account; a trial goes on where it was.

    Example: depesche account unlock 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    unlocked = in_house(load_settings(config, data), lambda house: accounts.unlock(house, actor(), number))
    out.print(f"account {number} is unlocked: {customer.state(unlocked)}", markup=False)


Picture = Annotated[str | None, typer.Option(metavar="FILE", help="PNG, JPEG or SVG above the sender's name, or none.")]
Foot = Annotated[str | None, typer.Option(metavar="TEXT", help="Lines at the foot of the first sheet, or none.")]
Template = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="HTML in place of the standard template, with fields such as {{text}}, or none."),
]


@app.command("cover")
def cover(
    number: Number,
    logo: Picture = None,
    footer: Foot = None,
    html: Template = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Show or change how the account's sheets in front of a fax look.

    Fields of a template: {{text}}, {{sender}}, {{sender_number}}, {{recipient}}, {{subject}},
    {{date}}, {{pages}} and {{logo}}, an address for <img src>. Nothing in it is fetched.
    `depesche preview --cover` shows it.

    Examples:

      depesche account cover 20001 --logo logo.svg --footer "Praxis Dr. Weiss, Hauptstr. 1, Berlin"

      depesche account cover 20001 --html cover.html

      depesche account cover 20001 --logo none --html none
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import covers

    settings = load_settings(config, data)
    if (logo, footer, html) == (None, None, None):
        _, kept = in_house(settings, lambda house: covers.show(house, number))
    else:
        picture = None if logo is None else _content(logo)
        foot = "" if footer == NONE else footer
        template = None if html is None else _content(html).decode("utf-8-sig", errors="replace")
        kept = in_house(
            settings,
            lambda house: covers.change(house, actor(), number, logo=picture, footer=foot, html=template),
        )
    if as_json:
        tables.print_json({"account": number, "logo": kept.logo, "footer": kept.footer, "html": kept.html})
        return
    lines = (
        ("Account", number),
        ("Template", "its own" if kept.html else "the standard one"),
        ("Logo", kept.logo.partition(";")[0].removeprefix("data:")),
        ("Footer", kept.footer),
    )
    out.print(tables.described(lines))


def _content(file: str) -> bytes:
    """Of a file; nothing for the word `none`."""
    if file == NONE:
        return b""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.USAGE)


def _portrait(settings: "Settings", work: "Callable[[House], Awaitable[Account]]", *, made: bool = True) -> "Portrait":
    """Do the work, and look at the account that it gives."""
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    async def look(house: "House") -> "Portrait":
        return await accounts.portrait(house, await work(house))

    return in_house(settings, look, made=made)
