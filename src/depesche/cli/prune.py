"""``depesche prune``: what is old enough goes now."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from typing import Annotated

import typer

from depesche.cli import tables
from depesche.cli.common import AsJson, ConfigFile, DataFolder, actor, err, load_settings, out
from depesche.cli.follow import Stages


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what is old enough, and leave it.")] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Let what is old enough go now; a server does so once an hour. `[retention]` and the accounts say how old.

    Examples:

      depesche prune --dry-run

      depesche prune --config /etc/depesche.toml
    """
    from depesche.cli.folder import in_house
    from depesche.node.prune import prune as prune_house
    from depesche.usecases import retention

    settings = load_settings(config, data)
    with Stages(err) as stages:

        def counted(kind: str) -> None:
            stages.begin(f"counting {kind}")

        def went(kind: str, count: int) -> None:
            stages.begin(f"letting {kind} go", f"{count:,}")

        if dry_run:
            found = in_house(settings, lambda house: retention.foresee(house, counted))
        else:
            found = in_house(settings, lambda house: prune_house(house, actor(), went))
        stages.end()
    if as_json:
        tables.print_json({kind.replace(" ", "_"): count for kind, count in found.items()})
        return
    table = tables.titled("What", "Old enough" if dry_run else "Gone")
    for kind, count in found.items():
        table.add_row(kind, str(count))
    tables.show(table)
    if not any(found.values()):
        out.print("nothing is old enough")
