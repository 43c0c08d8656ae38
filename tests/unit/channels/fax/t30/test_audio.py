"""Two engines, one line: what is sent is received, and both report it."""

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from allocation import allocated
from depesche.channels.fax.call import Call
from depesche.channels.fax.line import Line
from depesche.channels.fax.t30.audio import AudioTerminal
from depesche.channels.fax.t30.report import Page, Report
from depesche.channels.fax.t30.session import Session, Station
from depesche.channels.fax.t30.spandsp import Coded, Coding, Modem, Spandsp
from depesche.channels.fax.t30.t38 import T38Terminal

Document = Callable[..., Path]
Draw = Callable[..., Image.Image]
Pixels = Callable[[Path], list[Any]]
Transmit = Callable[..., Any]


@pytest.mark.parametrize("ecm", [True, False])
@pytest.mark.parametrize("pages", [1, 3])
def test_pages_arrive_pixel_by_pixel(
    document: Document, transmit: Transmit, pixels: Pixels, pages: int, ecm: bool
) -> None:
    sent = document(pages)
    call = transmit(sent, answerer={"ecm": ecm})
    assert pixels(call.tiff) == pixels(sent)
    assert len(pixels(call.tiff)) == pages
    for report in (call.sent, call.received):
        assert report.completion == 0
        assert [page.confirmed for page in report.pages] == [True] * pages
        assert {page.ecm for page in report.pages} == {ecm}
        assert {page.bad_rows for page in report.pages} == {0}


def test_one_changed_pixel_would_be_seen(document: Document, page: Draw, pixels: Pixels) -> None:
    changed = page(0)
    changed.putpixel((1000, 300), 1 - bool(changed.getpixel((1000, 300))))
    assert pixels(document(page(0), name="one.tif")) != pixels(document(changed, name="other.tif"))


def test_the_received_file_is_coded_t6_at_the_senders_resolution(document: Document, transmit: Transmit) -> None:
    with Image.open(transmit(document(2)).tiff) as image:
        assert image.format == "TIFF"
        assert image.info["compression"] == "group4"
        assert image.info["dpi"] == (204, 196)
        assert image.size == (1728, 400)


def test_each_end_reads_the_others_station_id(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1), caller={"ident": "Max Mustermann"}, answerer={"ident": "+49 30 23125 100"})
    assert call.sent.remote_id == "+49 30 23125 100"
    assert call.received.remote_id == "Max Mustermann"


def test_an_id_may_have_twenty_characters_and_an_end_may_have_none(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1), caller={"ident": "ABCDEFGHIJ0123456789"}, answerer={"ident": ""})
    assert call.received.remote_id == "ABCDEFGHIJ0123456789"
    assert call.sent.remote_id == ""


def test_the_extension_that_a_caller_names_is_known(
    spandsp: Spandsp, document: Document, tmp_path: Path, pixels: Pixels
) -> None:
    sent, tiff = document(1), tmp_path / "received.tif"
    ours, theirs = Station("1", send=sent), Station("2", receive=tiff)
    with AudioTerminal(spandsp, ours, calling=True) as one, AudioTerminal(spandsp, theirs, calling=False) as other:
        assert spandsp.lib.t30_set_tx_sub_address(one.session._context, b"42") == 0
        Call(one, other, Line(), threading.Event()).carry()
        assert (other.session.report().subaddress, one.session.report().subaddress) == ("42", "")
    assert pixels(tiff) == pixels(sent)


def test_a_page_is_reported_with_its_own_figures(document: Document, page: Draw, transmit: Transmit) -> None:
    call = transmit(document(page(1, 400), page(2, 600)))
    short, long = call.sent.pages
    assert short == Page(
        frame="MCF",
        confirmed=True,
        bit_rate=14400,
        coding=Coding.MMR,
        ecm=True,
        width=1728,
        rows=400,
        x_resolution=8031,
        y_resolution=7700,
        coded_bytes=short.coded_bytes,
        bad_rows=0,
        ecm_retries=0,
    )
    assert long.rows == 600
    assert 0 < short.coded_bytes < long.coded_bytes
    assert [page.frame for page in call.received.pages] == ["MPS", "EOP"]
    assert call.received.whole


@pytest.mark.parametrize(
    ("modems", "bit_rate"),
    [(Modem.ALL, 14400), (Modem.V29 | Modem.V27TER, 9600), (Modem.V27TER, 4800)],
)
def test_the_fastest_modem_of_both_is_used(
    document: Document, transmit: Transmit, modems: Modem, bit_rate: int
) -> None:
    call = transmit(document(1), answerer={"modems": modems})
    assert call.sent.pages[0].bit_rate == call.received.pages[0].bit_rate == bit_rate


