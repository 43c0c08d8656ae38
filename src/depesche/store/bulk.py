"""Many rows of one table at once, in the fastest way that the database has.

SQLite is called within this process: a statement for each row costs next to nothing. PostgreSQL is far away: it gets
one statement for all of them, with the rows as one JSON value, which costs a fifth of what arrays do; or a COPY.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

CHUNK = 1000
"""Rows handed to SQLite at once."""

MANY = 1000
"""Rows from which on a COPY is faster than one INSERT."""

VERY_MANY = 10_000
"""Rows after which PostgreSQL's planner shall not believe for a minute more that there are none of them."""

Values = Mapping[str, Any]
"""Of a row, by column: the same columns in each."""


class Ids(sa.TypeDecorator[Sequence[int]]):
    """A list of ids as one value of a statement: it is the same statement then, however many they are."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.Text() if dialect.name == "sqlite" else sa.ARRAY(sa.BigInteger)

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> Any:
        ids = list(value or ())
        return str(ids) if dialect.name == "sqlite" else ids


class among(GenericFunction[bool]):  # noqa: N801  a function of SQL
    """``among(column, ids)``: whether the column's value is one of them."""

    type = sa.Boolean()
    inherit_cache = True
    name = "among"
    _is_implicitly_boolean = True  # SQLite would be asked whether it equals 1, and look at every row to find out


