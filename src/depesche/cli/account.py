"""``depesche account``: the operator's way to accounts."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.columns import with_columns, written
from depesche.cli.common import (
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
    type_name,
)
from depesche.model.account import Account, AccountState

if TYPE_CHECKING:
    from depesche.usecases.house import House

app = typer.Typer(help="Add, show and change accounts.", no_args_is_help=True)


Number = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Customer number.")]
Name = typer.Option(metavar="TEXT", help="Name; default station id of its faxes.")
Fax = Annotated[list[str] | None, typer.Option(metavar="NUMBER", help="Own fax number; repeat it, the main one first.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")]
NoTrial = Annotated[bool, typer.Option("--no-trial", help="It is a trial no longer.")]


@app.command("add")
@with_columns
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

    Example: depesche account add 20001 --name "Praxis Dr. Weiss" --fax "030 23125 300" --sandbox --generate
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    password = accounts.new_password() if generate else new_password(from_stdin=password_stdin)
    new = accounts.NewAccount(number, name, password, tuple(fax or ()), written(columns))
    in_house(load_settings(config, data), lambda house: accounts.add(house, actor(), new), made=False)
    out.print(f"account {number} added", markup=False)
    if generate:
        out.print(f"password: {password}", markup=False)


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None) -> None:
    """List all accounts.

    Example: depesche account list --data /var/lib/depesche
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    table = tables.titled("Account", "Name", "State", "Fax numbers", "Types", "Ends in")
    for found in in_house(load_settings(config, data), accounts.everyone):
        numbers = "\n".join(found.numbers)
        table.add_row(plain(found.number), plain(found.name), _state(found), plain(numbers), _types(found), _end(found))
    out.print(table)


@app.command("show")
def show(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Show one account.

    Example: depesche account show 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    _print(in_house(load_settings(config, data), lambda house: accounts.show(house, number)))


@app.command("set")
@with_columns
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

    Example: depesche account set 20001 --bulk --type fax --type sms
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    values = written(columns | {"name": name})
    if no_trial:
        values |= {"trial_until": None, "state": AccountState.ACTIVE.value}
    numbers = None if fax is None else tuple(fax)
    if not values and numbers is None:
        fail("nothing to change: see --help", Exit.USAGE)
    settings = load_settings(config, data)
    _print(in_house(settings, lambda house: accounts.change(house, actor(), number, values, numbers)))


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

    values = {"state": AccountState.LOCKED.value}
    in_house(load_settings(config, data), lambda house: accounts.change(house, actor(), number, values))
    out.print(f"account {number} is locked", markup=False)


@app.command("unlock")
def unlock(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Unlock an account; a trial goes on where it was.

    Example: depesche account unlock 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import accounts

    async def work(house: "House") -> Account:
        account = await accounts.show(house, number)
        state = AccountState.TRIAL if account.trial_until else AccountState.ACTIVE
        return await accounts.change(house, actor(), number, {"state": state.value})

    unlocked = in_house(load_settings(config, data), work)
    out.print(f"account {number} is unlocked: {_state(unlocked)}", markup=False)


def _print(account: Account) -> None:
    lines = (
        ("Account", account.number),
        ("Name", account.name),
        ("State", _state(account)),
        ("Ends in", _end(account)),
        ("Fax numbers", ", ".join(account.numbers)),
        ("Job types", _types(account)),
        ("Bulk", "yes" if account.bulk else "no"),
        ("Foreign", "yes" if account.foreign else "no"),
        ("Country", account.country),
        ("Mail from", ", ".join(filter(None, (account.mail_from, *sorted(account.sender_addresses))))),
        ("Mail subject", account.mail_subject),
        ("SMS from", account.sms_from),
        ("StatusFile in", account.status_encoding),
        ("Weight", account.weight),
    )
    out.print(tables.described(lines))


def _state(account: Account) -> str:
    is_trial = account.state is AccountState.TRIAL and account.trial_until
    return f"trial until {account.trial_until}" if is_trial else account.state.value


def _end(account: Account) -> str:
    return "sandbox" if account.sandbox else "the world"


def _types(account: Account) -> str:
    return ", ".join(type_name(kind) for kind in sorted(account.job_types))
