"""One order to a million recipients, and what it means for a single order of somebody else."""

import base64
import http.client
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from bench.dispatch import DURABLE
from bench.load import Untrue
from bench.servers import depesche
from bench.servers.service import Service, family
from bench.table import Table
from bench.upload import memory
from depesche.usecases.demo import ACCOUNTS, PASSWORD
from peers.postgres import Server

ROWS = 1_000_000
SINGLES = 200
PAUSE = 0.05
"""Seconds between two single orders."""

SECONDS = 600
"""For anything."""

NOTES = (
    "An SMS to a recipient file of that many numbers, each with a reference, in one SendJob, due at once.",
    "“Answered”: every number is judged, the list is on disk, the counts of the answer are final.",
    "“Written”: every recipient is a delivery in the database; the answer does not wait for that.",
    f"“Single order”: {SINGLES} SMS of another account, from an order's creation to its attempt's beginning.",
    "“While written”: beside the writing; “waiting”: all are written, hundreds of thousands wait, and go one by one.",
    "Memory is resident: the peak of the server and its converters, less what they had before.",
)

_CALL = (
    '<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    '<SOAP-ENV:Body><SendJob xmlns="urn:XMLWSIntf-IntfXMLWS">'
    "<Account>{account}</Account><Password>{password}</Password>"
    "<JobType>1</JobType><Recipient>{recipient}</Recipient><RecipientFile>{file}</RecipientFile>"
    "<SendText>{text}</SendText></SendJob></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
_ANSWER = re.compile(r"<return[^>]*>0</return>\s*<JobId[^>]*>(\d+)</JobId>\s*<RecipientsCount[^>]*>(\d+)<")
_BEGUN = (
    "SELECT j.created_at, a.sending_at FROM job j JOIN delivery d ON d.job_id = j.id "
    "JOIN attempt a ON a.delivery_id = d.id AND a.number = 1 WHERE j.recipients = 1 ORDER BY j.id"
)

Ask = Callable[[str], list[tuple[str, ...]]]
"""A query of the server's database."""


@dataclass(frozen=True, slots=True)
class _Broadcast:
    """What one took."""

    answered: float
    """Seconds."""

    growth: int
    """Bytes."""

    written: float
    beside: list[float]
    """Single orders while the list is written: seconds until each was begun."""

    waiting: list[float]
    """Those that come afterwards."""


def run(folder: Path, *, quick: bool) -> Table:
    """Measure in `folder`. Raises: Untrue, OSError."""
    rows = ROWS // 20 if quick else ROWS
    folder.chmod(0o711)  # PostgreSQL is no root
    with depesche.serving(folder / "sqlite") as service:
        on_sqlite = _measure(service, rows, _sqlite(service.database))
    with Server.running(folder, **DURABLE) as server:
        database = server.database()
        with depesche.serving(folder / "postgres", DEPESCHE_DATABASE_URL=server.url(database)) as service:
            on_postgres = _measure(service, rows, _postgres(server, database))
        version = server.psql("SHOW server_version").split()[0]
    return Table(
        title=f"A broadcast to {ROWS:,} recipients",
        columns=(
            "",
            "answered after s",
            "memory: MB more",
            "written after s",
            "single order while written: p50 / p99 ms",
            "waiting: p50 / p99 ms",
        ),
        rows=(_row("Depesche on SQLite", on_sqlite), _row("Depesche on PostgreSQL", on_postgres)),
        versions={"SQLite": sqlite3.sqlite_version, "PostgreSQL": version},
        notes=NOTES,
    )


def _row(name: str, broadcast: _Broadcast) -> tuple[str, ...]:
    return (
        name,
        f"{broadcast.answered:.1f}",
        f"{broadcast.growth / 2**20:.0f}",
        f"{broadcast.written:.1f}",
        _spread(broadcast.beside),
        _spread(broadcast.waiting),
    )


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.0f} / {quantiles(seconds, n=100)[98] * 1000:.0f}"


def _measure(service: Service, rows: int, ask: Ask) -> _Broadcast:
    _order(service, 1, "+491713920000", "", "warm up")
    file = base64.b64encode("".join(_rows(rows)).encode()).decode()
    before = {pid: memory(pid, "VmRSS") for pid in family(service.pids)}
    for pid in before:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM begins again: proc_pid_clear_refs(5)
    start = time.perf_counter()
    job, count = _order(service, 0, "", file, "an alle")
    answered = time.perf_counter() - start
    if count != rows:
        raise Untrue(f"{count} recipients were accepted, not {rows}")
    growth = sum(memory(pid, "VmHWM") - before.get(pid, 0) for pid in family(service.pids))
    _singles(service, "beside")
    while ask(f"SELECT 1 FROM expansion WHERE job_id = {job}"):
        time.sleep(0.2)
        if time.perf_counter() - start > SECONDS:
            raise Untrue("the list was not written in time")
    written = time.perf_counter() - start
    _singles(service, "waiting")
    if not ask(f"SELECT 1 FROM delivery WHERE job_id = {job} AND state IN ('waiting', 'ready') LIMIT 1"):
        raise Untrue("nothing waited any more")
    begun = list(_begun(ask))[1:]
    return _Broadcast(answered, growth, written, begun[:SINGLES], begun[SINGLES:])


def _singles(service: Service, word: str) -> None:
    for number in range(SINGLES):
        time.sleep(PAUSE)
        _order(service, 1, "+491713920000", "", f"{word} {number}")


def _rows(number: int) -> Iterator[str]:
    return (f"+49171{one:08},Kunde {one}\r\n" for one in range(number))


def _order(service: Service, account: int, recipient: str, file: str, text: str) -> tuple[int, int]:
    """Gives JobId and RecipientsCount. Raises: Untrue."""
    body = _CALL.format(account=ACCOUNTS[account][0], password=PASSWORD, recipient=recipient, file=file, text=text)
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=SECONDS)) as connection:
        connection.request("POST", "/xmlws.exe/soap/IntfXMLWS", body.encode(), {"Content-Type": "text/xml"})
        answer = connection.getresponse().read().decode()
    found = _ANSWER.search(answer)
    if found is None:
        raise Untrue(f"an order was not accepted: {answer[-300:]}")
    return int(found[1]), int(found[2])


def _begun(ask: Ask) -> Iterator[float]:
    """Seconds from creation to beginning, of all single orders. Raises: Untrue."""
    deadline = time.monotonic() + SECONDS
    wanted = 2 * SINGLES + 1  # and the first of all
    while len(found := ask(_BEGUN)) < wanted:
        time.sleep(0.5)
        if time.monotonic() > deadline:
            raise Untrue(f"of {wanted} single orders {len(found)} were begun")
    return ((_moment(row[1]) - _moment(row[0])).total_seconds() for row in found)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sqlite(path: Path) -> Ask:
    def ask(query: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    return ask


def _postgres(server: Server, database: str) -> Ask:
    def ask(query: str) -> list[tuple[str, ...]]:
        return [tuple(line.split("|")) for line in server.psql(query, database).splitlines()]

    return ask
