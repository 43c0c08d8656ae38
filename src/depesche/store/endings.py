"""Recipients become final: the job's count, the money, the event and the customer's call, in the one transaction."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from depesche.model.tariff import NOTHING
from depesche.store import callbacks, events, jobs, ledger
from depesche.store.ledger import Ending, Purse
from depesche.store.schema import Row


def record(connection: sa.Connection, job_id: int, rows: Sequence[Row], *, sent: bool, now: datetime) -> None:
    """The deliveries `rows` of this job (id, position, price) have just become final, all of them `sent` or none."""
    job = jobs.count_down(connection, job_id, final=len(rows), not_ok=0 if sent else len(rows), now=now)
    purse = Purse(job.purse)
    if purse is not Purse.NONE:
        _settle(connection, job, rows, purse, sent=sent, now=now)
    ended = [row.id for row in rows]
    events.write_many(connection, now, "delivery.final", job.account_id, job_id=job_id, delivery_ids=ended)
    callbacks.final(
        connection,
        job_id=job_id,
        account_id=job.account_id,
        sending=job.sending,
        positions=[row.position for row in rows],
        is_last=job.open == 0,
        now=now,
    )


def _settle(
    connection: sa.Connection, job: Row, rows: Sequence[Row], purse: Purse, *, sent: bool, now: datetime
) -> None:
    ending = Ending(
        account_id=job.account_id,
        job_id=job.id,
        purse=purse,
        day=job.day,
        price=sum((row.price for row in rows), NOTHING),
        units=job.pages * len(rows),
    )
    if sent:
        ledger.charge(connection, ending, [(row.id, row.price) for row in rows], now)
    else:
        ledger.give_back(connection, ending)
