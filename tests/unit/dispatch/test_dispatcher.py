"""All loops together, on a real database, to the sandbox's folders."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import MOBILE, START, Clock, new_job, rows
from depesche.channels.base import Abandoned
from depesche.channels.base import Channel as Way
from depesche.channels.letter.sandbox import SandboxLetter
from depesche.channels.mail.sandbox import SandboxMail
from depesche.channels.sms.sandbox import SandboxSms
from depesche.config import Dispatch
from depesche.dispatch import dispatcher as module
from depesche.dispatch.desk import Desk
from depesche.dispatch.dispatcher import Dispatcher
from depesche.dispatch.stage import stage
from depesche.model.account import Account
from depesche.model.job import StoredFile
from depesche.model.jobtype import Channel, JobType
from depesche.store import deliveries as store
from depesche.store import jobs, schema
from journeys import BUSY, OK
from ways import Call, Scripted, rename, until

pytestmark = pytest.mark.anyio

Deliveries = Callable[[], list[dict[str, Any]]]
Start = Callable[[Desk], Dispatcher]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a dispatcher; it is stopped at the end."""
    started: list[Dispatcher] = []

    def build(desk: Desk) -> Dispatcher:
        def ring(what: str) -> None:
            dispatcher.hear(what)

        dispatcher = Dispatcher(replace(desk, ring=ring))
        dispatcher.start()
        started.append(dispatcher)
        return dispatcher

    yield build
    for dispatcher in started:
        await dispatcher.stop()


def order(desk: Desk, account: Account, *addresses: str, **changes: Any) -> int:
    new = new_job(account.id, *addresses, **changes)
    return desk.database.run_here(lambda connection: jobs.insert(connection, new, desk.now()))


def states(deliveries: Deliveries) -> list[str]:
    return [row["state"] for row in deliveries()]


async def test_sms_mail_and_letter_end_in_their_folders(
    desk: Desk, account: Account, clock: Clock, tmp_path: Path, start: Start, deliveries: Deliveries
) -> None:
    outbox = tmp_path / "outbox"
    sandbox: dict[Channel, Way] = {
        Channel.SMS: SandboxSms(outbox / "sms"),
        Channel.MAIL: SandboxMail(outbox / "mail", clock),
        Channel.LETTER: SandboxLetter(outbox / "letters"),
    }
    blob = await desk.blobs.put("pages", b"%PDF-1.7")
    pages = StoredFile("pages", "brief.pdf", "PDF", 1, blob.key, blob.size, blob.sha256)
    dispatcher = start(replace(desk, sandbox=sandbox))
    order(desk, account, MOBILE, "+491713920001")
    order(desk, account, "kunde@firma.de", type=JobType.MAIL)
    order(desk, account, "Muster", type=JobType.LETTER, files=(pages,))
    dispatcher.wake()
    await until(lambda: states(deliveries) == ["sent", "failed", "sent", "sent"])
    files = sorted(str(path.relative_to(outbox)) for path in outbox.rglob("*") if path.is_file())
    assert files == ["letters/3-4-1.json", "letters/3-4-1.pdf", "mail/new/3.1.depesche", "sms/1-1.json"]
    found = desk.database.read_here(lambda connection: rows(connection, schema.job))
    assert [(job["open"], job["not_ok"], job["final_at"]) for job in found] == [
        (0, 1, START),
        (0, 0, START),
        (0, 0, START),
    ]


async def test_what_is_ordered_for_later_waits_for_its_time(
    desk: Desk, account: Account, way: Scripted, clock: Clock, start: Start, deliveries: Deliveries
) -> None:
    order(desk, account, send_at=START + timedelta(hours=1))
    order(desk, account)
    dispatcher = start(desk)
    await until(lambda: states(deliveries) == ["waiting", "sent"])
    clock.forward(hours=1)
    dispatcher.wake()
    await until(lambda: states(deliveries) == ["sent", "sent"])
    assert [delivery.id for delivery in way.delivered] == [2, 1]


async def test_busy_twice_then_through(
    desk: Desk, account: Account, way: Scripted, clock: Clock, start: Start, deliveries: Deliveries
) -> None:
    way.steps = [BUSY, BUSY, OK]
    order(desk, account)
    start(desk)
    await until(lambda: deliveries()[0]["due_at"] == START + timedelta(seconds=1))
    clock.forward(seconds=1)
    await until(lambda: deliveries()[0]["due_at"] == START + timedelta(seconds=6))
    clock.forward(seconds=5)
    await until(lambda: states(deliveries) == ["sent"])
    assert deliveries()[0]["attempts"] == 3


