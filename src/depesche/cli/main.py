"""``depesche``: all commands."""

import io
import sys
from typing import Annotated

import typer

from depesche import __version__
from depesche.cli import account, blocklist, channel, hold, inbox, job, ledger, line, node, refusal, tariff
from depesche.cli.backup import backup, restore
from depesche.cli.codes import codes
from depesche.cli.preview import preview
from depesche.cli.prune import prune
from depesche.cli.send import send
from depesche.cli.serve import serve

app = typer.Typer(
    name="depesche",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(send)
app.command()(preview)
app.add_typer(job.app, name="job")
app.add_typer(inbox.app, name="inbox")
app.add_typer(account.app, name="account")
app.add_typer(ledger.app, name="ledger")
app.add_typer(tariff.app, name="tariff")
app.add_typer(blocklist.app, name="blocklist")
app.add_typer(refusal.app, name="refusal")
app.add_typer(hold.app, name="hold")
app.add_typer(channel.app, name="channel")
app.add_typer(line.app, name="line")
app.add_typer(node.app, name="node")
app.command()(backup)
app.command()(restore)
app.command()(prune)
app.command()(codes)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"depesche {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version.")
    ] = False,
) -> None:
    """Fax, SMS, e-mail, letters and signed invoices behind the FAX.de SOAP interface."""
    del version


def run() -> None:
    """The entry of the installed command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name that this terminal cannot show is no reason to fail
    app()
