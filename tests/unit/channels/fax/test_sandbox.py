"""The fax sandbox as dispatch sees it."""

import asyncio
import resource
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from PIL import Image

from depesche.channels.base import Abandoned, Attempt, Channel, Delivery, Document
from depesche.channels.fax.header import HEIGHT, WIDTH
from depesche.channels.fax.numbers import PREFIX
from depesche.channels.fax.sandbox import SandboxFax
from depesche.model.jobtype import JobType
from depesche.model.outcome import Outcome
from depesche.model.reception import Reception
from depesche.model.result import Result

AfterBlocks = Callable[[int], threading.Event]
Make = Callable[..., Path]
Draw = Callable[..., Image.Image]
Pixels = Callable[[Path], list[Any]]

INBOX = f"{PREFIX}100"
NOW = datetime(2026, 5, 29, 12, 3, tzinfo=UTC)
DELIVERY = Delivery(
    id=71,
    job_id=7,
    attempt=1,
    account="10002",
    job_type=JobType.FAX,
    address=f"{PREFIX}000",
    caller_number=f"{PREFIX}200",
    station_id="Muster GmbH",
    fax_header="Buchhaltung",
)


@dataclass
class Inbox:
    """One local account; what it was given."""

    folder: Path
    full: bool = False
    receptions: list[Reception] = field(default_factory=list)

    async def owns(self, number: str) -> bool:
        return number in (INBOX, f"{PREFIX}000")

    async def receive(self, reception: Reception) -> None:
        if self.full:
            raise OSError("No space left on device")
        kept = self.folder / f"{reception.tiff.parent.name}.tif"
        shutil.copy(reception.tiff, kept)
        self.receptions.append(replace(reception, tiff=kept))

    async def received(self, source: str) -> bool:
        return any(reception.source == source for reception in self.receptions)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def sandbox(inbox: Inbox, scratch: Path) -> Iterator[SandboxFax]:
    yield SandboxFax(
        now=lambda: NOW, scratch=scratch, has_inbox=inbox.owns, receive=inbox.receive, received=inbox.received
    )
    assert list(scratch.iterdir()) == []


Send = Callable[..., Outcome]


@pytest.fixture
def send(sandbox: SandboxFax, document: Make) -> Send:
    """Delivers to a number."""

    def deliver(
        number: str, pages: Path | int = 1, *, attempt: int = 1, cancelled: threading.Event | None = None
    ) -> Outcome:
        path = pages if isinstance(pages, Path) else document(pages)
        delivery = replace(DELIVERY, address=number if number.startswith("+") else PREFIX + number, attempt=attempt)
        sheet = Document(path, "fax.tif", 1)
        return asyncio.run(sandbox.deliver(delivery, [sheet], cancelled or threading.Event()))

    return deliver


def test_it_is_a_channel(sandbox: SandboxFax) -> None:
    channel: Channel = sandbox
    assert channel is sandbox


def test_000_is_ok_with_all_that_a_call_tells(send: Send) -> None:
    outcome = send("000", 3)
    assert outcome == Outcome(
        Result.OK,
        pages=3,
        remote_id="+49 30 23125 000",
        seconds=outcome.seconds,
        bit_rate=14400,
        coding="MMR",
        ecm=True,
        bad_rows=(0, 0, 0),
    )
    assert 25 < outcome.seconds < 60


@pytest.mark.parametrize("attempt", [1, 5])
def test_001_is_always_busy(send: Send, attempt: int) -> None:
    assert send("001", attempt=attempt) == Outcome(Result.BUSY, retry=True, detail="486 Busy Here")


def test_002_is_busy_twice_then_ok(send: Send) -> None:
    results = [send("002", attempt=attempt).result for attempt in (1, 2, 3)]
    assert results == [Result.BUSY, Result.BUSY, Result.OK]


def test_003_does_not_answer(send: Send) -> None:
    outcome = send("003")
    assert (outcome.result, outcome.retry, outcome.seconds) == (Result.NO_ANSWER, True, 0)