async def test_an_abandoned_attempt_is_found_by_its_lease_and_settled(
    desk: Desk, account: Account, way: Scripted, clock: Clock, start: Start, deliveries: Deliveries
) -> None:
    way.steps = [Abandoned("nobody knows")]
    order(desk, account)
    dispatcher = start(desk)
    await until(lambda: way.delivered and not dispatcher._senders[1]._running)
    assert states(deliveries) == ["sending"]
    clock.forward(seconds=31)
    dispatcher._rescue.wake()
    await until(lambda: states(deliveries) == ["unknown"])
    way.found = OK
    dispatcher._rescue.wake()
    await until(lambda: states(deliveries) == ["sent"])
    assert len(way.delivered) == 1


async def test_what_a_dead_worker_had_claimed_is_carried_by_another(
    desk: Desk, account: Account, way: Scripted, clock: Clock, start: Start, deliveries: Deliveries
) -> None:
    order(desk, account)

    def die(connection: sa.Connection) -> None:
        connection.execute(
            schema.delivery.update().values(
                state="claimed", worker="dead", fence=1, turn=1.0, lease_until=START + timedelta(seconds=30)
            )
        )

    desk.database.run_here(die)
    dispatcher = start(desk)
    clock.forward(seconds=31)
    dispatcher._rescue.wake()
    await until(lambda: states(deliveries) == ["sent"])
    assert len(way.delivered) == 1


