"""Deliveries per second: from ready to sent, with every step on disk, beside queues of jobs that do nothing."""

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import sqlalchemy as sa
from structlog.testing import capture_logs

from bench.load import Untrue
from bench.table import Table
from builders import add_account, new_job
from depesche.store import jobs, listing, turns, upgrade
from depesche.store.database import Database, Place
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile
from peers.postgres import Server

MANY = 100
"""Claimed at once."""

PLACES = 32
"""That claim one each: as many as a node has by default for each channel but fax."""

AT_ONCE = 1000
"""Turns given in one transaction."""

PEERS = Path(".build/peers/bin/python")
SCRIPTS = Path(__file__).parent / "peers" / "queues"
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

NOTES = (
    "Depesche claims with lease and fence, commits `sending` before anything can go out, then writes how it ended.",
    "These are three transactions for each claim; the channel does nothing.",
    "PgQueuer picks a job, deletes it and logs it; Procrastinate fetches and finishes it, triggers write its events.",
    "huey deletes a job when it takes it: what is lost then is lost.",
    f"“{MANY} at a time”: claims of {MANY}; PgQueuer picks as many; Procrastinate fetches one, {MANY} times at once.",
    f"“One at a time”: {PLACES} places claim one each; what begins or ends at one moment shares a transaction.",
    f"PgQueuer picks one after the other there, Procrastinate {PLACES} at once, huey has 4 threads.",
    "PostgreSQL and SQLite sync every commit to the disk (huey: fsync=True). All on the same cores; medians of rounds.",
    "Two processes: as two nodes on one database.",
)


@dataclass
class _Case:
    """One line of the table."""

    name: str
    against: str
    """Which peers it is beside: those of the same word."""

    measure: Callable[[Path, int], float]
    """Deliveries per second, of so many."""

    number: int
    rates: list[float] = field(default_factory=list)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: Untrue, OSError, subprocess.SubprocessError."""
    folder.chmod(0o711)  # PostgreSQL is no root
    with Server.running(folder, **DURABLE) as server:
        cases, versions = _cases(server), _versions(server)
        for number, (turn, case) in itertools.product(range(1 if quick else 3), enumerate(cases)):
            place = folder / f"{number}-{turn}"
            place.mkdir()
            case.rates.append(case.measure(place, case.number // (10 if quick else 1)))
    return Table(
        title="Deliveries",
        columns=("", "deliveries/s", "Depesche, one process / this"),
        rows=tuple(_rows(cases)),
        versions=versions,
        notes=NOTES,
    )


def _cases(server: Server) -> list[_Case]:
    def on_postgres(size: int, places: int, processes: int) -> Callable[[Path, int], float]:
        def measure(folder: Path, number: int) -> float:
            del folder
            url = server.url(server.database())
            return _carry(PostgresServer(url), url, number, size, places, processes)

        return measure

    def on_sqlite(size: int, places: int) -> Callable[[Path, int], float]:
        def measure(folder: Path, number: int) -> float:
            file = folder / "depesche.db"
            return _carry(SqliteFile(file), str(file), number, size, places, 1)

        return measure

    def queue(script: str, size: int) -> Callable[[Path, int], float]:
        return lambda _, number: _drain(script, server.url(server.database()), number, size)

    def huey(folder: Path, number: int) -> float:
        return _drain("huey_drain.py", str(folder / "huey.db"), number, 4)

    return [
        _Case("PostgreSQL, 100 at a time: Depesche", "many", on_postgres(MANY, 2, 1), 40_000),
        _Case("Depesche, two processes", "many", on_postgres(MANY, 2, 2), 40_000),
        _Case("PgQueuer", "many", queue("pgqueuer_drain.py", MANY), 20_000),
        _Case("Procrastinate", "many", queue("procrastinate_drain.py", MANY), 2_000),
        _Case("PostgreSQL, one at a time: Depesche", "one", on_postgres(1, PLACES, 1), 5_000),
        _Case("Depesche, two processes", "one", on_postgres(1, PLACES // 2, 2), 5_000),
        _Case("PgQueuer", "one", queue("pgqueuer_drain.py", 1), 2_000),
        _Case("Procrastinate", "one", queue("procrastinate_drain.py", PLACES), 2_000),
        _Case("SQLite, 100 at a time: Depesche", "sqlite", on_sqlite(MANY, 2), 20_000),
        _Case("SQLite, one at a time: Depesche", "huey", on_sqlite(1, PLACES), 5_000),
        _Case(
            "huey", "huey", lambda folder, number: _drain("huey_drain.py", str(folder / "huey.db"), number, 4), 5_000
        ),
    ]


def _rows(cases: list[_Case]) -> Iterator[tuple[str, ...]]:
    ours: dict[str, float] = {}
    for case in cases:
        rate = median(case.rates)
        ours.setdefault(case.against, rate)
        yield case.name, f"{rate:,.0f}", f"{ours[case.against] / rate:.2f}"


def _carry(place: Place, where: str, number: int, size: int, places: int, processes: int) -> float:
    with capture_logs():
        upgrade.ready(place)
    with closing(place.open()) as database:
        _fill(database, number)
        rate = _race(where, size, places, processes, number)
        left = database.read_here(lambda connection: connection.execute(_LEFT).scalar_one())
    if left:
        raise Untrue(f"{left} of {number} deliveries were not carried")
    return rate


_LEFT = sa.text("SELECT count(*) FROM delivery WHERE state <> 'sent'")


def _race(where: str, size: int, places: int, processes: int, number: int) -> float:
    """Deliveries per second, from the moment that the first process begins until the last one has ended."""
    command = [sys.executable, "-m", "bench.carry", where, str(size), str(places)]
    with ExitStack() as stack:
        workers = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(processes)
        ]
        for worker in workers:
            assert worker.stdout is not None
            worker.stdout.readline()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        answers = [worker.stdout.read().split() for worker in workers if worker.stdout is not None]
    carried = sum(int(answer[0]) for answer in answers)
    if carried != number:
        raise Untrue(f"{carried} deliveries were carried, not {number}")
    return number / max(float(answer[1]) for answer in answers)


def _fill(database: Database, number: int) -> None:
    """Broadcasts, each of which is one transaction, and turns for all of their recipients."""
    now = datetime.now(UTC)
    account = database.run_here(add_account)
    for begin in range(0, number, listing.CHUNK):
        addresses = [f"+49171{one:08}" for one in range(begin, min(begin + listing.CHUNK, number))]
        new = new_job(account.id, *addresses, send_at=now)
        database.run_here(lambda connection, new=new: jobs.insert(connection, new, now))  # type: ignore[misc]
    while database.run_here(lambda connection: turns.stage(connection, now, AT_ONCE)):
        pass


def _drain(script: str, where: str, number: int, size: int) -> float:
    command = [str(PEERS), str(SCRIPTS / script), where, str(number), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Untrue(f"{script}: {done.stderr[-2000:]}")
    return number / float(done.stdout.split()[-1])


def _versions(server: Server) -> dict[str, str]:
    code = "from importlib.metadata import version as v; print(v('pgqueuer'), v('procrastinate'), v('huey'))"
    told = subprocess.run([str(PEERS), "-c", code], capture_output=True, text=True, check=True).stdout.split()
    peers = dict(zip(("PgQueuer", "Procrastinate", "huey"), told, strict=True))
    return {"PostgreSQL": server.psql("SHOW server_version").split()[0], "SQLite": sqlite3.sqlite_version, **peers}
