"""A backup under load, the end of the house, a restore elsewhere: what was accepted before is there, and goes on.

What was really sent is what lies in the outboxes: a file for each message that went out, whatever a database thinks.
"""

import base64
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from backup.conftest import Installation, New
from depesche.channels.sms.sandbox import LATE
from depesche.model.states import State
from depesche.store import holds
from depesche.store.schema import Row, delivery, node
from serving import Serving
from soapcall import call

SECONDS = 120
LOGIN = {"Account": "10001", "Password": "demo"}
INBOX = {"Account": "10002", "Password": "demo"}
INBOX_NUMBER = "+493023125200"
LOST = "+493023125009"
"""The attempt is abandoned."""

PDF = base64.b64encode((Path(__file__).parents[2] / "examples" / "letter.pdf").read_bytes()).decode()
IN_WORK = "6"


def order(server: Serving, **parameters: object) -> int:
    """An order of account 10001; gives its JobId."""
    answer = call(server.base_url, "SendJob", **LOGIN, **{"JobType": 1, "SendText": "Guten Tag", **parameters})
    assert answer["return"] == "0", answer
    return int(answer["JobId"])


def status(server: Serving, job: int) -> dict[str, str]:
    return call(server.base_url, "JobStatus", **LOGIN, JobId=job)


def until_final(server: Serving, jobs: set[int]) -> dict[int, dict[str, str]]:
    """What JobStatus says in the end."""
    deadline = time.monotonic() + SECONDS
    found: dict[int, dict[str, str]] = {}
    while left := jobs - found.keys():
        found |= {job: told for job in sorted(left) if (told := status(server, job))["return"] != IN_WORK}
        assert time.monotonic() < deadline, sorted(left)
        time.sleep(0.1)
    return found


def inbox(server: Serving) -> list[dict[str, str]]:
    """The faxes that account 10002 fetches."""
    found: list[dict[str, str]] = []
    while (fax := call(server.base_url, "RequestReceived", **INBOX))["return"] == "0":
        found.append(fax)
        call(server.base_url, "DeleteReceived", **INBOX, FaxId=fax["FaxId"])
    return found


@dataclass
class Accepted:
    """Jobs that the old house said yes to."""

    single: set[int] = field(default_factory=set)
    """One message each, sent at once."""

    late: int = 0
    """Takes seconds to be sent, again and again."""

    scheduled: int = 0
    lost: int = 0
    """Nobody knows how it ended."""

    faxes: set[int] = field(default_factory=set)


def furnish(server: Serving, numbers: Iterator[int]) -> Accepted:
    """All kinds of jobs, some of them over."""
    accepted = Accepted()
    accepted.faxes = {order(server, JobType=0, Recipient=INBOX_NUMBER, SendText=f"Fax {next(numbers)}") for _ in "123"}
    accepted.faxes.add(
        order(server, JobType=0, Recipient=INBOX_NUMBER, SendText="", SendFilename1="brief.pdf", SendFile1=PDF)
    )
    accepted.single = {order(server, Recipient=f"+49171{next(numbers)}") for _ in range(20)}
    until_final(server, accepted.faxes | accepted.single)
    accepted.lost = order(server, JobType=0, Recipient=LOST)
    accepted.scheduled = order(server, Recipient="+491710000001", SendDateTime="2099-01-01T00:00:00Z")
    return accepted


@contextmanager
def under_load(server: Serving, numbers: Iterator[int]) -> Iterator[set[int]]:
    """Programs that order on and on; gives the jobs that were accepted so far."""
    jobs: set[int] = set()
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            number = next(numbers)
            if number % 10 == 0:
                order(server, JobType=0, Recipient=INBOX_NUMBER, SendText=f"Fax {number}")
            else:
                jobs.add(order(server, Recipient=f"+49171{number}"))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield jobs
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS)


def deliveries(house: Installation) -> Sequence[Row]:
    query = sa.select(delivery.c.id, delivery.c.job_id, delivery.c.state)
    return house.run(lambda connection: connection.execute(query).all())


