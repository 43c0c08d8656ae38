"""JobStatus: what became of a job."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from depesche.model import statusfile
from depesche.model.account import Account
from depesche.model.codes import JobStatusCode as Code
from depesche.model.job import Fate, JobHead
from depesche.model.result import Result
from depesche.store import jobs
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.house import House
from depesche.usecases.judge import trial_over

_LOGIN_CODES = {
    LoginFailure.NO_ACCOUNT: Code.UNKNOWN_ACCOUNT,
    LoginFailure.UNKNOWN: Code.UNKNOWN_ACCOUNT,
    LoginFailure.WRONG_PASSWORD: Code.WRONG_PASSWORD,
}


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What JobStatus answers; all but the code is empty unless the job is finished."""

    code: int
    result: str = ""
    sent_at: datetime | None = None
    remote_id: str = ""
    status_file: bytes = b""


async def status(house: House, login: Login, job_id: int) -> StatusAnswer:
    """The state of one of the account's jobs."""
    refusal = login_code(login, house.today())
    if refusal is not None:
        return StatusAnswer(refusal)
    account = login.account
    assert account is not None

    def look(connection: sa.Connection) -> StatusAnswer:
        job = jobs.head(connection, account.id, job_id)
        if job is None:
            return StatusAnswer(Code.UNKNOWN_JOB)
        if job.open:
            return StatusAnswer(Code.IN_WORK)
        return _finished(account, job, jobs.fates(connection, job.id))

    return await house.database.read(look)


def login_code(login: Login, today: date) -> Code | None:
    """The code for a login that may not ask, or None; the numbers of the inbox operations are the same."""
    if login.failure is not None:
        return _LOGIN_CODES[login.failure]
    assert login.account is not None
    if trial_over(login.account, today):
        return Code.TRIAL_OVER
    return Code.LOCKED if login.locked else None


@dataclass(slots=True)
class _Seen:
    """What the answer says of all rows together, gathered while they pass."""

    rows: int = 0
    last: Fate | None = None
    tried_at: datetime | None = None
    """The last attempt."""

    decided_at: datetime | None = None
    """The last end, be it that nothing was tried any more."""

    def passing(self, fates: Iterable[Fate]) -> Iterator[Fate]:
        for fate in fates:
            self.rows += 1
            self.last = fate
            self.decided_at = _later(self.decided_at, fate.at)
            if fate.attempts:
                self.tried_at = _later(self.tried_at, fate.at)
            yield fate


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


def _finished(account: Account, job: JobHead, fates: Iterable[Fate]) -> StatusAnswer:
    seen = _Seen()
    status_file = statusfile.write(seen.passing(fates), job.type, account.status_encoding)
    single = seen.last if seen.rows == 1 else None
    return StatusAnswer(
        code=Code.FINISHED,
        result=(single.result or Result.SEND_FAILED).word if single else "multi",
        sent_at=seen.tried_at or seen.decided_at or job.final_at,
        remote_id=single.remote_id if single else "",
        status_file=status_file,
    )
