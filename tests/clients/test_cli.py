"""The command line, as people and scripts use it: against a running server, and on a data folder."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import weasyprint  # type: ignore[import-untyped]
from PIL import Image

from serving import Serving

COLUMNS = "200"


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "depesche", *arguments]
    plain = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "COLUMNS": COLUMNS, **environment}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, env=plain, check=False)


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("letters") / "letter.pdf"
    weasyprint.HTML(string="<h1>Brief</h1>").write_pdf(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A data folder of its own with one sandbox account, and no server."""
    data = str(tmp_path / "data")
    added = run(
        *("account", "add", "20001", "--name", "Praxis Dr. Weiß", "--fax", "030 23125 300"),
        *("--sandbox", "--password-stdin", "--data", data),
        stdin="geheim\n",
    )
    assert added.returncode == 0, added.stderr
    return data


def test_a_file_is_sent_and_fetched(
    server: Serving, letter: Path, tmp_path: Path, empty_inbox: Callable[[], None]
) -> None:
    empty_inbox()
    sent = run("send", str(letter), "--to", "+493023125200[cli]", "--server", server.base_url)
    assert sent.returncode == 0, sent.stderr
    assert "OK" in sent.stdout
    target = tmp_path / "fax.tif"
    box = ("--account", "10002", "--data", str(server.data))
    saved = run("inbox", "save", "--oldest", "--output", str(target), "--delete", *box)
    assert saved.returncode == 0, saved.stderr
    with Image.open(target) as fax:
        assert fax.size[0] == 1728
    again = run("inbox", "save", "--oldest", "--output", str(target), *box)
    assert again.returncode == 1
    assert target.stat().st_size > 0


@pytest.mark.parametrize("target", ["server", "variable", "folder"])
def test_the_commands_that_an_order_prints_go_where_it_went(server: Serving, folder: str, target: str) -> None:
    where = {
        "server": ("--server", server.base_url),
        "variable": (),
        "folder": ("--data", folder, "--account", "20001"),
    }
    variable = {"DEPESCHE_SERVER": server.base_url} if target == "variable" else {}
    order = ("--type", "sms", "--text", target, "--to", "+491713920000", "--at", "2099-01-01 08:00", "--wait")
    sent = run("send", *order, "--timeout", "0.1", *where[target], **variable)
    assert sent.returncode == 1
    commands = re.findall("`([^`]+)`", sent.stderr)
    assert len(commands) == 2
    for line in commands:
        words = shlex.split(line)
        assert words[1:3] == ["-m", "depesche"], line
        done = run(*words[3:])
        assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("is cancelled\n")


def test_commands_that_are_told_nothing_go_to_the_same_place(server: Serving) -> None:
    """To the server of DEPESCHE_SERVER, and without it to one on port 8080, whatever lies in the folder here."""
    there = {"DEPESCHE_SERVER": server.base_url}
    nowhere = {"DEPESCHE_SERVER": "http://127.0.0.1:1"}
    for arguments in (("job", "show", "1000000"), ("job", "cancel", "1000000"), ("inbox", "delete", "1000000")):
        assert run(*arguments, **there).returncode == 1, arguments
        assert run(*arguments, **nowhere).returncode == 4, arguments
    assert run("inbox", "list", **there).returncode == 0
    assert run("inbox", "list", **nowhere).returncode == 4


def test_a_recipient_that_is_not_reached_ends_the_command_with_1(server: Serving, letter: Path) -> None:
    sent = run("send", str(letter), "--to", "+493023125005", "--server", server.base_url)
    assert (sent.returncode, "Call failed" in sent.stdout) == (1, True)


def test_a_refused_order_ends_the_command_with_3_and_says_why(server: Serving) -> None:
    sent = run("send", "--text", "Hallo", "--to", "+4930", "--server", server.base_url)
    assert sent.returncode == 3
    assert "46" in sent.stderr
    assert "Traceback" not in sent.stderr


def test_a_wrong_password_is_told(server: Serving) -> None:
    sent = run(
        *("send", "--text", "Hallo", "--to", "+493023125000", "--server", server.base_url, "--account", "10001"),
        DEPESCHE_PASSWORD="falsch",
    )
    assert sent.returncode == 3
    assert "-1" in sent.stderr


