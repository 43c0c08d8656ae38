"""`depesche hold` and `depesche channel`, as people and scripts type them."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders import START
from commands import Depesche, depesche_in
from depesche.cli import hold
from depesche.model.jobtype import Channel
from depesche.model.states import State
from depesche.store import holds, schema
from depesche.store.sqlite import Sqlite

SMS = ("send", "--type", "sms", "--text", "Hallo", "--data", "data", "--to")
TO = "0171 3920000"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sandbox account."""
    place = tmp_path_factory.mktemp("ready")
    new = ("20001", "--name", "Praxis", "--sandbox", "--bulk", "--generate")
    added = depesche_in(place)("account", "add", *new)
    assert added.returncode == 0, added.stderr
    return place / "data"


@pytest.fixture(autouse=True)
def data(ready: Path, tmp_path: Path) -> Path:
    """A copy of it, where commands are run."""
    return Path(shutil.copytree(ready, tmp_path / "data"))


def told(quick: Depesche, *command: str) -> Any:
    """What the command tells machines."""
    return json.loads(quick(*command, "--json").stdout)


def change(data: Path, work: Callable[[sa.Connection], object]) -> None:
    """Something happens to the database meanwhile."""
    with closing(Sqlite(data / "depesche.db")) as database:
        database.run_here(work)


def make_ready(data: Path) -> None:
    """All deliveries become what a server makes of them when there is no hold."""
    change(data, lambda connection: connection.execute(schema.delivery.update().values(state=State.READY.value)))


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("--all", "everything"),
        ("--channel fax", "fax"),
        ("--account 20001", "account 20001"),
        ("--account 20001 --channel sms", "sms of account 20001"),
    ],
)
def test_a_hold_is_put_and_lifted_and_twice_is_as_good_as_once(quick: Depesche, words: str, what: str) -> None:
    chosen = words.split()
    assert quick("hold", "lift", *chosen).stdout == f"there is no hold on {what}\n"
    assert quick("hold", "add", *chosen).stdout == f"{what} is on hold\n"
    again = quick("hold", "add", *chosen)
    assert (again.returncode, again.stdout.startswith(f"{what} was on hold already, since 20")) == (0, True)
    lifted = quick("hold", "lift", *chosen)
    assert (lifted.returncode, lifted.stdout, lifted.stderr) == (0, f"the hold on {what} is lifted\n", "")


@pytest.mark.parametrize("verb", ["add", "lift"])
@pytest.mark.parametrize("words", ["", "--all --channel fax", "--all --account 20001"])
def test_it_has_to_be_said_what_is_meant(quick: Depesche, verb: str, words: str) -> None:
    done = quick("hold", verb, *words.split())
    assert (done.returncode, done.stderr) == (2, "error: what? Give --account, --channel or both, or --all\n")


def test_what_there_is_not_is_told(quick: Depesche) -> None:
    assert quick("hold", "add", "--account", "20009").stderr == "error: there is no account 20009\n"
    assert "'pigeon' is not one of 'fax', 'sms', 'mail', 'letter', 'qsign'" in " ".join(
        quick("hold", "add", "--channel", "pigeon").stderr.replace("│", "").split()
    )


def test_holds_are_listed_for_people_and_machines(quick: Depesche, data: Path) -> None:
    assert (quick("hold", "list").stdout, told(quick, "hold", "list")) == ("nothing is on hold\n", [])
    quick("hold", "add", "--channel", "sms", "--note", "line [b]down")
    quick("hold", "add", "--account", "20001", "--channel", "fax")
    quick(*SMS, TO)
    lines = [line.split() for line in quick("hold", "list").stdout.splitlines()]
    assert lines[0] == ["Account", "Channel", "Held", "Since", "Note"]
    assert (lines[2][:3], lines[2][5:]) == (["every", "sms", "1"], ["line", "[b]down"])
    assert lines[3][:3] == ["20001", "fax", "0"]
    first, second = told(quick, "hold", "list")
    assert first.pop("since").endswith("+00:00")
    assert first == {"account": None, "channel": "sms", "note": "line [b]down", "held": 1}
    assert (second["account"], second["channel"], second["note"]) == ("20001", "fax", "")


def test_what_is_put_aside_and_goes_on_is_counted(quick: Depesche, data: Path) -> None:
    quick(*SMS, TO, "--no-wait")
    make_ready(data)
    assert quick("hold", "add", "--all").stdout == "everything is on hold: 1 delivery is put aside\n"
    quick(*SMS, "0172 3920000", "--no-wait")
    make_ready(data)
    quick("hold", "add", "--channel", "fax")
    assert quick("hold", "add", "--all").stdout.endswith(": 2 deliveries are put aside\n")
    lifted = quick("hold", "lift", "--all")
    assert lifted.stdout == "the hold on everything is lifted: 2 deliveries go on\n"
    assert lifted.stderr == "note: still on hold: fax\n"


