"""Whole faxes over RTP and UDPTL, with real engines at both ends, faster than time."""

import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from allocation import allocated
from depesche.channels.fax.media.media import Media, TooLate
from depesche.channels.fax.media.sdp import T38
from depesche.channels.fax.media.udptl import Correction
from depesche.channels.fax.t30.g711 import Law
from depesche.channels.fax.t30.session import Station
from depesche.channels.fax.t30.spandsp import Modem, Spandsp

Document = Callable[..., Path]
Exchange = Callable[..., Any]
Pixels = Callable[[Path], list[Any]]

REDUNDANT = T38()
PROTECTED = T38(correction=Correction.FEC)
BARE = T38(correction=Correction.NONE)


def audio(law: Law) -> Callable[[Media, Media, int], None]:
    """Both ends speak it from the begin."""

    def ways(one: Media, other: Media, tick: int) -> None:
        if tick == 0:
            one.to_audio(law)
            other.to_audio(law)

    return ways


def t38(agreed: T38) -> Callable[[Media, Media, int], None]:
    def ways(one: Media, other: Media, tick: int) -> None:
        if tick == 0:
            one.to_t38(agreed)
            other.to_t38(agreed)

    return ways


def switched(agreed: T38, caller_at: int, answerer_at: int) -> Callable[[Media, Media, int], None]:
    """Audio first, then T.38: each end from its own tick on."""

    def ways(one: Media, other: Media, tick: int) -> None:
        audio(Law.PCMA)(one, other, tick)
        if tick == caller_at:
            one.to_t38(agreed)
        if tick == answerer_at:
            other.to_t38(agreed)

    return ways


def is_whole(call: Any, pages: int) -> bool:
    return (call.sent.completion, len(call.sent.confirmed), len(call.received.confirmed)) == (0, pages, pages)


@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize(
    "ways",
    [audio(Law.PCMA), audio(Law.PCMU), t38(REDUNDANT), t38(PROTECTED), t38(BARE)],
    ids=["PCMA", "PCMU", "redundancy", "FEC", "bare"],
)
def test_pages_arrive_pixel_by_pixel(
    document: Document, exchange: Exchange, pixels: Pixels, ways: Any, pages: int
) -> None:
    sent = document(pages)
    call = exchange(sent, ways)
    assert is_whole(call, pages)
    assert call.received.whole
    assert pixels(call.tiff) == pixels(sent)
    assert {page.bit_rate for page in call.sent.pages} == {14400}
    assert call.sent.remote_id == "+49 30 99"
    assert call.received.remote_id == "+49 40 123456"
    assert [(counts.garbled, counts.lost, counts.filled) for counts in call.counts] == [(0, 0, 0), (0, 0, 0)]


@pytest.mark.parametrize("ways", [audio(Law.PCMA), t38(REDUNDANT)], ids=["PCMA", "T.38"])
def test_pages_without_ecm_arrive_too(document: Document, exchange: Exchange, pixels: Pixels, ways: Any) -> None:
    sent = document(1)
    call = exchange(sent, ways, answerer={"ecm": False})
    assert is_whole(call, 1)
    assert not call.sent.pages[0].ecm
    assert pixels(call.tiff) == pixels(sent)


@pytest.mark.parametrize("agreed", [REDUNDANT, PROTECTED], ids=["redundancy", "FEC"])
def test_a_tenth_of_the_datagrams_of_t38_may_be_lost(
    document: Document, exchange: Exchange, pixels: Pixels, agreed: T38
) -> None:
    sent = document(3)
    call = exchange(sent, t38(agreed), loss=0.1)
    assert is_whole(call, 3)
    assert pixels(call.tiff) == pixels(sent)
    assert call.counts[1].mended > 50


def test_without_redundancy_that_would_not_do(document: Document, exchange: Exchange) -> None:
    call = exchange(document(3), t38(BARE), loss=0.1)
    assert call.counts[1].mended == 0
    assert not is_whole(call, 3)


@pytest.mark.parametrize("agreed", [REDUNDANT, PROTECTED, BARE], ids=["redundancy", "FEC", "bare"])
def test_datagrams_of_t38_may_come_twice_and_in_any_order(
    document: Document, exchange: Exchange, pixels: Pixels, agreed: T38
) -> None:
    sent = document(1)
    call = exchange(sent, t38(agreed), twice=0.2, late=0.05)
    assert is_whole(call, 1)
    assert pixels(call.tiff) == pixels(sent)
    assert call.counts[1].late
    assert call.counts[1].lost == 0