@pytest.mark.parametrize(
    ("codings", "ecm", "coding"),
    [
        (Coded.ALL, True, Coding.MMR),
        (Coded.ALL, False, Coding.MR),
        (Coded.MH | Coded.MR, True, Coding.MR),
        (Coded.MH, True, Coding.MH),
    ],
)
def test_the_densest_coding_of_both_is_used(
    document: Document, transmit: Transmit, pixels: Pixels, codings: Coded, ecm: bool, coding: Coding
) -> None:
    sent = document(1)
    call = transmit(sent, answerer={"codings": codings, "ecm": ecm})
    assert call.sent.pages[0].coding is call.received.pages[0].coding is coding
    assert pixels(call.tiff) == pixels(sent)


def test_phase_b_and_the_begin_of_a_page_are_reported(document: Document, transmit: Transmit) -> None:
    call = transmit(document(1))
    assert call.sent.phases_b == ("DIS",)
    assert call.received.phases_b == ("DCS",)
    assert call.sent.page_begun


def test_a_file_that_is_not_there_ends_the_call_before_a_page(tmp_path: Path, transmit: Transmit) -> None:
    call = transmit(tmp_path / "nowhere.tif")
    assert (call.sent.completion, call.sent.page_begun, call.sent.pages) == (41, False, ())


def test_a_receiver_that_cannot_write_ends_the_call(document: Document, tmp_path: Path, transmit: Transmit) -> None:
    call = transmit(document(1), answerer={"receive": tmp_path / "nowhere" / "received.tif"})
    assert call.received.completion == 41
    assert call.sent.completion != 0
    assert not call.sent.confirmed


@pytest.mark.parametrize("ident", ["A" * 21, "Müller"])
def test_an_id_that_t30_cannot_carry_is_refused(spandsp: Spandsp, ident: str) -> None:
    with pytest.raises(ValueError, match=r"20 characters|ascii"):
        AudioTerminal(spandsp, Station(ident), calling=True)


def test_a_file_name_that_spandsp_would_cut_is_refused(spandsp: Spandsp, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at most 255 bytes"):
        AudioTerminal(spandsp, Station("1", send=tmp_path / ("a" * 250)), calling=True)


@pytest.mark.parametrize("callback", ["_on_phase_b", "_on_phase_d", "_on_phase_e", "_on_frame"])
def test_what_goes_wrong_in_a_callback_is_raised(
    document: Document, transmit: Transmit, monkeypatch: pytest.MonkeyPatch, callback: str
) -> None:
    def fail(*_: object) -> int:
        raise LookupError(callback)

    monkeypatch.setattr(Session, callback, fail)
    with pytest.raises(LookupError, match=callback):
        transmit(document(1))


def test_a_terminal_that_was_left_answers_no_more(spandsp: Spandsp) -> None:
    with AudioTerminal(spandsp, Station("1"), calling=True) as terminal:
        begun = terminal.active
    assert (begun, terminal.active) == (True, False)
    for use in (terminal.session.report, terminal.session.statistics, terminal.hang_up):
        with pytest.raises(TypeError):
            use()
    with pytest.raises(TypeError):
        terminal.transmit(np.zeros(160, np.int16))


def test_hanging_up_drops_a_running_call_and_is_harmless_twice(spandsp: Spandsp) -> None:
    with AudioTerminal(spandsp, Station("1"), calling=True) as terminal:
        terminal.hang_up()
        terminal.hang_up()
        assert terminal.session.report() == Report(49, (), page_begun=False, pages=(), remote_id="")


def test_two_hundred_calls_take_no_memory(document: Document, page: Draw, transmit: Transmit) -> None:
    tiny = document(page(1, rows=24))
    warm, rest = 20, 200
    for _ in range(warm):
        transmit(tiny)
    before = allocated()
    for _ in range(rest):
        transmit(tiny)
    assert allocated() - before < 2 << 20


def test_two_hundred_calls_of_t38_take_no_memory(spandsp: Spandsp) -> None:
    def call() -> None:
        with T38Terminal(spandsp, Station("1"), calling=False, send=lambda *_: None) as terminal:
            for number in range(50):
                terminal.tick()
                terminal.receive(b"\xc0\x01\x80\x00\x02\xff\x13\x04", number)  # an NSF that begins

    for _ in range(20):
        call()
    before = allocated()
    for _ in range(200):
        call()
    assert allocated() - before < 2 << 20


def test_engines_that_failed_to_start_take_no_memory(spandsp: Spandsp) -> None:
    def attempt() -> None:
        with pytest.raises(ValueError, match="20 characters"):
            AudioTerminal(spandsp, Station("A" * 21), calling=True)

    for _ in range(20):
        attempt()
    before = allocated()
    for _ in range(200):
        attempt()
    gc.collect()
    assert allocated() - before < 2 << 20


def test_memory_that_is_kept_would_be_seen(spandsp: Spandsp) -> None:
    before = allocated()
    kept = [AudioTerminal(spandsp, Station("1"), calling=True) for _ in range(200)]
    assert allocated() - before > 2 << 20
    del kept
