"""``depesche line``: the trunks that carry faxes."""

# ruff: noqa: PLC0415  the rooms take half a second to import, and --help needs none of them

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from depesche.cli import tables
from depesche.cli.columns import with_columns
from depesche.cli.common import (
    AsJson,
    ConfigFile,
    DataFolder,
    Exit,
    PasswordStdin,
    actor,
    fail,
    load_settings,
    local_time,
    new_password,
    out,
    plain,
)
from depesche.model.line import (
    MOST_CHANNELS,
    T38,
    BadLine,
    Caller,
    Dialled,
    Law,
    Line,
    Route,
    Standing,
    Transport,
    split,
)

if TYPE_CHECKING:
    from depesche.usecases.house import House

app = typer.Typer(help="Add, show and change the lines that carry faxes.", no_args_is_help=True)
adding = typer.Typer(help="Add a line.", no_args_is_help=True)
app.add_typer(adding, name="add")

Name = Annotated[str, typer.Argument(metavar="LINE", help="Its name here.")]
Host = Annotated[
    str, typer.Argument(metavar="HOST[:PORT]", help="Registrar and proxy of the provider, or the other end.")
]
NoSecret = Annotated[bool, typer.Option("--no-password", help="It asks for none.")]

OPTIONS: dict[str, Any] = {
    "user": Annotated[str | None, typer.Option(metavar="TEXT", help="Of our address there: what is before the @.")],
    "auth_user": Annotated[str | None, typer.Option(metavar="TEXT", help="To log in with, if that is another one.")],
    "register": Annotated[bool | None, typer.Option("--register/--no-register", help="Whether there is a registrar.")],
    "domain": Annotated[str | None, typer.Option(metavar="NAME", help="Of our address there, if it is not HOST.")],
    "proxy": Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="Outbound proxy, that everything passes.")],
    "transport": Annotated[Transport | None, typer.Option(help="Of the signalling.")],
    "numbers": Annotated[
        list[str] | None,
        typer.Option(
            "--number",
            metavar="+NUMBER",
            help="That comes in on it; repeat it. With * at its end: all that begin so.",
        ),
    ],
    "routes": Annotated[
        list[str] | None,
        typer.Option(
            "--route",
            metavar="+PREFIX[=EURO]",
            help="Numbers that go out on it, and what a minute costs; repeat it. None: all.",
        ),
    ],
    "allowed": Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="+NUMBER",
            help="Callers whose faxes are taken; repeat it, written as --number, or `withheld`. None: all.",
        ),
    ],
    "denied": Annotated[
        list[str] | None,
        typer.Option("--deny", metavar="+NUMBER", help="Callers whose faxes are not, likewise."),
    ],
    "channels": Annotated[int | None, typer.Option(metavar="N", min=1, max=MOST_CHANNELS, help="Calls at once.")],
    "t38": Annotated[
        T38 | None,
        typer.Option("--t38", help="yes: where the far end asks for it; prefer: we ask as well; no: G.711 alone."),
    ],
    "laws": Annotated[list[Law] | None, typer.Option("--codec", help="Audio; repeat it, the best first.")],
    "dialled": Annotated[
        Dialled | None, typer.Option(help="How it wants numbers: +49.., 49.., 0049.. or as within the country, 0..")
    ],
    "country": Annotated[str | None, typer.Option(metavar="CODE", help="Calling code of the line.")],
    "caller": Annotated[Caller | None, typer.Option(help="Where it wants the number that calls.")],
    "ring_seconds": Annotated[int | None, typer.Option(metavar="N", help="How long we let it ring.")],
    "verify": Annotated[
        bool | None,
        typer.Option("--verify/--no-verify", help="TLS: whether its certificate has to be right for HOST."),
    ],
    "follow_redirects": Annotated[
        bool | None,
        typer.Option("--redirects/--no-redirects", help="Whether it may send a call on to another number."),
    ],
}
"""What `add` and `set` write, each with its option, by the names of `Line`."""

_USUAL = Line("usual", "")
USUAL = {
    "register": "register",
    "transport": _USUAL.transport.value,
    "channels": str(_USUAL.channels),
    "t38": _USUAL.t38.value,
    "laws": ", ".join(law.value for law in _USUAL.laws),
    "dialled": _USUAL.dialled.value,
    "country": _USUAL.country,
    "caller": _USUAL.caller.value,
    "ring_seconds": str(_USUAL.ring_seconds),
    "verify": "verify",
    "follow_redirects": "no-redirects",
}
"""What `add` takes where nothing is said."""


