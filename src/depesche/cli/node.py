"""``depesche node``: the processes that work on one database."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.common import AsJson, ConfigFile, DataFolder, actor, load_settings, local_time, out, plain

if TYPE_CHECKING:
    from depesche.usecases.nodes import Node

app = typer.Typer(help="List nodes, let one drain before it is stopped.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `node list` shows it.")]


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List the nodes: what each does, and when it was seen last.

    Example: depesche node list --config /etc/depesche.toml
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import nodes

    found = in_house(load_settings(config, data), nodes.listed)
    if as_json:
        tables.print_json([_json(node) for node in found])
    elif found:
        _print(found)
    else:
        out.print("no node works on this database")


@app.command("drain")
def drain(name: Name, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Let a node take nothing new, and carry what it has to its end; then it can be stopped without a call lost.

    Example: depesche node drain fax-2 --config /etc/depesche.toml
    """
    _let(name, config, data, draining=True)
    out.print(plain(f"{name} takes nothing new; `depesche node resume {name}` takes that back"))


@app.command("resume")
def resume(name: Name, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Let a node that drains work again.

    Example: depesche node resume fax-2 --config /etc/depesche.toml
    """
    _let(name, config, data, draining=False)
    out.print(plain(f"{name} works"))


def _let(name: str, config: ConfigFile, data: DataFolder, *, draining: bool) -> None:
    from depesche.cli.folder import in_house
    from depesche.usecases import nodes

    in_house(load_settings(config, data), lambda house: nodes.drain(house, actor(), name, draining=draining))


def _print(found: list["Node"]) -> None:
    table = tables.titled("Name", "State", "Roles", "Version", "Since", "Seen")
    for node in found:
        row = node.row
        table.add_row(
            plain(row.name),
            node.health.value,
            ", ".join(row.roles),
            row.version,
            local_time(row.started_at, tables.MINUTES),
            local_time(row.seen_at),
        )
    tables.show(table)


def _json(node: "Node") -> dict[str, Any]:
    row = node.row
    return {
        "name": row.name,
        "state": node.health.value,
        "roles": row.roles,
        "version": row.version,
        "started_at": row.started_at,
        "seen_at": row.seen_at,
        "worker": row.worker,
    }