def test_004_is_a_voice_and_not_dialled_again(send: Send) -> None:
    outcome = send("004")
    assert (outcome.result, outcome.retry, outcome.pages, outcome.seconds) == (Result.VOICE, False, 0, 60)
    assert (outcome.bit_rate, outcome.coding, outcome.remote_id) == (0, "", "")


def test_005_does_not_exist_and_is_not_dialled_again(send: Send) -> None:
    assert send("005") == Outcome(Result.NO_RING, retry=False, detail="404 Not Found")


@pytest.mark.parametrize("pages", [2, 4])
def test_006_fails_on_page_2_with_one_page_confirmed(send: Send, pages: int) -> None:
    outcome = send("006", pages)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 1)
    assert outcome.bad_rows == (0,)
    assert "connection was lost" in outcome.detail


def test_006_fails_on_page_2_even_if_it_is_blank(send: Send, document: Make, page: Draw) -> None:
    outcome = send("006", document(page(1), Image.new("1", (WIDTH, 2292), 1)))
    assert (outcome.result, outcome.pages) == (Result.SEND_FAILED, 1)


def test_006_takes_a_single_page(send: Send) -> None:
    assert send("006", 1).result is Result.OK


def test_007_comes_down_to_7200_with_ecm(send: Send) -> None:
    outcome = send("007", 2)
    assert (outcome.result, outcome.pages, outcome.bit_rate, outcome.ecm) == (Result.OK, 2, 7200, True)
    assert outcome.bad_rows == (0, 0)


def test_008_has_no_ecm(send: Send) -> None:
    outcome = send("008")
    assert (outcome.result, outcome.ecm, outcome.coding, outcome.bit_rate) == (Result.OK, False, "MR", 14400)


def test_009_abandons_the_attempt(send: Send) -> None:
    with pytest.raises(Abandoned):
        send("009")


def test_010_is_barred(send: Send) -> None:
    outcome = send("010")
    assert (outcome.result, outcome.retry) == (Result.BLACKLIST, False)


def test_any_other_number_is_ok_and_answers_with_itself(send: Send) -> None:
    outcome = send("+4940123456")
    assert (outcome.result, outcome.remote_id) == (Result.OK, "+4940123456")


def test_a_fax_to_an_account_lies_in_its_inbox(send: Send, inbox: Inbox, document: Make, pixels: Pixels) -> None:
    sent = document(3)
    outcome = send(INBOX, sent)
    assert (outcome.result, outcome.pages, outcome.remote_id) == (Result.OK, 3, INBOX)
    (reception,) = inbox.receptions
    assert reception == Reception(
        source="sandbox:71:1",
        called_number=INBOX,
        received_at=NOW,
        originator=f"{PREFIX}200",
        remote_id="Muster GmbH",
        pages=3,
        tiff=reception.tiff,
        complete=True,
    )
    for (before, ink), (after, received) in zip(pixels(sent), pixels(reception.tiff), strict=True):
        line = HEIGHT * WIDTH // 8
        assert after == before
        assert received[line:] == ink[line:]
        assert received[:line] != ink[:line]


@pytest.mark.parametrize("number", ["+4940123456", f"{PREFIX}000"])
def test_nothing_is_received_for_a_strange_or_a_special_number(send: Send, inbox: Inbox, number: str) -> None:
    assert send(number).result is Result.OK
    assert inbox.receptions == []


def test_a_fax_that_the_inbox_could_not_keep_is_not_sent(send: Send, inbox: Inbox) -> None:
    inbox.full = True
    outcome = send(INBOX, 2)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 0)
    assert outcome.detail == "the receiving side could not keep the fax: No space left on device"


class DiskFull(threading.Event):
    """Fills the disk, as far as this process is concerned, once the call has begun: the first look comes before."""

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        if self.looks == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, self.limits[1]))
        return False


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, before it gives up
def test_pages_that_the_far_end_confirmed_but_could_not_write_are_not_sent(
    send: Send, inbox: Inbox, document: Make, page: Draw
) -> None:
    sent, full = document(page(1, rows=1000)), DiskFull()
    try:
        outcome = send(INBOX, sent, cancelled=full)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, full.limits)
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, True, 0)
    assert outcome.detail == "the receiving side could not write the pages"
    assert inbox.receptions == []


