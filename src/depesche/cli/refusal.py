"""``depesche refusal``: the orders that were not accepted."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.common import AsJson, ConfigFile, DataFolder, Limit, load_settings, local_time, out, plain

if TYPE_CHECKING:
    from depesche.usecases.refusals import Refusal

app = typer.Typer(help="Look at orders that were refused.", no_args_is_help=True)

Account = Annotated[
    str | None,
    typer.Option("--account", "-a", metavar="NUMBER", help="Of this account alone, not of all and strangers."),
]


@app.command("list")
def list_(
    account: Account = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """List the orders that were refused last, the newest first.

    The rule is that of `depesche codes SendJob`. Of many wrong passwords not each leaves a line.

    Examples:

      depesche refusal list

      depesche refusal list --account 20001 --limit 500 --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import refusals

    found = in_house(load_settings(config, data), lambda house: refusals.newest(house, account, limit))
    if as_json:
        tables.print_json([_json(refusal) for refusal in found])
        return
    if not found:
        out.print("no order was refused")
        return
    table = tables.titled("At", "Account", "Code", "Rule", "Reason")
    for refusal in found:
        rule = refusal.rule
        at, name = local_time(refusal.at), f"{rule.row} {rule.name}"
        table.add_row(at, plain(refusal.account), str(int(rule.code)), name, plain(refusal.reason))
    tables.show(table)


def _json(refusal: "Refusal") -> dict[str, Any]:
    return {
        "at": refusal.at,
        "account": refusal.account,
        "code": int(refusal.rule.code),
        "row": refusal.rule.row,
        "rule": refusal.rule.name,
        "reason": refusal.reason,
    }
