"""A snapshot holds what was committed, as it was; a place that is empty can be made of it."""

from collections.abc import Callable
from contextlib import closing
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import START, everything, rows
from depesche.model.account import Account
from depesche.model.cover import Cover
from depesche.store import audit, covers, schema, sequence, snapshot, turns
from depesche.store.database import Database, NotVacant, Place
from depesche.store.postgres import PostgresServer
from depesche.store.schema import REVISION
from depesche.store.sqlite import SqliteFile
from journeys import OK, begun, finish_one, ordered
from peers.postgres import Server

New = Callable[[], Place]


@pytest.fixture(params=["sqlite", "postgres"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> New:
    """Gives places where nothing is."""
    if request.param == "sqlite":
        return lambda: SqliteFile(tmp_path / "new.db")
    server: Server = request.getfixturevalue("server")
    url = server.url(server.database())
    return lambda: PostgresServer(url)


def lived(connection: sa.Connection, account: Account) -> None:
    """Rows of many kinds, ends and beginnings of attempts, values that databases keep differently."""
    ordered(connection, account, "+491713920003", "+491713920004", text="Grüße \N{PILE OF POO}\n\t'\\")
    turns.stage(connection, START, 10)
    finish_one(connection, begun(connection), OK, START, None)
    begun(connection)
    covers.put(connection, account.id, Cover("data:,ä", "Fuß\n", "{{text}}"), START)
    audit.write(connection, START, "ä", "x", account.id, {"a": [1, None, {"b": "ü"}], "c": 0.1})
    connection.execute(
        schema.account.update().values(
            balance=Decimal("-12.3456"), trial_until=date(2026, 2, 28), quiet_from=time(22, 30), most_pages=2**31 - 1
        )
    )
    connection.execute(
        schema.price.insert(),
        [
            {"tariff": "t", "type": 0, "prefix": f"+{n}", "base": Decimal(n), "unit": Decimal("0.0001")}
            for n in range(40)
        ],
    )


def taken(database: Database, folder: Path) -> Path:
    file = folder / "snapshot.db"
    database.snapshot(file)
    return file


def test_it_is_what_was_committed(database: Database, account: Account, tmp_path: Path) -> None:
    database.run_here(lambda connection: lived(connection, account))
    file = taken(database, tmp_path)
    assert [path.name for path in tmp_path.glob("snapshot*")] == ["snapshot.db"]
    with snapshot.reading(file) as connection:
        snapshot.check(connection)
        assert everything(connection) == database.read_here(everything)
        assert sequence.last(connection) == database.read_here(sequence.last)
    assert SqliteFile(file).revision() == REVISION


def test_a_value_that_is_none_stays_none(database: Database, account: Account, tmp_path: Path) -> None:
    database.run_here(lambda connection: lived(connection, account))
    empty = sa.select(sa.func.count()).select_from(schema.attempt).where(schema.attempt.c.bad_rows.is_(sa.null()))
    with snapshot.reading(taken(database, tmp_path)) as connection:
        assert connection.scalar(empty) == 1


def test_a_place_is_filled_with_all_of_it(database: Database, account: Account, new: New, tmp_path: Path) -> None:
    database.run_here(lambda connection: lived(connection, account))
    wanted, last = database.read_here(everything), database.read_here(sequence.last)
    place = new()
    assert place.is_vacant()
    place.fill(taken(database, tmp_path))
    assert not place.is_vacant()
    assert place.revision() == REVISION
    with closing(place.open()) as filled:
        assert filled.read_here(everything) == wanted
        assert filled.run_here(lambda connection: ordered(connection, account)) == last["job"] + 1
        assert filled.read_here(lambda connection: rows(connection, schema.delivery))[-1]["id"] == last["delivery"] + 1


def test_numbers_of_rows_that_are_gone_are_not_given_again(
    database: Database, account: Account, new: New, tmp_path: Path
) -> None:
    def work(connection: sa.Connection) -> int:
        job = ordered(connection, account)
        for table in (schema.delivery, schema.event, schema.job):
            connection.execute(table.delete())
        return job

    job = database.run_here(work)
    place = new()
    place.fill(taken(database, tmp_path))
    with closing(place.open()) as filled:
        assert filled.run_here(lambda connection: ordered(connection, account)) == job + 1


def test_a_place_where_something_is_stays_as_it_is(
    database: Database, account: Account, new: New, tmp_path: Path
) -> None:
    place = new()
    place.fill(taken(database, tmp_path))
    database.run_here(lambda connection: lived(connection, account))
    (tmp_path / "snapshot.db").unlink(missing_ok=True)
    with pytest.raises(NotVacant):
        place.fill(taken(database, tmp_path))
    with closing(place.open()) as filled:
        assert filled.read_here(lambda connection: rows(connection, schema.job)) == []
