"""The reference pages of ``docs/``, made from the code: ``python -m depesche.reference docs/reference``."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic.fields import FieldInfo

from depesche.channels.fax.numbers import NUMBERS
from depesche.channels.mail import sandbox as mail
from depesche.channels.sms import sandbox as sms
from depesche.cli.main import app
from depesche.config import Section, Settings
from depesche.usecases import demo

_MADE = "<!-- Made by `python -m depesche.reference docs/reference`: change the code, not this page. -->\n"


_WHAT = """\
What a sandbox account orders is judged, made into pages and carried like any other order. Only the last metre differs:
faxes end in a machine in memory (both ends of the call are real T.30 engines); messages, mails and letters end in the
folder `outbox/` of the data folder. A fax to the number of a local account arrives in its inbox. Pauses before repeats
are {speed:g} times shorter.
"""


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {"sandbox.md": _sandbox(), "settings.md": _settings(), "cli.md": _commands()}


def write(folder: Path) -> None:
    """Write all pages."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def _sandbox() -> str:
    speed = Settings.model_fields["dispatch"].default.sandbox_speed
    return "\n".join(
        [
            "# The sandbox",
            "",
            _MADE,
            _WHAT.format(speed=speed),
            "The numbers are those that the German regulator assigns to nobody: no test can ring anybody.",
            "",
            "## Accounts of the demo",
            "",
            *_table(
                ("Account", "Password", "Name", "Fax number"),
                ((number, demo.PASSWORD, name, fax) for number, name, fax in demo.ACCOUNTS),
            ),
            "",
            "## Fax",
            "",
            *_table(
                ("Number", "What happens", "Was geschieht"),
                ((number.number, number.english, number.german) for number in NUMBERS),
            ),
            "",
            "Any other number behaves like the first.",
            "",
            "## SMS",
            "",
            *_table(("Number", "What happens", "Was geschieht"), _special(sms.SPECIAL)),
            "",
            "## eMail and QSign",
            "",
            *_table(("Address", "What happens", "Was geschieht"), _special(mail.SPECIAL)),
            "",
        ]
    )


def _special(rows: Iterable[Any]) -> Iterator[tuple[str, str, str]]:
    return ((row.address, row.english, row.german) for row in rows)


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        _MADE,
        "In a TOML file (`--config`), or in the environment, which wins: `[web] port` is `DEPESCHE_WEB__PORT`.",
        "",
    ]
    plain = {name: info for name, info in Settings.model_fields.items() if not isinstance(info.default, Section)}
    lines += ["## Top level", "", *_table(("Setting", "Default", "Meaning"), map(_setting, plain.items())), ""]
    for name, info in Settings.model_fields.items():
        section = info.default
        if isinstance(section, Section):
            rows = map(_setting, type(section).model_fields.items())
            about = (type(section).__doc__ or "").strip()
            lines += [f"## [{name}]", "", about, "", *_table(("Setting", "Default", "Meaning"), rows), ""]
    return "\n".join(lines)


def _setting(item: tuple[str, FieldInfo]) -> tuple[str, str, str]:
    name, info = item
    return f"`{name}`", f"`{info.default}`", info.description or ""


def _commands() -> str:
    lines = ["# Commands", "", _MADE]
    for path, command in _walk("depesche", typer.main.get_command(app)):
        lines += [f"## {path}", "", *_help(command.help or ""), ""]
        rows = [row for parameter in command.params if (row := _parameter(parameter))]
        if rows:
            lines += [*_table(("", "Meaning"), rows), ""]
    return "\n".join(lines)


def _walk(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk(f"{path} {name}", inner)


def _help(text: str) -> Iterator[str]:
    """The help as it is written; its commands in code."""
    for line in text.splitlines():
        yield f"    {line.strip()}" if line.strip().startswith("depesche ") else line.strip()


def _parameter(parameter: Any) -> tuple[str, str] | None:
    if getattr(parameter, "hidden", False) or "--help" in parameter.opts:
        return None
    is_option = parameter.param_type_name == "option"
    names = (
        [*parameter.opts, *parameter.secondary_opts]
        if is_option
        else [(parameter.metavar or parameter.name or "").upper()]
    )
    return ", ".join(f"`{name}`" for name in names), getattr(parameter, "help", None) or ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
