"""The fax sandbox as dispatch sees it: its numbers, and what it takes."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from PIL import Image

from depesche.channels.base import Abandoned, Channel, Delivery, Document
from depesche.channels.fax.numbers import PREFIX
from depesche.channels.fax.sandbox import SandboxFax
from depesche.model.callrecord import CallRecord
from depesche.model.outcome import Outcome
from depesche.model.resolution import WIDTH, Resolution
from depesche.model.result import Result

AfterBlocks = Callable[[int], threading.Event]
DiskFull = Callable[[int], threading.Event]
Make = Callable[..., Path]
Draw = Callable[..., Image.Image]
Pixels = Callable[[Path], list[Any]]
Send = Callable[..., Outcome]

INBOX = f"{PREFIX}100"
HEIGHT = Resolution.FINE.header_rows


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
        call=outcome.call,
    )
    assert outcome.call is not None
    assert outcome.call.stamp is not None
    assert (outcome.call.sandbox, outcome.call.taken, outcome.call.begun) == (True, True, True)
    assert [(page.answer, page.confirmed, page.coding, page.rows) for page in outcome.call.answers] == [
        ("MCF", True, "MMR", 400)
    ] * 3
    assert (outcome.call.stamp.prints.pages, outcome.call.stamp.prints.resolution) == (3, Resolution.FINE)
    assert 25 < outcome.seconds < 60


@pytest.mark.parametrize("attempt", [1, 5])
def test_001_is_always_busy(send: Send, attempt: int) -> None:
    record = CallRecord(sandbox=True)
    assert send("001", attempt=attempt) == Outcome(Result.BUSY, retry=True, detail="486 Busy Here", call=record)


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
    record = CallRecord(sandbox=True)
    assert send("005") == Outcome(Result.NO_RING, retry=False, detail="404 Not Found", call=record)


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


def test_a_disk_that_is_full_before_the_call_is_tried_again(
    send: Send, document: Make, page: Draw, disk_full: DiskFull
) -> None:
    outcome = send("000", document(page(1, rows=1000)), cancelled=disk_full(1))
    assert (outcome.result, outcome.retry, outcome.seconds) == (Result.LINE_ERROR, True, 0)
    assert outcome.detail.startswith("the pages cannot be prepared")


@pytest.mark.parametrize("count", [0, 2])
def test_a_fax_is_one_document(sandbox: SandboxFax, delivery: Delivery, document: Make, count: int) -> None:
    sheets = [Document(document(1), "fax.tif", 1)] * count
    with pytest.raises(ValueError, match=f"not {count}"):
        asyncio.run(sandbox.deliver(delivery, sheets, threading.Event()))


def test_a_station_id_is_written_as_t30_can_carry_it(
    sandbox: SandboxFax, delivery: Delivery, inbox: Any, document: Make
) -> None:
    named = replace(delivery, address=INBOX, station_id="Müller & Söhne")
    asyncio.run(sandbox.deliver(named, [Document(document(1), "fax.tif", 1)], threading.Event()))
    assert inbox.receptions[0].remote_id == "Mueller & Soehne"


def in_zone(inbox: Any, scratch: Path, timezone: str) -> SandboxFax:
    return SandboxFax(
        now=lambda: datetime(2026, 5, 29, 12, 3, tzinfo=UTC),
        scratch=scratch,
        has_inbox=inbox.owns,
        receive=inbox.receive,
        received=inbox.received,
        timezone=timezone,
    )


def test_the_header_shows_the_time_of_its_zone(
    inbox: Any, delivery: Delivery, scratch: Path, document: Make, pixels: Pixels
) -> None:
    sheet, lines = Document(document(1), "fax.tif", 1), []
    for zone in ("Europe/Berlin", "Europe/Berlin", "UTC"):
        sandbox = in_zone(inbox, scratch, zone)
        asyncio.run(sandbox.deliver(replace(delivery, address=INBOX), [sheet], threading.Event()))
        lines.append(pixels(inbox.receptions[-1].tiff)[0][1][: HEIGHT * WIDTH // 8])
    assert lines[0] == lines[1] != lines[2]


def test_a_zone_that_does_not_exist_is_refused_at_the_start(inbox: Any, scratch: Path) -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        in_zone(inbox, scratch, "Europe/Nowhere")


def test_fifty_calls_in_four_threads_do_not_meet(
    send: Send, inbox: Any, document: Make, page: Draw, pixels: Pixels
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
