"""When an attempt that failed is made again."""

from datetime import datetime, timedelta

from depesche.config import Dispatch
from depesche.model.outcome import Outcome
from depesche.model.result import Result
from depesche.store.deliveries import Claimed

CUT_SHORT = frozenset({Result.CANCELED, Result.SEND_FAILED})
"""What a channel says of an attempt that was ended from here; every other result is the far side's own."""


FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
"""Seconds before a delivery is claimed again that could not begin: documents were not to be had, or no place."""


def retry_at(
    settings: Dispatch, outcome: Outcome, *, attempts: int, repeats: int, sandbox: bool, now: datetime
) -> datetime | None:
    """The moment of the next attempt; None: it is over.

    `attempts` counts those made, `repeats` those allowed after the first.
    """
    if not outcome.retry or attempts > repeats:
        return None
    pauses = settings.retry_minutes
    pause = timedelta(minutes=pauses[min(attempts, len(pauses)) - 1])
    return now + (pause / settings.sandbox_speed if sandbox else pause)


def put_off_until(claimed: Claimed, now: datetime) -> datetime:
    """When to claim again what could not begin: each claim in vain doubles the time."""
    in_vain = claimed.fence - claimed.attempts
    return now + timedelta(seconds=min(FIRST_DELAY * 2 ** min(in_vain - 1, 10), LONGEST_DELAY))
