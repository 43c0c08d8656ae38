"""Where a command goes, and as whom."""

import io
import sys
from pathlib import Path

import pytest
import typer

from depesche.cli import reach, remote
from depesche.cli.common import Exit
from depesche.cli.exchange import Address
from depesche.cli.reach import Target

Reached = list[tuple[str, str, str]]


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVER", "CONFIG", "DATA", "ACCOUNT", "PASSWORD"):
        monkeypatch.delenv(f"DEPESCHE_{name}", raising=False)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Reached:
    """Address, account and password of each server that was reached."""
    seen: Reached = []

    def server(address: Address, account: str, password: str) -> None:
        seen.append((str(address), account, password))

    monkeypatch.setattr(remote, "Server", server)
    return seen


def target(server: str | None = None, account: str | None = None, *, stdin: bool = False) -> Target:
    return Target(server, None, None, account, stdin)


def test_without_a_word_it_is_the_demo_of_this_machine(reached: Reached) -> None:
    reach.server(target())
    assert reached == [("http://127.0.0.1:8080", "10001", "demo")]


def test_the_other_demo_account_needs_no_password_here(reached: Reached) -> None:
    reach.server(target("http://localhost:8099", "10002"))
    assert reached == [("http://localhost:8099", "10002", "demo")]


def test_the_environment_says_what_the_command_line_does_not(reached: Reached, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPESCHE_SERVER", "https://fax.example")
    monkeypatch.setenv("DEPESCHE_PASSWORD", "geheim")
    reach.server(target(account="20001"))
    reach.server(target("http://127.0.0.1:1", account="10001"))
    assert reached == [("https://fax.example", "20001", "geheim"), ("http://127.0.0.1:1", "10001", "geheim")]


def test_a_password_may_come_from_standard_input(reached: Reached, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(" ge heim \r\n"))
    reach.server(target("fax.example", "20001", stdin=True))
    assert reached == [("http://fax.example", "20001", " ge heim ")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (target("fax.example"), "whose order"),
        (target("fax.example", "10001"), "no password"),
        (target("127.0.0.1", "20001"), "no password"),
    ],
)
def test_nothing_is_guessed_for_other_machines_and_other_accounts(
    reached: Reached,
    given: Target,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(typer.Exit) as ended:
        reach.server(given)
    assert (ended.value.exit_code, reached) == (Exit.USAGE, [])
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "is_folder"),
    [
        (Target(None, None, None), False),
        (Target(None, None, Path("data")), True),
        (Target(None, Path("depesche.toml"), None), True),
        (Target("http://fax.example", Path("depesche.toml"), None), False),
    ],
)
def test_a_folder_is_meant_where_one_is_named_and_no_server(given: Target, is_folder: bool) -> None:
    assert given.is_folder is is_folder


@pytest.mark.parametrize(
    ("given", "is_folder"),
    [
        (target(), True),
        (target("http://fax.example"), False),
        (Target(None, None, Path("other")), True),
    ],
)
def test_a_folder_of_the_environment_is_meant_unless_a_server_is_named(
    given: Target, is_folder: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPESCHE_SERVER", "http://fax.example")
    assert not target().is_folder
    monkeypatch.setenv("DEPESCHE_DATA", "data")
    assert given.is_folder is is_folder


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (Target(None, None, None), ""),
        (Target(None, None, None, "10002"), " --account 10002"),
        (Target("fax.example:8080", None, None, "a b", True), " --server fax.example:8080 --account 'a b'"),
        (Target(None, None, Path("my data"), "10002"), " --data 'my data'"),
        (Target(None, Path("a.toml"), Path("b")), " --config a.toml --data b"),
        (Target("fax.example", Path("a.toml"), None), " --server fax.example"),
    ],
)
def test_the_options_that_lead_there_again_can_be_copied(given: Target, options: str) -> None:
    assert given.options == options


def test_the_options_that_lead_there_again_hold_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPESCHE_SERVER", "https://fax.example")
    monkeypatch.setenv("DEPESCHE_PASSWORD", "geheim")
    assert target(account="20001").options == " --server https://fax.example --account 20001"
    monkeypatch.setenv("DEPESCHE_DATA", "/var/lib/depesche")
    assert target(account="20001").options == " --data /var/lib/depesche"


@pytest.mark.parametrize("name", ["DEPESCHE_SERVER", "DEPESCHE_CONFIG", "DEPESCHE_DATA"])
def test_a_server_is_the_usual_one_where_nothing_names_another(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reach.is_usual(reach.DEFAULT_SERVER)
    assert not reach.is_usual("http://127.0.0.1:8081")
    monkeypatch.setenv(name, "x")
    assert not reach.is_usual(reach.DEFAULT_SERVER)