def test_many_are_moved_with_word_of_how_far_it_is(
    quick: Depesche, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "AT_ONCE", 1)
    quick(*SMS, TO, "--to", "0172 3920000", "--no-wait")
    make_ready(data)
    assert quick("hold", "add", "--all").stderr == "putting aside\n"
    assert quick("hold", "lift", "--all").stderr == "letting go on\n"


def test_of_very_many_other_holds_some_are_named(quick: Depesche, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hold, "MOST_NAMED", 2)
    for channel in (None, Channel.FAX, Channel.SMS):
        change(data, partial(holds.put, account_id=1, channel=channel, now=START, note=""))
    told = quick("hold", "lift", "--all").stderr
    assert told == "note: still on hold: account 20001, fax of account 20001 and 1 more\n"


def test_what_is_held_by_nothing_any_more_is_told_and_let_go_on(quick: Depesche, data: Path) -> None:
    quick("hold", "add", "--all")
    quick(*SMS, TO)
    change(data, lambda connection: connection.execute(schema.hold.delete()))
    listed = quick("hold", "list")
    assert listed.stdout == "nothing is on hold\n"
    assert listed.stderr.startswith("note: 1 delivery is held by nothing any more: `")
    assert "On hold     by nothing any more" in quick("job", "show", "1", "--data", "data").stdout
    assert quick("hold", "lift", "--all").stdout == "there is no hold on everything: 1 delivery goes on\n"
    assert quick("hold", "list").stderr == ""


def test_an_order_that_is_held_says_so_and_goes_on_afterwards(quick: Depesche, data: Path) -> None:
    quick("hold", "add", "--account", "20001", "--channel", "sms", "--note", "asked for")
    sent = quick(*SMS, TO)
    assert sent.returncode == 1
    assert "on hold\n" in sent.stderr
    assert "note: it goes on when the hold is lifted: `" in sent.stderr
    assert "somebody has to decide" not in sent.stderr
    shown = quick("job", "show", "1", "--data", "data").stdout
    assert "On hold     sms of account 20001, since 20" in shown
    assert shown.splitlines()[7].rstrip().endswith(": asked for")
    job = told(quick, "job", "show", "1", "--data", "data")
    assert [(hold["account"], hold["channel"], hold["note"]) for hold in job["holds"]] == [
        ("20001", "sms", "asked for")
    ]
    quick("hold", "lift", "--account", "20001", "--channel", "sms")
    assert quick(*SMS, "0172 3920000").returncode == 0
    job = told(quick, "job", "show", "1", "--data", "data")
    assert (job["states"], job["holds"]) == ({"sent": 1}, [])


def test_channels_are_listed_with_what_is_on_them(quick: Depesche, data: Path) -> None:
    quick("channel", "set", "fax", "--slots", "20")
    quick("hold", "add", "--channel", "sms")
    quick(*SMS, TO)
    lines = [line.split() for line in quick("channel", "list").stdout.splitlines()]
    assert lines[0] == ["Channel", "Slots", "On", "the", "way", "Ready", "Waiting", "Held", "Unknown"]
    assert lines[2:4] == [["fax", "20", *"00000"], ["sms", "none", *"00010"]]
    counts = dict.fromkeys(("on_the_way", "ready", "waiting", "held", "unknown"), 0)
    fax, sms, *others = told(quick, "channel", "list")
    assert fax == {"channel": "fax", "slots": 20, **counts}
    assert sms == {"channel": "sms", "slots": None, **counts, "held": 1}
    assert [one["channel"] for one in others] == ["mail", "letter", "qsign"]


def test_slots_are_given_and_taken_away(quick: Depesche) -> None:
    for words, said in (
        ("20", "fax has 20 slots"),
        ("20", "fax had already 20 slots"),
        ("1", "fax has 1 slot"),
        ("none", "fax has no slots: its nodes alone limit it"),
    ):
        assert quick("channel", "set", "fax", "--slots", words).stdout == f"{said}\n"


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("fax --slots 0", 1, "slots: 1 is the least; `depesche hold add --channel fax` stops a channel"),
        ("fax --slots 1000001", 1, "slots: 1000000 are the most"),
        ("fax --slots many", 2, "--slots many: a number is expected, or none"),
        ("fax", 2, "--slots"),
        ("pigeon --slots 1", 2, "pigeon"),
    ],
)
def test_slots_that_make_no_sense_are_told(quick: Depesche, words: str, code: int, reason: str) -> None:
    done = quick("channel", "set", *words.split())
    assert (done.returncode, reason in done.stderr, done.stdout) == (code, True, "")
