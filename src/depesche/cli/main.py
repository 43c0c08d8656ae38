"""``depesche``: all commands."""

import typer

from depesche import __version__
from depesche.cli import account
from depesche.cli.serve import serve

app = typer.Typer(
    name="depesche",
    help="Fax, SMS, e-mail, letters and signed invoices behind the FAX.de SOAP interface.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.add_typer(account.app, name="account")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"depesche {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Tell the version."),
) -> None:
    """Fax, SMS, e-mail, letters and signed invoices behind the FAX.de SOAP interface."""
    del version


def run() -> None:
    """The entry of the installed command."""
    app()
