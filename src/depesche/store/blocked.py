"""Blacklists: addresses and prefixes that nothing is sent to, of one account or of everyone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.store.schema import blocked

EVERYONE = 0
"""The account whose entries hold for all accounts."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """One entry."""

    address: str
    """E.164 number or beginning of one, mail address, or ``@`` and a domain."""

    prefix: bool
    """All numbers that begin so."""

    note: str = ""
    at: datetime | None = None
    """When it was added."""


def hits(connection: sa.Connection, account_id: int, addresses: Sequence[str]) -> dict[str, bool]:
    """Which of these addresses are blocked; True: on the account's own list, False: for everyone alone."""
    keys = {address: list(_keys(address)) for address in addresses}
    wanted = {key for found in keys.values() for key, _ in found}
    entries: dict[tuple[str, bool], bool] = {}
    for row in connection.execute(_HITS, {"of": account_id, "keys": list(wanted)}):
        key = (row.address, row.prefix)
        entries[key] = entries.get(key, False) or row.account_id == account_id
    return {
        address: any(entries[key] for key in found if key in entries)
        for address, found in keys.items()
        if any(key in entries for key in found)
    }


def put(connection: sa.Connection, account_id: int, entries: Iterable[Blocked], now: datetime) -> int:
    """Add entries; those that are there already stay as they are. Gives how many are new."""
    new = 0
    for entry in entries:
        if connection.execute(_FIND, _key(account_id, entry)).first() is None:
            connection.execute(_ADD, {**_row(account_id, entry), "note": entry.note, "at": now})
            new += 1
    return new


def remove(connection: sa.Connection, account_id: int, entry: Blocked) -> bool:
    """Take an entry off the list. False: it was not on it."""
    return connection.execute(_REMOVE, _key(account_id, entry)).rowcount > 0


def entries(connection: sa.Connection, account_id: int, limit: int) -> list[Blocked]:
    """The first entries of a list, in the order of their addresses."""
    query = sa.select(blocked).where(blocked.c.account_id == account_id).order_by(blocked.c.address, blocked.c.prefix)
    return [Blocked(row.address, row.prefix, row.note, row.at) for row in connection.execute(query.limit(limit))]


def _keys(address: str) -> Iterator[tuple[str, bool]]:
    """The entries that would block the address, and whether as prefixes."""
    if "@" in address:
        folded = address.casefold()
        yield folded, False
        yield folded[folded.rindex("@") :], False
        return
    yield address, False
    for length in range(1, len(address) + 1):
        yield address[:length], True


_HITS = sa.select(blocked.c.account_id, blocked.c.address, blocked.c.prefix).where(
    sa.or_(blocked.c.account_id == EVERYONE, blocked.c.account_id == sa.bindparam("of")),
    blocked.c.address.in_(sa.bindparam("keys", expanding=True)),
)

_OF_ENTRY = (
    blocked.c.account_id == sa.bindparam("of"),
    blocked.c.address == sa.bindparam("for"),
    blocked.c.prefix == sa.bindparam("begins"),
)
_FIND = sa.select(blocked.c.address).where(*_OF_ENTRY)
_ADD = blocked.insert()
_REMOVE = blocked.delete().where(*_OF_ENTRY)


def _key(account_id: int, entry: Blocked) -> dict[str, object]:
    return {"of": account_id, "for": entry.address, "begins": entry.prefix}


def _row(account_id: int, entry: Blocked) -> dict[str, object]:
    return {"account_id": account_id, "address": entry.address, "prefix": entry.prefix}
