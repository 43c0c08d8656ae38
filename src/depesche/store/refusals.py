"""Orders that were not accepted: a line each, for the operator and the account."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from depesche.model.rules import Rule
from depesche.store.schema import refusal
from depesche.store.sequence import assigned

MOST = 1_000_000
"""Lines that are kept; the oldest make room."""

LONGEST_REASON = 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One order that was refused."""

    at: datetime
    account: str
    """The parameter Account, as it was given."""

    rule: Rule
    """The broken one; its code is what was answered."""

    reason: str


def write(connection: sa.Connection, account_id: int | None, new: Refusal) -> None:
    """Append a line."""
    made = connection.execute(
        _ADD,
        {
            "at": new.at,
            "account_id": account_id,
            "account": new.account[:64],
            "code": int(new.rule.code),
            "rule": new.rule.name,
            "reason": new.reason[:LONGEST_REASON],
        },
    )
    connection.execute(_MAKE_ROOM, {"oldest": assigned(made) - MOST})


def newest(connection: sa.Connection, account: str | None, limit: int) -> list[Refusal]:
    """The last lines, the newest first; of all who named this account, or (None) of everyone."""
    query = sa.select(refusal).order_by(refusal.c.id.desc()).limit(limit)
    if account is not None:
        query = query.where(refusal.c.account == account)
    return [Refusal(row.at, row.account, Rule[row.rule], row.reason) for row in connection.execute(query)]


_ADD = refusal.insert()
_MAKE_ROOM = refusal.delete().where(refusal.c.id <= sa.bindparam("oldest"))
