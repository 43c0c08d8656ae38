"""What an operator sees of jobs, and decides about deliveries of which nobody knows how they ended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from depesche.model.account import Account
from depesche.model.job import Fate, JobHead
from depesche.model.outcome import Outcome
from depesche.model.quiet import quiet_until
from depesche.model.result import Result
from depesche.model.states import Event, State, sources
from depesche.store import audit, deliveries, holds, jobs, progress
from depesche.store.deliveries import Lost
from depesche.store.holds import Hold
from depesche.store.progress import PastAttempt, Standing
from depesche.store.turns import RINGING
from depesche.usecases.accounts import NotPossible
from depesche.usecases.house import House


class Verdict(Enum):
    """What the operator says of a delivery in `unknown`."""

    SENT = "sent"
    FAILED = "failed"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """All that is known of a job."""

    account: Account
    head: JobHead
    standing: Standing
    fates: tuple[Fate, ...]
    attempts: tuple[PastAttempt, ...]
    legibility: tuple[int, ...]
    """Of a fax: how much of each page can be read, 0 to 100."""

    holds: tuple[Hold, ...]
    """Those that keep something of it from being sent, or will when it becomes due."""

    waits_until: datetime | None
    """When the next of what waits may go; None: nothing waits."""

    is_quiet: bool
    """It is for quiet hours that it waits until then."""


CAN_BE_HELD = frozenset({State.HELD, *map(State, sources(Event.HOLD, State.HELD))})
"""The states of deliveries that a hold concerns; what is on its way goes on."""


async def newest(house: House, account_id: int, limit: int) -> list[tuple[JobHead, Standing]]:
    """The account's last jobs, the newest first."""

    def look(connection: sa.Connection) -> list[tuple[JobHead, Standing]]:
        heads = jobs.newest(connection, account_id, limit)
        standings = progress.standings(connection, [head.id for head in heads])
        return [(head, standings[head.id]) for head in heads]

    return await house.database.read(look)


async def owner(house: House, job_id: int) -> Account:
    """The account that ordered the job. Raises: NotPossible."""
    return await house.database.read(lambda connection: _owner(connection, job_id))


async def standing(house: House, job_id: int) -> Standing:
    """Where the deliveries of the job stand."""
    return await house.database.read(lambda connection: progress.standings(connection, [job_id])[job_id])


async def fates(house: House, job_id: int) -> tuple[Fate, ...]:
    """What became of each given row so far."""
    return await house.database.read(lambda connection: tuple(jobs.fates(connection, job_id)))


async def show(house: House, job_id: int) -> JobRecord:
    """Raises: NotPossible."""

    def look(connection: sa.Connection) -> JobRecord:
        account = _owner(connection, job_id)
        head = jobs.head(connection, account.id, job_id)
        assert head is not None
        standing = progress.standings(connection, [job_id])[job_id]
        quiet = _quiet_until(house, account, head, standing)
        return JobRecord(
            account,
            head,
            standing,
            tuple(jobs.fates(connection, job_id)),
            tuple(progress.attempts(connection, job_id)),
            tuple(score for file in jobs.files(connection, job_id) for score in file.legibility),
            tuple(_holds(connection, account, head)) if _can_be_held(standing) else (),
            waits_until=quiet or standing.due_at,
            is_quiet=quiet is not None,
        )

    return await house.database.read(look)


async def resolve(house: House, actor: str, delivery_id: int, verdict: Verdict) -> None:
    """End the uncertainty about a delivery as the operator says; on the audit record. Raises: NotPossible.

    What is to be sent again is, even if the customer had cancelled it: a person decided that later, and knew.
    """
    now = house.now()

    def work(connection: sa.Connection) -> None:
        lost = _lost(connection, delivery_id)
        resend = verdict is Verdict.RESEND
        outcome, retry_at = _OUTCOMES[verdict](lost), now if resend else None
        deliveries.settle(connection, delivery_id, lost.attempts, outcome, now, retry_at, overrule=resend)
        told = {"delivery": delivery_id, "job": lost.job_id, "address": lost.address, "verdict": verdict.value}
        audit.write(connection, now, actor, "delivery.resolve", _owner(connection, lost.job_id).id, told)

    await house.database.run(work)
    house.wake()


_OUTCOMES: dict[Verdict, Callable[[Lost], Outcome]] = {
    Verdict.SENT: lambda lost: Outcome(Result.OK, pages=lost.pages, detail="the operator says: sent"),
    Verdict.FAILED: lambda _lost: Outcome(Result.SEND_FAILED, detail="the operator says: failed"),
    Verdict.RESEND: lambda _lost: Outcome(Result.SEND_FAILED, detail="the operator says: send it again"),
}


def _owner(connection: sa.Connection, job_id: int) -> Account:
    account = progress.owner(connection, job_id)
    if account is None:
        raise NotPossible(f"there is no job {job_id}")
    return account


def _can_be_held(standing: Standing) -> bool:
    return standing.listed > 0 or not CAN_BE_HELD.isdisjoint(standing.counts)


def _quiet_until(house: House, account: Account, head: JobHead, standing: Standing) -> datetime | None:
    """The end of the quiet hours for which something waits; None: they are not why."""
    if standing.due_at is None or head.type.channel.value not in RINGING:
        return None
    zone = ZoneInfo(house.settings.timezone)
    end = quiet_until(house.now(), account.quiet_from, account.quiet_until, zone)
    return end if end is not None and standing.due_at <= end else None


def _holds(connection: sa.Connection, account: Account, head: JobHead) -> Iterator[Hold]:
    for hold in holds.every(connection):
        if hold.concerns(account.id, head.type.channel.value):
            yield hold


def _lost(connection: sa.Connection, delivery_id: int) -> Lost:
    found = deliveries.unknown(connection, after=delivery_id - 1, limit=1)
    if not found or found[0].id != delivery_id:
        raise NotPossible(f"there is no delivery {delivery_id} in the state unknown: nothing is to be decided")
    return found[0]