def test_a_server_that_is_not_there_is_told_in_one_sentence(letter: Path) -> None:
    sent = run("send", str(letter), "--to", "+493023125000", "--server", "http://127.0.0.1:1")
    assert sent.returncode == 4
    assert len(sent.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in sent.stderr


def test_without_a_server_the_command_carries_the_order_itself(folder: str, letter: Path) -> None:
    sent = run("send", str(letter), "--to", "+493023125000", "--data", folder, "--account", "20001")
    assert sent.returncode == 0, sent.stderr
    assert "+49 30 23125 000" in sent.stdout


def test_a_job_is_shown_with_its_attempts(folder: str, letter: Path) -> None:
    run("send", str(letter), "--to", "+493023125000", "--data", folder, "--account", "20001")
    shown = run("job", "show", "1", "--data", folder, "--json")
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert "+493023125000" in json.dumps(told)
    assert "MMR" in json.dumps(told)


def test_a_scheduled_job_is_listed_and_cancelled(folder: str) -> None:
    ordered = run(
        *("send", "--type", "sms", "--text", "Morgen", "--to", "+491713920000", "--at", "2099-01-01 08:00"),
        *("--data", folder, "--account", "20001"),
    )
    assert ordered.returncode == 0, ordered.stderr
    assert "waiting" in run("job", "list", "--data", folder, "--account", "20001").stdout
    cancelled = run("job", "cancel", "1", "--data", folder)
    assert cancelled.returncode == 0, cancelled.stderr
    assert "cancel" in run("job", "list", "--data", folder, "--account", "20001").stdout
    assert run("job", "cancel", "1", "--data", folder).returncode != 0


def test_an_account_is_shown_changed_locked_and_unlocked(folder: str) -> None:
    assert "+493023125300" in run("account", "list", "--data", folder).stdout
    changed = run("account", "set", "20001", "--bulk", "--type", "fax", "--type", "sms", "--data", folder)
    assert changed.returncode == 0, changed.stderr
    assert "fax, sms" in run("account", "show", "20001", "--data", folder).stdout
    run("account", "lock", "20001", "--data", folder)
    assert "locked" in run("account", "show", "20001", "--data", folder).stdout
    run("account", "unlock", "20001", "--data", folder)
    assert "active" in run("account", "show", "20001", "--data", folder).stdout


def test_what_makes_no_sense_is_refused_and_changes_nothing(folder: str) -> None:
    for arguments in (
        ("account", "show", "4711"),
        ("account", "set", "20001", "--fax", "12"),
        ("account", "set", "20001"),
        ("job", "show", "99"),
        ("job", "cancel", "99"),
        ("inbox", "delete", "99", "--account", "20001"),
    ):
        done = run(*arguments, "--data", folder)
        assert done.returncode != 0, arguments
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr
    assert "+493023125300" in run("account", "show", "20001", "--data", folder).stdout


def test_a_new_password_acts_at_once_on_a_running_server(server: Serving) -> None:
    data = str(server.data)
    run("account", "add", "30001", "--name", "Neu", "--sandbox", "--password-stdin", "--data", data, stdin="alt\n")
    sms = ("send", "--type", "sms", "--text", "Hallo", "--account", "30001", "--server", server.base_url)
    assert run(*sms, "--to", "+491713920000[1]", DEPESCHE_PASSWORD="alt").returncode == 0
    run("account", "password", "30001", "--password-stdin", "--data", data, stdin="neu\n")
    assert run(*sms, "--to", "+491713920000[2]", DEPESCHE_PASSWORD="alt").returncode == 3
    assert run(*sms, "--to", "+491713920000[3]", DEPESCHE_PASSWORD="neu").returncode == 0
    run("account", "lock", "30001", "--data", data)
    assert run(*sms, "--to", "+491713920000[4]", DEPESCHE_PASSWORD="neu").returncode == 3


def test_what_the_operator_sets_holds_for_the_next_order_of_a_running_server(server: Serving, tmp_path: Path) -> None:
    at = ("--data", str(server.data))
    new = ("account", "add", "30002", "--name", "Neu", "--sandbox", "--password-stdin", "--tariff", "test")
    assert run(*new, "--payment", "prepaid", *at, stdin="geheim\n").returncode == 0
    prices, blocked = tmp_path / "prices.csv", tmp_path / "blocked.csv"
    prices.write_text("sms,,0.01,0.09\n")
    blocked.write_text("0172*,no SMS\n")
    order = ("send", "--type", "sms", "--account", "30002", "--server", server.base_url, "--to")

    def send(number: str) -> subprocess.CompletedProcess[str]:
        return run(*order, number, "--text", number, DEPESCHE_PASSWORD="geheim")

    assert "code 54 NO_PAYMENT" in send("+491713920000[1]").stderr
    assert run("tariff", "import", "test", str(prices), *at).returncode == 0
    assert run("ledger", "deposit", "30002", "0.15", *at).returncode == 0
    assert send("+491713920000[2]").returncode == 0
    assert "code 2 ACCOUNT_EMPTY" in send("+491713920000[3]").stderr
    ledger = json.loads(run("ledger", "show", "30002", "--json", *at).stdout)
    assert [(entry["kind"], entry["amount"]) for entry in ledger["entries"]] == [
        ("charge", "-0.10"),
        ("deposit", "0.15"),
    ]
    assert (ledger["balance"], ledger["reserved"]) == ("0.05", "0.00")
    assert run("blocklist", "import", str(blocked), "--account", "30002", *at).returncode == 0
    assert "code 9 BLACKLISTED" in send("+491723920000").stderr
    refused = json.loads(run("refusal", "list", "--account", "30002", "--json", *at).stdout)
    assert [(line["account"], line["code"], line["row"]) for line in refused] == [
        ("30002", 9, 18),
        ("30002", 2, 24),
        ("30002", 54, 8),
    ]


def test_a_pipe_gets_all_columns_and_each_line_whole_however_narrow_the_terminal(folder: str, letter: Path) -> None:
    run(
        "send", str(letter), "--to", "+493023125000[Rechnung 4711 vom 2. Maerz]", "--data", folder, "--account", "20001"
    )
    shown = run("job", "show", "1", "--data", folder, COLUMNS="60").stdout.splitlines()
    recipient = next(line for line in shown if line.startswith("+493023125000"))
    assert recipient.split()[:3] == ["+493023125000", "OK", "1"]
    assert recipient.rstrip().endswith("Rechnung 4711 vom 2. Maerz")
    attempt = shown[-1]
    assert "+493023125000" in attempt
    assert attempt.rstrip().endswith("MMR, ECM, +49 30 23125 000")


def test_a_second_server_on_the_folder_says_so(server: Serving) -> None:
    second = run("serve", "--port", "0", "--data", str(server.data))
    assert second.returncode == 1
    assert str(server.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_the_demo_is_for_this_machine_alone(tmp_path: Path) -> None:
    demo = run("serve", "--demo", "--host", "0.0.0.0", "--data", str(tmp_path / "data"))
    assert demo.returncode == 2
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["send", "serve", "account add", "job show", "job resolve", "inbox save"])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.returncode == 0
    assert f"depesche {command}" in shown.stdout
