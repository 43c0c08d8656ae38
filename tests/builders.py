"""What tests of several rooms make their cases of: a clock, accounts, jobs, a database that is ready."""

import shutil
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from depesche.model.account import Account
from depesche.model.job import NewJob, Sending
from depesche.model.jobtype import JobType
from depesche.model.roll import Recipient, ShortRoll
from depesche.store import accounts, schema
from depesche.store.database import Database
from depesche.store.sqlite import Sqlite

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

MOBILE = "+491713920000"
"""The sandbox's network delivers to it."""


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **parts: float) -> datetime:
        """Let time pass, in the words of `timedelta`."""
        self.moment += timedelta(**parts)
        return self.moment


def copy_of(ready: Path, folder: Path) -> Sqlite:
    """A database of one's own, made from one that has its tables already."""
    folder.mkdir(parents=True, exist_ok=True)
    return Sqlite(Path(shutil.copy(ready, folder / "depesche.db")))


def embedded(database: Database) -> Sqlite:
    """The same, for tests of what only the embedded one has."""
    assert isinstance(database, Sqlite)
    return database


def add_account(connection: sa.Connection, number: str = "10001", *numbers: str, **changes: Any) -> Account:
    """An active account that may do everything; its password fits nothing."""
    values: dict[str, Any] = {
        "number": number,
        "name": f"Firma {number}",
        "password_hash": "",
        "state": "active",
        "trial_until": None,
        "sandbox": True,
        "country": "DE",
        "job_types": [int(kind) for kind in JobType],
        "bulk": True,
        "abroad": True,
        "mail_from": "",
        "mail_subject": "",
        "sms_from": "",
        "sender_addresses": [],
        "status_encoding": "utf-8",
        "weight": 1,
    }
    accounts.add(connection, values | changes, numbers, START)
    made = accounts.by_number(connection, number)
    assert made is not None
    return made


def new_job(account_id: int, *addresses: str, **changes: Any) -> NewJob:
    """An order of one SMS to each of the addresses, due at `START`."""
    job = NewJob(
        account_id=account_id,
        type=JobType.SMS,
        send_at=START,
        order_key=uuid.uuid4().hex,
        options="",
        text="Guten Tag",
        sending=Sending(),
        repeats=3,
        pages=1,
        roll=ShortRoll(tuple(Recipient(address) for address in addresses or (MOBILE,))),
    )
    return replace(job, **changes)


def rows(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    """All that the table holds, in the order of its keys."""
    query = sa.select(table).order_by(*table.primary_key)
    return [dict(row) for row in connection.execute(query).mappings()]


def everything(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    """All that the database holds, but for the lines that refused orders leave."""
    kept = (table for table in schema.metadata.sorted_tables if table is not schema.refusal)
    return {table.name: rows(connection, table) for table in kept}
