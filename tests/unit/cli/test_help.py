"""``--help`` of every command."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from depesche.cli.main import app


def commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield path, command
    for name, one in inner.items():
        yield from commands(f"{path} {name}", one)


ALL = dict(commands("depesche", typer.main.get_command(app)))


@pytest.mark.parametrize("path", ALL)
def test_every_command_explains_itself_with_an_example_of_its_own(path: str) -> None:
    command = ALL[path]
    examples = [line.strip().removeprefix("Example: ") for line in (command.help or "").splitlines()]
    assert any(line.startswith(path) for line in examples)


@pytest.mark.parametrize("path", ALL)
def test_every_option_has_its_meaning(path: str) -> None:
    assert [parameter.name for parameter in ALL[path].params if not getattr(parameter, "help", None)] == []


@pytest.mark.parametrize(
    "kind", ["account", "ledger", "tariff", "blocklist", "refusal", "hold", "channel", "job", "inbox"]
)
def test_every_kind_of_thing_has_its_commands(kind: str) -> None:
    assert any(path.startswith(f"depesche {kind} ") for path in ALL)


@pytest.mark.parametrize("path", ALL)
def test_no_help_is_cut_on_a_terminal_of_80_columns(path: str) -> None:
    shown = CliRunner().invoke(app, [*path.split()[1:], "--help"], env={"COLUMNS": "80"}).output
    assert "…" not in shown
    assert path in " ".join(shown.split())
