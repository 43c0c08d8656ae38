"""SendJob under load: accepted orders per second, each on disk before its answer, beside PHP and gSOAP."""

import sqlite3
import time
from collections import defaultdict
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from bench import machine
from bench.load import Load, send, verify
from bench.servers import depesche, gsoap, php
from bench.servers.service import Original, Service
from bench.table import Table

CLIENTS = (1, 8, 64)
WARM_UP_SECONDS = 3
DRAIN_SECONDS = 30

NOTES = (
    "Each request orders one SMS of 160 characters to one number, with a reference of its own, due tomorrow.",
    "Load: one thread of wrk on the same cores; a client sends its next request when the last one is answered.",
    "Figures are medians of the rounds, in which the servers take turns.",
    "All three write to the same tables and indexes in SQLite: WAL, synchronous=FULL; job, delivery, event in one go.",
    "Every answer was code 0; afterwards every JobId was found with its rows, and none was answered twice.",
    "All verify the argon2id hash once and remember it: Depesche in a keyed table, PHP in APCu, gSOAP in a variable.",
    "The peers do less: no judging of numbers, no blacklist, no price list, no guard against hostile XML and guesses.",
    "The peers commit each job by itself, as one does; Depesche commits together what waits together.",
    f"nginx has 2 processes, php-fpm {php.CHILDREN} with opcache, each with a connection to SQLite that stays.",
    "SQLite's busy timeout settles which of PHP's processes writes next, and lets some wait long.",
    "gSOAP has a thread for each client, and one connection to SQLite behind a mutex.",
)


class _Runs:
    """All runs of one server."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._by_clients: defaultdict[int, list[Load]] = defaultdict(list)
        self._all: list[Load] = []
        self._unanswered = 0

    def warm_up(self) -> None:
        """The password is verified, the files are in memory, and what compiles itself has done so."""
        self._send(8, WARM_UP_SECONDS, at_once=False)

    def measure(self, clients: int, seconds: float, *, at_once: bool = False) -> None:
        self._by_clients[clients].append(self._send(clients, seconds, at_once=at_once))

    def median(self, clients: int) -> tuple[float, float, float]:
        """Requests per second, and milliseconds of p50 and p99."""
        loads = self._by_clients[clients]
        return median(x.rate for x in loads), median(x.p50 for x in loads), median(x.p99 for x in loads)

    def verify(self) -> None:
        """Raises: Untrue."""
        verify(self.service, self._all, self._unanswered)

    def _send(self, clients: int, seconds: float, *, at_once: bool) -> Load:
        load = send(self.service, clients, seconds, at_once=at_once)
        self._all.append(load)
        self._unanswered += clients  # each has a request under way when the run ends
        return load


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`, which is on the disk that is to be measured."""
    seconds, rounds = (1, 1) if quick else (4, 3)
    original = depesche.original(folder)
    accepting = _accept(folder, original, seconds, rounds)
    sending, carried = _carry(folder / "sending", seconds)
    also = (
        f"“Also sending”: due at once; the same process sends {carried:,.0f} SMS/s to the sandbox, 3 transactions each."
    )
    sync = f"fdatasync of 4 KiB appended to a file takes {machine.sync_milliseconds(folder):.2f} ms on this disk."
    return Table(
        title="SendJob",
        columns=("", *(column for clients in CLIENTS for column in _headings(clients))),
        rows=(
            *(_row(runs.service.name, runs) for runs in accepting),
            *(_ratio(accepting[0], peer) for peer in accepting[1:]),
            _row("Depesche, also sending", sending),
        ),
        versions=php.versions() | {"gSOAP": gsoap.version(), "SQLite": sqlite3.sqlite_version},
        notes=(*NOTES, also, sync),
    )


def _accept(folder: Path, original: Original, seconds: float, rounds: int) -> list[_Runs]:
    """The servers take turns, so that what else the machine does falls on all of them."""
    with ExitStack() as stack:
        servers = [
            _Runs(stack.enter_context(depesche.serving(folder / "depesche"))),
            _Runs(stack.enter_context(php.serving(folder / "php", original))),
            _Runs(stack.enter_context(gsoap.serving(folder / "gsoap", original))),
        ]
        for server in servers:
            server.warm_up()
        for clients in CLIENTS:
            for turn in range(rounds):
                for place in range(len(servers)):
                    servers[(turn + place) % len(servers)].measure(clients, seconds)
        for server in servers:
            server.verify()
        return servers


def _carry(data: Path, seconds: float) -> tuple[_Runs, float]:
    """Depesche accepting and sending at once; gives also the SMS that it carried per second."""
    with depesche.serving(data) as service:
        runs = _Runs(service)
        runs.warm_up()
        start = time.monotonic()
        for clients in CLIENTS:
            runs.measure(clients, seconds, at_once=True)
        _drain(service.database)
        carried = _count(service.database, "final_at IS NOT NULL") / (time.monotonic() - start)
        runs.verify()
        return runs, carried


def _drain(database: Path) -> None:
    """Wait until all that is due is sent, for so long at most."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while _count(database, "final_at IS NULL AND send_at < datetime('now')") and time.monotonic() < deadline:
        time.sleep(0.2)


def _count(database: Path, condition: str) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        [(jobs,)] = connection.execute(f"SELECT count(*) FROM job WHERE {condition}")
        return int(jobs)


def _headings(clients: int) -> tuple[str, str]:
    return f"{clients} client{'s' * (clients > 1)}: req/s", "p50 / p99 ms"


def _row(name: str, runs: _Runs) -> tuple[str, ...]:
    cells = [name]
    for clients in CLIENTS:
        rate, p50, p99 = runs.median(clients)
        cells += [f"{rate:,.0f}", f"{p50:.1f} / {p99:.1f}"]
    return tuple(cells)


def _ratio(ours: _Runs, peer: _Runs) -> tuple[str, ...]:
    """Our figures as multiples of the peer's."""
    cells = [f"Depesche / {peer.service.name}"]
    for clients in CLIENTS:
        rate, p50, p99 = (mine / other for mine, other in zip(ours.median(clients), peer.median(clients), strict=True))
        cells += [f"{rate:.2f}", f"{p50:.2f} / {p99:.2f}"]
    return tuple(cells)
