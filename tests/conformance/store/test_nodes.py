"""Which node does what one is enough for."""

from datetime import datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from builders import START
from depesche.store import nodes
from depesche.store.database import Database
from depesche.store.nodes import NodeRow
from depesche.store.postgres import Postgres

LIFE = timedelta(seconds=30)


def enter(connection: sa.Connection, worker: str, minute: int, *roles: str) -> None:
    at = START + timedelta(minutes=minute)
    nodes.enter(connection, NodeRow(worker, "n", roles or ("dispatch", "web"), "1", started_at=at, seen_at=at))


def leading(database: Database, *workers: str, now: datetime) -> list[str]:
    leads = partial(nodes.leads, role="dispatch", since=now - LIFE)
    return [worker for worker in workers if database.read_here(partial(leads, worker=worker))]


def test_a_process_that_is_alone_leads_though_it_is_not_listed_yet(database: Database) -> None:
    assert leading(database, "a", now=START) == ["a"]


def test_the_eldest_with_the_role_that_lives_leads(postgres: Postgres) -> None:
    def work(connection: sa.Connection) -> None:
        enter(connection, "web", 0, "web", "lines")
        for number, worker in enumerate(("b", "a", "c"), start=1):
            enter(connection, worker, number)
        for worker in ("web", "a", "b", "c"):
            nodes.beat(connection, worker, START + timedelta(minutes=5))

    everyone = ("web", "a", "b", "c")
    postgres.run_here(work)
    now = START + timedelta(minutes=5, seconds=10)
    assert leading(postgres, *everyone, now=now) == ["b"]
    postgres.run_here(partial(nodes.leave, worker="b"))
    assert leading(postgres, *everyone, now=now) == ["a"]


@pytest.mark.parametrize(("seconds", "leader"), [(30, "a"), (31, "b")])
def test_who_is_silent_for_too_long_leads_no_more(postgres: Postgres, seconds: int, leader: str) -> None:
    def work(connection: sa.Connection) -> None:
        enter(connection, "a", 0)
        enter(connection, "b", 1)
        nodes.beat(connection, "a", START + timedelta(minutes=2))
        nodes.beat(connection, "b", START + timedelta(minutes=3))

    postgres.run_here(work)
    assert leading(postgres, "a", "b", now=START + timedelta(minutes=2, seconds=seconds)) == [leader]


def test_two_that_began_at_once_agree(postgres: Postgres) -> None:
    def work(connection: sa.Connection) -> None:
        for worker in ("b", "a"):
            enter(connection, worker, 0)

    postgres.run_here(work)
    assert leading(postgres, "b", "a", now=START) == ["a"]
