"""How faxes get through to the numbers that are not like most."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.model.lesson import PLAIN, Lesson
from depesche.model.resolution import Resolution
from depesche.store import leader
from depesche.store.schema import Row, lesson


@dataclass(frozen=True, slots=True)
class Learnt:
    """A lesson on record."""

    number: str
    lesson: Lesson
    until: datetime


def of(connection: sa.Connection, number: str, now: datetime) -> Lesson:
    """What is known of a number."""
    query = sa.select(lesson).where(lesson.c.number == number, lesson.c.until > now)
    row = connection.execute(query).one_or_none()
    return PLAIN if row is None else _read(row)


def every(connection: sa.Connection, now: datetime) -> list[Learnt]:
    """All that hold, by number."""
    rows = connection.execute(sa.select(lesson).where(lesson.c.until > now).order_by(lesson.c.number))
    return [Learnt(row.number, _read(row), row.until) for row in rows]


def put(connection: sa.Connection, learnt: Learnt, now: datetime) -> None:
    """Keep it in place of the number's last one; those that hold no longer go."""
    leader.alone(connection, "lessons")
    connection.execute(lesson.delete().where(sa.or_(lesson.c.number == learnt.number, lesson.c.until <= now)))
    if learnt.lesson != PLAIN:
        connection.execute(lesson.insert(), {"number": learnt.number, **asdict(learnt.lesson), "until": learnt.until})


def _read(row: Row) -> Lesson:
    return Lesson(row.t38, row.v17, Resolution(row.finest))


def forget(connection: sa.Connection, number: str) -> bool:
    """Whether there was one."""
    return connection.execute(lesson.delete().where(lesson.c.number == number)).rowcount > 0
