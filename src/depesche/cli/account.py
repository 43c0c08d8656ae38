"""``depesche account``: the operator's way to accounts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import typer
from rich.table import Table

from depesche import node
from depesche.cli import logs
from depesche.cli.common import ConfigFile, DataFolder, actor, fail, load_settings, out, read_password, run_async
from depesche.config import Settings
from depesche.model.account import Account, AccountState
from depesche.model.jobtype import JobType
from depesche.usecases import accounts
from depesche.usecases.accounts import NewAccount, NotPossible
from depesche.usecases.house import House

app = typer.Typer(help="Add, show and change accounts.", no_args_is_help=True)


class TypeName(str, Enum):
    """Job types as people write them."""

    FAX = "fax"
    SMS = "sms"
    MAIL = "mail"
    LETTER = "letter"
    LETTER_COLOUR = "letter-colour"
    QSIGN = "qsign"

    @property
    def job_type(self) -> JobType:
        return JobType[self.name]


Number = Annotated[str, typer.Argument(help="Customer number.")]
Name = Annotated[str | None, typer.Option(help="Name; default station id of its faxes.")]
Fax = Annotated[list[str] | None, typer.Option(help="Own fax number; may be given several times, the main one first.")]
Types = Annotated[list[TypeName] | None, typer.Option("--type", help="Released job type; may be given several times.")]
Bulk = Annotated[bool | None, typer.Option("--bulk/--no-bulk", help="More than one recipient a job.")]
Foreign = Annotated[bool | None, typer.Option("--foreign/--no-foreign", help="Numbers abroad.")]
Sandbox = Annotated[bool | None, typer.Option("--sandbox/--live", help="Where everything of this account ends.")]
Country = Annotated[str | None, typer.Option(help="ISO code; how numbers without a country code are read.")]
Trial = Annotated[
    datetime | None, typer.Option("--trial-until", formats=["%Y-%m-%d"], help="Make it a trial up to this day.")
]
MailFrom = Annotated[str | None, typer.Option(help="Sender address of its mails.")]
MailSubject = Annotated[str | None, typer.Option(help="Subject of mails whose text has none.")]
SenderAddress = Annotated[list[str] | None, typer.Option(help="Further address allowed in MAILFROM=.")]
SmsFrom = Annotated[str | None, typer.Option(help="Sender id of its SMS.")]
Encoding = Annotated[str | None, typer.Option("--status-encoding", help="utf-8 or windows-1252: of the StatusFile.")]
Weight = Annotated[int | None, typer.Option(min=1, max=1000, help="Share of the lines under load.")]
Stdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command("add")
def add(
    number: Number,
    name: Annotated[str, typer.Option(help="Name; default station id of its faxes.")],
    fax: Fax = None,
    types: Types = None,
    bulk: Bulk = None,
    foreign: Foreign = None,
    sandbox: Sandbox = None,
    country: Country = None,
    trial_until: Trial = None,
    mail_from: MailFrom = None,
    mail_subject: MailSubject = None,
    sender_address: SenderAddress = None,
    sms_from: SmsFrom = None,
    status_encoding: Encoding = None,
    weight: Weight = None,
    password_stdin: Stdin = False,
    generate: Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Add an account. The password is asked for, read from standard input, or generated.

    Example: depesche account add 20001 --name "Praxis Dr. Weiss" --fax "030 23125 300" --sandbox --generate
    """
    password = accounts.new_password() if generate else read_password(from_stdin=password_stdin)
    values = _values(
        types,
        bulk,
        foreign,
        sandbox,
        country,
        trial_until,
        mail_from,
        mail_subject,
        sender_address,
        sms_from,
        status_encoding,
        weight,
    )
    new = NewAccount(number=number, name=name, password=password, numbers=tuple(fax or ()), values=values)

    async def work() -> None:
        async with _house(load_settings(config, data)) as house:
            made = await accounts.add(house, actor(), new)
            out.print(f"account {made.number} added")

    _run(work)
    if generate:
        out.print(f"password: {password}", markup=False)


@app.command("list")
def list_(config: ConfigFile = None, data: DataFolder = None) -> None:
    """List all accounts."""

    async def work() -> None:
        async with _house(load_settings(config, data)) as house:
            table = Table("Account", "Name", "State", "Fax numbers", "Types", "Ends in")
            for found in await accounts.everyone(house):
                table.add_row(
                    found.number,
                    found.name,
                    _state(found),
                    "\n".join(found.numbers),
                    _types(found),
                    "sandbox" if found.sandbox else "the world",
                )
            out.print(table)

    _run(work)


