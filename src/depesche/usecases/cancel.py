"""CancelJob: stop what can still be stopped."""

import sqlalchemy as sa

from depesche.model.codes import CancelJobCode as Code
from depesche.store import deliveries, jobs
from depesche.usecases.authenticate import Login
from depesche.usecases.house import House


async def cancel(house: House, login: Login, job_id: int) -> int:
    """Recipients not yet being sent become `Canceled`; a call on the line is ended, its result is what happened.

    A message that is being handed over cannot be stopped: it counts as done, and is not tried again.
    """
    if login.account is None:
        return Code.LOGIN_FAILED
    if login.locked:
        return Code.LOCKED
    account_id, now = login.account.id, house.now()

    def work(connection: sa.Connection) -> Code:
        if jobs.head(connection, account_id, job_id) is None:
            return Code.UNKNOWN_JOB
        return Code.CANCELLED if deliveries.cancel(connection, job_id, now) else Code.ALREADY_DONE

    code = await house.database.run(work)
    house.hurry()
    return code
