"""``depesche channel``: how much is on each way out, and how much may be at once."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.columns import NONE, number
from depesche.cli.common import AsJson, ConfigFile, DataFolder, actor, load_settings, out
from depesche.model.jobtype import Channel
from depesche.model.states import State

if TYPE_CHECKING:
    from depesche.usecases.channels import Traffic

app = typer.Typer(help="Look at the channels, limit what is on one of them at once.", no_args_is_help=True)

Name = Annotated[Channel, typer.Argument(metavar="CHANNEL", help="fax, sms, mail, letter or qsign.")]
Slots = Annotated[
    str,
    typer.Option(metavar="N", help="Deliveries on their way at once, on all nodes together, or none: no such limit."),
]

COUNTED = (State.READY, State.WAITING, State.HELD, State.UNKNOWN)
"""The states that have a column."""


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List the channels: how many deliveries may be on their way at once, how many are, and how many are not.

    Ready is what waits for a place, waiting what is not due yet or is tried again later.

    Example: depesche channel list --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import channels

    found = in_house(load_settings(config, data), channels.listed)
    if as_json:
        tables.print_json([_json(one) for one in found])
        return
    table = tables.titled("Channel", "Slots", "On the way", *(state.value.capitalize() for state in COUNTED))
    for one in found:
        slots = NONE if one.slots is None else str(one.slots)
        counts = (str(one.counts.get(state, 0)) for state in COUNTED)
        table.add_row(one.channel.value, slots, str(one.on_the_way), *counts)
    tables.show(table)


@app.command("set")
def set_(name: Name, slots: Slots, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Let so many deliveries of a channel be on their way at once, whatever more the nodes have places for.

    What is on its way already goes on. Each node has a limit of its own besides: `[dispatch]` of the settings.

    Examples:

      depesche channel set fax --slots 20

      depesche channel set fax --slots none
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import channels

    wanted = number("--slots")(slots)
    is_new = in_house(load_settings(config, data), lambda house: channels.set_slots(house, actor(), name, wanted))
    limit = "no slots: its nodes alone limit it" if wanted is None else f"{wanted} slot{'' if wanted == 1 else 's'}"
    out.print(f"{name.value} {'has' if is_new else 'had already'} {limit}")


def _json(traffic: "Traffic") -> dict[str, Any]:
    return {
        "channel": traffic.channel.value,
        "slots": traffic.slots,
        "on_the_way": traffic.on_the_way,
        **{state.value: traffic.counts.get(state, 0) for state in COUNTED},
    }
