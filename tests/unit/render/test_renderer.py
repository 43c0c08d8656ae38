"""The renderer as the use cases call it."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from depesche.config import MIB, Render, Settings, Soap
from depesche.render import process as process_module
from depesche.render.detect import Format
from depesche.render.errors import ConverterFailed, Damaged, NotWhole, RenderError, Unsupported
from depesche.render.keeper import Keeper
from depesche.render.renderer import LARGE, Finding, LetterFault, Rendered, Renderer, Source, TextPage
from documents import (
    BLACK_SQUARE,
    encrypted_pdf,
    endless_pdf,
    fax_page,
    huge_png,
    huge_tiff,
    pdf,
    pdf_of,
    picture,
    tiff_pages,
    words,
)
from processes import Watch, descendants
from studio import Studio

PAGE = TextPage(
    "Guten Tag",
    "Müller GmbH",
    "+493023125100",
    "+4940123456789",
    datetime(2026, 3, 2, 14, 5, tzinfo=ZoneInfo("Europe/Berlin")),
)
SCANS = [fax_page(700, seed) for seed in range(3)]
TIFF = picture("TIFF", SCANS[0], save_all=True, append_images=SCANS[1:], compression="group4", dpi=(204, 196))
SLOW_TEXT = ("Zeile\n" * 25_000 + "\N{HEBREW LETTER ALEF}").encode()
"""Seconds for WeasyPrint to count."""

LEAST_MEMORY = 352 * MIB
NO_PAGE = pdf_of({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[]/Count 0>>"})


def fax(studio: Studio, text: TextPage | None, *sources: Source, **settings: Any) -> list[NDArray[np.bool_]]:
    """The pages of a fax, after a look at the number that the renderer returns."""
    pages = studio.run(studio.renderer(**settings).fax(text, sources, studio.out)).pages
    drawn = tiff_pages(studio.out.read_bytes())
    assert len(drawn) == pages
    return drawn


def same(found: Sequence[NDArray[np.bool_]], wanted: Sequence[NDArray[np.bool_]]) -> bool:
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


@pytest.mark.parametrize(
    ("format_", "data", "pages"),
    [
        (Format.PDF, pdf(BLACK_SQUARE, words("zwei")), 2),
        (Format.TIFF, TIFF, 3),
        (Format.BMP, picture("BMP", SCANS[0]), 1),
        (Format.PNG, picture("PNG", SCANS[0]), 1),
        (Format.JPEG, picture("JPEG", SCANS[0].convert("L")), 1),
        (Format.TEXT, "Eins: Grüße\fZwei".encode("cp1252"), 2),
        (Format.HTML, "<p>Eins: Grüße<p style='break-before:page'>Zwei".encode("cp1252"), 2),
    ],
)
def test_every_format_becomes_a_fax_and_a_letter_of_the_pages_that_are_counted(
    studio: Studio, format_: Format, data: bytes, pages: int
) -> None:
    source = studio.source(data, format_)
    assert studio.run(studio.renderer().count(source)) == pages
    drawn = fax(studio, None, source)
    assert len(drawn) == pages
    assert all(page.any() for page in drawn)
    assert studio.run(studio.renderer().letter([source], studio.out)).pages == pages
    with pdfium.PdfDocument(studio.out) as letter:
        assert len(letter) == pages


def test_fax_pages_come_out_as_they_came_in(studio: Studio) -> None:
    assert same(fax(studio, None, studio.source(TIFF, Format.TIFF)), [~np.asarray(scan) for scan in SCANS])


def test_the_text_comes_first_and_the_sources_in_their_order(studio: Studio) -> None:
    sources = [
        studio.source(TIFF, Format.TIFF),
        studio.source(pdf(BLACK_SQUARE)),
        studio.source(b"Text", Format.TEXT),
    ]
    alone = [page for source in sources for page in fax(studio, None, source)]
    together = fax(studio, PAGE, *sources)
    assert same(together[1:], alone)
    assert same(together[:1], fax(studio, PAGE, studio.source(pdf(b"", b"", b"", b"", b"")))[:1])


def test_the_page_count_in_the_heading_is_that_of_the_whole_fax(studio: Studio) -> None:
    alone, with_one, with_many = (
        fax(studio, PAGE, *sources)[0] for sources in ((), [studio.source(pdf(b""))], [studio.source(pdf(*[b""] * 12))])
    )
    assert not np.array_equal(alone, with_one)
    assert not np.array_equal(with_one, with_many)
    changed = np.flatnonzero((alone != with_many).any(1))
    assert changed[-1] - changed[0] < 40  # in one line


def test_long_documents_are_drawn_in_parts_without_a_difference(studio: Studio) -> None:
    contents = [words(f"Seite {number}") + b"\n%" + os.urandom(4000).hex().encode() for number in range(31)]
    scans = [fax_page(80, seed) for seed in range(20)]
    tiff = picture("TIFF", scans[0], save_all=True, append_images=scans[1:], compression="group4", dpi=(204, 196))
    sources = [studio.source(pdf(*contents)), studio.source(tiff, Format.TIFF)]
    assert sources[0].path.stat().st_size > LARGE
    in_parts = fax(studio, None, *sources, workers=4)
    assert len(in_parts) == 51
    assert same(in_parts, fax(studio, None, *sources, workers=1))
    assert same(in_parts[31:], [~np.asarray(scan) for scan in scans])


def test_a_text_of_a_megabyte_becomes_pages(studio: Studio) -> None:
    line = "Sehr geehrte Damen und Herren, die Rechnung über den Betrag von 1.234,56 Euro ist zum Monatsende fällig. "
    text = (line * 8 + "\n") * (1_000_000 // (8 * len(line)))
    assert 200 < len(fax(studio, replace(PAGE, text=text))) < 400


REFUSED: list[tuple[str, Format, bytes, type[RenderError]]] = [
    ("encrypted", Format.PDF, encrypted_pdf(), Damaged),
    ("empty", Format.PDF, b"", Damaged),
    ("cut off", Format.PDF, pdf(BLACK_SQUARE)[:300], Damaged),
    ("without a page", Format.PDF, NO_PAGE, NotWhole),
    ("PNG bomb", Format.PNG, huge_png(60_000, 60_000), Damaged),
    ("TIFF bomb", Format.TIFF, huge_tiff(60_000, 60_000), Damaged),
    ("empty picture", Format.TIFF, b"", Damaged),
    ("empty HTML", Format.HTML, b"", Damaged),
    ("long HTML", Format.HTML, b"<p style='break-after:page'>x" * 501, NotWhole),
    ("huge HTML", Format.HTML, bytes((64 << 20) + 1), NotWhole),
    ("empty text", Format.TEXT, b"", Damaged),
    ("long text", Format.TEXT, b"x\n" * 100_000, NotWhole),
    ("huge text", Format.TEXT, bytes(17 << 20), NotWhole),
    ("mislabelled", Format.PNG, pdf(BLACK_SQUARE), Damaged),
    ("without a converter", Format.OTHER, b"?", Unsupported),
]


@pytest.mark.parametrize(
    ("format_", "data", "refusal"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_cannot_be_converted_is_refused_and_leaves_nothing(
    studio: Studio, tmp_path: Path, format_: Format, data: bytes, refusal: type[RenderError]
) -> None:
    renderer, source = studio.renderer(), studio.source(data, format_)
    for work in (
        renderer.fax(None, [studio.source(pdf(BLACK_SQUARE)), source], tmp_path / "out"),
        renderer.fax(PAGE, [source], tmp_path / "out"),
        renderer.letter([source], tmp_path / "out"),
        renderer.count(source),
    ):
        with pytest.raises(refusal):
            studio.run(work)
    assert not list(tmp_path.iterdir())


def test_what_is_left_out_of_the_pages_is_told(studio: Studio) -> None:
    renderer = studio.renderer()
    sources = [studio.source(b"<p>x<img src='http://x.invalid/%d.png'>" % number, Format.HTML) for number in (1, 2)]
    fax = studio.run(renderer.fax(PAGE, sources, studio.out)).warnings
    letter = studio.run(renderer.letter(sources, studio.out)).warnings
    named = (f"http://x.invalid/{number}.png" for number in (1, 2))
    assert fax == letter == tuple(f"{name} is left out: what a document names is not fetched" for name in named)


def test_no_page_at_all_and_too_many_pages_are_not_whole(studio: Studio) -> None:
    five = studio.source(pdf(*[b""] * 5))
    for text, sources, pages in ((None, [], 500), (None, [five], 4), (PAGE, [five], 5), (None, [five, five], 9)):
        with pytest.raises(NotWhole):
            studio.run(studio.renderer(pages=pages).fax(text, sources, studio.out))
    for sources in ([], [five, five]):
        with pytest.raises(NotWhole):
            studio.run(studio.renderer(pages=9).letter(sources, studio.out))
    assert len(fax(studio, PAGE, five, pages=6)) == 6


def test_an_order_that_takes_too_long_fails_and_the_next_one_does_not(studio: Studio) -> None:
    with pytest.raises(ConverterFailed, match="longer than"):
        fax(studio, PAGE, studio.source(endless_pdf()), seconds=1.5)
    assert len(fax(studio, None, studio.source(pdf(BLACK_SQUARE)))) == 1


def test_the_wait_for_a_turn_is_part_of_an_orders_time(studio: Studio) -> None:
    renderer = studio.renderer(workers=1, seconds=1.2)
    slow, quick = studio.source(endless_pdf()), studio.source(pdf(BLACK_SQUARE))

    async def order(number: int, source: Source) -> str:
        try:
            await renderer.fax(None, [source], studio.out.with_name(f"order {number}"))
        except ConverterFailed as error:
            return str(error)
        return "done"

    async def work() -> tuple[list[str], float]:
        clock = asyncio.get_running_loop().time
        began = clock()
        ends = await asyncio.gather(*(order(number, slow) for number in range(3)))
        took = clock() - began
        return [*ends, await order(3, quick)], took

    ends, took = studio.run(work())
    assert ends == ["the conversion took longer than 1 seconds", *["no worker was free within 1.2 seconds"] * 2, "done"]
    assert took < 1.2 + 1


def test_one_account_does_not_take_all_turns_from_the_others(studio: Studio) -> None:
    renderer = studio.renderer(workers=2)
    slow, quick = studio.source(endless_pdf()), studio.source(pdf(BLACK_SQUARE))

    async def work() -> None:
        held = [
            asyncio.create_task(renderer.fax(None, [slow], studio.out.with_name(f"slow {number}"), account=1))
            for number in range(5)
        ]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            assert (await renderer.fax(None, [quick], studio.out, account=2)).pages == 1
            assert await renderer.letter([quick], studio.out, account=2) == Rendered(
                1, findings=(Finding(LetterFault.EMPTY),)
            )
            assert await renderer.count(quick, account=2) == 1
        assert not any(task.done() for task in held)
        for task in held:
            task.cancel()
        await asyncio.wait(held)

    studio.run(work())


def test_what_can_be_counted_is_counted_and_the_rest_is_not(studio: Studio) -> None:
    renderer = studio.renderer()
    sources = [
        studio.source(pdf(b"", b"")),
        studio.source(encrypted_pdf()),
        studio.source(b"?", Format.OTHER),
        studio.source(TIFF, Format.TIFF),
    ]
    assert studio.run(renderer.count_known(sources)) == 2 + 3
    assert studio.run(renderer.count_known([])) == 0


def test_counting_ends_with_the_time_of_the_order_and_not_of_each_document(studio: Studio) -> None:
    renderer = studio.renderer(seconds=1)
    few, long = studio.source(pdf(b"", b"")), studio.source(SLOW_TEXT, Format.TEXT)

    async def work() -> tuple[int, float]:
        clock = asyncio.get_running_loop().time
        began = clock()
        pages = await renderer.count_known([few, long, long, long, few])
        return pages, clock() - began

    pages, took = studio.run(work())
    assert pages == 2
    assert took < 1 + 1


def test_counting_what_nobody_has_time_for_gives_nothing(studio: Studio) -> None:
    renderer = studio.renderer(workers=1, seconds=0.5)
    slow, quick = studio.source(endless_pdf()), studio.source(pdf(BLACK_SQUARE))

    async def work() -> int:
        running = asyncio.create_task(renderer.fax(None, [slow], studio.out))
        await asyncio.sleep(0)
        counted = await renderer.count_known([quick])
        await asyncio.wait([running])
        assert isinstance(running.exception(), ConverterFailed)
        return counted

    assert studio.run(work()) == 0


def test_a_quick_order_overtakes_a_slow_one_where_there_are_two_turns(studio: Studio) -> None:
    renderer = studio.renderer(workers=2)
    slow, quick = studio.source(endless_pdf()), studio.source(pdf(BLACK_SQUARE))

    async def work() -> Rendered | BaseException:
        running = asyncio.create_task(renderer.fax(None, [slow], studio.out.with_name("slow")))
        await renderer.fax(None, [quick], studio.out)
        running.cancel()
        return (await asyncio.gather(running, return_exceptions=True))[0]

    assert isinstance(studio.run(work()), asyncio.CancelledError)


def test_a_cancelled_order_ends_its_child_and_frees_its_turn(studio: Studio) -> None:
    renderer = studio.renderer(workers=1)
    slow, quick = studio.source(endless_pdf()), studio.source(pdf(BLACK_SQUARE))

    async def work() -> Watch:
        process = await studio.keeper.process()
        before = descendants(process.pid)
        running = asyncio.create_task(renderer.fax(None, [slow], studio.out))
        while not (children := descendants(process.pid) - before):
            await asyncio.sleep(0)
        watch = Watch(children)
        running.cancel()
        await asyncio.wait([running])
        assert not studio.out.exists()
        await renderer.fax(None, [quick], studio.out)
        return watch

    assert studio.run(work()).all_end()


def test_a_lost_process_is_replaced_and_the_order_is_done_again(studio: Studio) -> None:
    source = studio.source(pdf(BLACK_SQUARE))

    async def work() -> int:
        os.kill((await studio.keeper.process()).pid, signal.SIGKILL)
        return (await studio.renderer().fax(PAGE, [source], studio.out)).pages

    assert studio.run(work()) == 2
    assert len(tiff_pages(studio.out.read_bytes())) == 2


def test_an_order_under_which_the_process_is_lost_twice_fails(studio: Studio) -> None:
    dying = "import os, socket; c = socket.socket(fileno=0); c.send(b'ready'); c.recv(9); os._exit(1)"

    async def work() -> None:
        renderer = studio.renderer()
        renderer._keeper = keeper = Keeper((sys.executable, "-c", dying))
        try:
            await renderer.count(studio.source(pdf(b"")))
        finally:
            await keeper.close()

    with pytest.raises(ConverterFailed, match="twice"):
        studio.run(work())


LYING = """
import os, socket
control = socket.socket(fileno=0)
control.send(b"ready")
while control.recv(1, socket.MSG_PEEK):
    _, descriptors, _, _ = socket.recv_fds(control, 9, 9)
    talk, leash = (socket.socket(fileno=descriptor) for descriptor in descriptors)
    _, files, _, _ = socket.recv_fds(talk, 100000, 9)
    os.write(files[-1], b"x" * 10)
    talk.send({answer!r})
    leash.send(b'{{"status": 0, "memory": 1}}')