def test_a_cancelled_order_is_not_dialled(send: Send) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert send("000", cancelled=cancelled).result is Result.CANCELED


@pytest.mark.parametrize(
    ("blocks", "result", "pages"),
    [(20, Result.CANCELED, 0), (140, Result.SEND_FAILED, 0), (260, Result.SEND_FAILED, 1), (10_000, Result.OK, 3)],
)
def test_a_call_cancelled_on_the_line_is_what_really_happened(
    send: Send, after_blocks: AfterBlocks, blocks: int, result: Result, pages: int
) -> None:
    outcome = send("000", 3, cancelled=after_blocks(blocks + 1))
    assert (outcome.result, outcome.retry, outcome.pages) == (result, False, pages)
    if result is not Result.OK:
        assert outcome.seconds == blocks // 10


def test_a_broken_fax_reaches_the_inbox_with_the_pages_it_has(
    send: Send, inbox: Inbox, after_blocks: AfterBlocks, pixels: Pixels
) -> None:
    outcome = send(INBOX, 3, cancelled=after_blocks(261))
    (reception,) = inbox.receptions
    assert (outcome.pages, reception.pages, reception.complete) == (1, 1, False)
    assert len(pixels(reception.tiff)) == 1


def test_a_broken_fax_that_the_inbox_could_not_keep_is_not_dialled_again(
    send: Send, inbox: Inbox, after_blocks: AfterBlocks
) -> None:
    inbox.full = True
    outcome = send(INBOX, 3, cancelled=after_blocks(261))
    assert (outcome.result, outcome.retry, outcome.pages) == (Result.SEND_FAILED, False, 0)


def test_a_task_that_is_cancelled_takes_its_call_along(sandbox: SandboxFax, document: Make, scratch: Path) -> None:
    async def abandon() -> None:
        begun, cancelled = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        class Begun(threading.Event):
            """Says when the call looks at it."""

            def is_set(self) -> bool:
                loop.call_soon_threadsafe(begun.set)
                return cancelled.is_set()

            def set(self) -> None:
                cancelled.set()

        sheet = Document(document(3), "fax.tif", 3)
        task = asyncio.create_task(sandbox.deliver(DELIVERY, [sheet], Begun()))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cancelled.is_set()
        assert list(scratch.iterdir()) == []

    asyncio.run(abandon())


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, before it gives up
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"II*\0\x08\0\0\0"])
def test_a_document_that_is_no_tiff_is_not_dialled(send: Send, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.tif"
    path.write_bytes(content)
    outcome = send("000", path)
    assert (outcome.result, outcome.retry, outcome.seconds) == (Result.LINE_ERROR, False, 0)
    assert outcome.detail.startswith("the document cannot be sent")


def test_a_document_that_is_gone_is_not_dialled(send: Send, tmp_path: Path) -> None:
    assert send("000", tmp_path / "nowhere.tif").result is Result.LINE_ERROR


def test_a_disk_that_is_full_before_the_call_is_tried_again(send: Send, document: Make, page: Draw) -> None:
    class FullAtOnce(DiskFull):
        looks = 1

    sent, full = document(page(1, rows=1000)), FullAtOnce()
    try:
        outcome = send("000", sent, cancelled=full)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, full.limits)
    assert (outcome.result, outcome.retry, outcome.seconds) == (Result.LINE_ERROR, True, 0)
    assert outcome.detail.startswith("the pages cannot be prepared")


@pytest.mark.parametrize("count", [0, 2])
def test_a_fax_is_one_document(sandbox: SandboxFax, document: Make, count: int) -> None:
    with pytest.raises(ValueError, match=f"not {count}"):
        asyncio.run(sandbox.deliver(DELIVERY, [Document(document(1), "fax.tif", 1)] * count, threading.Event()))