async def test_cancelling_reaches_the_call_at_once(
    desk: Desk, account: Account, way: Scripted, start: Start, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    job = order(desk, account)
    dispatcher = start(replace(desk, settings=Dispatch(poll_seconds=3600, lease_seconds=3600)))
    await call.begun.wait()
    desk.database.run_here(lambda connection: store.cancel(connection, job, START))
    dispatcher.hurry()
    await until(lambda: states(deliveries) == ["failed"])
    assert call.saw_cancel


async def test_a_long_call_keeps_its_lease_though_nobody_asks(
    desk: Desk, account: Account, way: Scripted, clock: Clock, start: Start, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    order(desk, account)
    start(desk)
    await call.begun.wait()
    for _ in range(5):
        clock.forward(seconds=15)
        await until(lambda: deliveries()[0]["lease_until"] == clock() + timedelta(seconds=30))
    call.hang_up.set()
    await until(lambda: states(deliveries) == ["sent"])
    assert len(way.delivered) == 1


async def test_a_machine_that_slept_does_not_lose_what_it_still_carries(
    desk: Desk, account: Account, way: Scripted, clock: Clock, start: Start, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    way.found = BUSY
    order(desk, account)
    dispatcher = start(replace(desk, settings=Dispatch(poll_seconds=3600, lease_seconds=30)))
    await call.begun.wait()
    clock.forward(hours=8)
    dispatcher._rescue.wake()
    await until(lambda: deliveries()[0]["lease_until"] == clock() + timedelta(seconds=30))
    assert way.reconciled == []
    call.hang_up.set()
    await until(lambda: states(deliveries) == ["sent"])
    assert len(way.delivered) == 1


async def test_one_bad_channel_does_not_stop_the_loops(
    desk: Desk, account: Account, start: Start, deliveries: Deliveries
) -> None:
    bad, good = Scripted(steps=[LookupError("a bug")]), Scripted()
    with capture_logs():
        dispatcher = start(replace(desk, sandbox={Channel.SMS: bad, Channel.MAIL: good}))
        order(desk, account)
        order(desk, account, "a@b.de", type=JobType.MAIL)
        dispatcher.wake()
        await until(lambda: states(deliveries) == ["sending", "sent"])
        order(desk, account, "c@b.de", type=JobType.MAIL)
        dispatcher.wake()
        await until(lambda: states(deliveries) == ["sending", "sent", "sent"])


async def test_many_deliveries_are_each_carried_once(
    desk: Desk, account: Account, way: Scripted, start: Start, deliveries: Deliveries
) -> None:
    order(desk, account, *(f"+49171{number:07}" for number in range(200)))
    start(desk)
    await until(lambda: set(states(deliveries)) == {"sent"})
    assert sorted(delivery.id for delivery in way.delivered) == list(range(1, 201))


async def test_stopping_takes_nothing_new_on_any_channel_and_lets_calls_end(
    desk: Desk, account: Account, clock: Clock, deliveries: Deliveries
) -> None:
    call, mail = Call(), Scripted()
    desk = replace(desk, sandbox={Channel.SMS: Scripted(steps=[call]), Channel.MAIL: mail})
    dispatcher = Dispatcher(desk)
    dispatcher.start()
    order(desk, account)
    dispatcher.wake()
    await call.begun.wait()
    stopping = asyncio.create_task(dispatcher.stop())
    await until(lambda: all(sender._closing.is_set() for sender in dispatcher._senders))
    order(desk, account, "a@b.de", type=JobType.MAIL)
    dispatcher.wake()
    clock.forward(seconds=25)
    await until(lambda: deliveries()[0]["lease_until"] == clock() + timedelta(seconds=30))
    assert not stopping.done()
    call.hang_up.set()
    await stopping
    assert states(deliveries) == ["sent", "waiting"]
    assert mail.delivered == []


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.02)


async def stopped_with(desk: Desk, account: Account, calls: list[Call]) -> int:
    """What `stop` gives while there is a call on each of three channels."""
    ways = dict(zip((Channel.FAX, Channel.MAIL, Channel.LETTER), calls, strict=True))
    dispatcher = Dispatcher(replace(desk, sandbox={channel: Scripted(steps=[call]) for channel, call in ways.items()}))
    dispatcher.start()
    for kind in (JobType.FAX, JobType.MAIL, JobType.LETTER):
        order(desk, account, "somebody", type=kind)
    dispatcher.wake()
    for call in calls:
        await call.begun.wait()
    return await dispatcher.stop()


@pytest.mark.usefixtures("hasty")
async def test_calls_that_do_not_end_in_time_are_ended_and_their_outcomes_are_on_disk_when_the_node_has_stopped(
    desk: Desk, account: Account, deliveries: Deliveries
) -> None:
    assert await stopped_with(desk, account, [Call(), Call(), Call()]) == 0
    assert states(deliveries) == ["waiting"] * 3
    found = desk.database.read_here(lambda connection: rows(connection, schema.attempt))
    assert [attempt["result"] for attempt in found] == ["SENDFAIL"] * 3


@pytest.mark.usefixtures("hasty")
async def test_who_stops_the_node_hears_of_calls_that_nothing_ends(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch, deliveries: Deliveries
) -> None:
    monkeypatch.setattr(module, "ENDING_SECONDS", 0.02)
    deaf = [Call(ended=None) for _ in range(3)]
    assert await stopped_with(desk, account, deaf) == 3
    assert states(deliveries) == ["sending"] * 3
    for call in deaf:
        call.hang_up.set()
    await until(lambda: states(deliveries) == ["sent"] * 3)


async def test_a_cancellation_is_not_forgotten_while_the_database_is_in_trouble(
    desk: Desk, account: Account, way: Scripted, start: Start, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    job = order(desk, account)
    dispatcher = start(replace(desk, settings=Dispatch(poll_seconds=0.01, lease_seconds=3600)))
    await call.begun.wait()
    desk.database.run_here(lambda connection: store.cancel(connection, job, START))
    rename(desk, "delivery", "gone")
    with capture_logs() as logs:
        dispatcher.hurry()
        await until(lambda: "beat" in [entry["loop"] for entry in logs if entry["event"] == "loop failed"])
    rename(desk, "gone", "delivery")
    dispatcher._beat.wake()  # its pauses have grown meanwhile
    await until(lambda: call.saw_cancel)
    await until(lambda: states(deliveries) == ["failed"])


async def test_a_machine_that_sleeps_between_the_renewal_and_the_rescue_loses_nothing(
    desk: Desk, account: Account, way: Scripted, clock: Clock, deliveries: Deliveries
) -> None:
    call = Call()
    way.steps = [call]
    order(desk, account)
    dispatcher = Dispatcher(desk)
    await stage(desk)
    sender = dispatcher._senders[1]
    await sender.claim()
    await call.begun.wait()
    renew = dispatcher._renew

    async def renew_and_sleep() -> None:
        await renew()
        clock.forward(hours=8)

    dispatcher._renew = renew_and_sleep  # type: ignore[method-assign]
    await dispatcher._rescue_round()
    assert states(deliveries) == ["sending"]
    call.hang_up.set()
    await until(lambda: states(deliveries) == ["sent"])


def test_every_channel_has_its_sender(desk: Desk) -> None:
    dispatcher = Dispatcher(replace(desk, settings=Dispatch(fax_calls=3, others=7)))
    room = {sender.channel: sender._at_once for sender in dispatcher._senders}
    assert room == {channel: 3 if channel is Channel.FAX else 7 for channel in Channel}
