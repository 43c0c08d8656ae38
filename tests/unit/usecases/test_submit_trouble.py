"""SendJob when the house itself is in trouble: nothing is half accepted, and nothing accepted is lost."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from builders import MOBILE, embedded, everything, rows
from customers import Customer, OpenHouse, Order
from depesche.blobs.store import Blobs
from depesche.store import jobs, schema
from depesche.usecases.submit import SubmitAnswer, submit

pytestmark = pytest.mark.anyio

MAIL = 2
WITH_FILE = Order(MAIL, "kunde@firma.de", files=[("a.txt", b"eins")])


@contextmanager
def busy_writer(opened: OpenHouse) -> Iterator[Callable[[], None]]:
    """The database's writer is held up until it is let go, at the latest at the end."""
    busy, free = threading.Event(), threading.Event()

    def occupy(connection: sa.Connection) -> None:
        busy.set()
        free.wait()

    future = embedded(opened.house.database)._submit(occupy)
    busy.wait()
    try:
        yield free.set
    finally:
        free.set()
        future.result()


async def until_queued(opened: OpenHouse) -> None:
    """Until the writer has something to do."""
    while embedded(opened.house.database)._queue.empty():
        await asyncio.sleep(0)


def stored_jobs(opened: OpenHouse) -> int:
    return len(opened.house.database.read_here(lambda connection: rows(connection, schema.job)))


@pytest.mark.parametrize("order", [Order(), WITH_FILE])
async def test_a_closed_database_is_a_server_error(opened: OpenHouse, customer: Customer, order: Order) -> None:
    opened.house.database.close()
    assert await customer.send(order) == SubmitAnswer(-4)
    assert opened.blobs() == []


@pytest.mark.parametrize("order", [Order(), WITH_FILE])
async def test_a_database_that_fails_is_a_server_error_and_nothing_is_left(
    opened: OpenHouse, customer: Customer, order: Order
) -> None:
    def spoil(connection: sa.Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE event RENAME TO gone")

    opened.house.database.run_here(spoil)
    assert await customer.send(order) == SubmitAnswer(-4)
    assert opened.blobs() == []
    assert stored_jobs(opened) == 0
    assert opened.wake.rung == 0


async def test_documents_that_cannot_be_read_are_the_stores_fault(opened: OpenHouse, customer: Customer) -> None:
    submission = await customer.submission(WITH_FILE)
    await opened.house.blobs.delete(blob.key for blob in customer.uploaded)
    before = opened.house.database.read_here(everything)
    assert await submit(opened.house, customer.login, submission) == SubmitAnswer(-66)
    assert opened.house.database.read_here(everything) == before


async def test_a_store_that_is_gone_is_told(opened: OpenHouse, customer: Customer) -> None:
    submission = await customer.submission(WITH_FILE)
    root = opened.house.settings.data / "blobs"
    root.rename(root.with_name("elsewhere"))
    root.write_bytes(b"in the way")
    before = opened.house.database.read_here(everything)
    assert await submit(opened.house, customer.login, submission) == SubmitAnswer(-66)
    assert opened.house.database.read_here(everything) == before


@pytest.mark.parametrize(("order", "code"), [(Order(job_type=7), 4), (Order(job_type=0), -66), (Order(text=""), -66)])
async def test_files_that_were_lost_on_their_way_are_told_where_nothing_is_wrong_with_the_order(
    opened: OpenHouse, customer: Customer, order: Order, code: int
) -> None:
    submission = replace(await customer.submission(order), files_lost=True)
    assert await submit(opened.house, customer.login, submission) == SubmitAnswer(code)
    assert stored_jobs(opened) == 0


async def test_who_gives_up_while_spare_files_are_deleted_has_ordered(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free = asyncio.Event(), asyncio.Event()
    delete = opened.house.blobs.delete

    async def slowly(_self: Blobs, keys: Iterable[str]) -> None:
        begun.set()
        await free.wait()
        await delete(keys)

    monkeypatch.setattr(Blobs, "delete", slowly)
    task = asyncio.create_task(customer.send(Order(recipient="", recipient_file=MOBILE.encode())))
    await begun.wait()
    task.cancel()
    free.set()
    assert await task == SubmitAnswer(0, job_id=1, recipients=1, pages=1)
    assert (opened.wake.rung, opened.blobs()) == (1, [])


async def test_documents_that_cannot_be_synced_are_not_accepted(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    submission = await customer.submission(WITH_FILE)
    monkeypatch.setattr("os.fsync", fail)
    assert await submit(opened.house, customer.login, submission) == SubmitAnswer(-66)
    assert opened.blobs() == []
    assert stored_jobs(opened) == 0


@pytest.mark.parametrize("times", [1, 3])
async def test_who_gives_up_while_the_order_is_written_has_ordered(
    opened: OpenHouse, customer: Customer, times: int
) -> None:
    with busy_writer(opened) as let_go:
        task = asyncio.create_task(customer.send(WITH_FILE))
        await until_queued(opened)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        let_go()
        answer = await task
    assert answer == SubmitAnswer(0, job_id=1, recipients=1, pages=1)
    (file,) = opened.house.database.read_here(lambda connection: jobs.files(connection, 1))
    assert await opened.house.blobs.read(file.key) == b"eins"
    assert opened.wake.rung == 1


async def test_who_gives_up_while_the_order_is_judged_has_ordered_nothing(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = asyncio.Event()

    async def never(key: str, length: int) -> bytes:
        reached.set()
        await asyncio.Event().wait()
        return b""

    monkeypatch.setattr(opened.house.blobs, "head", never)
    task = asyncio.create_task(customer.send(WITH_FILE))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert opened.blobs() == []
    assert stored_jobs(opened) == 0


async def test_an_unexpected_error_leaves_no_documents(
    opened: OpenHouse, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(key: str, length: int) -> bytes:
        raise LookupError("a bug")

    monkeypatch.setattr(opened.house.blobs, "head", fail)
    with pytest.raises(LookupError):
        await customer.send(WITH_FILE)
    assert opened.blobs() == []


async def test_documents_that_cannot_be_deleted_do_not_change_the_answer(opened: OpenHouse, customer: Customer) -> None:
    submission = await customer.submission(Order(files=[("unused.txt", b"x")]))
    root = opened.house.settings.data / "blobs"
    root.rename(root.with_name("elsewhere"))
    root.write_bytes(b"in the way")
    assert await submit(opened.house, customer.login, submission) == SubmitAnswer(0, 1, 1, 1)


async def test_many_orders_at_once_are_all_accepted_and_all_there(opened: OpenHouse, customer: Customer) -> None:
    answers = await asyncio.gather(*(customer.send(Order(text=f"Nummer {number}")) for number in range(100)))
    assert sorted(answer.job_id for answer in answers) == list(range(1, 101))
    assert stored_jobs(opened) == 100
