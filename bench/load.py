"""The load: wrk with `sendjob.lua`, and the proof that what was answered is on disk."""

import json
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from bench.servers.service import Service
from depesche.usecases.demo import ACCOUNTS, PASSWORD

SCRIPT = Path(__file__).parent / "sendjob.lua"
LATER = timedelta(days=1)

_blocks = count(1)


class Untrue(Exception):
    """A server answered what is not so."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the load gave."""

    rate: float
    """Requests per second."""

    p50: float
    """Milliseconds."""

    p99: float
    jobs: tuple[int, ...]
    """Every JobId that was answered."""


def send(service: Service, clients: int, seconds: float, *, at_once: bool = False) -> Load:
    """So many clients, each sending its next job when the last was answered; due tomorrow, or `at_once`.

    Raises: Untrue, subprocess.SubprocessError.
    """
    due = datetime.now(UTC) + (-LATER if at_once else LATER)
    first = next(_blocks) * 1_000_000  # no reference is used twice: an order like an earlier one is a double
    script = [str(first), ACCOUNTS[0][0], PASSWORD, due.strftime("%Y-%m-%dT%H:%M:%SZ")]
    measure = ["wrk", "-t1", f"-c{clients}", f"-d{round(seconds)}s", "--timeout", "20s"]
    done = subprocess.run(
        [*measure, "-s", str(SCRIPT), service.url, "--", *script],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    if told["failed"] or told["refused"]:
        raise Untrue(f"{service.name}: {told['failed']} failed, {told['refused']} refused: {told['example']}")
    jobs = tuple(told["jobs"])
    if not jobs:
        raise Untrue(f"{service.name} answered nothing within {seconds} s")
    return Load(len(jobs) / told["seconds"], told["p50"], told["p99"], jobs)


def verify(service: Service, loads: Sequence[Load], unanswered: int) -> None:
    """Every answered JobId is another one, and its job, delivery and event are there; so are `unanswered` more at most.

    Raises: Untrue.
    """
    answered = [job for load in loads for job in load.jobs]
    whole, jobs = _written(service.database)
    if len(set(answered)) != len(answered):
        raise Untrue(f"{service.name}: {len(answered) - len(set(answered))} JobIds were answered twice")
    if missing := set(answered) - whole:
        raise Untrue(f"{service.name}: {len(missing)} answered jobs are not there")
    if jobs > len(answered) + unanswered:
        raise Untrue(f"{service.name}: {jobs} jobs for {len(answered)} answers")


def _written(path: Path) -> tuple[set[int], int]:
    """The jobs that are there with all their rows, and how many jobs there are."""
    query = (
        "SELECT job.id, (SELECT count(*) FROM delivery WHERE job_id = job.id) FROM job"
        " WHERE id IN (SELECT job_id FROM event WHERE kind = 'job.accepted')"
    )
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        whole = {job for job, deliveries in database.execute(query) if deliveries == 1}
        [(jobs,)] = database.execute("SELECT count(*) FROM job")
    return whole, jobs
