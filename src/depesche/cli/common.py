"""What the commands share: where the data lies, how people are told, how a command meets the event loop."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from depesche import config
from depesche.config import Settings

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="Settings file (TOML).", envvar="DEPESCHE_CONFIG")
]
DataFolder = Annotated[Path | None, typer.Option("--data", "-d", help="Data folder [default: ./data].")]


def load_settings(config_file: Path | None, data: Path | None, **given: object) -> Settings:
    """Settings, or an end with a sentence that says what is wrong with them."""
    if data is not None:
        given["data"] = data
    try:
        return config.load(config_file, **given)
    except FileNotFoundError as error:
        fail(str(error))
    except ValidationError as error:
        for problem in error.errors():
            err.print(f"[red]setting {'.'.join(map(str, problem['loc']))}:[/] {problem['msg']}")
        raise typer.Exit(2) from None


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with a sentence on standard error."""
    err.print(f"[red]error:[/] {message}", soft_wrap=True)
    raise typer.Exit(code)


def actor() -> str:
    """Who is at the command line, for the audit record."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def run_async(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine function to its end."""

    async def call() -> T:
        return await work()

    return asyncio.run(call())


def read_password(*, from_stdin: bool, prompt: str = "Password") -> str:
    """From standard input or from the keyboard, never from the arguments: those are seen by every process."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True))
