"""``depesche line``."""

import json

import pytest

from commands import Depesche

GATEWAY = ("line", "add", "sip", "gateway", "192.0.2.17:5070", "--no-register", "--no-password", "--data", "d")


def test_a_line_is_added_changed_shown_and_removed(quick: Depesche) -> None:
    assert quick("account", "add", "1", "--name", "x", "--generate", "--data", "d").stderr.startswith(
        "note: it is live, and no line is set up"
    )
    added = quick(*GATEWAY, "--number", "+4930231251*", "--route", "+49=0.01", "--codec", "pcmu", "--channels", "30")
    assert (added.returncode, added.stdout) == (0, "line gateway added\n"), added.stderr
    again = quick(*GATEWAY)
    assert (again.returncode, again.stderr) == (
        1, "error: there is a line gateway already: `depesche line set gateway` changes it\n",
    )  # fmt: skip
    assert quick("line", "set", "gateway", "--t38", "prefer", "--disable", "--data", "d").returncode == 0
    [told] = json.loads(quick("line", "list", "--json", "--data", "d").stdout)
    assert told["routes"] == [{"prefix": "+49", "price": "0.01"}]
    assert (told["name"], told["host"], told["port"], told["t38"]) == ("gateway", "192.0.2.17", 5070, "prefer")
    assert (told["numbers"], told["laws"], told["channels"]) == (["+4930231251*"], ["pcmu"], 30)
    assert (told["register"], told["enabled"]) == (False, False)
    shown = quick("line", "list", "--data", "d").stdout
    assert "192.0.2.17:5070" in shown
    assert "+49=0.01" in shown
    assert "no line is set up" in quick("account", "show", "1", "--data", "d").stdout
    assert quick("line", "set", "gateway", "--enable", "--data", "d").returncode == 0
    assert "the world" in quick("account", "show", "1", "--data", "d").stdout
    assert quick("line", "remove", "gateway", "--data", "d").returncode == 0
    assert json.loads(quick("line", "list", "--json", "--data", "d").stdout) == []


def test_its_password_is_shown_to_nobody(quick: Depesche) -> None:
    given = ("line", "add", "sip", "provider", "sip.example.net", "--user", "me", "--password-stdin", "--data", "d")
    assert quick(*given, stdin="geheim\n").returncode == 0
    assert quick("line", "password", "provider", "--password-stdin", "--data", "d", stdin="anders\n").returncode == 0
    shown = quick("line", "list", "--data", "d").stdout + quick("line", "list", "--json", "--data", "d").stdout
    assert "geheim" not in shown
    assert "anders" not in shown


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("line", "add", "sip", "A", "h", "--no-register", "--no-password"), "a name is small letters"),
        (("line", "add", "sip", "a", "h", "--no-password"), "to register takes a --user"),
        (("line", "add", "sip", "a", "h", "--no-register", "--no-password", "--route", "49"), "no route"),
        (("line", "add", "sip", "a", "h", "--no-register", "--no-password", "--number", "030"), "no number"),
        (("line", "set", "nobody", "--channels", "3"), "there is no line nobody"),
        (("line", "remove", "nobody"), "there is no line nobody"),
        (("line", "password", "nobody", "--password-stdin"), "there is no line nobody"),
    ],
)
def test_what_cannot_be_is_told(quick: Depesche, words: tuple[str, ...], why: str) -> None:
    assert quick(*GATEWAY).returncode == 0
    done = quick(*words, "--data", "d", stdin="x\n")
    assert done.returncode != 0
    assert why in done.stderr
