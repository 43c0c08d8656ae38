"""A clock that is set by an hour under a node at work: leases hold, dates stay, and nothing waits for that hour.

The clock is the process's own (libfaketime), never the machine's; the database server keeps the right time.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crash.faults import LOGIN, accepted, all_is_well, until
from crash.orders import BUSY_TWICE
from crash.places import Judged, OneProcess
from depesche.channels.sms.sandbox import LATE
from installation import Installation
from soapcall import call

HOUR = 3600
RETRY_SECONDS = 6

SLOW = {
    "DEPESCHE_DISPATCH__LEASE_SECONDS": "20",
    "DEPESCHE_DISPATCH__SANDBOX_SPEED": "1",
    "DEPESCHE_DISPATCH__RETRY_MINUTES": f"[{RETRY_SECONDS / 60}]",
}
"""A busy number is called again after seconds."""

UNKNOWN = "SELECT count(*) FROM event WHERE kind = 'delivery.unknown'"


class Clock:
    """Of processes that are started with its environment."""

    def __init__(self, folder: Path) -> None:
        [library] = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self._file = folder / "clock"
        self.set(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds; to look at every call is very slow
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # nobody sets that one
        }

    def set(self, seconds: int) -> None:
        """So much ahead of the right time; the processes see it within two seconds."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self._file)


@dataclass
class Node:
    """At work, by a clock of its own."""

    place: Judged
    base_url: str
    clock: Clock

    def count(self, where: str) -> int:
        [[number]] = self.place.ask(f"SELECT count(*) FROM delivery WHERE {where}")
        return int(number)


def on_sqlite(request: pytest.FixtureRequest, folder: Path, clock: Clock) -> Iterator[Node]:
    with OneProcess.running(folder, SLOW | clock.environment) as place:
        yield Node(place, place.base_url, clock)


def on_postgresql(request: pytest.FixtureRequest, folder: Path, clock: Clock) -> Iterator[Node]:
    installation: Installation = request.getfixturevalue("installation")
    serving = installation.node("node", **SLOW, **clock.environment)
    yield Node(installation, serving.base_url, clock)


Place = Callable[[pytest.FixtureRequest, Path, Clock], Iterator[Node]]


@pytest.fixture(params=[on_sqlite, on_postgresql])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    place: Place = request.param
    yield from place(request, tmp_path, Clock(tmp_path))


def test_the_clock_is_really_set(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    with OneProcess.running(tmp_path, SLOW | clock.environment) as place:
        for seconds in (HOUR, -HOUR):
            clock.set(seconds)
            time.sleep(2)
            job = accepted(place.base_url)
            [[at]] = place.ask(f"SELECT created_at FROM job WHERE id = {job}")
            ahead = datetime.fromisoformat(at).replace(tzinfo=UTC) - datetime.now(UTC)
            assert abs(ahead - timedelta(seconds=seconds)) < timedelta(minutes=1)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_leases_hold_dates_stay_and_nothing_waits_for_the_hour(node: Node, seconds: int) -> None:
    date = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    scheduled = accepted(node.base_url, SendDateTime=date.isoformat())
    jobs = {accepted(node.base_url, **order) for order in orders()}
    until(lambda: node.count("state = 'waiting' AND attempts = 1") == 1)  # a busy number
    until(lambda: node.count(f"state = 'sending' AND address = '{LATE}'") == 3)
    node.clock.set(seconds)
    jobs |= {accepted(node.base_url, **order) for order in orders()}
    until(lambda: node.count("state NOT IN ('sent')") == 1, 40 + 10 * RETRY_SECONDS)
    node.clock.set(0)
    jobs |= {accepted(node.base_url, **order) for order in orders()}
    until(lambda: node.count("state NOT IN ('sent')") == 1, 40 + 10 * RETRY_SECONDS)
    assert node.place.ask(UNKNOWN) == [["0"]], "a lease was broken"
    [[state, due]] = node.place.ask(f"SELECT state, due_at FROM delivery WHERE job_id = {scheduled}")
    assert (state, due[:19]) == ("waiting", date.strftime("%Y-%m-%d %H:%M:%S"))
    assert call(node.base_url, "CancelJob", **LOGIN, JobId=scheduled)["return"] == "0"
    all_is_well(node.place, jobs, frozenset({"sent", "cancelled"}))


def orders() -> list[dict[str, Any]]:
    """One is called again and again, some take seconds, and some are done at once."""
    many = ",".join(f"+49173{number:07}" for number in range(1_000_000, 1_000_020))
    return [{"JobType": 0, "Recipient": BUSY_TWICE}, *[{"Recipient": LATE}] * 3, {"Recipient": many}]
