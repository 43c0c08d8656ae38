"""When a call that failed is made again."""

import random
from datetime import datetime, timedelta

PAUSES = (10, 30, 60, 300, 900, 1800, 3600)
"""Seconds after the first failed call, the second, and so on; the last one repeats."""

JITTER = 0.1
"""A pause is that much longer or shorter: what failed together does not come back together."""


def next_call(failed: int, since: datetime, now: datetime, hours: float) -> datetime | None:
    """The moment of the next call after `failed` of them; None: the hours since `since` are over.

    The last one is made when the hours end, whatever pause was due.
    """
    end = since + timedelta(hours=hours)
    if now >= end:
        return None
    pause = PAUSES[min(failed, len(PAUSES)) - 1]
    spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  spreads load, protects nothing
    return min(now + timedelta(seconds=pause * spread), end)
