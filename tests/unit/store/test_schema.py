"""The migrations make exactly the tables that statements are written against, on both databases."""

import importlib
import io
import re
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy.engine.mock import MockConnection

from builders import add_account
from depesche.store import schema, upgrade
from depesche.store import sqlite as store
from depesche.store.sqlite import Sqlite


def chain() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(upgrade.MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def definitions(path: Path) -> dict[str, frozenset[str]]:
    """Name of each table and index, and the clauses of its definition in any order."""
    with closing(store.engine(path).connect()) as connection:
        found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {row.name: clauses(row.sql) for row in found if row.name not in ("alembic_version", "sqlite_sequence")}


def clauses(statement: str) -> frozenset[str]:
    head, _, rest = statement.partition("(")
    inner, _, tail = rest.rpartition(")")
    outside_parentheses = re.split(r",(?![^()]*\))", inner)
    return frozenset(" ".join(clause.replace('"', "").split()) for clause in (head, *outside_parentheses, tail)) - {""}


def migrated(statements: Iterable[str]) -> set[frozenset[str]]:
    """The clauses of each table and index that these statements, one after the other, leave behind."""
    made: dict[str, frozenset[str]] = {}
    for statement in statements:
        if added := re.match(r"ALTER TABLE (\w+) ADD COLUMN (.+)", statement, re.DOTALL):
            made[f"CREATE TABLE {added[1]}"] |= {" ".join(added[2].split())}
        elif statement.startswith("CREATE"):
            made[statement.partition("(")[0].strip()] = clauses(statement)
    return set(made.values())


def on_postgresql() -> list[str]:
    """What the schema would say to PostgreSQL."""
    said: list[str] = []
    engine: MockConnection = sa.create_mock_engine(
        "postgresql+psycopg://", lambda element, *_: said.append(str(element.compile(dialect=engine.dialect)))
    )
    schema.metadata.create_all(engine, checkfirst=False)
    return said


def test_alembic_finds_no_difference(ready: Path) -> None:
    with store.engine(ready).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_tables_are_those_of_the_schema_to_the_letter(ready: Path, tmp_path: Path) -> None:
    engine = store.engine(tmp_path / "schema.db")
    schema.metadata.create_all(engine)
    engine.dispose()
    assert definitions(ready) == definitions(tmp_path / "schema.db")


def test_the_migrations_make_the_same_on_postgresql() -> None:
    written = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "target_metadata": schema.metadata}
    )
    with Operations.context(context):
        for revision in reversed(list(chain().walk_revisions())):
            importlib.import_module(f"depesche.store.migrations.versions.{Path(revision.path).stem}").upgrade()
    made = migrated(statement.strip() for statement in written.getvalue().split(";"))
    assert made == {clauses(statement) for statement in on_postgresql()}


def test_ids_are_wide_on_postgresql_and_never_given_twice_on_sqlite() -> None:
    job = next(statement for statement in on_postgresql() if "CREATE TABLE job " in statement)
    assert "id BIGSERIAL NOT NULL" in job
    for table in (schema.job, schema.delivery, schema.inbound, schema.event, schema.audit):
        assert table.dialect_options["sqlite"]["autoincrement"] is True


def test_the_revision_named_in_the_schema_is_the_last_of_the_chain() -> None:
    assert chain().get_heads() == [schema.REVISION]


def test_revisions_are_numbered_in_their_order() -> None:
    numbers = [revision.revision for revision in reversed(list(chain().walk_revisions()))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_a_moment_comes_back_aware_and_in_utc(database: Sqlite) -> None:
    summer = datetime(2026, 7, 1, 14, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2)))

    def write(connection: sa.Connection) -> None:
        account = add_account(connection)
        connection.execute(schema.account.update().values(created_at=summer).where(schema.account.c.id == account.id))

    database.run_here(write)
    moment = database.read_here(lambda connection: connection.execute(sa.select(schema.account.c.created_at)).scalar())
    assert moment == datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)
    assert moment is not None
    assert moment.tzinfo is UTC