@app.command("show")
def show(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Show one account."""

    async def work() -> None:
        async with _house(load_settings(config, data)) as house:
            _print(await accounts.show(house, number))

    _run(work)


@app.command("set")
def set_(
    number: Number,
    name: Name = None,
    fax: Fax = None,
    types: Types = None,
    bulk: Bulk = None,
    foreign: Foreign = None,
    sandbox: Sandbox = None,
    country: Country = None,
    trial_until: Trial = None,
    mail_from: MailFrom = None,
    mail_subject: MailSubject = None,
    sender_address: SenderAddress = None,
    sms_from: SmsFrom = None,
    status_encoding: Encoding = None,
    weight: Weight = None,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Change what is given, leave the rest.

    Example: depesche account set 20001 --bulk --type fax --type sms
    """
    values = _values(
        types,
        bulk,
        foreign,
        sandbox,
        country,
        trial_until,
        mail_from,
        mail_subject,
        sender_address,
        sms_from,
        status_encoding,
        weight,
    )
    if name is not None:
        values["name"] = name
    numbers = None if fax is None else tuple(fax)
    if not values and numbers is None:
        fail("nothing to change: see --help", 2)

    async def work() -> None:
        async with _house(load_settings(config, data)) as house:
            _print(await accounts.change(house, actor(), number, values, numbers))

    _run(work)


@app.command("password")
def password(number: Number, password_stdin: Stdin = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Give an account a new password; the old one ends at once."""
    new = read_password(from_stdin=password_stdin, prompt="New password")

    async def work() -> None:
        async with _house(load_settings(config, data)) as house:
            await accounts.set_password(house, actor(), number, new)
            out.print(f"account {number} has a new password")

    _run(work)


@app.command("lock")
def lock(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Lock an account: every call of it is refused at once. What it ordered before is still carried."""
    _set_state(number, AccountState.LOCKED, config, data)


@app.command("unlock")
def unlock(number: Number, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Unlock an account."""
    _set_state(number, AccountState.ACTIVE, config, data)


def _set_state(number: str, state: AccountState, config: ConfigFile, data: DataFolder) -> None:
    async def work() -> None:
        async with _house(load_settings(config, data)) as house:
            await accounts.change(house, actor(), number, {"state": state.value})
            out.print(f"account {number} is {state.value}")

    _run(work)


@asynccontextmanager
async def _house(settings: Settings) -> AsyncIterator[House]:
    async with node.open_node(settings, dispatch=False) as opened:
        yield opened.house


def _run(work: Any) -> None:
    logs.configure(quiet=True)
    try:
        run_async(work)
    except NotPossible as error:
        fail(str(error))


def _values(
    types: list[TypeName] | None,
    bulk: bool | None,
    foreign: bool | None,
    sandbox: bool | None,
    country: str | None,
    trial_until: datetime | None,
    mail_from: str | None,
    mail_subject: str | None,
    sender_address: list[str] | None,
    sms_from: str | None,
    status_encoding: str | None,
    weight: int | None,
) -> dict[str, Any]:
    """The columns that were given, as the store writes them."""
    if status_encoding not in (None, "utf-8", "windows-1252"):
        fail("--status-encoding is utf-8 or windows-1252", 2)
    given = {
        "job_types": None if types is None else sorted(int(kind.job_type) for kind in types),
        "bulk": bulk,
        "abroad": foreign,
        "sandbox": sandbox,
        "country": country.upper() if country else None,
        "trial_until": trial_until.date() if trial_until else None,
        "state": AccountState.TRIAL.value if trial_until else None,
        "mail_from": mail_from,
        "mail_subject": mail_subject,
        "sender_addresses": sender_address,
        "sms_from": sms_from,
        "status_encoding": status_encoding,
        "weight": weight,
    }
    return {column: value for column, value in given.items() if value is not None}


def _print(account: Account) -> None:
    table = Table(show_header=False)
    for word, value in (
        ("Account", account.number),
        ("Name", account.name),
        ("State", _state(account)),
        ("Ends in", "sandbox" if account.sandbox else "the world"),
        ("Fax numbers", ", ".join(account.numbers)),
        ("Job types", _types(account)),
        ("Bulk", "yes" if account.bulk else "no"),
        ("Foreign", "yes" if account.foreign else "no"),
        ("Country", account.country),
        ("Mail from", ", ".join(filter(None, (account.mail_from, *sorted(account.sender_addresses))))),
        ("Mail subject", account.mail_subject),
        ("SMS from", account.sms_from),
        ("StatusFile in", account.status_encoding),
        ("Weight", str(account.weight)),
    ):
        table.add_row(word, value)
    out.print(table)


def _state(account: Account) -> str:
    return (
        f"trial until {account.trial_until}"
        if account.trial_until and account.state is AccountState.TRIAL
        else account.state.value
    )


def _types(account: Account) -> str:
    return ", ".join(TypeName[kind.name].value for kind in sorted(account.job_types))
