"""A database of the release before becomes one of today, with everything that is in it."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from builders import START, new_job, rows
from depesche.model.result import Result
from depesche.store import accounts, jobs, progress, schema, upgrade
from depesche.store.database import Database, Place
from depesche.store.postgres import PostgresServer
from depesche.store.sqlite import SqliteFile
from peers.postgres import Server

OF_0003 = (
    """INSERT INTO account (id, number, name, password_hash, state, sandbox, country, numbers, job_types, bulk, abroad,
      mail_from, mail_subject, sms_from, sender_addresses, status_encoding, weight, created_at, payment, balance)
    VALUES (1, '10001', 'A', '', 'active', true, 'DE', '[]', '[0]', true, true, '', '', '', '[]', 'utf-8', 1,
      '2026-01-01 00:00:00', 'prepaid', 12345)""",
    """INSERT INTO job (id, account_id, type, created_at, send_at, order_key, options, text, sending, repeats,
      recipients, pages, open, not_ok, final_at, warnings)
    VALUES (5, 1, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00', 'k', '', 'Hallo', '{}', 3, 2, 1, 0, 0,
      '2026-01-01 00:00:05', '[]')""",
    """INSERT INTO delivery (id, job_id, account_id, channel, position, address, reference, same_as, state, due_at,
      turn, fence, worker, attempts, cancel_requested, code, result, pages, remote_id, seconds, attempted_at,
      finished_at, price)
    VALUES (7, 5, 1, 'sms', 0, '+491713920000', 'ä', NULL, 'sent', '2026-01-01 00:00:00', 0.5, 2, 'w1', 1, false, 0,
      'OK', 1, 'far', 3, '2026-01-01 00:00:01', '2026-01-01 00:00:02', 1500)""",
    """INSERT INTO delivery (id, job_id, account_id, channel, position, address, reference, same_as, state, fence,
      attempts, cancel_requested, code, pages, remote_id, seconds)
    VALUES (9, 5, 1, 'sms', 1, '+491713920000', '', 0, 'sent', 0, 0, false, 0, 0, '', 0)""",
    """INSERT INTO attempt (delivery_id, number, worker, sending_at, ended_at, result, pages, remote_id, seconds, ecm,
      bad_rows, detail)
    VALUES (7, 1, 'w1', '2026-01-01 00:00:01', '2026-01-01 00:00:02', 'OK', 1, 'far', 3, true, '[0]', '')""",
    """INSERT INTO document (id, job_id, position, role, filename, format, pages, blob_key, size, sha256)
    VALUES (1, 5, 0, 'source', 'a.pdf', 'PDF', 1, 'order/00/1', 1, 'a')""",
    """INSERT INTO inbound (id, account_id, source, called_number, received_at, originator, remote_id, pages, complete,
      blob_key, size, sha256, deleted_at)
    VALUES (3, 1, 'call-1', '+493023125100', '2026-01-01 00:00:00', '', '', 1, true, 'inbound/00/1', 1, 'b', NULL)""",
    """INSERT INTO event (id, at, kind, account_id, job_id, delivery_id, data)
    VALUES (1, '2026-01-01 00:00:02', 'delivery.final', 1, 5, 7, '{}')""",
    """INSERT INTO ledger (id, at, account_id, kind, amount, units, job_id, delivery_id, note)
    VALUES (1, '2026-01-01 00:00:02', 1, 'deposit', 12345, 0, NULL, NULL, '')""",
    """INSERT INTO callback (id, job_id, account_id, next, last, due_at, since, attempts, failed)
    VALUES (1, 5, 1, 0, 1, '2026-01-01 00:00:02', '2026-01-01 00:00:02', 0, 0)""",
)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty one."""
    if request.param == "sqlite":
        return SqliteFile(tmp_path / "old.db")
    server: Server = request.getfixturevalue("server")
    return PostgresServer(server.url(server.database()))


def migrate(place: Place, revision: str) -> None:
    """No further than to this one."""
    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with place.alone() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@pytest.fixture
def opened(place: Place) -> Iterator[Database]:
    """One of 0003 that became one of today."""
    migrate(place, "0003")
    with place.alone() as connection:
        for statement in OF_0003:
            connection.exec_driver_sql(statement)
    assert upgrade.wanted(place)
    upgrade.ready(place)
    assert (upgrade.wanted(place), place.revision()) == (False, schema.REVISION)
    with closing(place.open()) as database:
        yield database


def test_what_was_there_is_what_it_was_and_is_kept_whole(opened: Database) -> None:
    first, second = opened.read_here(partial(rows, table=schema.delivery))
    assert (first["id"], first["reference"], first["price"]) == (7, "ä", Decimal("0.15"))
    assert (first["turn"], first["attempted_at"]) == (0.5, datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
    assert (second["id"], second["same_as"], second["due_at"]) == (9, 0, None)
    (job,) = opened.read_here(partial(rows, table=schema.job))
    assert (job["id"], job["kept"], job["text"]) == (5, "all", "Hallo")
    (attempt,) = opened.read_here(partial(progress.attempts, job_id=5))
    assert (attempt.result, attempt.position, attempt.remote_id) == (Result.OK, 0, "far")
    for table in (schema.document, schema.inbound, schema.event, schema.ledger, schema.callback):
        assert len(opened.read_here(partial(rows, table=table))) == 1
    (account,) = opened.read_here(accounts.everyone)
    assert (account.balance, account.document_days, account.fax_days, account.record_days) == (
        *(Decimal("1.2345"), None, None, None),
    )


def test_no_reference_is_left_without_what_it_refers_to(opened: Database) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(schema.delivery.delete().where(schema.delivery.c.id == 7))

    with pytest.raises(sa.exc.IntegrityError):  # its attempt refers to it
        opened.run_here(work)

    def check(connection: sa.Connection) -> list[object]:
        if connection.dialect.name == "postgresql":
            return []  # it never lets go of them
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))

    assert opened.read_here(check) == []


def test_ids_go_on_where_they_were_though_all_rows_are_gone(opened: Database) -> None:
    """PostgreSQL's sequences know of no row that was written with its id: there they are set."""

    def work(connection: sa.Connection) -> int:
        if connection.dialect.name == "postgresql":
            for name in ("job", "delivery", "event"):
                connection.exec_driver_sql(f"SELECT setval('{name}_id_seq', max(id)) FROM {name}")
        for table in (schema.attempt, schema.callback, schema.document, schema.event, schema.delivery, schema.job):
            connection.execute(table.delete())
        assert jobs.insert(connection, new_job(1), START) == 6
        return int(rows(connection, schema.delivery)[0]["id"])

    assert opened.run_here(work) == 10
