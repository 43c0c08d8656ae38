"""``depesche hold``: what is not sent for now."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    actor,
    err,
    fail,
    load_settings,
    local_time,
    out,
    plain,
    program,
    warn,
)
from depesche.cli.follow import Stages
from depesche.model.jobtype import Channel

if TYPE_CHECKING:
    from depesche.usecases.holds import Hold, Listed

app = typer.Typer(help="Hold what accounts send, or what channels carry, and let it go on.", no_args_is_help=True)

Account = Annotated[str | None, typer.Option("--account", "-a", metavar="NUMBER", help="What this account sends.")]
OnChannel = Annotated[
    Channel | None,
    typer.Option("--channel", metavar="CHANNEL", help="What goes out by fax, sms, mail, letter or qsign."),
]
Everything = Annotated[bool, typer.Option("--all", help="Everything, of all accounts on all channels.")]
Note = Annotated[str, typer.Option(metavar="TEXT", help="Why, at most 200 characters.")]


@app.command("add")
def add(
    account: Account = None,
    channel: OnChannel = None,
    everything: Everything = False,
    note: Note = "",
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Hold what an account sends, what goes out on a channel, or both together: of this account on this channel.

    Orders are accepted as before, and stay in work until the hold is lifted or somebody cancels them.
    What is on its way already goes on. A hold that is there stays as it is.

    Examples:

      depesche hold add --channel fax --note "line is down"

      depesche hold add --account 20001

      depesche hold add --account 20001 --channel sms --note "asked for by Dr. Weiss"

      depesche hold add --all
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import holds

    _check(account, channel, everything=everything)
    settings = load_settings(config, data)
    with Stages(err) as stages:
        told = _telling(stages, "putting aside")
        added = in_house(settings, lambda house: holds.add(house, actor(), account, channel, note, told))
        stages.end()
    hold = added.hold
    how = "is on hold" if added.is_new else f"was on hold already, since {local_time(hold.since, tables.MINUTES)}"
    out.print(
        plain(f"{named(hold.account, channel)} {how}{_moved(added.moved, 'is put aside', 'are put aside')}"),
        soft_wrap=True,
    )


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List all holds, with how many deliveries each has put aside.

    What two holds concern is counted with both, and goes on when both are lifted.

    Example: depesche hold list --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import holds

    found = in_house(load_settings(config, data), holds.listed)
    if as_json:
        tables.print_json([{**json_of(one.hold), "held": one.held} for one in found.holds])
    elif found.holds:
        _print(found.holds)
    else:
        out.print("nothing is on hold")
    if found.astray:
        held = _counted(found.astray, "is held", "are held")
        warn(f"{held} by nothing any more: `{program()} hold lift --all` lets that go on")


@app.command("lift")
def lift(
    account: Account = None,
    channel: OnChannel = None,
    everything: Everything = False,
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Lift a hold: the one that was put with the same words, and no other.

    What it put aside goes on in its old turn, unless another hold concerns it.

    Examples:

      depesche hold lift --channel fax

      depesche hold lift --account 20001 --channel sms

      depesche hold lift --all
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import holds

    _check(account, channel, everything=everything)
    settings = load_settings(config, data)
    with Stages(err) as stages:
        told = _telling(stages, "letting go on")
        lifted = in_house(settings, lambda house: holds.lift(house, actor(), account, channel, told))
        stages.end()
    what = named(account or "", channel)
    how = f"the hold on {what} is lifted" if lifted.was_there else f"there is no hold on {what}"
    out.print(plain(f"{how}{_moved(lifted.moved, 'goes on', 'go on')}"), soft_wrap=True)
    if lifted.others:
        others = ", ".join(named(hold.account, hold.channel) for hold in lifted.others[:MOST_NAMED])
        more = f" and {len(lifted.others) - MOST_NAMED} more" if len(lifted.others) > MOST_NAMED else ""
        warn(f"still on hold: {others}{more}")


MOST_NAMED = 10
"""Holds that are told in a line."""


def named(account: str, channel: Channel | None) -> str:
    """``everything``, ``fax``, ``account 20001``, ``fax of account 20001``; `account` is empty for everyone's."""
    words = (channel.value if channel else "", f"account {account}" if account else "")
    return " of ".join(filter(None, words)) or "everything"


def json_of(hold: "Hold") -> dict[str, Any]:
    """A hold for machines."""
    return {
        "account": hold.account or None,
        "channel": hold.channel.value if hold.channel else None,
        "since": hold.since,
        "note": hold.note,
    }


def _check(account: str | None, channel: Channel | None, *, everything: bool) -> None:
    if everything == (account is not None or channel is not None):
        fail("what? Give --account, --channel or both, or --all", Exit.USAGE)


def _telling(stages: Stages, words: str) -> Callable[[int], None]:
    """Tells how far it is, once it takes long."""
    return lambda moved: stages.begin(words, f"{moved:,} deliveries so far")


def _moved(number: int, one: str, several: str) -> str:
    return f": {_counted(number, one, several)}" if number else ""


def _counted(number: int, one: str, several: str) -> str:
    return f"1 delivery {one}" if number == 1 else f"{number:,} deliveries {several}"


def _print(listed: "tuple[Listed, ...]") -> None:
    table = tables.titled("Account", "Channel", "Held", "Since", "Note")
    for one in listed:
        hold = one.hold
        table.add_row(
            plain(hold.account or "every"),
            hold.channel.value if hold.channel else "every",
            str(one.held),
            local_time(hold.since, tables.MINUTES),
            plain(hold.note),
        )
    tables.show(table)
