"""A fax came in: it lies in its account's inbox, on disk, before the line says that it was received."""

from depesche.model.reception import Reception
from depesche.store import accounts, inbound
from depesche.usecases.house import House
from depesche.usecases.unbroken import unbroken


class NobodyHere(Exception):
    """The called number belongs to no account."""


async def has_inbox(house: House, number: str) -> bool:
    """Whether an account owns this E.164 number."""
    return await house.database.read(lambda connection: accounts.by_fax_number(connection, number)) is not None


async def station(house: House, number: str) -> str | None:
    """The station id of the account that owns an E.164 number; None: none does."""
    return await house.database.read(lambda connection: accounts.name_by_fax_number(connection, number))


async def received(house: House, source: str) -> bool:
    """Whether a reception of this source is kept."""
    return await house.database.read(lambda connection: inbound.stored(connection, source))


async def receive(house: House, reception: Reception) -> None:
    """Keep it; handed over twice, it is kept once. Raises: NobodyHere, BlobError, sqlalchemy.exc.SQLAlchemyError."""
    owner = await house.database.read(lambda connection: accounts.by_fax_number(connection, reception.called_number))
    if owner is None:
        raise NobodyHere(f"{reception.called_number} belongs to no account")
    blob = await house.blobs.put_file("inbound", reception.tiff)
    kept = False
    try:
        await house.blobs.keep([blob])
        now = house.now()
        kept = await unbroken(
            house.database.run(lambda connection: inbound.insert(connection, owner, reception, blob, now))
        )
    finally:
        if not kept:
            await house.blobs.delete([blob.key])
