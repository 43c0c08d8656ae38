"""100,000 recipients in one call."""

import base64
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from serving import Serving
from soapcall import call

LOGIN = {"Account": "10001", "Password": "demo"}
ROWS = 100_000
SECONDS = 25
"""Within which an answer leaves."""

PACE = 1000
"""Every so manieth row is bad, and every so manieth is given a second time."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """One of its own: nothing else takes memory."""
    serving = Serving(tmp_path / "data").start()
    yield serving
    assert serving.stop() == 0


def recipients(rows: int) -> bytes:
    """Fixed lines and mobiles in several notations, each with a reference id; some bad, some twice."""
    return "".join(f"{_address(number)},Kunde {number}\r\n" for number in range(rows)).encode()


def _address(number: int) -> str:
    if number % PACE == PACE - 1:
        return f"0900 1{number:06}"
    if number % PACE == PACE - 2:
        return f"+49 30 {20_000_000 + number - 5}"
    return (f"+491713{number:06}", f"030/{20_000_000 + number}", f"0049 171 4{number:06}", f"040-{1_000_000 + number}")[
        number % 4
    ]


def order(server: Serving, rows: int) -> dict[str, str]:
    """An SMS for the far future."""
    file = base64.b64encode(recipients(rows)).decode()
    text, later = f"an {rows}", "2099-01-01T00:00:00Z"
    return call(server.base_url, "SendJob", **LOGIN, JobType=1, RecipientFile=file, SendText=text, SendDateTime=later)


def peak_of(server: Serving, rows: int) -> int:
    """Kilobytes that the server held at most while it took an order of so many rows."""
    (Path("/proc") / str(server.pid) / "clear_refs").write_text("5")  # forget the peak so far: proc(5)
    answer = order(server, rows)
    assert (answer["return"], int(answer["RecipientsCount"])) == ("0", good(rows))
    lines = (Path("/proc") / str(server.pid) / "status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


def good(rows: int) -> int:
    """Neither bad nor given before."""
    return rows - 2 * (rows // PACE)


def test_it_is_answered_in_time_and_all_rows_are_there_in_the_end(server: Serving) -> None:
    begun = time.monotonic()
    answer = order(server, ROWS)
    assert time.monotonic() - begun < SECONDS
    assert (answer["return"], answer["RecipientsCount"], answer["PageCount"]) == ("0", str(good(ROWS)), "1")
    job = answer["JobId"]
    again = order(server, ROWS)
    assert again == answer | {"return": "-77"}
    assert call(server.base_url, "CancelJob", **LOGIN, JobId=job)["return"] == "0"
    status = final(server, job)
    assert (status["return"], status["SendResult"]) == ("0", "multi")
    heading, *rows, rest = base64.b64decode(status["StatusFile"]).decode().split("\r\n")
    assert (len(rows), rest) == (ROWS, "")
    assert heading.startswith('"RECIPIENT"')
    for number in (0, 1, 2, 3, PACE - 3, PACE - 2, PACE - 1, ROWS - 1):
        assert rows[number].startswith(f'"{told(number)}","SMS","{"Blacklist" if is_bad(number) else "Canceled"}"')
        assert rows[number].endswith(f'"Kunde {number}"')
    assert sum('"Blacklist"' in row for row in rows) == ROWS // PACE


def final(server: Serving, job: str) -> dict[str, str]:
    """JobStatus, when the rest of the list is written as well."""
    deadline = time.monotonic() + 240
    while (status := call(server.base_url, "JobStatus", **LOGIN, JobId=job))["return"] == "6":
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return status


def test_what_an_order_left_to_be_listed_survives_a_crash(server: Serving) -> None:
    """Killed again and again while the list is written: each row is there once."""
    job = order(server, ROWS)["JobId"]
    listed = [rows_of(server, job)]
    while listed[-1] < ROWS:
        while rows_of(server, job) < min(ROWS, listed[-1] + ROWS // 6):
            time.sleep(0.01)
        server.kill()
        server.start()
        listed.append(rows_of(server, job))
    assert listed == sorted(listed)
    assert len(listed) > 3, "it was killed in the middle"
    assert call(server.base_url, "CancelJob", **LOGIN, JobId=job)["return"] == "0"
    lines = base64.b64decode(final(server, job)["StatusFile"]).decode().split("\r\n")
    assert len(lines) == ROWS + 2


def rows_of(server: Serving, job: str) -> int:
    """How many rows of its list are deliveries."""
    with closing(sqlite3.connect(server.data / "depesche.db")) as connection:
        (number,) = connection.execute("SELECT count(*) FROM delivery WHERE job_id = ?", (job,)).fetchone()
    return int(number)


def is_bad(number: int) -> bool:
    return number % PACE == PACE - 1


def told(number: int) -> str:
    """As the StatusFile has it."""
    given = _address(number)
    if is_bad(number):
        return given
    digits = "".join(filter(str.isdigit, given))
    return f"+{digits.removeprefix('00')}" if digits.startswith(("00", "49")) else f"+49{digits[1:]}"


def test_memory_does_not_grow_with_the_rows(server: Serving) -> None:
    """Kept in memory they would take 160 MB more; 20 to 30 are the database's own, for 300,000 rows as well."""
    peak_of(server, 1_000)
    few = peak_of(server, 1_001)
    many = peak_of(server, ROWS)
    assert many - few < 40_000, f"{few} kB for a thousand rows, {many} kB for a hundred thousand"
