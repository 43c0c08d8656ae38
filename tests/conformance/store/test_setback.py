"""A clock that is set back makes nothing wait that waited for no date."""

from datetime import timedelta

import sqlalchemy as sa

from builders import MOBILE, START, rows
from depesche.model.account import Account
from depesche.store import deliveries, schema, turns
from depesche.store.database import Database
from depesche.store.setback import set_back
from journeys import BUSY, OTHERS, begun, finish_one, ordered

AHEAD = timedelta(hours=1)
PAUSE = timedelta(minutes=10)


def due(connection: sa.Connection) -> dict[str, object]:
    """When each address has its turn, as seen from the right time."""
    return {row["address"]: row["due_at"] and row["due_at"] - START for row in rows(connection, schema.delivery)}


def test_repeats_come_after_their_pause_at_the_latest_and_dates_stay(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> int:
        ordered(connection, account, OTHERS[0])
        turns.stage(connection, START, 10)
        finish_one(connection, begun(connection), BUSY, START, START + AHEAD + PAUSE)
        ordered(connection, account, OTHERS[1])
        turns.stage(connection, START, 10)
        finish_one(connection, begun(connection), BUSY, START, START + PAUSE / 2)
        ordered(connection, account, OTHERS[2], send_at=START + AHEAD)
        ordered(connection, account, MOBILE)
        early = (schema.job.c.send_at == START, schema.job.c.id == 4)
        connection.execute(schema.job.update().where(*early).values(send_at=START + AHEAD, created_at=START + AHEAD))
        connection.execute(
            schema.delivery.update().where(schema.delivery.c.address == MOBILE).values(due_at=START + AHEAD)
        )
        return set_back(connection, START, PAUSE)

    assert database.run_here(work) == 2
    assert database.read_here(due) == {
        OTHERS[0]: PAUSE,
        OTHERS[1]: PAUSE / 2,
        OTHERS[2]: AHEAD,
        MOBILE: timedelta(0),
    }


def test_what_does_not_wait_is_let_alone(database: Database, account: Account) -> None:
    def work(connection: sa.Connection) -> int:
        ordered(connection, account, MOBILE, *OTHERS)
        turns.stage(connection, START, 10)
        begun(connection)
        deliveries.cancel(connection, ordered(connection, account), START)
        return set_back(connection, START - AHEAD, PAUSE)

    assert database.run_here(work) == 0
