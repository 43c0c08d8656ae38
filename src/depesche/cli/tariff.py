"""``depesche tariff``: price lists."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    TypeName,
    actor,
    euro,
    fail,
    load_settings,
    out,
    plain,
    type_name,
    warn,
)
from depesche.model.tariff import PRICED_ONCE

if TYPE_CHECKING:
    from depesche.usecases.tariffs import Price, Priced

app = typer.Typer(help="Price lists: show, import and try them.", no_args_is_help=True)

STANDARD = "standard"
"""The list of accounts that name no other."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the price list.")]
File = Annotated[
    Path,
    typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV: type, prefix, base, unit."),
]
AsCsv = Annotated[bool, typer.Option("--csv", help="As a file that `tariff import` reads.")]


@app.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="Name of the price list.", show_default=True)
    ] = STANDARD,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Show a price list, net euro.

    The longest prefix of the number decides. A delivery costs the base, and the unit for each page
    of a fax or a letter and for each message of an SMS; for a mail or an invoice once.

    Examples:

      depesche tariff show

      depesche tariff show gold --csv > gold.csv
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import tariffs

    lines = in_house(load_settings(config, data), lambda house: tariffs.show(house, name))
    if as_json:
        tables.print_json([_json(line) for line in lines])
    elif as_csv:
        _write(lines)
    else:
        _print(lines)


@app.command("import")
def import_(name: Name, file: File, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Make what a CSV file says the price list of this name, in place of what it was: all of it or nothing.

    Columns: type (fax, sms, mail, letter, letter-colour, qsign), prefix (beginning of the number in
    E.164, empty for all others), base and unit (net euro with a point, at most four decimals).
    A first line `type,prefix,base,unit` is a heading. New orders cost the new prices at once.

    Example: depesche tariff import standard prices.csv
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import tariffs

    settings = load_settings(config, data)
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            new = in_house(settings, lambda house: tariffs.bring(house, actor(), name, lines))
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    out.print(plain(f"price list {name} has {len(new)} line{'' if len(new) == 1 else 's'}"))
    free = tariffs.free(new)
    if free:
        warn(f"free where no prefix fits: {', '.join(free)}")


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List all price lists, and the accounts that use them.

    Example: depesche tariff list
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import tariffs

    found = in_house(load_settings(config, data), tariffs.listed)
    if as_json:
        tables.print_json([asdict(one) for one in found])
        return
    table = tables.titled("Price list", "Lines", "Accounts")
    for one in found:
        table.add_row(plain(one.name), str(one.lines), plain(", ".join(one.accounts)))
    tables.show(table)
    for one in found:
        if not one.lines:
            warn(f"{one.name} has no lines: what its accounts send is free")


@app.command("remove")
def remove(
    name: Name,
    force: Annotated[
        bool, typer.Option("--force", help="Even if accounts use it, which then send for nothing.")
    ] = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Remove a price list.

    Example: depesche tariff remove gold
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import tariffs

    in_house(load_settings(config, data), lambda house: tariffs.remove(house, actor(), name, force=force))
    out.print(plain(f"price list {name} is removed"))


@app.command("price")
def price(
    kind: Annotated[TypeName, typer.Argument(metavar="TYPE", help=f"{', '.join(TypeName)}.")],
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="Number or mail address; a letter has none.")
    ] = "",
    pages: Annotated[int, typer.Option(metavar="N", min=1, max=1_000_000, help="Pages, or messages of an SMS.")] = 1,
    name: Annotated[str | None, typer.Option("--tariff", metavar="NAME", help="By this price list.")] = None,
    account: Annotated[
        str | None, typer.Option("--account", "-a", metavar="NUMBER", help="By the price list of this account.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Tell what one delivery costs. Without --tariff and --account the list `standard` says it.

    Examples:

      depesche tariff price fax "030 23125 000" --pages 3

      depesche tariff price letter --pages 2 --account 20001
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import tariffs

    if name and account:
        fail("give --tariff or --account, not both", Exit.USAGE)
    found = in_house(
        load_settings(config, data),
        lambda house: tariffs.price(house, kind.job_type, address, pages, name=name, account=account),
    )
    if as_json:
        tables.print_json(_json_of_priced(found))
    else:
        out.print(plain(f"{euro(found.price)} euro: {_why(found)}"))


def _print(lines: "list[Price]") -> None:
    table = tables.titled("Type", "Prefix", "Base", "Unit")
    for line in lines:
        table.add_row(type_name(line.type), line.prefix, euro(line.base), euro(line.unit))
    tables.show(table)


def _write(lines: "list[Price]") -> None:
    from depesche.usecases.tariffs import COLUMNS

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((type_name(line.type), line.prefix, euro(line.base), euro(line.unit)) for line in lines)


def _json(line: "Price") -> dict[str, Any]:
    return {"type": type_name(line.type), "prefix": line.prefix, "base": line.base, "unit": line.unit}


def _json_of_priced(priced: "Priced") -> dict[str, Any]:
    return {
        "price": priced.price,
        "tariff": priced.tariff,
        "type": type_name(priced.type),
        "address": priced.address,
        "units": priced.units,
        "line": None if priced.line is None else _json(priced.line),
    }


def _why(priced: "Priced") -> str:
    """``fax to +493023125000, by standard: base 0.02, unit 0.06 for 3, prefix +4930``."""
    line = priced.line
    to = f" to {priced.address}" if priced.address else ""
    if line is None:
        return f"{type_name(priced.type)}{to}, of which {priced.tariff} says nothing"
    once = priced.type in PRICED_ONCE
    parts = f"base {euro(line.base)}, unit {euro(line.unit)} for {'the whole' if once else priced.units}"
    prefix = f"prefix {line.prefix}" if line.prefix else "no prefix"
    return f"{type_name(priced.type)}{to}, by {priced.tariff}: {parts}, {prefix}"