def test_a_station_id_is_written_as_t30_can_carry_it(sandbox: SandboxFax, inbox: Inbox, document: Make) -> None:
    delivery = replace(DELIVERY, address=INBOX, station_id="Müller & Söhne")
    asyncio.run(sandbox.deliver(delivery, [Document(document(1), "fax.tif", 1)], threading.Event()))
    assert inbox.receptions[0].remote_id == "Mueller & Soehne"


def test_the_header_shows_the_time_of_its_zone(inbox: Inbox, scratch: Path, document: Make, pixels: Pixels) -> None:
    sent, lines = document(1), []
    for zone in ("Europe/Berlin", "Europe/Berlin", "UTC"):
        sandbox = SandboxFax(
            now=lambda: NOW,
            scratch=scratch,
            has_inbox=inbox.owns,
            receive=inbox.receive,
            received=inbox.received,
            timezone=zone,
        )
        delivery = replace(DELIVERY, address=INBOX)
        asyncio.run(sandbox.deliver(delivery, [Document(sent, "fax.tif", 1)], threading.Event()))
        lines.append(pixels(inbox.receptions[-1].tiff)[0][1][: HEIGHT * WIDTH // 8])
    assert lines[0] == lines[1] != lines[2]


def test_a_zone_that_does_not_exist_is_refused_at_the_start(inbox: Inbox, scratch: Path) -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        SandboxFax(
            now=lambda: NOW,
            scratch=scratch,
            has_inbox=inbox.owns,
            receive=inbox.receive,
            received=inbox.received,
            timezone="Europe/Nowhere",
        )


def lost(number: str, attempt: int = 1) -> Attempt:
    return Attempt(71, 7, attempt, JobType.FAX, number, NOW, pages=3)


def test_a_lost_attempt_whose_fax_was_kept_was_ok(sandbox: SandboxFax, send: Send) -> None:
    send(INBOX, 3)
    found = asyncio.run(sandbox.reconcile(lost(INBOX)))
    assert found == Outcome(Result.OK, pages=3, remote_id=INBOX, detail="found in the inbox")


@pytest.mark.parametrize("number", [INBOX, f"{PREFIX}000", "+4940123456"])
def test_a_lost_attempt_of_which_nothing_was_kept_is_tried_again(sandbox: SandboxFax, number: str) -> None:
    found = asyncio.run(sandbox.reconcile(lost(number)))
    assert found == Outcome(Result.SEND_FAILED, retry=True, detail="the line process ended during the call")


def test_another_attempts_fax_is_not_this_ones(sandbox: SandboxFax, send: Send) -> None:
    send(INBOX, 1)
    found = asyncio.run(sandbox.reconcile(lost(INBOX, attempt=2)))
    assert found is not None
    assert found.result is Result.SEND_FAILED


def test_a_broken_fax_does_not_pass_for_the_whole(sandbox: SandboxFax, send: Send, after_blocks: AfterBlocks) -> None:
    send(INBOX, 3, cancelled=after_blocks(261))
    found = asyncio.run(sandbox.reconcile(lost(INBOX)))
    assert found is not None
    assert found.result is Result.SEND_FAILED


def test_009_stays_unknown(sandbox: SandboxFax) -> None:
    assert asyncio.run(sandbox.reconcile(lost(f"{PREFIX}009"))) is None


def test_fifty_calls_in_four_threads_do_not_meet(
    send: Send, inbox: Inbox, document: Make, page: Draw, pixels: Pixels
) -> None:
    documents = {f"{seed:02}": document(page(seed, rows=150 + seed), name=f"{seed:02}.tif") for seed in range(50)}

    def one(name: str) -> Outcome:
        return send(INBOX if name < "25" else "+4940123456", documents[name])

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(one, documents))
    assert {outcome.result for outcome in outcomes} == {Result.OK}
    line = HEIGHT * WIDTH // 8
    received = {pixels(reception.tiff)[0][1][line:] for reception in inbox.receptions}
    assert received == {pixels(path)[0][1][line:] for name, path in documents.items() if name < "25"}
