"""CancelJob: stop what can still be stopped."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from depesche.model.codes import CancelJobCode as Code
from depesche.store import deliveries, jobs
from depesche.store.deliveries import Cancelled
from depesche.usecases.authenticate import Login
from depesche.usecases.house import House

Note = Callable[[sa.Connection, datetime, Cancelled], None]


async def cancel(house: House, login: Login, job_id: int) -> int:
    """Recipients not yet being sent become `Canceled`; a call on the line is ended, its result is what happened.

    A message that is being handed over cannot be stopped: it counts as done, and is not tried again.
    """
    if login.account is None:
        return Code.LOGIN_FAILED
    if login.locked:
        return Code.LOCKED
    account_id = login.account.id
    if await house.database.read(lambda connection: jobs.head(connection, account_id, job_id)) is None:
        return Code.UNKNOWN_JOB
    return Code.CANCELLED if await stop(house, job_id) else Code.ALREADY_DONE


async def stop(house: House, job_id: int, note: Note | None = None) -> int:
    """Stop what can still be stopped of a job; gives how many deliveries were, or are being ended.

    A large job takes several transactions; neither memory nor what others wait for grows with it. If this node dies in
    between, the rest goes on until somebody cancels again. `note` is called in each, to write down what it did.
    """
    count, first = 0, 0
    while True:
        done = await house.database.run(partial(_stop, job_id=job_id, now=house.now(), first=first, note=note))
        house.hurry()
        count += done.count
        if done.following is None:
            return count
        first = done.following


def _stop(connection: sa.Connection, *, job_id: int, now: datetime, first: int, note: Note | None) -> Cancelled:
    done = deliveries.cancel(connection, job_id, now, first)
    if note is not None:
        note(connection, now, done)
    return done
