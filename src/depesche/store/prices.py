"""Price lists."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from depesche.model.jobtype import JobType
from depesche.model.tariff import Price
from depesche.store.schema import price


def of_type(
    connection: sa.Connection, tariff: str, job_type: JobType, prefixes: Collection[str] | None = None
) -> list[Price]:
    """The lines of a price list that concern this job type; with `prefixes` only those that have one of them."""
    wanted = {"of": tariff, "kind": int(job_type)}
    if prefixes is None:
        rows = connection.execute(_OF_TYPE, wanted)
    else:
        rows = connection.execute(_OF_PREFIXES, wanted | {"prefixes": list(prefixes)})
    return [Price(job_type, row.prefix, row.base, row.unit) for row in rows]


def lines(connection: sa.Connection, tariff: str) -> list[Price]:
    """The whole list, in the order of types and prefixes."""
    query = sa.select(price).where(price.c.tariff == tariff).order_by(price.c.type, price.c.prefix)
    return [Price(JobType(row.type), row.prefix, row.base, row.unit) for row in connection.execute(query)]


def names(connection: sa.Connection) -> list[str]:
    """The names of all lists that have lines."""
    return list(connection.execute(sa.select(price.c.tariff).distinct().order_by(price.c.tariff)).scalars())


def replace(connection: sa.Connection, tariff: str, new: Iterable[Price]) -> None:
    """Make these the lines of the list; without any there is no such list."""
    connection.execute(price.delete().where(price.c.tariff == tariff))
    for line in new:
        row = {"tariff": tariff, "type": int(line.type), "prefix": line.prefix, "base": line.base, "unit": line.unit}
        connection.execute(_ADD, row)


_OF_TYPE = sa.select(price.c.prefix, price.c.base, price.c.unit).where(
    price.c.tariff == sa.bindparam("of"), price.c.type == sa.bindparam("kind")
)
_OF_PREFIXES = _OF_TYPE.where(price.c.prefix.in_(sa.bindparam("prefixes", expanding=True)))
_ADD = price.insert()