@adding.command("sip")
@with_columns(defaults=True, options=OPTIONS, usual=USUAL)
def add_sip(
    name: Name,
    host: Host,
    password_stdin: PasswordStdin = False,
    no_password: NoSecret = False,
    config: ConfigFile = None,
    data: DataFolder = None,
    **columns: Any,
) -> None:
    """Add a SIP trunk. A running server uses it within seconds. Its password is asked for, or read from standard input.

    Examples:

      depesche line add sip telekom tel.t-online.de --user +493023125100 --number +493023125100

      depesche line add sip gateway 192.0.2.17:5060 --no-register --no-password --number "+4930231251*" --channels 30

      depesche line add sip carrier sip.example.net --transport tls --user 20001 --caller asserted --t38 prefer
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    settings = load_settings(config, data)
    line = Line(name, **_place(host), **_given(columns))
    secret = "" if no_password else new_password(from_stdin=password_stdin)
    in_house(settings, lambda house: lines.add(house, actor(), line, secret), made=False)
    out.print(f"line {name} added", markup=False)


@app.command("set")
@with_columns(defaults=False, options=OPTIONS)
def set_(
    name: Name,
    host: Annotated[str | None, typer.Option(metavar="HOST[:PORT]", help="The other end.")] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is used.")] = None,
    config: ConfigFile = None,
    data: DataFolder = None,
    **columns: Any,
) -> None:
    """Change a line. What is not named stays as it is.

    --number, --route, --allow, --deny and --codec name all of them anew; with "" there are none any more.

    Examples:

      depesche line set telekom --channels 4 --t38 no

      depesche line set telekom --disable

      depesche line set telekom --deny "+4930555*" --deny withheld

      depesche line set telekom --deny ""
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    values = _given({**columns, "enabled": enabled}) | (_place(host) if host is not None else {})
    in_house(load_settings(config, data), lambda house: lines.change(house, actor(), name, values))
    out.print(f"line {name} is set", markup=False)


@app.command("password")
def password(
    name: Name, password_stdin: PasswordStdin = False, config: ConfigFile = None, data: DataFolder = None
) -> None:
    """Tell a line another password.

    Example: depesche line password telekom
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    secret = new_password(from_stdin=password_stdin)
    in_house(load_settings(config, data), lambda house: lines.change(house, actor(), name, {}, secret))
    out.print(f"line {name} has a new password", markup=False)


@app.command("remove")
def remove(name: Name, config: ConfigFile = None, data: DataFolder = None) -> None:
    """Remove a line. Faxes to its numbers get no answer any more.

    Example: depesche line remove telekom
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    in_house(load_settings(config, data), lambda house: lines.remove(house, actor(), name))
    out.print(f"line {name} is removed", markup=False)


@app.command("list")
def list_(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List the lines, and how they stand.

    Example: depesche line list --json
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    async def look(house: "House") -> tuple[list[Line], list[Standing]]:
        return await lines.listed(house), await lines.standings(house)

    found, standings = in_house(load_settings(config, data), look)
    at = {line.name: [one for one in standings if one.line == line.name] for line in found}
    if as_json:
        tables.print_json([_described(line, at[line.name]) for line in found])
        return
    table = tables.titled("Line", "Host", "Transport", "User", "Numbers", "Routes", "Channels", "T.38", "State")
    for line in found:
        place = f"{line.host}:{line.port}" if line.port else line.host
        cells = (
            line.name,
            place,
            line.transport.value,
            line.user,
            " ".join(line.numbers),
            " ".join(map(str, line.routes)),
        )
        table.add_row(*map(plain, cells), str(line.channels), line.t38.value, plain(_state(line, at[line.name])))
    tables.show(table)


@app.command("lessons")
def lessons(as_json: AsJson = False, config: ConfigFile = None, data: DataFolder = None) -> None:
    """List the numbers that are called in another way than most, for faxes did not get through to them as usual.

    Example: depesche line lessons
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    found = in_house(load_settings(config, data), lines.lessons)
    if as_json:
        tables.print_json(
            [{"number": one.number, **asdict(one.lesson), "until": one.until.isoformat()} for one in found]
        )
        return
    table = tables.titled("Number", "T.38", "V.17", "Finest", "Until")
    for one in found:
        lesson = one.lesson
        table.add_row(one.number, _yes(lesson.t38), _yes(lesson.v17), lesson.finest.value, local_time(one.until))
    tables.show(table)


@app.command("forget")
def forget(
    number: Annotated[str, typer.Argument(metavar="+NUMBER", help="E.164.")],
    config: ConfigFile = None,
    data: DataFolder = None,
) -> None:
    """Call a number again as most are called, whatever its last calls taught.

    Example: depesche line forget +493023125100
    """
    from depesche.cli.folder import in_house
    from depesche.usecases import lines

    in_house(load_settings(config, data), lambda house: lines.forget(house, actor(), number))
    out.print(f"{number} is called as most are", markup=False)


def _described(line: Line, standings: list[Standing]) -> dict[str, Any]:
    nodes = [{"node": one.node, "up": one.up, "why": one.why, "since": one.since.isoformat()} for one in standings]
    return {"name": line.name, **line.as_json(), "nodes": nodes}


def _state(line: Line, standings: list[Standing]) -> str:
    if not line.enabled:
        return "disabled"
    if not standings:
        return "no server"
    up = sum(one.up for one in standings)
    if up == len(standings):
        return f"up since {local_time(max(one.since for one in standings))}"
    why = next(one.why for one in standings if not one.up)
    return f"up at {up} of {len(standings)} nodes: {why}" if up else f"down: {why}"


def _yes(whether: bool) -> str:
    return "yes" if whether else "no"


def _place(host: str) -> dict[str, Any]:
    name, port = split(host)
    return {"host": f"[{name}]" if ":" in name else name, "port": port}


def _given(columns: dict[str, Any]) -> dict[str, Any]:
    """What was named."""
    given = {name: value for name, value in columns.items() if value not in (None, [])}
    for name in given.keys() & {"numbers", "allowed", "denied", "laws"}:
        given[name] = tuple(filter(None, given[name]))
    if "routes" in given:
        given["routes"] = tuple(map(_route, filter(None, given["routes"])))
    return given


def _route(text: str) -> Route:
    try:
        return Route.parse(text)
    except BadLine as error:
        fail(f"--route: {error}", Exit.USAGE)