def test_a_thousandth_of_the_audio_may_be_lost(document: Document, exchange: Exchange, pixels: Pixels) -> None:
    sent = document(3)
    call = exchange(sent, audio(Law.PCMA), loss=0.001, seed=2)
    assert is_whole(call, 3)
    assert pixels(call.tiff) == pixels(sent)
    assert call.counts[1].lost > 0
    assert call.counts[1].filled == 160 * call.counts[1].lost


def test_audio_may_come_twice_and_in_any_order(document: Document, exchange: Exchange, pixels: Pixels) -> None:
    sent = document(1)
    call = exchange(sent, audio(Law.PCMU), twice=0.1, late=0.1)
    assert is_whole(call, 1)
    assert pixels(call.tiff) == pixels(sent)
    assert [(counts.lost, counts.filled) for counts in call.counts] == [(0, 0), (0, 0)]
    assert call.counts[1].late > 50


@pytest.mark.parametrize(
    ("caller_at", "answerer_at"),
    [(100, 100), (100, 110), (110, 100)],
    ids=["at once", "caller first", "answerer first"],
)
def test_audio_becomes_t38(
    document: Document, exchange: Exchange, pixels: Pixels, caller_at: int, answerer_at: int
) -> None:
    sent = document(3)
    call = exchange(sent, switched(REDUNDANT, caller_at, answerer_at))
    assert is_whole(call, 3)
    assert pixels(call.tiff) == pixels(sent)
    assert {datagram[0] for tick, _, datagram in call.wire if tick < 100} == {0x80}
    assert {datagram[0] for tick, _, datagram in call.wire if tick > 110}.isdisjoint({0x80})


def test_what_both_terminals_saw_is_one_report(document: Document, exchange: Exchange) -> None:
    call = exchange(document(1), switched(REDUNDANT, 260, 260))  # DIS was there already
    assert call.sent.phases_b == ("DIS", "DIS")
    assert call.sent.completion == 0
    assert len(call.sent.pages) == 1


