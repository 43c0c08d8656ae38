"""Calls in memory, to every end that they can have."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from depesche.channels.fax.call import BLOCK, Call, Voice
from depesche.channels.fax.ending import End
from depesche.channels.fax.line import CutLine, Line, Moment, NoisyLine
from depesche.channels.fax.t30.audio import RATE, AudioTerminal, Samples
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Modem, Spandsp
from lines import MuteLine

AfterBlocks = Callable[[int], threading.Event]
Document = Callable[..., Path]
Draw = Callable[..., Image.Image]
Pixels = Callable[[Path], list[Any]]
Transmit = Callable[..., Any]

V29 = Modem.V29 | Modem.V27TER


class Burst(Line):
    """Loud noise for a while."""

    def __init__(self, start: float, stop: float) -> None:
        self._span = (start, stop)
        self._generator = np.random.default_rng(3)

    def forward(self, samples: Samples, moment: Moment) -> None:
        if self._span[0] <= moment.seconds < self._span[1]:
            samples[:] = self._generator.integers(-9000, 9000, len(samples))


def test_a_call_ends_with_the_engine_and_lasts_as_long_as_the_audio(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1))
    assert call.ending.end is End.ENGINE
    data = call.sent.pages[0].coded_bytes * 8 / 14400
    assert 12 < call.ending.seconds - data < 25


def test_both_ends_know_that_it_is_over(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1))
    assert call.sent.completion == call.received.completion == 0


@pytest.mark.parametrize(("page", "seconds"), [(0, 1.0), (0, 14.0)])
def test_a_lost_connection_ends_the_call_at_once(
    document: Document, transmit: Transmit, page: int, seconds: float
) -> None:
    call = transmit(document(1), line=CutLine(page, seconds))
    assert call.ending.end is End.LOST
    assert call.ending.seconds == pytest.approx(seconds, abs=BLOCK / RATE)
    assert call.sent.completion == call.received.completion == 49
    assert not call.sent.confirmed


@pytest.mark.parametrize("ecm", [True, False])
def test_a_line_lost_on_page_2_leaves_page_1(document: Document, transmit: Transmit, pixels: Pixels, ecm: bool) -> None:
    sent = document(3)
    call = transmit(sent, line=CutLine(page=1, seconds=1), answerer={"ecm": ecm})
    assert len(call.sent.confirmed) == len(call.received.confirmed) == 1
    assert not call.received.whole
    assert pixels(call.tiff) == pixels(sent)[:1]


def test_a_line_that_goes_silent_in_a_page_is_given_up_by_t30(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1), line=MuteLine(16))
    assert call.ending.end is End.ENGINE
    assert call.sent.completion == 21
    assert call.sent.page_begun
    assert not call.sent.confirmed


def test_a_receiver_that_is_not_heard_any_more_confirms_nothing(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1), line=MuteLine(16, forward=False))
    assert call.sent.completion == 21
    assert not call.sent.confirmed


def test_a_voice_is_listened_to_for_sixty_seconds(spandsp: Spandsp, document: Document) -> None:
    with AudioTerminal(spandsp, Station("1", send=document(1)), calling=True) as caller:
        ending = Call(caller, Voice(), Line(), threading.Event()).carry()
        report = caller.session.report()
    assert ending.end is End.ENGINE
    assert ending.seconds == pytest.approx(60, abs=1)
    assert (report.completion, report.page_begun, report.remote_id) == (2, False, "")


def test_a_voice_is_audible() -> None:
    voice, heard = Voice(), np.zeros(RATE, np.int16)
    voice.transmit(heard)
    assert 300 < np.std(heard.astype(float)) < 8000


@pytest.mark.parametrize("blocks", [0, 30, 120, 140])
def test_a_cancelled_call_ends_within_a_block(
    document: Document, transmit: Transmit, after_blocks: AfterBlocks, blocks: int
) -> None:
    call = transmit(document(1), cancelled=after_blocks(blocks))
    assert call.ending.end is End.CANCELLED
    assert call.ending.seconds == pytest.approx(blocks * BLOCK / RATE)
    assert call.sent.completion == 49


def test_pages_confirmed_before_a_cancellation_are_counted(
    document: Document, transmit: Transmit, pixels: Pixels
) -> None:
    class OnPage2(threading.Event):
        def __init__(self) -> None:
            super().__init__()
            self.line = Watcher()

        def is_set(self) -> bool:
            return self.line.pages == 1

    class Watcher(Line):
        pages = 0

        def holds(self, moment: Moment) -> bool:
            self.pages = moment.pages
            return True

    event, sent = OnPage2(), document(3)
    call = transmit(sent, line=event.line, cancelled=event)
    assert call.ending.end is End.CANCELLED
    assert len(call.sent.confirmed) == 1
    assert pixels(call.tiff) == pixels(sent)[:1]


def test_a_call_in_which_nothing_happens_is_given_up(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1), line=MuteLine(0), stall_seconds=5)
    assert call.ending.end is End.STALLED
    assert call.ending.seconds == pytest.approx(5, abs=2 * BLOCK / RATE)
    assert call.sent.completion == 49


def test_a_page_without_frames_is_as_long_as_the_patience_allows(
    document: Document, page: Draw, transmit: Transmit
) -> None:
    call = transmit(document(page(1, 1200)), answerer={"ecm": False}, stall_seconds=8)
    assert call.ending.end is End.STALLED
    assert call.sent.page_begun
    assert 17 < call.ending.seconds < 22


def test_frames_keep_a_call_alive(document: Document, transmit: Transmit) -> None:
    call = transmit(document(3), stall_seconds=10)
    assert call.ending.end is End.ENGINE
    assert call.ending.seconds > 20


def test_with_ecm_a_burst_of_noise_costs_time_and_no_pixel(
    document: Document, transmit: Transmit, pixels: Pixels
) -> None:
    sent = document(1)
    quiet, noisy = transmit(sent), transmit(sent, line=Burst(15.5, 16.5))
    assert pixels(noisy.tiff) == pixels(sent)
    assert noisy.ending.seconds > quiet.ending.seconds
    assert noisy.received.pages[0].ecm_retries > 0


def test_without_ecm_a_burst_of_noise_leaves_bad_rows_on_its_page(
    document: Document, page: Draw, transmit: Transmit, pixels: Pixels
) -> None:
    sent = document(page(1, 1200), page(2, 300))
    call = transmit(sent, line=Burst(20, 20.3), answerer={"ecm": False})
    damaged, intact = call.received.confirmed
    assert damaged.bad_rows > 0
    assert intact.bad_rows == 0
    assert pixels(call.tiff)[1] == pixels(sent)[1]


def test_a_last_page_that_was_refused_is_not_confirmed_although_t30_calls_the_call_ok(
    document: Document, page: Draw, transmit: Transmit
) -> None:
    call = transmit(document(page(1, 600)), line=Burst(12.5, 18), answerer={"ecm": False})
    assert call.sent.completion == 0
    assert [page.frame for page in call.sent.pages] == ["RTN"]
    assert not call.sent.confirmed
    assert not call.received.whole


def test_the_noisy_line_always_ends_at_7200(document: Document, page: Draw, transmit: Transmit, pixels: Pixels) -> None:
    for seed in range(50):
        sent = document(page(seed, rows=200 + seed))
        call = transmit(sent, line=NoisyLine(7200, seed), answerer={"modems": V29})
        assert call.sent.completion == 0
        assert [(page.bit_rate, page.ecm) for page in call.sent.confirmed] == [(7200, True)]
        assert pixels(call.tiff) == pixels(sent)
