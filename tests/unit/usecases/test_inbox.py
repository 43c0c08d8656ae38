"""RequestReceived and DeleteReceived, and how a fax gets there."""

import asyncio
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import START, embedded, rows
from customers import Customer, Enter, OpenHouse
from depesche.blobs.store import BlobError
from depesche.model.reception import Reception
from depesche.store import schema
from depesche.store.database import DatabaseClosed
from depesche.usecases.authenticate import Login, LoginFailure
from depesche.usecases.inbox import InboxAnswer, delete_received, request_received
from depesche.usecases.receive import NobodyHere, has_inbox, receive, received

pytestmark = pytest.mark.anyio

OURS, THEIRS = "+493023125100", "+493023125200"
TIFF = b"II*\x00 three pages"


@pytest.fixture
def reception(tmp_path: Path) -> Reception:
    tiff = tmp_path / "received.tif"
    tiff.write_bytes(TIFF)
    return Reception("call-1", OURS, START, "+4940123456", "Muster", 3, tiff, complete=True)


@pytest.fixture
def owner(enter: Enter) -> Customer:
    return enter("10001", OURS)


async def test_a_fax_is_handed_out_as_it_came(opened: OpenHouse, owner: Customer, reception: Reception) -> None:
    await receive(opened.house, reception)
    reception.tiff.unlink()
    fax = InboxAnswer(0, 1, OURS, START, "+4940123456", "Muster", 3, TIFF)
    assert await request_received(opened.house, owner.login) == fax
    assert await request_received(opened.house, owner.login) == fax, "again and again until it is deleted"


async def test_the_oldest_comes_first_until_it_is_deleted(
    opened: OpenHouse, owner: Customer, reception: Reception
) -> None:
    for number in range(1, 4):
        await receive(opened.house, replace(reception, source=f"call-{number}"))
    for fax_id in (1, 2, 3):
        assert (await request_received(opened.house, owner.login)).fax_id == fax_id
        assert await delete_received(opened.house, owner.login, fax_id) == 0
        assert await delete_received(opened.house, owner.login, fax_id) == 5
    assert await request_received(opened.house, owner.login) == InboxAnswer(5)
    assert len(opened.blobs()) == 3, "the bytes go with the operator's retention"


async def test_a_later_fax_can_be_deleted_before_the_oldest(
    opened: OpenHouse, owner: Customer, reception: Reception
) -> None:
    for number in (1, 2):
        await receive(opened.house, replace(reception, source=f"call-{number}"))
    assert await delete_received(opened.house, owner.login, 2) == 0
    assert (await request_received(opened.house, owner.login)).fax_id == 1


@pytest.mark.parametrize("fax_id", [0, -1, 2, 2**62])
async def test_what_is_not_there_cannot_be_deleted(
    opened: OpenHouse, owner: Customer, reception: Reception, fax_id: int
) -> None:
    await receive(opened.house, reception)
    assert await delete_received(opened.house, owner.login, fax_id) == 5


async def test_an_inbox_is_its_accounts_alone(
    opened: OpenHouse, owner: Customer, enter: Enter, reception: Reception
) -> None:
    other = enter("10002", THEIRS)
    await receive(opened.house, reception)
    assert await request_received(opened.house, other.login) == InboxAnswer(5)
    assert await delete_received(opened.house, other.login, 1) == 5
    assert (await request_received(opened.house, owner.login)).code == 0


@pytest.mark.parametrize(
    ("failure", "code"), [(LoginFailure.NO_ACCOUNT, 1), (LoginFailure.UNKNOWN, 1), (LoginFailure.WRONG_PASSWORD, 2)]
)
async def test_who_is_not_logged_in(opened: OpenHouse, failure: LoginFailure, code: int) -> None:
    assert await request_received(opened.house, Login(failure=failure)) == InboxAnswer(code)
    assert await delete_received(opened.house, Login(failure=failure), 1) == code


async def test_who_may_not(opened: OpenHouse, enter: Enter) -> None:
    late, locked = enter("1", state="trial", trial_until=date(2026, 3, 1)), enter("2", state="locked")
    for customer, code in ((late, 3), (locked, 4)):
        assert await request_received(opened.house, customer.login) == InboxAnswer(code)
        assert await delete_received(opened.house, customer.login, 1) == code


async def test_a_fax_whose_bytes_are_gone_is_an_error_not_an_empty_fax(
    opened: OpenHouse, owner: Customer, reception: Reception
) -> None:
    await receive(opened.house, reception)
    for path in opened.blobs():
        path.unlink()
    with pytest.raises(BlobError):
        await request_received(opened.house, owner.login)


# --- receiving


async def test_whose_number_it_is(opened: OpenHouse, owner: Customer) -> None:
    assert await has_inbox(opened.house, OURS)
    assert not await has_inbox(opened.house, THEIRS)


async def test_a_fax_for_nobody_is_not_kept(opened: OpenHouse, owner: Customer, reception: Reception) -> None:
    with pytest.raises(NobodyHere, match=r"\+493023125200"):
        await receive(opened.house, replace(reception, called_number=THEIRS))
    assert opened.blobs() == []


async def test_a_fax_handed_over_twice_is_kept_once(opened: OpenHouse, owner: Customer, reception: Reception) -> None:
    assert not await received(opened.house, reception.source)
    await asyncio.gather(*(receive(opened.house, reception) for _ in range(5)))
    await receive(opened.house, reception)
    assert await received(opened.house, reception.source)
    assert len(opened.house.database.read_here(lambda connection: rows(connection, schema.inbound))) == 1
    assert len(opened.blobs()) == 1
    assert (await request_received(opened.house, owner.login)).image == TIFF


async def test_a_fax_that_was_deleted_does_not_come_again(
    opened: OpenHouse, owner: Customer, reception: Reception
) -> None:
    await receive(opened.house, reception)
    await delete_received(opened.house, owner.login, 1)
    await receive(opened.house, reception)
    assert await received(opened.house, reception.source)
    assert await request_received(opened.house, owner.login) == InboxAnswer(5)


async def test_a_fax_that_cannot_be_written_down_leaves_no_bytes(
    opened: OpenHouse, owner: Customer, reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(work: object) -> bool:
        raise DatabaseClosed

    monkeypatch.setattr(opened.house.database, "run", fail)
    with pytest.raises(DatabaseClosed):
        await receive(opened.house, reception)
    assert opened.blobs() == []


async def test_a_fax_being_written_down_is_kept_even_if_its_line_is_torn_down(
    opened: OpenHouse, owner: Customer, reception: Reception
) -> None:
    busy, free = threading.Event(), threading.Event()

    def occupy(connection: sa.Connection) -> None:
        busy.set()
        free.wait()

    future = embedded(opened.house.database)._submit(occupy)
    busy.wait()
    task = asyncio.create_task(receive(opened.house, reception))
    while embedded(opened.house.database)._queue.empty():
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    free.set()
    await task
    future.result()
    assert (await request_received(opened.house, owner.login)).image == TIFF
