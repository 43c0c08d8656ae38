"""Blacklists: addresses and prefixes that nothing is sent to, of one account or of everyone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.store.schema import Row, blocked

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


Lists = Mapping[tuple[str, bool], bool]
"""Entries that concern an account, by address and whether that is a prefix; True: they are on its own list."""


def hits(connection: sa.Connection, account_id: int, addresses: Sequence[str]) -> dict[str, bool]:
    """Which of these addresses are blocked; True: on the account's own list, False: for everyone alone."""
    wanted = {key for address in addresses for key, _ in _keys(address)}
    rows = connection.execute(_HITS, {"of": account_id, "keys": list(wanted)}).all()
    return hits_of(_lists(rows, account_id), addresses)


def hits_of(lists: Lists, addresses: Sequence[str]) -> dict[str, bool]:
    """The same, by lists that are in memory."""
    found: dict[str, bool] = {}
    for address in addresses:
        own = [lists[key] for key in _keys(address) if key in lists]
        if own:
            found[address] = any(own)
    return found


def whole(connection: sa.Connection, account_id: int, most: int) -> Lists | None:
    """All entries that concern the account, for whoever has very many addresses. None: there are more than `most`."""
    rows = connection.execute(_WHOLE, {"of": account_id, "number": most + 1}).all()
    return None if len(rows) > most else _lists(rows, account_id)


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


def _lists(rows: Iterable[Row], account_id: int) -> Lists:
    lists: dict[tuple[str, bool], bool] = {}
    for row in rows:
        key = (row.address, row.prefix)
        lists[key] = lists.get(key, False) or row.account_id == account_id
    return lists


_OF_BOTH = sa.select(blocked.c.account_id, blocked.c.address, blocked.c.prefix).where(
    blocked.c.account_id.in_([EVERYONE, sa.bindparam("of")])
)
_HITS = _OF_BOTH.where(blocked.c.address.in_(sa.bindparam("keys", expanding=True)))
_WHOLE = _OF_BOTH.limit(sa.bindparam("number", type_=sa.Integer))

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
