"""Orders that were not accepted, for the operator."""

import sqlalchemy as sa

from depesche.store import refusals
from depesche.store.refusals import Refusal
from depesche.usecases.accounts import found
from depesche.usecases.house import House

__all__ = ["Refusal", "newest"]


async def newest(house: House, number: str | None, limit: int) -> list[Refusal]:
    """The last lines, the newest first: of one account, or (None) of all and of strangers. Raises: NotPossible."""

    def look(connection: sa.Connection) -> list[Refusal]:
        account = None if number is None else found(connection, number).number
        return refusals.newest(connection, account, limit)

    return await house.database.read(look)
