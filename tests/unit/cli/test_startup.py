"""`--help` answers before the rooms are imported."""

import json
import subprocess
import sys

import pytest

HEAVY = {"sqlalchemy", "pydantic", "structlog", "uvicorn", "starlette", "numpy", "PIL", "obstore", "weasyprint", "http"}

SHOW = "import json, sys; {work}; print(json.dumps([name for name in sys.modules if '.' not in name]))"


def imported(work: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", SHOW.format(work=work)], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_all_commands_are_known_without_any_of_the_rooms() -> None:
    assert imported("import depesche.cli.main") & HEAVY == set()


def test_a_server_is_called_without_any_of_the_rooms() -> None:
    assert imported("import depesche.cli.remote") & (HEAVY - {"http"}) == set()


@pytest.mark.parametrize("module", ["weasyprint", "pypdfium2", "alembic"])
def test_the_node_starts_without_what_only_converters_and_migrations_need(module: str) -> None:
    assert module not in imported("import depesche.node.serve")


@pytest.mark.parametrize("module", ["uvicorn", "starlette", "numpy", "PIL", "alembic"])
def test_a_command_in_a_folder_starts_without_what_only_servers_need(module: str) -> None:
    assert module not in imported("import depesche.cli.folder")
