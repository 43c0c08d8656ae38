"""``depesche serve``: answer requests and carry deliveries until told to stop."""

# ruff: noqa: PLC0415  the rooms take a second to import, and --help needs none of them

import errno
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from depesche import __version__
from depesche.cli import common
from depesche.cli.common import ConfigFile, DataFolder, Exit, Failed, fail, load_settings, out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depesche.config import Settings
    from depesche.node.work import Node
    from depesche.render.detect import Format

Port = Annotated[
    int | None, typer.Option("--port", "-p", metavar="PORT", min=0, max=65535, help="Port to listen on; 0: a free one.")
]
Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")]
Roles = Annotated[
    str | None,
    typer.Option(
        "--roles", metavar="ROLE,...", help="What this node does: web, dispatch, lines \\[default: all of them]."
    ),
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="What it is called in `node list`.")]
Demo = Annotated[bool, typer.Option("--demo", help="Make the two demo accounts; listens on this machine alone.")]


def serve(
    config: ConfigFile = None,
    data: DataFolder = None,
    port: Port = None,
    host: Host = None,
    roles: Roles = None,
    name: Name = None,
    with_demo: Demo = False,
) -> None:
    """Serve the FAX.de interface and carry what is ordered, until Ctrl-C or SIGTERM.

    What is on the line then gets 20 seconds to end; what waits is there at the next start.

    Examples:

      depesche serve --demo

      depesche serve --config /etc/depesche.toml --data /var/lib/depesche

      depesche serve --config /etc/depesche.toml --roles dispatch,lines --name fax-2
    """
    web = {word: value for word, value in (("port", port), ("host", host)) if value is not None}
    given = {"web": web or None, "name": name, "roles": None if roles is None else roles.split(",")}
    settings = load_settings(config, data, **{word: value for word, value in given.items() if value is not None})
    if with_demo:
        _only_here(settings)
        settings = settings.model_copy(update={"callbacks": settings.callbacks.on_this_machine()})
    import uvloop

    from depesche.cli import logs

    logs.configure()
    common.run(lambda: _serve(settings, with_demo=with_demo), loop_factory=uvloop.new_event_loop)


async def _serve(settings: "Settings", *, with_demo: bool) -> None:
    from depesche.node.serve import serve as serve_node
    from depesche.usecases import demo

    async def prepared(opened: "Node", port: int) -> None:
        if with_demo:
            await demo.ensure(opened.house)
        _welcome(settings, port, opened.house.renderer.lacking, with_demo=with_demo)

    try:
        await serve_node(settings, prepared)
    except OSError as error:
        raise _explained(error, settings) from error


def _explained(error: OSError, settings: "Settings") -> Exception:
    """An error of listening, as a sentence; others as they are."""
    where = f"{settings.web.host} port {settings.web.port}"
    if isinstance(error, socket.gaierror):
        return Failed(f"{settings.web.host} is the name of no machine: give another with --host")
    match error.errno:
        case errno.EADDRINUSE:
            return Failed(f"{where} is taken: stop what listens there, or take another with --port")
        case errno.EADDRNOTAVAIL:
            return Failed(f"{settings.web.host} is no address of this machine: give another with --host")
        case errno.EACCES if error.filename is None and settings.web.port < 1024:
            return Failed(f"{where} is for root alone: take one above 1023 with --port")
        case _:
            return error


def _only_here(settings: "Settings") -> None:
    from depesche.cli.exchange import is_loopback

    if not is_loopback(settings.web.host):
        reason = f"--demo has known passwords, and {settings.web.host} is more than this machine"
        fail(f"{reason}: leave out --host", Exit.USAGE)


def _welcome(settings: "Settings", port: int, lacking: "Mapping[Format, str]", *, with_demo: bool) -> None:
    base = _address(settings.web.host, port)
    lines = [("Data", str(settings.data.resolve()))]
    if port:
        lines = [
            ("Interface", f"{base}/xmlws.exe?intf=IntfXMLWS"),
            ("WSDL", f"{base}/xmlws.exe?/wsdl/IntfXMLWS"),
            ("WSDL (JAX-WS)", f"{base}/soapdoc/IntfXMLWS?wsdl"),
            *lines,
        ]
    if settings.database_url.get_secret_value():
        lines.append(("Roles", ", ".join(sorted(settings.roles))))
        if not settings.blobs.url:
            lines.append(("Documents", "in the data folder, out of reach for other machines: name a [blobs] url"))
    if port and lacking:
        packages = " ".join(sorted(set(lacking.values())))
        lines.append(("Not converted", f"{', '.join(format_.name for format_ in lacking)}: install {packages}"))
    if settings.operations.port:
        lines.append(("Operations", f"{_address(settings.operations.host, settings.operations.port)}/metrics"))
    if with_demo:
        lines += _demo_lines(base)
    out.print(f"[bold]Depesche {__version__}[/], Ctrl-C ends it")
    for word, value in lines:
        out.print(f"  {word:<14}{value}", markup=False, soft_wrap=True)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _demo_lines(base: str) -> list[tuple[str, str]]:
    """The accounts, and commands that do something when they are copied."""
    from depesche.cli.reach import is_usual
    from depesche.usecases import demo

    accounts = [
        ("Account", f"{number}  password {demo.PASSWORD}  fax {fax_number}  ({name})")
        for number, name, fax_number in demo.ACCOUNTS
    ]
    server = "" if is_usual(base) else f" --server {base}"
    other_number, _, other_fax = demo.ACCOUNTS[1]
    program = common.program()
    return [
        *accounts,
        ("Try", f'{program} send --to {other_fax} --text "Guten Tag"{server}'),
        ("", f"{program} inbox save --oldest --account {other_number}{server}"),
    ]
