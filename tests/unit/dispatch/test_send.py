"""Send: claim, say that it starts, carry it out, write how it ended."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from builders import MOBILE, START, Clock, add_account, embedded, rows
from depesche.blobs.store import Blobs
from depesche.channels.base import Abandoned, Delivery, Document
from depesche.channels.noline import NoLine
from depesche.dispatch.desk import Desk
from depesche.dispatch.rescue import rescue
from depesche.dispatch.send import Sender
from depesche.dispatch.stage import stage
from depesche.model.account import Account
from depesche.model.job import Sending, StoredFile
from depesche.model.jobtype import Channel, JobType
from depesche.model.outcome import Outcome
from depesche.store import accounts, schema
from depesche.store import deliveries as store
from journeys import BUSY, OK, OTHERS
from ways import Call, Scripted, carried, ready_order, rename, until

pytestmark = pytest.mark.anyio

Deliveries = Callable[[], list[dict[str, Any]]]


async def test_a_delivery_goes_from_ready_to_sent(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    sending = Sending("Muster", "Kopf", "+4940123", "Firma", "Betreff", flash=True)
    job = await ready_order(desk, account, text="Grüße", sending=sending, pages=2)
    await carried(sender)
    assert way.delivered == [
        Delivery(
            id=1,
            job_id=job,
            attempt=1,
            account="10001",
            job_type=JobType.SMS,
            address=MOBILE,
            pages=2,
            text="Grüße",
            subject="Betreff",
            caller_number="+4940123",
            station_id="Muster",
            fax_header="Kopf",
            sender="Firma",
            flash=True,
        )
    ]
    assert [row["state"] for row in deliveries()] == ["sent"]
    (attempt,) = desk.database.read_here(lambda connection: rows(connection, schema.attempt))
    assert (attempt["number"], attempt["worker"], attempt["result"]) == (1, "w1", "OK")


async def test_sending_is_on_record_before_the_channel_is_asked(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    seen: list[tuple[str, int, Any]] = []

    async def look(delivery: Delivery, documents: Sequence[Document], cancelled: threading.Event) -> Outcome:
        seen.extend((row["state"], row["attempts"], row["lease_until"]) for row in deliveries())
        return OK

    way.steps = [look]
    await ready_order(desk, account)
    await carried(sender)
    assert seen == [("sending", 1, START + timedelta(seconds=30))]


async def test_an_attempt_that_waited_long_to_begin_begins_with_a_whole_lease(
    desk: Desk, account: Account, sender: Sender, clock: Clock, way: Scripted, deliveries: Deliveries
) -> None:
    way.steps = [Call()]
    busy = threading.Event()
    await ready_order(desk, account)
    await sender.claim()
    before = embedded(desk.database)._submit(lambda connection: busy.wait(10))  # before the task of the attempt has run
    await asyncio.sleep(0.01)
    clock.forward(seconds=31)
    busy.set()
    assert await asyncio.wrap_future(before)
    await until(lambda: way.delivered)
    assert await rescue(desk, clock()) == 0
    assert [row["state"] for row in deliveries()] == ["sending"]
    assert await sender.stop(0, 10) == 0


async def test_a_delivery_taken_away_before_it_began_is_not_carried_out(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    job = await ready_order(desk, account)
    await sender.claim()
    desk.database.run_here(lambda connection: store.cancel(connection, job, START))
    await asyncio.wait(sender._running, timeout=10)
    assert way.delivered == []
    assert [row["state"] for row in deliveries()] == ["cancelled"]


async def test_attempts_follow_each_other_at_their_times_until_the_repeats_are_used_up(
    desk: Desk, account: Account, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    way.steps = [BUSY]
    await ready_order(desk, account, repeats=3)
    waited = []
    for number in range(1, 5):
        await carried(sender)
        (row,) = deliveries()
        assert row["attempts"] == number
        if row["due_at"] is not None:
            waited.append((row["due_at"] - clock()).total_seconds())
            clock.moment = row["due_at"]
            await stage(desk)
    assert waited == [1, 5, 10]
    assert (row["state"], row["result"]) == ("failed", "BUSY")
    assert [delivery.attempt for delivery in way.delivered] == [1, 2, 3, 4]


async def test_without_repeats_the_first_attempt_is_the_last(
    desk: Desk, account: Account, sender: Sender, way: Scripted, deliveries: Deliveries
) -> None:
    way.steps = [BUSY]
    await ready_order(desk, account, repeats=0)
    await carried(sender)
    assert [(row["state"], row["result"]) for row in deliveries()] == [("failed", "BUSY")]


async def test_outside_the_sandbox_minutes_are_minutes(
    desk: Desk, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    account = desk.database.run_here(lambda connection: add_account(connection, sandbox=False))
    way.steps = [BUSY]
    await ready_order(desk, account)
    await carried(sender)
    assert [row["due_at"] - clock() for row in deliveries()] == [timedelta(minutes=1)]


async def test_the_account_decides_the_way(desk: Desk, account: Account, way: Scripted, deliveries: Deliveries) -> None:
    real = desk.database.run_here(lambda connection: add_account(connection, "10002", sandbox=False))
    without = replace(desk, real={channel: NoLine(channel) for channel in Channel})
    await ready_order(without, account)
    await ready_order(without, real)
    await carried(Sender(without, Channel.SMS, 2))
    assert [row["result"] for row in deliveries()] == ["OK", "SENDFAIL"]
    assert [delivery.account for delivery in way.delivered] == ["10001"]


async def test_where_an_order_ends_was_decided_when_it_was_accepted(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries
) -> None:
    without = replace(desk, real={channel: NoLine(channel) for channel in Channel})
    await ready_order(without, account)
    desk.database.run_here(lambda connection: accounts.change(connection, account.id, {"sandbox": False}))
    await carried(Sender(without, Channel.SMS, 1))
    assert [row["result"] for row in deliveries()] == ["OK"]


# --- what goes wrong


async def test_an_abandoned_attempt_is_left_to_its_lease(
    desk: Desk, account: Account, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    way.steps = [Abandoned("nobody knows")]
    await ready_order(desk, account)
    await carried(sender)
    assert [row["state"] for row in deliveries()] == ["sending"]
    await sender.beat()
    clock.forward(seconds=31)
    assert await rescue(desk, clock()) == 1
    assert [row["state"] for row in deliveries()] == ["unknown"]


async def test_a_channel_that_raises_harms_nobody_else(
    desk: Desk, account: Account, sender: Sender, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    way.steps = [LookupError("a bug"), OK]
    await ready_order(desk, account, MOBILE, *OTHERS)
    sender.loop.start()
    with capture_logs() as logs:
        await until(lambda: [row["state"] for row in deliveries()] == ["sending", "sent", "sent", "sent"])
    await sender.stop(1, 1)
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert [(entry["event"], entry["delivery"]) for entry in errors] == [("attempt left to its lease", 1)]
    clock.forward(seconds=31)
    assert await rescue(desk, clock()) == 1


async def test_what_the_store_does_not_give_costs_no_attempt_however_long_that_lasts(
    desk: Desk, account: Account, clock: Clock, tmp_path: Path, deliveries: Deliveries
) -> None:
    given = await stored(desk, "source", "a.txt", b"text", 0)
    await ready_order(desk, account, "a@b.de", type=JobType.MAIL, files=(given,), repeats=0)
    (tmp_path / "blobs").rename(tmp_path / "elsewhere")
    delays = []
    for _ in range(8):
        await carried(Sender(desk, Channel.MAIL, 2))
        [row] = deliveries()
        assert (row["state"], row["attempts"], row["worker"]) == ("waiting", 0, None)
        delays.append((row["due_at"] - clock()).total_seconds())
        clock.forward(seconds=delays[-1])
        await stage(desk)
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60]
    (tmp_path / "elsewhere").rename(tmp_path / "blobs")
    await carried(Sender(desk, Channel.MAIL, 2))
    assert [(row["state"], row["attempts"]) for row in deliveries()] == [("sent", 1)]


async def test_a_document_that_is_gone_is_an_attempt_and_tried_again(
    desk: Desk, account: Account, way: Scripted, deliveries: Deliveries
) -> None:
    missing = StoredFile("source", "a.txt", "TEXT", 0, "order/00/missing", 1, "")
    await ready_order(desk, account, "a@b.de", type=JobType.MAIL, files=(missing,))
    await carried(Sender(desk, Channel.MAIL, 2))
    assert way.delivered == []
    assert [row["state"] for row in deliveries()] == ["waiting"]
    (attempt,) = desk.database.read_here(lambda connection: rows(connection, schema.attempt))
    assert attempt["result"] == "SENDFAIL"
    assert "order/00/missing" in attempt["detail"]


async def test_a_delivery_whose_documents_cannot_be_looked_up_was_never_begun(
    desk: Desk, account: Account, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    await ready_order(desk, account, "a@b.de", type=JobType.MAIL)
    rename(desk, "document", "gone")
    with capture_logs() as logs:
        await carried(Sender(desk, Channel.MAIL, 2))
    assert "attempt left to its lease" in [entry["event"] for entry in logs]
    assert [(row["state"], row["attempts"]) for row in deliveries()] == [("claimed", 0)]
    rename(desk, "gone", "document")
    clock.forward(seconds=31)
    assert await rescue(desk, clock()) == 1
    await carried(Sender(desk, Channel.MAIL, 2))
    assert [(row["state"], row["attempts"]) for row in deliveries()] == [("sent", 1)]


async def test_documents_are_at_hand_before_sending_is_on_record(
    desk: Desk, account: Account, tmp_path: Path, deliveries: Deliveries
) -> None:
    seen: list[str] = []

    class Watched(Blobs):
        @asynccontextmanager
        async def local(self, key: str) -> AsyncIterator[Path]:
            seen.extend(row["state"] for row in deliveries())
            async with super().local(key) as path:
                yield path

    given = await stored(desk, "source", "a.txt", b"text", 0)
    await ready_order(desk, account, "a@b.de", type=JobType.MAIL, files=(given,))
    watched = Watched.in_folder(tmp_path / "blobs", tmp_path / "scratch")
    await carried(Sender(replace(desk, blobs=watched), Channel.MAIL, 2))
    assert seen == ["claimed"]
    assert [row["state"] for row in deliveries()] == ["sent"]


@pytest.mark.parametrize("repeats", [0, 2])
async def test_a_document_that_is_gone_for_good_is_not_tried_for_ever(
    desk: Desk, account: Account, clock: Clock, deliveries: Deliveries, repeats: int
) -> None:
    missing = StoredFile("source", "a.txt", "TEXT", 0, "order/00/missing", 1, "")
    await ready_order(desk, account, "a@b.de", type=JobType.MAIL, files=(missing,), repeats=repeats)
    for _ in range(9):
        await carried(Sender(desk, Channel.MAIL, 2))
        clock.forward(hours=1)
        await stage(desk)
    assert [(row["state"], row["result"], row["attempts"]) for row in deliveries()] == [
        ("failed", "SENDFAIL", repeats + 1)
    ]


# --- documents


FILES = {"one.pdf": b"one", "two.xml": b"two", "three.txt": b"three"}


async def stored(desk: Desk, role: str, name: str, data: bytes, pages: int) -> StoredFile:
    blob = await desk.blobs.put("order", data)
    return StoredFile(role, name, "PDF", pages, blob.key, blob.size, blob.sha256)


@pytest.mark.parametrize(
    ("job_type", "made", "given"),
    [
        (JobType.FAX, True, ["made"]),
        (JobType.LETTER, True, ["made"]),
        (JobType.LETTER_COLOUR, True, ["made"]),
        (JobType.MAIL, False, ["one.pdf", "two.xml", "three.txt"]),
        (JobType.QSIGN, False, ["one.pdf", "two.xml", "three.txt"]),
        (JobType.QSIGN, True, ["made", "two.xml", "three.txt"]),
        (JobType.SMS, False, []),
    ],
)
async def test_each_channel_is_given_the_documents_that_are_its_own(
    desk: Desk, account: Account, way: Scripted, job_type: JobType, made: bool, given: list[str]
) -> None:
    files = [await stored(desk, "source", name, data, 0) for name, data in FILES.items()]
    if made:
        files.append(await stored(desk, "pages", "made", b"pages", 3))
    await ready_order(desk, account, "somebody", type=job_type, files=tuple(files))
    await carried(Sender(desk, job_type.channel, 1))
    contents = {name: (name, 0, data) for name, data in FILES.items()} | {"made": ("made", 3, b"pages")}
    assert way.documents == [[contents[name] for name in given]]
