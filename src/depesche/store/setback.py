"""The clock was set back: what was reckoned by the clock that was ahead would wait too long."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from depesche.model.states import State
from depesche.store.schema import delivery, job


def set_back(connection: sa.Connection, now: datetime, longest: timedelta) -> int:
    """What was claimed before waits for no longer than `longest`, and what was ordered without a date not at all.

    A date that the customer gave stays. Gives how many deliveries wait less now.
    """
    latest = now + longest
    repeats = connection.execute(
        delivery.update().where(_WAITING, delivery.c.fence > 0, delivery.c.due_at > latest).values(due_at=latest)
    )
    new = connection.execute(
        delivery.update().where(_WAITING, delivery.c.fence == 0, delivery.c.due_at > now, _AT_ONCE).values(due_at=now)
    )
    return repeats.rowcount + new.rowcount


_WAITING = delivery.c.state == sa.literal_column(f"'{State.WAITING.value}'")  # the words of the partial index
_AT_ONCE = sa.exists().where(job.c.id == delivery.c.job_id, job.c.send_at <= job.c.created_at)
