"""What the commands share: their options, how people are told, how a command meets the event loop."""

import asyncio
import getpass
import os
import re
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from depesche.model.jobtype import JobType

if TYPE_CHECKING:
    from depesche.config import Settings

T = TypeVar("T")

SECONDS = "%Y-%m-%d %H:%M:%S"

_CENT = Decimal("0.01")

UNCUT = 1 << 20
"""Columns where there is no terminal: whoever reads a file or a pipe wants each line whole."""


def _console(descriptor: int, *, stderr: bool) -> Console:
    return Console(stderr=stderr, highlight=False, width=None if os.isatty(descriptor) else UNCUT)


out = _console(1, stderr=False)
err = _console(2, stderr=True)

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="Settings file (TOML).", envvar="DEPESCHE_CONFIG"),
]
DataFolder = Annotated[
    Path | None,
    typer.Option("--data", "-d", metavar="DIR", help="Data folder, if not that of the settings \\[default: data]."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, max=10_000, help="So many at most.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: JSON, times in UTC.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


class Exit(IntEnum):
    """How a command ends."""

    DONE = 0
    """What was asked for is done; for `send`: every recipient is OK."""

    FAILED = 1
    """It is not; for `send`: at least one recipient is not OK."""

    USAGE = 2
    """The command line or the settings are wrong; nothing was done."""

    REFUSED = 3
    """The order was not accepted, and the reason is told; nothing is sent."""

    NO_ANSWER = 4
    """The server cannot be reached, or what it answers is of no use; an order may have been accepted or not."""


class TypeName(StrEnum):
    """Job types as people write them."""

    FAX = "fax"
    SMS = "sms"
    MAIL = "mail"
    LETTER = "letter"
    LETTER_COLOUR = "letter-colour"
    QSIGN = "qsign"

    @property
    def job_type(self) -> JobType:
        return JobType[self.name]


class Failed(Exception):
    """The command cannot do what it was asked to; the message is a sentence that says what to do."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


class NoAnswer(Failed):
    """The server cannot be reached, or what it answers is of no use."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.NO_ANSWER)


def type_name(job_type: JobType) -> str:
    """How people write this job type."""
    return TypeName[job_type.name].value


def load_settings(config_file: Path | None, data: Path | None, **given: object) -> "Settings":
    """Settings, or an end with a sentence that says what is wrong with them."""
    from pydantic import ValidationError  # noqa: PLC0415  a quarter of a second, and --help needs none of it

    from depesche import config  # noqa: PLC0415

    if data is not None:
        given["data"] = data
    try:
        return config.load(config_file, **given)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        fail("the settings are wrong: " + "; ".join(problems), Exit.USAGE)
    except (OSError, ValueError) as error:  # of the TOML file, or of a variable that holds a whole section
        fail(f"the settings cannot be read: {error}", Exit.USAGE)


def plain(text: object) -> Text:
    """Text from elsewhere: no markup, and nothing in it commands the terminal."""
    return Text("".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text)))


def money(text: str, where: str) -> Decimal:
    """Net euro as people type it; `where` it was typed."""
    if not _AMOUNT.fullmatch(text):
        comma = ", with a point" if "," in text else ""
        fail(f"{where} {text}: an amount in euro is expected{comma}, such as 12.50", Exit.USAGE)
    return Decimal(text)


_AMOUNT = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")


def local_time(moment: datetime | None, form: str = SECONDS) -> str:
    """In this machine's zone; empty for none."""
    return "" if moment is None else moment.astimezone().strftime(form)


def euro(amount: Decimal) -> str:
    """``12.50``; parts of a cent only where there are any."""
    cents = amount.quantize(_CENT)
    return f"{cents if cents == amount else amount.normalize():f}"


def fail(message: str, code: Exit = Exit.FAILED) -> NoReturn:
    """End the command with a sentence on standard error."""
    err.print(Text.assemble(("error: ", "red"), plain(message)), soft_wrap=True)
    raise typer.Exit(code)


def warn(message: str) -> None:
    """A sentence on standard error; the command goes on."""
    err.print(Text.assemble(("note: ", "yellow"), plain(message)), soft_wrap=True)


def actor() -> str:
    """Who is at the command line, for the audit record."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def run(
    work: Callable[[], Coroutine[Any, Any, T]], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    """Run a coroutine function to its end; failures that can be expected end the command with a sentence."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(work())
    except Failed as error:
        fail(str(error), error.code)
    except Exception as error:
        from depesche.cli.failures import sentence  # noqa: PLC0415  knows the rooms, which take long to import

        told = sentence(error)
        if told is None:
            raise
        fail(told)


def new_password(*, from_stdin: bool, prompt: str = "Password") -> str:
    """From standard input or from the keyboard, never from the arguments: those are seen by every process."""
    if from_stdin:
        return password_line()
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True))


def password_line() -> str:
    """The first line of standard input."""
    return sys.stdin.readline().rstrip("\r\n")


def program() -> str:
    """How this program was called, for commands that people copy."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{os.path.relpath(sys.executable)} -m depesche"
    return called.name if str(called.parent) in os.get_exec_path() else sys.argv[0]
