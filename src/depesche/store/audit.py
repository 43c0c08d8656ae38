"""Who changed what: every change that an operator makes leaves a line, in the same transaction."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from depesche.store.schema import audit


def write(
    connection: sa.Connection, now: datetime, actor: str, action: str, account_id: int | None, data: dict[str, Any]
) -> None:
    """Append one line. `data` must hold no secret."""
    connection.execute(
        audit.insert(), {"at": now, "actor": actor, "action": action, "account_id": account_id, "data": data}
    )
