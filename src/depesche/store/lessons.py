"""How faxes get through to the numbers that are not like most."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.model.lesson import PLAIN, Lesson
from depesche.store import leader
from depesche.store.schema import lesson


@dataclass(frozen=True, slots=True)
class Learnt:
    """A lesson on record."""

    number: str
    lesson: Lesson
    until: datetime


def of(connection: sa.Connection, number: str, now: datetime) -> Lesson:
    """What is known of a number."""
    query = sa.select(lesson.c.t38, lesson.c.v17).where(lesson.c.number == number, lesson.c.until > now)
    row = connection.execute(query).one_or_none()
    return PLAIN if row is None else Lesson(row.t38, row.v17)


def every(connection: sa.Connection, now: datetime) -> list[Learnt]:
    """All that hold, by number."""
    rows = connection.execute(sa.select(lesson).where(lesson.c.until > now).order_by(lesson.c.number))
    return [Learnt(row.number, Lesson(row.t38, row.v17), row.until) for row in rows]


def put(connection: sa.Connection, learnt: Learnt, now: datetime) -> None:
    """Keep it in place of the number's last one; those that hold no longer go."""
    leader.alone(connection, "lessons")
    connection.execute(lesson.delete().where(sa.or_(lesson.c.number == learnt.number, lesson.c.until <= now)))
    if learnt.lesson != PLAIN:
        values = {"number": learnt.number, "t38": learnt.lesson.t38, "v17": learnt.lesson.v17, "until": learnt.until}
        connection.execute(lesson.insert(), values)


def forget(connection: sa.Connection, number: str) -> bool:
    """Whether there was one."""
    return connection.execute(lesson.delete().where(lesson.c.number == number)).rowcount > 0
