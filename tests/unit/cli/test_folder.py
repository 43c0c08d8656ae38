"""Commands on a data folder, with and without a server on it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands import Depesche, depesche_in
from serving import Serving

LOST = "+493023125009"
"""The attempt is abandoned."""

SOON = {"DEPESCHE_DISPATCH__LEASE_SECONDS": "0.5"}
"""What is abandoned becomes unknown in half a second."""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sandbox account."""
    place = tmp_path_factory.mktemp("ready")
    new = ("20001", "--name", "Praxis Weiß", "--sandbox", "--bulk", "--generate")
    added = depesche_in(place)("account", "add", *new)
    assert added.returncode == 0, added.stderr
    return place / "data"


@pytest.fixture
def data(ready: Path, tmp_path: Path) -> Path:
    """A copy of it, where commands are run."""
    return Path(shutil.copytree(ready, tmp_path / "data"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    started = Serving(tmp_path / "data").start()
    yield started
    started.stop()


def job(depesche: Depesche, number: int = 1) -> dict[str, Any]:
    shown = depesche("job", "show", str(number), "--json", "--data", "data")
    assert shown.returncode == 0, shown.stderr
    told: dict[str, Any] = json.loads(shown.stdout)
    return told


def test_without_a_server_the_command_carries_the_order(depesche: Depesche, data: Path) -> None:
    sent = depesche(
        "send", "--text", "Hallo", "--to", "+493023125000[r 1]", "--to", "+493023125005", "--data", str(data)
    )
    assert sent.returncode == 1, sent.stderr
    told = job(depesche)
    assert [(one["result"], one["reference"]) for one in told["recipients"]] == [("OK", "r 1"), ("Call failed", "")]
    assert told["states"] == {"sent": 1, "failed": 1}
    assert told["legibility"] == [100]
    assert "Legibility  100 of 100" in depesche("job", "show", "1", "--data", "data").stdout
    (attempt,) = told["recipients"][0]["attempts"]
    assert (attempt["coding"], attempt["bit_rate"], attempt["ecm"]) == ("MMR", 14400, True)


def test_with_a_server_on_the_folder_the_server_carries_it(depesche: Depesche, server: Serving) -> None:
    sent = depesche("send", "--text", "Hallo", "--to", "+493023125200", "--data", "data", "--account", "10001")
    assert sent.returncode == 0, sent.stderr
    assert '"event": "attempt ended"' in server.log.read_text()
    listed = json.loads(depesche("inbox", "list", "--account", "10002", "--json", "--data", "data").stdout)
    assert [fax["called_number"] for fax in listed] == ["+493023125200"]


def test_when_the_server_dies_the_command_goes_on_itself(depesche: Depesche, server: Serving) -> None:
    server.kill()
    sent = depesche("send", "--text", "Hallo", "--to", "+493023125000", "--data", "data", "--account", "10001")
    assert sent.returncode == 0, sent.stderr
    server.start()


def test_an_undecided_delivery_is_told_and_decided(depesche: Depesche, data: Path) -> None:
    sent = depesche("send", "--text", "Hallo", "--to", LOST, "--data", "data", **SOON)
    assert sent.returncode == 1
    assert "somebody has to decide" in sent.stderr
    shown = depesche("job", "show", "1", "--data", "data")
    assert "delivery 1 waits for a decision" in shown.stderr
    assert depesche("job", "resolve", "1").returncode == 2
    assert depesche("job", "resolve", "1", "--sent", "--failed").returncode == 2
    resolved = depesche("job", "resolve", "1", "9", "--sent")
    assert (resolved.returncode, resolved.stdout) == (1, "delivery 1 is resolved: sent\n")
    assert resolved.stderr.startswith("error: ")
    assert "9" in resolved.stderr
    assert job(depesche)["states"] == {"sent": 1}
    assert depesche("job", "resolve", "1", "--resend").returncode == 1


def test_what_shall_be_sent_again_is_carried_again(depesche: Depesche, data: Path) -> None:
    depesche("send", "--text", "Hallo", "--to", LOST, "--data", "data", **SOON)
    assert depesche("job", "resolve", "1", "--resend").returncode == 0
    carried = depesche("send", "--type", "sms", "--text", "Hallo", "--to", "+491713920000", "--data", "data", **SOON)
    assert carried.returncode == 0, carried.stderr
    assert [attempt["number"] for attempt in job(depesche)["recipients"][0]["attempts"]] == [1, 2]


def test_the_account_is_known_if_there_is_but_one(depesche: Depesche, data: Path) -> None:
    assert depesche("job", "list").returncode == 0
    depesche("account", "add", "20002", "--name", "Zweite", "--generate")
    listed = depesche("job", "list")
    assert listed.returncode == 2
    assert "Give --account: there are 2, such as 20001, 20002" in listed.stderr
    assert depesche("job", "list", "--account", "20003").stderr == "error: there is no account 20003\n"


@pytest.mark.parametrize(
    "command",
    [
        "job list",
        "job show 1 -d data",
        "job cancel 1 -d data",
        "inbox list -d data",
        "account list",
        "send --text x --to 1 -d data",
    ],
)
def test_a_folder_that_is_none_is_told_and_not_made(depesche: Depesche, tmp_path: Path, command: str) -> None:
    done = depesche(*command.split())
    assert done.returncode == 2
    assert done.stderr == "error: there is no Depesche in data: give its data folder with --data\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(depesche: Depesche, data: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("klein")
    with (tmp_path / "b.txt").open("wb") as large:
        large.truncate(2 << 20)
    limit = {"DEPESCHE_SOAP__MAX_FILE": str(1 << 20)}
    sent = depesche("send", "a.txt", "b.txt", "--to", "+493023125000", "--data", "data", **limit)
    assert sent.returncode == 3
    assert "b.txt is larger than the 1 MiB" in sent.stderr
    assert [path for path in (data / "blobs").rglob("*") if path.is_file()] == []


def test_an_order_that_is_refused_says_why(depesche: Depesche, data: Path) -> None:
    sent = depesche("send", "--text", "x", "--to", "+4930", "--data", "data")
    assert (sent.returncode, sent.stdout) == (3, "")
    assert sent.stderr.splitlines()[-1].startswith("error: the order was refused: code 46 NUMBER_INVALID")


def test_accounts_are_changed_by_what_is_given(depesche: Depesche, data: Path) -> None:
    before = depesche("account", "show", "20001").stdout
    changed = depesche(
        *("account", "set", "20001", "--name", "Praxis [b]Neu", "--trial-until", "2030-12-31", "--country", "at"),
        *("--status-encoding", "windows-1252", "--no-bulk", "--type", "sms", "--weight", "3"),
    ).stdout
    assert "Praxis Weiß" in before
    for words in ("Praxis [b]Neu", "trial until 2030-12-31", "AT", "windows-1252", "sms"):
        assert words in changed
    depesche("account", "lock", "20001")
    assert depesche("account", "unlock", "20001").stdout == "account 20001 is unlocked: trial until 2030-12-31\n"
    assert "active" in depesche("account", "set", "20001", "--no-trial").stdout


def test_a_lock_ends_by_unlocking_alone(depesche: Depesche, data: Path) -> None:
    depesche("account", "lock", "20001")
    set_ = depesche("account", "set", "20001", "--trial-until", "2030-12-31")
    assert "locked (trial until 2030-12-31)" in set_.stdout, set_.stderr
    assert "locked" in depesche("account", "set", "20001", "--no-trial").stdout
    assert depesche("account", "unlock", "20001").stdout == "account 20001 is unlocked: active\n"
    both = depesche("account", "set", "20001", "--no-trial", "--trial-until", "2030-12-31")
    assert (both.returncode, both.stderr) == (2, "error: give --trial-until or --no-trial, not both\n")


def test_an_account_is_added_under_its_number_alone(depesche: Depesche, data: Path) -> None:
    assert depesche("account", "add", " 20009 ", "--name", "Neu", "--generate").stdout.startswith("account 20009 added")
    refused = depesche("account", "add", "2 0", "--name", "Neu", "--generate")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: the account's number holds a blank")


@pytest.mark.parametrize("state", ["lock", "ended trial"])
def test_the_operator_acts_on_an_account_that_may_not_act_itself(depesche: Depesche, data: Path, state: str) -> None:
    at = ("--data", "data")
    depesche("account", "set", "20001", "--fax", "+493023125300")
    assert depesche("send", "--text", "x", "--to", "+493023125300", *at).returncode == 0
    for text in "yz":
        assert depesche("send", "--text", text, "--to", "+493023125000", "--at", "2099-01-01", *at).returncode == 0
    ending = ("lock", "20001") if state == "lock" else ("set", "20001", "--trial-until", "2020-01-01")
    assert depesche("account", *ending).returncode == 0
    assert "+493023125300" in depesche("inbox", "list", *at).stdout
    saved = depesche("inbox", "save", "1", "--delete", *at)
    assert (saved.returncode, saved.stderr) == (0, "")
    assert depesche("inbox", "list", *at).stdout == "no fax waits\n"
    assert depesche("inbox", "delete", "1", *at).stderr == "error: there is no fax 1 in this inbox\n"
    cancelled = depesche("job", "cancel", "2", "3", *at)
    assert (cancelled.returncode, cancelled.stdout) == (0, "job 2 is cancelled\njob 3 is cancelled\n")
    again = depesche("job", "cancel", "2", *at)
    assert (again.returncode, again.stderr.startswith("error: job 2 is done already")) == (1, True)
    assert depesche("job", "cancel", "9", *at).stderr == "error: there is no job 9\n"


def test_a_country_is_a_code(depesche: Depesche, data: Path) -> None:
    done = depesche("account", "set", "20001", "--country", "Germany")
    assert done.returncode == 2
    assert "ISO 3166" in done.stderr
