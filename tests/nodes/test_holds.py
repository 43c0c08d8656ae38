"""What an operator holds back while a server runs, on a data folder and on a database; programs see it in work."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commands import depesche_in
from installation import Installation
from serving import Serving
from soapcall import call

SECONDS = 120
BERLIN = ZoneInfo("Europe/Berlin")
SMS = {"JobType": 1, "Recipient": "+491713920000", "SendText": "Guten Tag"}
MAIL = {"JobType": 2, "Recipient": "ok@sandbox.invalid", "SendText": "Guten Tag"}
IN_WORK = "6"


@dataclass
class Place:
    """A server, and the commands of its operator."""

    node: Serving
    run: Callable[..., Any]

    def depesche(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        told: str = done.stdout
        return told

    def send(self, account: str, **order: Any) -> str:
        """An order is accepted, whatever is held; gives its JobId."""
        answer = call(self.node.base_url, "SendJob", Account=account, Password="demo", **order)
        assert answer["return"] == "0", answer
        return answer["JobId"]

    def status(self, account: str, job: str) -> dict[str, str]:
        return call(self.node.base_url, "JobStatus", Account=account, Password="demo", JobId=job)

    def final(self, account: str, job: str) -> str:
        """Wait for the end; gives the result."""
        deadline = time.monotonic() + SECONDS
        while (answer := self.status(account, job))["return"] == IN_WORK:
            assert time.monotonic() < deadline, f"job {job} is still in work"
            time.sleep(0.1)
        return answer["SendResult"]

    def shown(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.depesche("job", "show", job, "--json"))
        return found

    def until_held(self, job: str) -> dict[str, Any]:
        """Wait until it was put aside."""
        deadline = time.monotonic() + SECONDS
        while (found := self.shown(job))["states"] != {"held": 1}:
            assert time.monotonic() < deadline, found
        return found


@pytest.fixture(params=["folder", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "database":
        installation: Installation = request.getfixturevalue("installation")
        yield Place(installation.node("one"), installation.depesche)
        return
    data = tmp_path / "alone"
    serving = Serving(data, DEPESCHE_DISPATCH__SANDBOX_SPEED="600").start()
    depesche = depesche_in(Path.cwd())
    yield Place(serving, lambda *arguments: depesche(*arguments, "--data", str(data)))
    assert serving.stop() == 0


def test_what_an_account_sends_waits_until_the_hold_is_lifted_and_others_go_on(place: Place) -> None:
    place.depesche("hold", "add", "--account", "10001", "--note", "asked for")
    held = place.send("10001", **SMS)
    in_work = place.status("10001", held)
    assert place.final("10002", place.send("10002", **SMS)) == "OK"
    [hold] = place.until_held(held)["holds"]
    assert (hold["account"], hold["channel"], hold["note"]) == ("10001", None, "asked for")
    assert "account 10001, since" in place.depesche("job", "show", held)
    assert place.status("10001", held) == in_work, "the program sees nothing of it"
    assert in_work["return"] == IN_WORK
    [listed] = json.loads(place.depesche("hold", "list", "--json"))
    assert (listed["account"], listed["held"]) == ("10001", 1)
    assert "1 delivery goes on" in place.depesche("hold", "lift", "--account", "10001")
    assert place.final("10001", held) == "OK"
    assert place.shown(held)["holds"] == []


def test_a_channel_waits_and_others_go_on_and_what_is_held_can_be_cancelled(place: Place) -> None:
    place.depesche("hold", "add", "--channel", "sms")
    goes_on, cancelled = place.send("10001", **SMS), place.send("10002", **SMS)
    assert place.final("10001", place.send("10001", **MAIL)) == "OK"
    for job in (goes_on, cancelled):
        place.until_held(job)
    login = {"Account": "10002", "Password": "demo"}
    assert call(place.node.base_url, "CancelJob", **login, JobId=cancelled)["return"] == "0"
    assert place.final("10002", cancelled) == "Canceled"
    assert place.status("10001", goes_on)["return"] == IN_WORK
    place.depesche("hold", "lift", "--channel", "sms")
    assert place.final("10001", goes_on) == "OK"
    assert place.shown(cancelled)["states"] == {"cancelled": 1}


def test_slots_are_told_and_what_they_leave_over_goes_afterwards(place: Place) -> None:
    place.depesche("channel", "set", "sms", "--slots", "1")
    sms = next(one for one in json.loads(place.depesche("channel", "list", "--json")) if one["channel"] == "sms")
    assert sms["slots"] == 1
    jobs = [place.send("10001", **SMS | {"SendText": f"Guten Tag, {number}"}) for number in range(3)]
    assert [place.final("10001", job) for job in jobs] == ["OK"] * 3


def test_in_quiet_hours_an_order_is_accepted_and_goes_when_they_end(place: Place) -> None:
    """They end with a minute, 20 to 80 seconds from now."""
    end = (datetime.now(UTC) + timedelta(seconds=80)).replace(second=0, microsecond=0)
    begin = end - timedelta(hours=2)
    hours = f"{begin.astimezone(BERLIN):%H:%M}-{end.astimezone(BERLIN):%H:%M}"
    assert "no fax and no SMS" in place.depesche("account", "set", "10001", "--quiet", hours)
    waiting = place.send("10001", **SMS)
    assert place.final("10001", place.send("10001", **MAIL)) == "OK"
    assert place.final("10002", place.send("10002", **SMS)) == "OK"
    if datetime.now(UTC) < end - timedelta(seconds=1):
        assert place.status("10001", waiting)["return"] == IN_WORK
    shown = place.shown(waiting)
    if datetime.now(UTC) < end:
        assert datetime.fromisoformat(shown["waits_until"]) == end
        assert shown["quiet_hours"]
        assert "quiet hours" in place.depesche("job", "show", waiting) or datetime.now(UTC) >= end
    assert place.final("10001", waiting) == "OK"
    [[attempt]] = [recipient["attempts"] for recipient in place.shown(waiting)["recipients"]]
    assert datetime.fromisoformat(attempt["sending_at"]) >= end
