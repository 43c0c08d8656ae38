"""``depesche serve``: answer requests and carry deliveries until told to stop."""

import asyncio
import ipaddress
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.panel import Panel
from rich.table import Table

from depesche import __version__, node
from depesche.cli import logs
from depesche.cli.common import ConfigFile, DataFolder, fail, load_settings, out
from depesche.config import Settings
from depesche.render.errors import RenderError
from depesche.store.upgrade import TooNew
from depesche.usecases import demo

Port = Annotated[int | None, typer.Option("--port", "-p", min=0, max=65535, help="Port; 0 takes a free one.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Demo = Annotated[bool, typer.Option("--demo", help="Make the two demo accounts; listens on this machine alone.")]


def serve(
    config: ConfigFile = None, data: DataFolder = None, port: Port = None, host: Host = None, with_demo: Demo = False
) -> None:
    """Serve the FAX.de interface and carry what is ordered.

    Examples:

      depesche serve --demo

      depesche serve --config /etc/depesche.toml --data /var/lib/depesche
    """
    settings = _settings(config, data, port, host)
    if with_demo and not _is_loopback(settings.web.host):
        fail(f"--demo listens on this machine alone: {settings.web.host} is not a loopback address", 2)
    logs.configure()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, with_demo=with_demo))
    except (node.FolderInUse, TooNew, RenderError, OSError) as error:
        fail(str(error))


async def _serve(settings: Settings, *, with_demo: bool) -> None:
    async def prepared(opened: node.Node, port: int) -> None:
        if with_demo:
            await demo.ensure(opened.house)
        _welcome(settings, port, with_demo=with_demo)

    await node.serve(settings, prepared)


def _settings(config: Path | None, data: Path | None, port: int | None, host: str | None) -> Settings:
    web: dict[str, object] = {}
    if port is not None:
        web["port"] = port
    if host is not None:
        web["host"] = host
    return load_settings(config, data, **({"web": web} if web else {}))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _welcome(settings: Settings, port: int, *, with_demo: bool) -> None:
    host = f"[{settings.web.host}]" if ":" in settings.web.host else settings.web.host
    base = f"http://{host}:{port}"
    table = Table.grid(padding=(0, 2))
    table.add_row("Interface", f"{base}/xmlws.exe?intf=IntfXMLWS")
    table.add_row("WSDL", f"{base}/xmlws.exe?/wsdl/IntfXMLWS")
    table.add_row("WSDL (JAX-WS)", f"{base}/soapdoc/IntfXMLWS?wsdl")
    table.add_row("Data", str(settings.data.resolve()))
    if with_demo:
        for number, name, fax_number in demo.ACCOUNTS:
            table.add_row("Account", f"{number}  password {demo.PASSWORD}  fax {fax_number}  ({name})")
        table.add_row("Try", f"depesche send letter.pdf --to {demo.ACCOUNTS[1][2]} --server {base}")
    out.print(Panel(table, title=f"Depesche {__version__}", subtitle="Ctrl-C ends", expand=False))