def lift(connection: sa.Connection) -> None:
    """As `depesche hold lift --all`."""
    assert holds.lift(connection, holds.EVERYONE, None)
    while holds.take_up(connection, holds.EVERYONE, None):
        pass


@pytest.mark.parametrize(("old_kind", "new_kind"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_what_was_accepted_before_the_backup_is_there_and_is_sent_once(
    new: New, tmp_path: Path, old_kind: str, new_kind: str
) -> None:
    numbers = itertools.count(1_000_000)
    old = new(old_kind, "old")
    server = old.start()
    accepted = furnish(server, numbers)
    with under_load(server, numbers) as loaded:
        accepted.late = order(server, Recipient=LATE)
        deadline = time.monotonic() + SECONDS
        while len(loaded) < 20:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        before = set(loaded)
        archive = tmp_path / "backup.tar"
        made = old.depesche("backup", str(archive))
        after = set(loaded)
    assert made.returncode == 0, made.stderr
    assert after > before, "nothing was ordered meanwhile"
    assert archive.stat().st_mode & 0o777 == 0o600
    told = {job: status(server, job) for job in accepted.single | accepted.faxes}
    faxes = inbox(server)
    server.kill()

    house = new(new_kind, "new")
    restored = house.depesche("restore", str(archive))
    assert restored.returncode == 0, restored.stderr
    assert house.run(lambda connection: connection.execute(sa.select(node)).all()) == []
    assert {row.state for row in deliveries(house)} & {"ready", "claimed", "sending"} == set()
    fresh = house.start()

    # everything is there, as it was
    everyone = accepted.single | accepted.faxes | before | {accepted.late, accepted.scheduled, accepted.lost}
    found = {job: status(fresh, job) for job in everyone}
    assert {answer["return"] for answer in found.values()} <= {"0", IN_WORK}
    assert {job: found[job] for job in told} == told
    fetched = {fax["FaxId"]: fax for fax in inbox(fresh)}
    assert len(fetched) >= 4
    assert fetched.items() <= {fax["FaxId"]: fax for fax in faxes}.items()
    again = house.depesche("backup", str(tmp_path / "again.tar"))
    assert again.returncode == 0, again.stderr  # each document is there, and is what its row says

    # nothing is sent before somebody decides; numbers are not given twice
    new_job = order(fresh, Recipient="+491710000002")
    assert new_job > max(after | everyone) + 50_000
    assert house.sent() == {}

    # the operator decides: what was sent is cancelled or resolved, the rest goes on
    out = old.sent()
    unknown = [row for row in deliveries(house) if row.state == State.UNKNOWN.value]
    resting = [row for row in deliveries(house) if row.state in ("held", "waiting")]
    decide(house, "resolve", [row.id for row in unknown if out[row.job_id]], "--sent")
    decide(house, "resolve", [row.id for row in unknown if not out[row.job_id]], "--failed")
    decide(house, "cancel", [row.job_id for row in resting if out[row.job_id]])
    house.run(lift)
    until_final(fresh, (everyone | {new_job}) - {accepted.scheduled})
    assert status(fresh, accepted.scheduled)["return"] == IN_WORK
    total = out + house.sent()
    assert set(total.values()) == {1}, "sent twice"
    assert (accepted.single | before | {accepted.late, new_job}) <= total.keys() | unsent(house), "lost"
    assert fresh.stop() == 0


def decide(house: Installation, verb: str, which: Sequence[int], *how: str) -> None:
    """By `depesche job`."""
    if which:
        decided = house.depesche("job", verb, *map(str, which), *how)
        assert decided.returncode == 0, decided.stderr
        assert decided.stdout.count("\n") == len(which)


def unsent(house: Installation) -> set[int]:
    """Jobs that the operator gave up: he could not find them in the outbox."""
    return {row.job_id for row in deliveries(house) if row.state == State.FAILED.value}
