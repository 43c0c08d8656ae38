"""A server with the demo's accounts, and some of an operator's own; programs reach it through SOAP alone."""

import asyncio
import base64
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from builders import Clock
from contract import web as webserver
from contract.farend import FarEnd
from contract.web import Called
from customers import open_house
from depesche.store.sqlite import Sqlite
from depesche.usecases import accounts, jobs
from depesche.usecases.accounts import NewAccount
from depesche.usecases.house import House
from depesche.usecases.jobs import JobRecord
from serving import Serving
from soapcall import call

SECONDS = 60

OWN = (
    NewAccount("30001", "Live GmbH", "demo", (), {"sandbox": False, "job_types": [0, 1, 2, 3, 4, 8]}),
    NewAccount(
        "30002", "Kurz GmbH", "demo", (), {"sandbox": True, "most_pages": 2, "bulk": True, "most_recipients": 2}
    ),
    NewAccount(
        "30003",
        "Fenster AG",
        "demo",
        (),
        {"sandbox": True, "bulk": True, "status_encoding": "windows-1252", "job_types": [0, 1, 2, 3, 4, 8]},
    ),
    NewAccount(
        "30004",
        "Zwei Nummern GmbH",
        "demo",
        ("+493023125101", "+493023125102"),
        {
            "sandbox": True,
            "job_types": [0, 1, 2, 3, 4, 8],
            "mail_from": "info@zwei.example",
            "sender_addresses": ["rechnung@zwei.example"],
            "sms_from": "Zwei",
        },
    ),
    NewAccount("30006", "Umworben GmbH", "demo", (), {"sandbox": True}),
    NewAccount("30005", "Empfang AG", "demo", ("+493023125105",), {"sandbox": True}),
)
"""Accounts that the demo has not."""

Send = Callable[..., dict[str, str]]
"""Calls SendJob with these parameters; files as octets. Gives all outs."""

Final = Callable[..., dict[str, str]]
"""Waits until a job is finished (of account 10001, unless another is given); gives the outs of JobStatus."""

Record = Callable[[str], JobRecord]
"""All that is on the record of a job: warnings, each row with its code, each attempt."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Converters get four seconds, so that a document without an end is over soon; retries come ten times faster."""
    serving = Serving(
        tmp_path_factory.mktemp("contract") / "data",
        DEPESCHE_RENDER__SECONDS="4",
        DEPESCHE_DISPATCH__SANDBOX_SPEED="600",
        DEPESCHE_DISPATCH__POLL_SECONDS="0.05",
    ).start()
    yield serving
    assert serving.stop() == 0


@pytest.fixture(scope="session")
def house(server: Serving) -> Iterator[House]:
    """The data folder, with the accounts of this folder of tests in it."""
    with house_beside(server) as opened:
        asyncio.run(_add(opened))
        yield opened


@contextmanager
def house_beside(server: Serving) -> Iterator[House]:
    """The server's data folder as an operator has it, who works on it while the server runs."""
    database = Sqlite(server.data / "depesche.db")
    yield replace(open_house(server.data, database, Clock()).house, now=lambda: datetime.now(UTC))
    database.close()


async def _add(house: House) -> None:
    for new in OWN:
        await accounts.add(house, "test", new)


@pytest.fixture(scope="session")
def final(server: Serving) -> Final:
    return waiter(server)


def waiter(server: Serving) -> Final:
    def wait(job: str, account: str = "10001") -> dict[str, str]:
        deadline = time.monotonic() + SECONDS
        while (answer := call(server.base_url, "JobStatus", Account=account, Password="demo", JobId=job))[
            "return"
        ] == "6":
            assert time.monotonic() < deadline, f"job {job} is still in work"
            time.sleep(0.05)
        return answer

    return wait


@pytest.fixture(scope="session")
def record(house: House) -> Record:
    def show(job: str) -> JobRecord:
        return asyncio.run(jobs.show(house, int(job)))

    return show


@pytest.fixture(scope="session")
def far_end(server: Serving) -> FarEnd:
    return FarEnd(server.data / "outbox", server.base_url)


@pytest.fixture
def web() -> Iterator[Called]:
    """Of this test alone: what others ordered is called elsewhere, however late."""
    with webserver.serving() as called:
        yield called


@pytest.fixture(scope="session")
def depesche(server: Serving) -> Callable[..., str]:
    """Runs a command of the CLI on the server's data, gives what it prints."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "depesche", *arguments, "--data", str(server.data)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout

    return run


@pytest.fixture(scope="session")
def send(server: Serving, house: House) -> Send:
    return sender(server)


def sender(server: Serving) -> Send:
    """An SMS of account 10001, unless other parameters are given."""

    def order(**parameters: Any) -> dict[str, str]:
        given = {"Account": "10001", "Password": "demo", "JobType": 1, "Recipient": "+491713920000"}
        given |= {"SendText": "Guten Tag"} | parameters
        encoded = {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in given.items()
        }
        return call(server.base_url, "SendJob", **encoded)

    return order
