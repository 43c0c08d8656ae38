"""Several processes on one database, and one that is killed."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from depesche.store import schema
from depesche.store.sqlite import Sqlite

WRITER = """
import sys, threading
from pathlib import Path
from depesche.store import schema
from depesche.store.sqlite import Sqlite

database = Sqlite(Path(sys.argv[1]))
first, count, threads = (int(number) for number in sys.argv[2:])
lock = threading.Lock()

def insert(key):
    values = {"channel": "sms", "account_id": key, "lane": "bulk", "last": 1.0}
    return database.run_here(lambda connection: connection.execute(schema.turn.insert(), values) and key)

def write(begin):
    for key in range(begin, first + count, threads):
        done = insert(key)
        with lock:
            print(done, flush=True)

running = [threading.Thread(target=write, args=(first + number,)) for number in range(threads)]
for thread in running:
    thread.start()
for thread in running:
    thread.join()
database.close()
"""


def insert(database: Sqlite, key: int) -> None:
    values = {"channel": "sms", "account_id": key, "lane": "bulk", "last": 1.0}
    database.run_here(lambda connection: connection.execute(schema.turn.insert(), values))


def keys(database: Sqlite) -> set[int]:
    """What another process would see."""
    with closing(sqlite3.connect(database.path)) as connection:
        return {row[0] for row in connection.execute("SELECT account_id FROM turn")}


def start_writer(path: Path, first: int, count: int, threads: int) -> "subprocess.Popen[str]":
    """A process that inserts these keys and says each when it is told that it is there."""
    numbers = (str(first), str(count), str(threads))
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), *numbers], stdout=subprocess.PIPE, text=True)


def test_two_processes_write_at_once(database: Sqlite) -> None:
    with start_writer(database.path, 1_000_000, 200, threads=2) as other:
        assert other.stdout is not None
        assert other.stdout.readline()
        own = set(range(1, 201))
        for key in own:
            insert(database, key)
        other.stdout.read()
    assert other.returncode == 0
    assert keys(database) == own | set(range(1_000_000, 1_000_200))


@pytest.mark.parametrize("answers", [1, 100, 400])
def test_what_was_answered_survives_kill_9(database: Sqlite, answers: int) -> None:
    database.close()
    with start_writer(database.path, 1, 1_000_000, threads=8) as other:
        assert other.stdout is not None
        told = {int(other.stdout.readline()) for _ in range(answers)}
        other.kill()
        told |= {int(line) for line in other.stdout.read().splitlines(keepends=True) if line.endswith("\n")}
    assert len(told) >= answers
    again = Sqlite(database.path)
    assert told <= keys(again)
    assert again.run_here(lambda connection: connection.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"
    again.close()
