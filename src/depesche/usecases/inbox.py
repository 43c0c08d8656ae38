"""RequestReceived and DeleteReceived: the oldest fax, again and again until it is deleted."""

from dataclasses import dataclass
from datetime import datetime

from depesche.model.codes import DeleteReceivedCode, RequestReceivedCode
from depesche.store import inbound
from depesche.usecases.authenticate import Login
from depesche.usecases.house import House
from depesche.usecases.status import login_code


@dataclass(frozen=True, slots=True)
class InboxAnswer:
    """What RequestReceived answers; all but the code is empty unless a fax is there."""

    code: int
    fax_id: int = 0
    called_number: str = ""
    received_at: datetime | None = None
    originator: str = ""
    remote_id: str = ""
    pages: int = 0
    image: bytes = b""


async def request_received(house: House, login: Login) -> InboxAnswer:
    """The account's oldest fax. Raises: BlobError."""
    refusal = login_code(login, house.today())
    if refusal is not None:
        return InboxAnswer(int(refusal))
    assert login.account is not None
    account_id = login.account.id
    fax = await house.database.read(lambda connection: inbound.oldest(connection, account_id))
    if fax is None:
        return InboxAnswer(RequestReceivedCode.NO_FAX)
    return InboxAnswer(
        code=RequestReceivedCode.FOUND,
        fax_id=fax.id,
        called_number=fax.called_number,
        received_at=fax.received_at,
        originator=fax.originator,
        remote_id=fax.remote_id,
        pages=fax.pages,
        image=await house.blobs.read(fax.blob_key),
    )


async def delete_received(house: House, login: Login, fax_id: int) -> int:
    """The fax is gone for this interface; the bytes go with the operator's retention."""
    refusal = login_code(login, house.today())
    if refusal is not None:
        return int(refusal)
    assert login.account is not None
    account_id, now = login.account.id, house.now()
    found = await house.database.run(lambda connection: inbound.delete(connection, account_id, fax_id, now))
    return DeleteReceivedCode.DELETED if found else DeleteReceivedCode.UNKNOWN_FAX
