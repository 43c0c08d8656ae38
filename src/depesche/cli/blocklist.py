"""``depesche blocklist``: numbers and addresses that nothing is sent to."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depesche.cli import tables
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    Limit,
    actor,
    err,
    fail,
    load_settings,
    local_time,
    out,
    plain,
    warn,
)
from depesche.cli.follow import Stages

if TYPE_CHECKING:
    from depesche.usecases.blocklists import Blocked, Imported, Unread

app = typer.Typer(
    help="Numbers and addresses that nothing is sent to: of one account, or of everyone.", no_args_is_help=True
)

Addresses = Annotated[
    list[str], typer.Argument(metavar="ADDRESS...", help="Number in any notation, mail address, or @ and a domain.")
]
Account = Annotated[
    str | None, typer.Option("--account", "-a", metavar="NUMBER", help="The list of this account: refused with 9.")
]
Everyone = Annotated[bool, typer.Option("--everyone", help="The list that holds for all accounts: refused with -5.")]
Prefix = Annotated[
    bool, typer.Option("--prefix", help="All numbers that begin so; a * at the end of a number says the same.")
]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Why, at most 200 characters.")]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV: address, and a note or none."
    ),
]

MOST_TOLD = 100
"""Lines that are told to be no entries; the rest are counted."""


@app.command("add")
def add(
    addresses: Addresses,
    account: Account = None,
    everyone: Everyone = False,
    prefix: Prefix = False,
    note: Note = "",
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Put entries on a list; if one of them is none, nothing is added.

    Numbers without country code are read as of the account's country, those for everyone as German ones.

    Examples:

      depesche blocklist add "030 23125 000" --account 20001 --note "wants no fax"

      depesche blocklist add +49900 +49137 --prefix --everyone

      depesche blocklist add werbung@example.com @example.org --account 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import blocklists

    whose = _whose(account, everyone=everyone)
    added = in_house(
        load_settings(config, data),
        lambda house: blocklists.add(house, actor(), whose, addresses, note, prefix=prefix),
    )
    for entry, is_new in added:
        out.print(plain(f"{_written(entry)} {'is blocked' if is_new else 'was blocked already'}"))


@app.command("remove")
def remove(
    addresses: Addresses,
    account: Account = None,
    everyone: Everyone = False,
    prefix: Prefix = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Take entries off a list; if one of them is not on it, nothing is removed.

    Examples:

      depesche blocklist remove "030 23125 000" --account 20001

      depesche blocklist remove "+49900*" --everyone
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import blocklists

    whose = _whose(account, everyone=everyone)
    removed = in_house(
        load_settings(config, data), lambda house: blocklists.remove(house, actor(), whose, addresses, prefix=prefix)
    )
    for entry in removed:
        out.print(plain(f"{_written(entry)} is not blocked any more"))


@app.command("list")
def list_(
    account: Account = None,
    everyone: Everyone = False,
    limit: Limit = 100,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """List the entries of a list, in the order of their addresses.

    Examples:

      depesche blocklist list --everyone

      depesche blocklist list --account 20001 --limit 10000 --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import blocklists

    whose = _whose(account, everyone=everyone)
    found = in_house(load_settings(config, data), lambda house: blocklists.listed(house, whose, limit + 1))
    if as_json:
        tables.print_json([asdict(entry) for entry in found[:limit]])
    elif found:
        _print(found[:limit])
    else:
        out.print("nothing is blocked")
    if len(found) > limit:
        warn(f"there are more than these {limit}: see --limit")


@app.command("import")
def import_(
    file: File,
    account: Account = None,
    everyone: Everyone = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Put what a CSV file lists on a list. What is on it already stays as it is.

    Columns: address, and a note or none; a * at the end of a number means all that begin so. UTF-8
    or Windows-1252; a first line `address,note` is a heading. A line that is no entry is told with
    its number, and the others are added. Ends with 1 if there was such a line.

    Examples:

      depesche blocklist import robinson.csv --everyone

      depesche blocklist import optout.csv --account 20001 --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import blocklists

    whose = _whose(account, everyone=everyone)
    bad: list[Unread] = []

    def unread(one: "Unread") -> None:
        if len(bad) < MOST_TOLD:
            bad.append(one)
            warn(f"line {one.line}: {one.text[:100]}: {one.reason}")

    with Stages(err) as stages:
        stages.begin(f"reading {file.name}")

        def told(counts: "Imported") -> None:
            stages.tell(f"{counts.done:,} of {counts.rows:,} lines")

        settings = load_settings(config, data)
        counts = in_house(settings, lambda house: blocklists.bring(house, actor(), whose, file, unread, told))
        stages.end()
    if counts.refused > len(bad):
        warn(f"and {counts.refused - len(bad)} more lines are no entries")
    if as_json:
        tables.print_json({**asdict(counts), "lines": [asdict(one) for one in bad]})
    else:
        out.print(f"{counts.added} added, {counts.known} known already, {counts.refused} refused")
    raise typer.Exit(Exit.FAILED if counts.refused else Exit.DONE)


def _whose(account: str | None, *, everyone: bool) -> str | None:
    """The account's number, or None for everyone."""
    if everyone == (account is not None):
        fail("whose list? Give --account or --everyone", Exit.USAGE)
    return account


def _print(entries: "list[Blocked]") -> None:
    table = tables.titled("Address", "Note", "Added")
    for entry in entries:
        table.add_row(plain(_written(entry)), plain(entry.note), local_time(entry.at))
    tables.show(table)


def _written(entry: "Blocked") -> str:
    from depesche.model.blocklist import written

    return written(entry.address, prefix=entry.prefix)
