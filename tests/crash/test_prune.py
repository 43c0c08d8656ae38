"""The server is killed while it lets go what is old enough: what is left is whole, and goes the next time."""

import base64
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from documents import pdf, words
from serving import Serving
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}
JOBS = 60
ROWS = 20_000
"""Recipients of one more job, which goes in pieces."""

SECONDS = 120
YOUNG = {"DEPESCHE_RETENTION__DOCUMENT_DAYS": "0", "DEPESCHE_RETENTION__RECORD_DAYS": "0"}
"""Nothing is ever old enough."""

OLD = "2020-01-01 00:00:00.000000"
MANY = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :rows)
INSERT INTO delivery (job_id, account_id, channel, lane, position, address, reference, state, fence, attempts,
  cancel_requested, code, result, pages, remote_id, seconds)
SELECT :job, 1, 'sms', 'bulk', n, '+49171' || n, '', 'sent', 1, 0, 0, 0, 'OK', 1, '', 0 FROM number
"""


def order(server: Serving, number: int, **changes: object) -> int:
    """A letter to the sandbox with a document of its own; its JobId."""
    document = base64.b64encode(pdf(words(f"Brief {number}"))).decode()
    files = {"SendFilename1": f"brief-{number}.pdf", "SendFile1": document}
    answer = call(server.base_url, "SendJob", **LOGIN | {"JobType": 0, "Recipient": "+493023125000"} | files | changes)
    assert answer["return"] == "0", answer
    return int(answer["JobId"])


def status(server: Serving, job: int) -> dict[str, str]:
    return call(server.base_url, "JobStatus", **LOGIN, JobId=job)


def is_final(server: Serving, job: int) -> bool:
    return status(server, job)["return"] == "0"


def are_left(data: Path, deliveries: int) -> bool:
    """No more than these."""
    return one(data, "SELECT count(*) FROM delivery") <= deliveries


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def one(data: Path, query: str, *values: object) -> int:
    """A number of the database."""
    with closing(sqlite3.connect(data / "depesche.db", timeout=60)) as connection:
        return int(connection.execute(query, values).fetchone()[0])


def blobs(data: Path) -> set[str]:
    return {str(path.relative_to(data / "blobs")) for path in (data / "blobs").rglob("*") if path.is_file()}


def named(data: Path) -> set[str]:
    """By a row."""
    with closing(sqlite3.connect(data / "depesche.db", timeout=60)) as connection:
        names = "SELECT blob_key FROM document WHERE blob_key <> '' UNION SELECT blob_key FROM inbound"
        return {row[0] for row in connection.execute(names)} - {""}


def is_whole(data: Path) -> None:
    """Nothing refers to what is not there, and the balance is the sum of the ledger."""
    assert named(data) <= blobs(data), "a row names a blob that is gone"
    with closing(sqlite3.connect(data / "depesche.db", timeout=60)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        wrong = "SELECT number FROM account WHERE balance <> coalesce((SELECT sum(amount) FROM ledger"
        assert connection.execute(f"{wrong} WHERE ledger.account_id = account.id), 0)").fetchall() == []


def grow_old(data: Path, jobs: list[int], many: int) -> None:
    """All of these jobs ended years ago, and one of them had many recipients; so did the ledger's lines."""
    with closing(sqlite3.connect(data / "depesche.db")) as connection, connection:
        connection.execute(MANY, {"rows": ROWS, "job": many})
        connection.execute(
            "INSERT INTO event (at, kind, account_id, job_id, delivery_id, data)"
            " SELECT ?, 'delivery.final', 1, job_id, id, '{}' FROM delivery WHERE job_id = ?",
            (OLD, many),
        )
        ids = json.dumps(jobs)
        connection.execute("UPDATE job SET final_at = ? WHERE id IN (SELECT value FROM json_each(?))", (OLD, ids))
        for amount in (100_000, -30_000):
            line = "INSERT INTO ledger (at, account_id, kind, amount, units, note) VALUES (?, 1, 'deposit', ?, 0, '')"
            connection.execute(line, ("2001-01-01 00:00:00.000000", amount))
        connection.execute("UPDATE account SET balance = balance + 70000 WHERE id = 1")
    for path in (data / "blobs").rglob("*"):
        os.utime(path, (0, 0))  # what no row names any more is found by the sweep


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def server(data: Path) -> Iterator[Serving]:
    serving = Serving(data, DEPESCHE_DISPATCH__SWEEP_HOURS="0.0005")
    yield serving
    assert serving.stop() == 0


def fill(data: Path) -> tuple[list[int], int, int]:
    """Old jobs, one that has just ended, and one that is not due yet."""
    filling = Serving(data, **YOUNG).start()
    jobs = [order(filling, number) for number in range(JOBS)]
    jobs.append(order(filling, JOBS, JobType=1, Recipient="+491713920000", SendText="Hallo"))
    ended = order(filling, JOBS + 1)
    waiting = order(filling, JOBS + 2, SendDateTime="2099-01-01 08:00:00")
    for job in (*jobs, ended):
        eventually(partial(is_final, filling, job), f"job {job} is not final")
    assert filling.stop() == 0
    assert len(list(data.glob("outbox/sms/*"))) == 1
    grow_old(data, jobs, jobs[-1])
    return jobs, ended, waiting


def test_a_server_killed_again_and_again_while_it_prunes_leaves_nothing_behind(server: Serving, data: Path) -> None:
    jobs, ended, waiting = fill(data)
    before = one(data, "SELECT count(*) FROM delivery")
    whole = len(blobs(data))
    stages = []
    for left in (0.9, 0.6, 0.3):
        server.start()
        eventually(partial(are_left, data, int(left * before)), f"{left:.0%} of {before} are left")
        server.kill()
        is_whole(data)
        stages.append(one(data, "SELECT count(*) FROM job WHERE kept = 'nothing'"))
    assert any(stages), "it was never killed in the middle of a job"
    server.start()
    new = order(server, JOBS + 3)
    assert new > waiting
    assert {status(server, job)["return"] for job in jobs} == {status(server, 999_999)["return"]} == {"5"}
    assert status(server, ended)["return"] == "0"
    assert status(server, waiting)["return"] == "6"
    eventually(lambda: one(data, "SELECT count(*) FROM job") == 3, "jobs are left")
    eventually(lambda: one(data, "SELECT count(*) FROM ledger WHERE kind = 'carried'") == 1, "nothing was carried")
    eventually(lambda: blobs(data) == named(data), "blobs without a name are left")
    eventually(lambda: not list(data.glob("outbox/sms/*")), "what was sent is left in the outbox")
    assert len(blobs(data)) < whole
    is_whole(data)
    assert one(data, "SELECT min(id) FROM delivery WHERE job_id = ?", new) > before, "an id was given again"