"""


@pytest.mark.parametrize(
    "answer",
    [
        b'{"pages": 2, "strips": [[100, 10]]}',
        b'{"pages": 1, "strips": [[100, 10], [100, 10]]}',
        b'{"pages": 1, "strips": [[100, 9]]}',
        b'{"pages": 1, "strips": []}',
    ],
)
def test_a_child_that_lies_about_its_pages_makes_no_fax(studio: Studio, tmp_path: Path, answer: bytes) -> None:
    async def work() -> None:
        renderer = studio.renderer()
        renderer._keeper = keeper = Keeper((sys.executable, "-c", LYING.format(answer=answer)))
        try:
            await renderer.fax(None, [studio.source(pdf(b""))], tmp_path / "out")
        finally:
            await keeper.close()

    with pytest.raises(ConverterFailed):
        studio.run(work())
    assert not list(tmp_path.iterdir())


def test_the_start_does_not_wait_for_the_conversion_process(tmp_path: Path) -> None:
    document = tmp_path / "a.pdf"
    document.write_bytes(pdf(BLACK_SQUARE))

    async def work() -> list[bool]:
        async with Renderer(Render()) as renderer:
            await renderer.start()
            states = [renderer.ready]
            assert (await renderer.fax(None, [Source(document, Format.PDF)], tmp_path / "out")).pages == 1
            states.append(renderer.ready)
        return [*states, renderer.ready]

    assert asyncio.run(work()) == [False, True, False]


def test_whoever_makes_no_pages_starts_no_conversion_process() -> None:
    async def work() -> None:
        async with Renderer(Render()) as renderer:
            await asyncio.sleep(0.1)
            assert descendants(os.getpid()) == before
            assert not renderer.ready

    before = descendants(os.getpid())
    asyncio.run(work())


def test_the_least_memory_that_may_be_set_is_enough_for_ordinary_documents(any_studio: Studio) -> None:
    photo = picture("JPEG", Image.effect_noise((4000, 3000), 50).convert("RGB"), dpi=(300, 300))
    scan = picture("PNG", Image.new("RGB", (2480, 3508)), dpi=(300, 300), compress_level=1)
    lines = b"Sehr geehrte Damen und Herren,\n" * 300
    renderer = any_studio.renderer(memory=LEAST_MEMORY)
    for format_, data in (
        (Format.JPEG, photo),
        (Format.PNG, scan),
        (Format.TIFF, TIFF),
        (Format.PDF, pdf(BLACK_SQUARE)),
        (Format.PDF, picture("PDF", Image.new("RGB", (2480, 3508), "grey"), resolution=300)),
        (Format.TEXT, lines),
    ):
        source = any_studio.source(data, format_)
        assert any_studio.run(renderer.fax(PAGE, [source], any_studio.out)).pages > 1
        assert any_studio.run(renderer.letter([source], any_studio.out)).pages >= 1


def test_less_memory_than_that_may_not_be_set() -> None:
    with pytest.raises(ValidationError, match="greater than or equal"):
        Render(memory=LEAST_MEMORY - 1)


def test_settings_by_which_answers_would_come_too_late_are_refused() -> None:
    assert Settings(render=Render(seconds=24), soap=Soap(max_seconds=25)).render.seconds == 24
    with pytest.raises(
        ValidationError, match=r"\[render\] seconds \(25\) must be less than \[soap\] max_seconds \(25\)"
    ):
        Settings(render=Render(seconds=25), soap=Soap(max_seconds=25))


def test_a_renderer_that_is_not_running_says_so(studio: Studio) -> None:
    with pytest.raises(ConverterFailed, match="not running"):
        asyncio.run(Renderer(Render()).count(studio.source(pdf(b""))))


def test_an_order_does_not_wait_for_a_process_that_never_starts(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "GRACE_SECONDS", 0.2)

    async def work() -> None:
        renderer = studio.renderer(seconds=0.3)
        renderer._keeper = keeper = Keeper((sys.executable, "-c", "import signal; signal.pause()"))
        try:
            await renderer.count(studio.source(pdf(b"")))
        finally:
            await keeper.close()

    with pytest.raises(ConverterFailed, match="not running"):
        studio.run(work())
