"""How the accounts' sheets in front of a fax look."""

from datetime import datetime

import sqlalchemy as sa

from depesche.model.cover import Cover
from depesche.store.schema import cover


def of(connection: sa.Connection, account_id: int) -> Cover:
    """The account's; an empty one if it has none."""
    row = connection.execute(_OF, {"of": account_id}).one_or_none()
    return Cover() if row is None else Cover(row.logo, row.footer, row.html)


def put(connection: sa.Connection, account_id: int, wanted: Cover, now: datetime) -> None:
    """Make this the account's; an empty one leaves no row."""
    connection.execute(cover.delete().where(cover.c.account_id == account_id))
    if wanted != Cover():
        values = {"logo": wanted.logo, "footer": wanted.footer, "html": wanted.html, "changed_at": now}
        connection.execute(cover.insert(), {"account_id": account_id, **values})


_OF = sa.select(cover.c.logo, cover.c.footer, cover.c.html).where(cover.c.account_id == sa.bindparam("of"))