@compiles(among)
def _among(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    if compiler.dialect.name == "sqlite":
        return f"{column} IN (SELECT CAST(value AS INTEGER) FROM json_each({ids}))"  # noqa: S608  names of ours
    return f"{column} = ANY ({ids})"


def ids(name: str = "ids") -> sa.BindParameter[Sequence[int]]:
    """The place in a statement where such a list goes."""
    return sa.bindparam(name, type_=Ids())


def insert(connection: sa.Connection, table: sa.Table, rows: Iterable[Values]) -> None:
    """Insert them; memory does not grow with their number."""
    given = iter(rows)
    if connection.dialect.name == "sqlite":
        while chunk := list(islice(given, CHUNK)):
            connection.execute(_insert(table), chunk)
        return
    first = list(islice(given, MANY))
    if len(first) == MANY:
        _copy(connection, table, chain(first, given), tuple(first[0]))
    elif len(first) == 1:
        connection.execute(_insert(table), first)
    elif first:
        statement, given_once = _together(connection.dialect, table, (), first)
        connection.exec_driver_sql(statement, given_once)


def update(connection: sa.Connection, table: sa.Table, keys: Sequence[str], rows: Sequence[Values]) -> None:
    """Give each row its own values; it is found by its columns `keys`."""
    if not rows:
        return
    names = tuple(rows[0])
    if len(rows) == 1 or connection.dialect.name == "sqlite":
        values = [{f"to_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(_one_by_one(table, tuple(keys), names), values)
        return
    statement, given = _together(connection.dialect, table, tuple(keys), rows)
    connection.exec_driver_sql(statement, given)


def analyze(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL's planner know of many new rows before it finds out by itself."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"ANALYZE {table.name}")


def delete(connection: sa.Connection, column: sa.Column[int], values: Sequence[int]) -> int:
    """Delete the rows of its table in which the column has one of these values. Gives how many there were."""
    if not values:
        return 0
    return connection.execute(_delete(column), {"ids": values}).rowcount


def step_by_step(connection: sa.Connection) -> None:
    """In this transaction tables are read by way of indexes, and no further than is needed.

    For what removes rows piece by piece: PostgreSQL keeps them, and their places in the indexes, until it cleans up.
    Who goes step by step passes over them quickly; a bitmap would look at all of them again with each piece.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_STEP_BY_STEP)


_STEP_BY_STEP = sa.select(*(sa.func.set_config(f"enable_{way}", "off", True) for way in ("bitmapscan", "seqscan")))


@cache
def _delete(column: sa.Column[int]) -> sa.Delete:
    return sa.delete(column.table).where(among(column, ids()))


@cache
def _insert(table: sa.Table) -> sa.Insert:
    return table.insert()


@cache
def _one_by_one(table: sa.Table, keys: tuple[str, ...], names: tuple[str, ...]) -> sa.Update:
    given = {name: sa.bindparam(f"to_{name}", type_=table.c[name].type) for name in names}
    return (
        table.update()
        .where(*(table.c[name] == given[name] for name in keys))
        .values({name: given[name] for name in names if name not in keys})
    )


def _together(
    dialect: Dialect, table: sa.Table, keys: tuple[str, ...], rows: Sequence[Values]
) -> tuple[str, dict[str, Any]]:
    """One statement for all of them, and its values: what they have in common once, the rest as one JSON value.

    Without `keys` it inserts.
    """
    names = tuple(rows[0])
    differ = tuple(name for name in names if name in keys or _differs(name, rows)) or names[:1]
    common = {name: rows[0][name] for name in names if name not in differ}
    given = {name: _driven(table, name, value, dialect) for name, value in common.items()}
    given["rows"] = _json(table, differ, rows, dialect)
    write = _update_together if keys else _insert_together
    return write(table, keys, names, differ, dialect), given


def _differs(name: str, rows: Sequence[Values]) -> bool:
    first = rows[0][name]
    return any(row[name] != first for row in rows)


def _driven(table: sa.Table, name: str, value: Any, dialect: Dialect) -> Any:
    step = _processor(table, name, dialect)
    return value if step is None else step(value)


@cache
def _update_together(
    table: sa.Table, keys: tuple[str, ...], names: tuple[str, ...], differ: tuple[str, ...], dialect: Dialect
) -> str:
    values = ", ".join(f"{name} = {_value(table, name, differ, dialect)}" for name in names if name not in keys)
    found = " AND ".join(f"{table.name}.{name} = new.{name}" for name in keys)
    return f"UPDATE {table.name} SET {values} FROM {_records(table, differ, dialect)} WHERE {found}"  # noqa: S608


@cache
def _insert_together(
    table: sa.Table, keys: tuple[str, ...], names: tuple[str, ...], differ: tuple[str, ...], dialect: Dialect
) -> str:
    del keys
    columns, values = ", ".join(names), ", ".join(_value(table, name, differ, dialect) for name in names)
    return f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {_records(table, differ, dialect)}"  # noqa: S608


def _value(table: sa.Table, name: str, differ: tuple[str, ...], dialect: Dialect) -> str:
    return f"new.{name}" if name in differ else f"%({name})s::{table.c[name].type.compile(dialect)}"


def _records(table: sa.Table, names: tuple[str, ...], dialect: Dialect) -> str:
    columns = ", ".join(f"{name} {table.c[name].type.compile(dialect)}" for name in names)
    return f"json_to_recordset(%(rows)s::json) AS new ({columns})"


def _json(table: sa.Table, names: tuple[str, ...], rows: Sequence[Values], dialect: Dialect) -> str:
    """All rows as one value. Moments are written as PostgreSQL reads them."""
    steps = [(name, _json_step(table, name, dialect)) for name in names]
    records = [{name: row[name] if step is None else step(row[name]) for name, step in steps} for row in rows]
    return json.dumps(records, default=str)


@cache
def _json_step(table: sa.Table, name: str, dialect: Dialect) -> Any:
    """JSON stays what it is within JSON."""
    return None if isinstance(table.c[name].type, sa.JSON) else _processor(table, name, dialect)


def _copy(connection: sa.Connection, table: sa.Table, rows: Iterable[Values], names: tuple[str, ...]) -> None:
    steps = [(name, _processor(table, name, connection.dialect)) for name in names]
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:
        written = 0
        for row in rows:
            copy.write_row([row[name] if step is None else step(row[name]) for name, step in steps])
            written += 1
    if written >= VERY_MANY:
        analyze(connection, table)


@cache
def _processor(table: sa.Table, name: str, dialect: Dialect) -> Any:
    """What makes of a value that what the driver gets; None: it gets it as it is."""
    return table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
