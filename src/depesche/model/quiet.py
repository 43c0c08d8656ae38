"""Quiet hours: the time of the day in which an account's faxes and messages do not ring."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo


def quiet_until(now: datetime, start: time | None, end: time | None, zone: ZoneInfo | None) -> datetime | None:
    """When the quiet hours that `now` lies in are over; None: it lies in none.

    From `start` on to `end`, in the wall clock of `zone` (UTC if there is none); they may run over midnight. Equal
    times are no hours. Where the clock leaps over `end` they end as much later as it leaps.
    """
    if start is None or end is None or start == end:
        return None
    local = now.astimezone(zone or UTC)
    clock = local.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() if clock < end else local.date() + timedelta(days=1)
    return _next(datetime.combine(day, end), local.tzinfo or UTC, now)


def _next(wall: datetime, zone: tzinfo, now: datetime) -> datetime:
    """When the clock shows this next: in the hour that comes twice it may have done so already."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first > now else second