def test_audio_that_is_read_after_the_switch_does_no_harm(
    spandsp: Spandsp, document: Document, exchange: Exchange, pixels: Pixels
) -> None:
    with Media(spandsp, Station("1"), calling=True, chance=random.Random(5)) as media:
        media.to_audio(Law.PCMA)
        stale = [media.tick()[0] for _ in range(20)]
    assert stale[3][:2] == b"\x80\x08"  # in UDPTL, this would be packet 32776

    def ways(one: Media, other: Media, tick: int) -> None:
        switched(REDUNDANT, 100, 100)(one, other, tick)
        if tick in range(100, 220, 6):
            one.receive(stale[(tick - 100) // 6])
            other.receive(stale[(tick - 100) // 6])

    sent = document(1)
    call = exchange(sent, ways)
    assert is_whole(call, 1)
    assert pixels(call.tiff) == pixels(sent)
    assert call.counts[1].lost == 0


def test_t38_that_is_refused_leaves_audio_as_it_was(document: Document, exchange: Exchange, pixels: Pixels) -> None:
    """Nobody tells the media: packets of T.38 that come all the same are kept, and harm nobody."""
    with_t38 = exchange(document(1), t38(REDUNDANT)).wire[:40]
    sent = document(1)

    def ways(one: Media, other: Media, tick: int) -> None:
        audio(Law.PCMA)(one, other, tick)
        if 100 <= tick < 140:
            other.receive(with_t38[tick - 100][2])

    call = exchange(sent, ways)
    assert is_whole(call, 1)
    assert pixels(call.tiff) == pixels(sent)
    assert call.counts[1].garbled == 40
    assert call.counts[1].filled == 0


def test_t38_may_become_audio_while_no_page_is_on_the_line(
    document: Document, exchange: Exchange, pixels: Pixels
) -> None:
    def ways(one: Media, other: Media, tick: int) -> None:
        t38(REDUNDANT)(one, other, tick)
        if tick == 50:
            one.to_audio(Law.PCMA)
            other.to_audio(Law.PCMA)

    sent = document(1)
    call = exchange(sent, ways)
    assert is_whole(call, 1)
    assert pixels(call.tiff) == pixels(sent)


def test_t38_that_is_agreed_on_again_goes_on(document: Document, exchange: Exchange, pixels: Pixels) -> None:
    """As a session timer has it: the same offer once more, in the middle of a page."""

    def ways(one: Media, other: Media, tick: int) -> None:
        t38(REDUNDANT)(one, other, tick)
        if tick == 700:
            one.to_t38(REDUNDANT)
            other.to_t38(REDUNDANT)

    sent = document(1)
    call = exchange(sent, ways)
    assert is_whole(call, 1)
    assert call.sent.phases_b == ("DIS",)
    assert pixels(call.tiff) == pixels(sent)


def test_another_law_leaves_the_terminal_as_it_is(document: Document, exchange: Exchange, pixels: Pixels) -> None:
    def ways(one: Media, other: Media, tick: int) -> None:
        audio(Law.PCMA)(one, other, tick)
        if tick == 650:
            one.to_audio(Law.PCMA)
        if tick == 700:
            one.to_audio(Law.PCMU)

    sent = document(1)
    call = exchange(sent, ways)
    assert is_whole(call, 1)
    assert pixels(call.tiff) == pixels(sent)
    types = [datagram[1] for _, forward, datagram in call.wire if forward]
    assert types[:2] == [0x88, 0x08]
    assert set(types[1:700]) == {0x08}
    assert types[700:702] == [0x80, 0x00]


def test_once_a_page_is_on_the_line_it_is_too_late(document: Document, exchange: Exchange) -> None:
    refused = []

    def ways(one: Media, other: Media, tick: int) -> None:
        audio(Law.PCMA)(one, other, tick)
        if tick == 700:
            for media in (one, other):
                assert media.page_begun
                with pytest.raises(TooLate):
                    media.to_t38(REDUNDANT)
                refused.append(media)

    call = exchange(document(1), ways)
    assert len(refused) == 2
    assert is_whole(call, 1)


def test_the_far_ends_speed_limits_the_modems(document: Document, exchange: Exchange) -> None:
    call = exchange(document(1), t38(T38(max_bit_rate=9600)))
    assert is_whole(call, 1)
    assert call.sent.pages[0].bit_rate == 9600


@pytest.mark.parametrize("version", [0, 1, 2])
def test_later_versions_of_t38_work(document: Document, exchange: Exchange, version: int) -> None:
    assert is_whole(exchange(document(1), t38(T38(version=version))), 1)


def test_a_small_datagram_is_kept_to(document: Document, exchange: Exchange) -> None:
    call = exchange(document(1), t38(T38(max_datagram=72)))
    assert is_whole(call, 1)
    assert max(len(datagram) for _, _, datagram in call.wire) <= 72


def test_v27ter_goes_as_well(document: Document, exchange: Exchange) -> None:
    call = exchange(document(1), t38(REDUNDANT), answerer={"modems": Modem.V27TER})
    assert call.sent.pages[0].bit_rate == 4800


# one end alone


def alone(spandsp: Spandsp, *, calling: bool = True, **station: Any) -> Media:
    return Media(spandsp, Station("1", **station), calling=calling, chance=random.Random(1))


def test_media_that_nobody_told_anything_are_silent(spandsp: Spandsp) -> None:
    with alone(spandsp) as media:
        media.receive(b"\x80\x08" + bytes(170))
        media.receive(b"\0\0\1\6\0\0")
        assert media.tick() == []
        assert media.active
        assert not media.plausible(b"\x80\x08" + bytes(170))
        assert media.report().completion is None
        media.to_t38(REDUNDANT)
        media.receive(b"\0\0\1\6\0\0")
        assert media.counts().late == 1, "what came before is not forgotten"


@pytest.mark.parametrize("ways", [lambda m: m.to_audio(Law.PCMA), lambda m: m.to_t38(REDUNDANT)], ids=["audio", "T.38"])
def test_timers_go_on_when_nothing_comes(spandsp: Spandsp, ways: Any) -> None:
    with alone(spandsp) as media:
        ways(media)
        ticks = 0
        while media.active and ticks < 50 * 70:
            media.tick()
            ticks += 1
        assert media.report().completion == 2  # nobody answered within 60 seconds
        assert 59 < media.seconds < 62


@pytest.mark.parametrize("ways", [lambda m: m.to_audio(Law.PCMA), lambda m: m.to_t38(REDUNDANT)], ids=["audio", "T.38"])
def test_a_call_that_makes_no_progress_is_seen(spandsp: Spandsp, ways: Any) -> None:
    with alone(spandsp) as media:
        ways(media)
        for _ in range(50 * 30):
            media.tick()
        assert media.idle == pytest.approx(30)
        assert media.stalled(29)
        assert not media.stalled(31)
        assert not media.stalled()


def test_a_page_without_ecm_is_progress_at_both_ends(document: Document, page: Any, exchange: Exchange) -> None:
    """It takes 45 seconds, in which there is no frame."""
    noise = page(1, 40)
    chance = random.Random(1)
    noise.putdata([255 * chance.randrange(2) for _ in range(1728 * 40)])
    longest = [0.0, 0.0]

    def ways(one: Media, other: Media, tick: int) -> None:
        t38(REDUNDANT)(one, other, tick)
        longest[:] = max(longest[0], one.idle), max(longest[1], other.idle)

    call = exchange(document(noise), ways, caller={"ecm": False, "modems": Modem.V27TER})
    assert is_whole(call, 1)
    assert call.wire[-1][0] / 50 > 45
    assert longest[0] < 12
    assert longest[1] < 12


@pytest.mark.parametrize("ecm", [True, False], ids=["ECM", "no ECM"])
def test_noise_that_never_ends_is_no_progress(
    spandsp: Spandsp, document: Document, exchange: Exchange, tmp_path: Path, ecm: bool
) -> None:
    """The far end is gone in the middle of the page, and its line hisses: spandsp itself waits for ever."""
    idle = []

    def ways(one: Media, other: Media, tick: int) -> None:
        audio(Law.PCMA)(one, other, tick)
        idle.append(other.idle)

    call = exchange(document(1), ways, answerer={"ecm": ecm})
    assert max(idle) < 10
    voice = [datagram for _, forward, datagram in call.wire if forward]
    number, stamp = struct.unpack_from(">HI", voice[600], 2)
    chance = random.Random(1)
    with alone(spandsp, calling=False, ecm=ecm, receive=tmp_path / "broken.tif") as media:
        media.to_audio(Law.PCMA)
        for packet in voice[:600]:
            media.tick()
            media.receive(packet)
        assert media.page_begun
        for later in range(50 * 2200):
            media.tick()
            head = struct.pack(">BBHI", 0x80, 8, number + later & 0xFFFF, stamp + 160 * later & 0xFFFFFFFF)
            media.receive(head + voice[600][8:12] + chance.randbytes(160))
            if media.stalled():
                break
        assert media.active
        assert media.stalled()


def test_hanging_up_ends_the_call_and_its_packets(spandsp: Spandsp) -> None:
    with alone(spandsp) as media:
        media.to_audio(Law.PCMA)
        media.tick()
        media.hang_up()
        assert not media.active
        assert media.tick() == []
        assert media.report().completion == 49


def test_the_report_outlives_the_engines(spandsp: Spandsp) -> None:
    with alone(spandsp) as media:
        media.to_t38(REDUNDANT)
        media.tick()
    assert media.report().completion == 49
    assert media.counts().sent == 3  # the indicator, three times
    assert not media.active


def test_a_call_that_is_held_sends_nothing_but_time_goes_on(spandsp: Spandsp) -> None:
    with alone(spandsp) as media:
        media.to_audio(Law.PCMA)
        [before] = media.tick()
        media.mute(muted=True)
        assert [media.tick() for _ in range(5)] == [[]] * 5
        media.mute(muted=False)
        [after] = media.tick()
    assert int.from_bytes(after[2:4], "big") - int.from_bytes(before[2:4], "big") == 1
    assert int.from_bytes(after[4:8], "big") - int.from_bytes(before[4:8], "big") == 6 * 160
    assert after[1] & 0x80, "the begin of a talk"


def test_what_is_plausible_depends_on_what_is_spoken(spandsp: Spandsp) -> None:
    voice, fax = b"\x80\x08" + bytes(170), b"\0\0\1\x06\0\0"
    with alone(spandsp) as media:
        media.to_audio(Law.PCMA)
        assert (media.plausible(voice), media.plausible(fax)) == (True, False)
        media.to_t38(REDUNDANT)
        assert (media.plausible(voice), media.plausible(fax)) == (False, True)


def test_t38_that_overtakes_the_answer_to_our_offer_is_taken_when_it_is_time(spandsp: Spandsp) -> None:
    """The last sixteen, whatever comes: they are all that a stranger can make us keep."""
    with alone(spandsp) as media:
        media.to_audio(Law.PCMA)
        for number in range(3000):
            media.receive(number.to_bytes(2, "big") + b"\1\6\0\0")
        media.to_t38(REDUNDANT)
        assert media.counts().garbled == 3000
        media.receive((2000).to_bytes(2, "big") + b"\1\6\0\0")
        media.receive((2999).to_bytes(2, "big") + b"\1\6\0\0")
        assert media.counts().late == 1


def test_calls_that_change_their_media_take_no_memory(spandsp: Spandsp, tmp_path: Path) -> None:
    def call() -> None:
        with alone(spandsp, calling=False, receive=tmp_path / "never.tif") as media:
            media.to_audio(Law.PCMA)
            for number in range(20):
                media.tick()
                media.receive(b"\x80\x08" + number.to_bytes(2, "big") + bytes(168))
            media.to_t38(REDUNDANT)
            for number in range(20):
                media.tick()
                media.receive(number.to_bytes(2, "big") + b"\1\2\0\0")
            media.to_audio(Law.PCMU)
            media.tick()

    for _ in range(30):
        call()
    before = allocated()
    for _ in range(200):
        call()
    assert allocated() - before < 2 << 20
    assert not (tmp_path / "never.tif").exists()
