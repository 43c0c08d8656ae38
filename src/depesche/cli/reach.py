"""Where a command goes: to a running server, with account and password, or to a data folder.

One rule for `send`, `job show`, `job cancel` and `inbox`: to the server of ``--server``; else to the data folder that
is named, by ``--data`` or ``--config`` or the variables of both; else to the server of DEPESCHE_SERVER; else to
`DEFAULT_SERVER`.
"""

import os
import shlex
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depesche.cli.common import Exit, fail, load_settings, password_line
from depesche.cli.gateway import Gateway

if TYPE_CHECKING:
    from depesche.cli.remote import Server

DEFAULT_SERVER = "http://127.0.0.1:8080"

SERVER, CONFIG, DATA = "DEPESCHE_SERVER", "DEPESCHE_CONFIG", "DEPESCHE_DATA"
"""Variables of the environment. Typer must not read the first and the last: what is typed wins over both."""

ServerUrl = Annotated[
    str | None,
    typer.Option(
        "--server",
        "-s",
        metavar="URL",
        help=f"A running server \\[default: {SERVER}, else {DEFAULT_SERVER}].",
    ),
]
FolderData = Annotated[
    Path | None, typer.Option("--data", "-d", metavar="DIR", help="This data folder, and no server; needs no password.")
]
FolderConfig = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The data folder of this settings file (TOML), and no server.",
        envvar=CONFIG,
    ),
]
AccountNumber = Annotated[
    str | None,
    typer.Option("--account", "-a", metavar="NUMBER", help="Customer number.", envvar="DEPESCHE_ACCOUNT"),
]


@dataclass(frozen=True, slots=True)
class Target:
    """What the command line says about where to go."""

    server: str | None
    config: Path | None
    data: Path | None
    account: str | None = None
    password_stdin: bool = False

    def __post_init__(self) -> None:
        if self.server is not None and self.data is not None:
            fail("give --server or --data, not both", Exit.USAGE)

    @property
    def is_folder(self) -> bool:
        """Whether a folder was named, and no server."""
        return self.server is None and bool(self.data or self.config or os.environ.get(DATA))

    @property
    def options(self) -> str:
        """What makes another command go there too, in any shell; a blank stands before each option."""
        given: dict[str, Path | str | None]
        if self.is_folder:
            given = {"--config": self.config, "--data": self.data or os.environ.get(DATA)}
        else:
            given = {"--server": self.server or os.environ.get(SERVER), "--account": self.account}
        return "".join(f" {name} {shlex.quote(str(value))}" for name, value in given.items() if value)


def is_usual(address: str) -> bool:
    """Whether commands go to this server if they are told nothing."""
    return address == DEFAULT_SERVER and not any(map(os.environ.get, (SERVER, CONFIG, DATA)))


def gateway(target: Target) -> AbstractAsyncContextManager[Gateway]:
    """There, whichever of the two it is."""
    return folder(target) if target.is_folder else server(target)


def server(target: Target) -> "AbstractAsyncContextManager[Server]":
    """The server that is named, else that of DEPESCHE_SERVER, else one on this machine."""
    from depesche.cli.exchange import Address  # noqa: PLC0415  http and XML: not for --help
    from depesche.cli.remote import Server  # noqa: PLC0415

    address = Address.parse(target.server or os.environ.get(SERVER) or DEFAULT_SERVER)
    account, password = _login(target, demo=address.is_loopback)
    return nullcontext(Server(address, account, password))


def folder(target: Target) -> AbstractAsyncContextManager[Gateway]:
    """The data folder that is named, else that of the settings."""
    from depesche.cli.folder import open_folder  # noqa: PLC0415  all the rooms

    return open_folder(load_settings(target.config, target.data), target.account)


def _login(target: Target, *, demo: bool) -> tuple[str, str]:
    """Account and password for a server; on this machine those of the demo are taken where nothing is said."""
    password = password_line() if target.password_stdin else os.environ.get("DEPESCHE_PASSWORD")
    known = _demo_logins() if demo and (password is None or target.account is None) else {}
    account = target.account or next(iter(known), None)
    if account is None:
        fail("whose order is it? Give --account, or set DEPESCHE_ACCOUNT", Exit.USAGE)
    if password is None:
        password = known.get(account)
    return account, _asked(account) if password is None else password


def _demo_logins() -> dict[str, str]:
    from depesche.usecases.demo import ACCOUNTS, PASSWORD  # noqa: PLC0415  imports the store

    return {number: PASSWORD for number, *_ in ACCOUNTS}


def _asked(account: str) -> str:
    if not sys.stdin.isatty():
        fail("no password: set DEPESCHE_PASSWORD, or give --password-stdin", Exit.USAGE)
    return str(typer.prompt(f"Password of account {account}", hide_input=True, err=True))
