"""Pages that are hard on a fax can be read again by a machine (`make bench ARGS=legibility` shows how others fare), and
where they cannot, their score says so.
"""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image

from depesche.model.legibility import BEST, Flaw, Legibility, warnings
from depesche.render.detect import Format
from depesche.render.grid import Resolution
from depesche.render.image import PicturePages
from depesche.render.legibility import Drawn
from depesche.render.pdf import PdfPages
from documents import black, fax_page, file, pdf, picture
from legibility import (
    KINDS,
    SETTINGS,
    Black,
    Sample,
    accuracy,
    coloured,
    on_photograph,
    one_line,
    pale,
    photograph,
    print_of,
    receipt,
    scanned,
    small_grey,
    tinted_table,
    white_on_grey,
)

UNSEEN = SETTINGS[1]
"""The raster was not tuned on these pages."""

ENOUGH = 0.95
"""Share of the characters; one threshold for the whole page leaves a third to two thirds of those in grey."""

STANDARD, FINE, SUPERFINE = Resolution
GOOD, HALF = 0.85, 0.5


def drawn(sample: Sample, resolution: Resolution = FINE) -> Drawn:
    with file(sample.pdf) as document:
        return PdfPages(document, 10_000_000, resolution).draw(0)


def taken(page: Drawn, resolution: Resolution) -> Legibility:
    """The same page as a finished fax: nobody sees its grey any more."""
    data = picture("TIFF", Image.fromarray(~black(page.bits)), compression="group4", dpi=(204, resolution.y_dpi))
    with file(data) as document:
        return PicturePages(document, Format.TIFF, 10_000_000, 1, resolution).draw(0).legibility


def seen(page: Drawn, resolution: Resolution) -> Black:
    """As it is shown: with as many rows as columns."""
    return black(page.bits).repeat(FINE.rows // resolution.rows, axis=0)


@pytest.mark.parametrize("make", [small_grey, tinted_table, receipt, coloured, white_on_grey])
def test_what_was_printed_can_be_read_on_the_fax_and_the_score_says_so(make: Callable[[int], Sample]) -> None:
    sample = make(UNSEEN)
    page = drawn(sample)
    assert accuracy(black(page.bits), sample) > ENOUGH
    assert page.legibility.score > 80


@pytest.mark.parametrize(
    ("make", "resolution", "flaw"),
    [
        pytest.param(
            partial(print_of, 4, "Liberation Serif"), STANDARD, Flaw.SMALL, id="4 points at standard resolution"
        ),
        pytest.param(partial(print_of, 2.5), FINE, Flaw.SMALL, id="2.5 points"),
        pytest.param(partial(one_line, 3, "#999"), FINE, Flaw.SMALL, id="a grey 3-point line"),
        pytest.param(
            partial(one_line, 3, "#999"), STANDARD, Flaw.SMALL, id="a grey 3-point line at standard resolution"
        ),
        pytest.param(partial(scanned, partial(print_of, 2.5, lines=8), 1), FINE, Flaw.SMALL, id="2.5 points, scanned"),
        pytest.param(
            partial(scanned, partial(print_of, 2.5, lines=8), -3), FINE, Flaw.SMALL, id="2.5 points, scanned askew"
        ),
        pytest.param(
            partial(scanned, partial(print_of, 3, lines=8), 3),
            STANDARD,
            Flaw.SMALL,
            id="3 points, scanned, at standard resolution",
        ),
        pytest.param(partial(pale, "#ddd"), FINE, Flaw.PALE, id="light grey"),
        pytest.param(partial(pale, "#888", "#999"), FINE, Flaw.PALE, id="grey on grey"),
        pytest.param(partial(on_photograph, "#000"), FINE, Flaw.PICTURE, id="black on a dark photograph"),
        pytest.param(partial(on_photograph, "#000", 20, 160), FINE, Flaw.PICTURE, id="black on a photograph"),
    ],
)
def test_a_page_that_can_hardly_be_read_has_a_low_score_and_a_warning(
    make: Callable[[], Sample], resolution: Resolution, flaw: Flaw
) -> None:
    sample = make()
    page = drawn(sample, resolution)
    assert accuracy(seen(page, resolution), sample) < HALF
    assert page.legibility.flaw is flaw
    assert warnings([page.legibility]) == (f"page 1 will hardly be readable: its text is {flaw}",)


@pytest.mark.parametrize(
    ("make", "resolution"),
    [
        pytest.param(partial(one_line, 5), FINE, id="a 5-point line"),
        pytest.param(partial(one_line, 8, "#999"), STANDARD, id="a grey 8-point line at standard resolution"),
        pytest.param(partial(scanned, partial(print_of, 4, lines=6), 2), FINE, id="4 points, scanned askew"),
        pytest.param(partial(scanned, partial(print_of, 6, lines=6), -3), FINE, id="6 points, scanned askew"),
        pytest.param(
            partial(scanned, partial(print_of, 8, lines=6), 3),
            STANDARD,
            id="8 points, scanned askew, at standard resolution",
        ),
        pytest.param(partial(print_of, 6, "Liberation Serif", 6), STANDARD, id="6 points at standard resolution"),
    ],
)
def test_a_page_without_a_warning_can_be_read(make: Callable[[], Sample], resolution: Resolution) -> None:
    sample = make()
    page = drawn(sample, resolution)
    assert warnings([page.legibility]) == ()
    assert accuracy(seen(page, resolution), sample) > GOOD


@pytest.mark.parametrize(
    ("sample", "resolution"),
    [
        *(pytest.param(make(setting), FINE, id=f"{make.__name__} {setting}") for make in KINDS for setting in SETTINGS),
        *(pytest.param(make(0), STANDARD, id=f"{make.__name__} at standard resolution") for make in KINDS),
        pytest.param(print_of(4), FINE, id="4 points"),
        pytest.param(print_of(4, "Liberation Serif"), SUPERFINE, id="4 points at superfine resolution"),
        pytest.param(print_of(7, "Liberation Serif"), STANDARD, id="7 points at standard resolution"),
        pytest.param(print_of(30), FINE, id="30 points"),
        pytest.param(pale("#bbb"), FINE, id="grey"),
        pytest.param(on_photograph("#fff"), FINE, id="white on a dark photograph"),
        pytest.param(photograph(), FINE, id="only a photograph"),
        pytest.param(photograph(), STANDARD, id="only a photograph at standard resolution"),
    ],
)
def test_a_page_that_can_be_read_has_no_warning_be_it_drawn_or_a_finished_fax(
    sample: Sample, resolution: Resolution
) -> None:
    page = drawn(sample, resolution)
    assert warnings([page.legibility]) == ()
    assert warnings([taken(page, resolution)]) == ()


def test_the_score_falls_with_the_size_of_the_print() -> None:
    scores = [drawn(print_of(points), STANDARD).legibility.score for points in (3, 4, 5, 6, 8)]
    assert scores == sorted(set(scores))
    assert scores[0] < 20
    assert scores[-1] > 90


def test_print_that_is_too_small_is_seen_on_a_finished_fax_as_well() -> None:
    told = taken(drawn(print_of(4), STANDARD), STANDARD)
    assert (told.flaw, told.is_readable) == (Flaw.SMALL, False)


RULES = b"0 g " + b"".join(b"50 %d 500 0.5 re f " % (40 * row) for row in range(1, 20))
LEADERS = b"1 J 1.2 w [0 4] 0 d " + b"".join(b"50 %d m 550 %d l S " % (30 * row, 30 * row) for row in range(1, 26))
PALE_TABLE = b"0.87 G 0.7 w " + b"".join(
    b"50 %d 100 20 re S 150 %d 400 20 re S " % (20 * row, 20 * row) for row in range(1, 38)
)
SHAPES = b"0 g 100 100 200 200 re f 0.5 g 350 400 150 150 re f 0.9 g 50 600 400 100 re f"


@pytest.mark.parametrize("content", [b"", RULES, LEADERS, PALE_TABLE, SHAPES])
def test_a_page_without_text_has_nothing_that_cannot_be_read(content: bytes) -> None:
    assert drawn(Sample("no text", pdf(content), "")).legibility == Legibility(BEST)


@pytest.mark.parametrize("resolution", Resolution)
def test_a_finished_fax_without_text_has_nothing_that_cannot_be_read(resolution: Resolution) -> None:
    for page in (fax_page(resolution.a4_rows), Image.new("1", (1728, 5), 1), Image.new("1", (1728, 7), 0)):
        data = picture("TIFF", page, compression="group4", dpi=(204, resolution.y_dpi))
        with file(data) as document:
            told = PicturePages(document, Format.TIFF, 10_000_000, 1, resolution).draw(0).legibility
        assert told.is_readable


BAYER = np.tile(np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) * 16 + 8, (400, 400))


def tones(width: int, height: int) -> Image.Image:
    """Soft blotches, as in a photograph."""
    blotches = np.random.default_rng(7).integers(0, 256, (height // 20, width // 20), np.uint8)
    return Image.fromarray(blotches).resize((width, height), Image.Resampling.BICUBIC)


def dithered(dpi: int, *, ordered: bool) -> Image.Image:
    """A picture of 6 by 4 inches that somebody else made black and white."""
    grey = tones(6 * dpi, 4 * dpi)
    return Image.fromarray(np.asarray(grey) > BAYER[: 4 * dpi, : 6 * dpi]) if ordered else grey.convert("1")


def screened(lines: int) -> Image.Image:
    """A picture from a newspaper: so many lines of dots an inch, at 200 dpi."""
    rows, columns = np.mgrid[0:800, 0:1200] * np.pi * 2 * lines / 200
    dots = (np.cos(0.9 * columns + 0.44 * rows) + np.cos(0.9 * rows - 0.44 * columns)) * 64 + 128
    return Image.fromarray(dots < np.asarray(tones(1200, 800)))


def modules(columns: int, rows: int, size: int, *, high: int = 1) -> Image.Image:
    """A code of black and white modules, each of so many picture elements."""
    cells = np.random.default_rng(5).integers(0, 2, (rows, columns)).astype(bool)
    return Image.fromarray(np.pad(cells.repeat(size * high, 0).repeat(size, 1), 40, constant_values=True))


PATTERNS = [
    *(
        pytest.param(partial(dithered, dpi, ordered=True), dpi, id=f"dithered at {dpi} dpi")
        for dpi in (72, 100, 150, 200)
    ),
    *(
        pytest.param(partial(dithered, dpi, ordered=False), dpi, id=f"diffused at {dpi} dpi")
        for dpi in (72, 100, 150, 200)
    ),
    *(pytest.param(partial(screened, lines), 200, id=f"{lines} lines an inch") for lines in (60, 85, 133)),
    *(pytest.param(partial(modules, 29, 29, size), 200, id=f"QR code, {size}") for size in (2, 3, 8)),
    pytest.param(partial(modules, 95, 1, 3, high=30), 200, id="bar code"),
    pytest.param(partial(modules, 120, 20, 3), 200, id="stacked code"),
]


@pytest.mark.parametrize("resolution", [STANDARD, FINE])
@pytest.mark.parametrize(("make", "dpi"), PATTERNS)
def test_patterns_are_no_text(make: Callable[[], Image.Image], dpi: int, resolution: Resolution) -> None:
    with file(picture("PNG", make().convert("L"), dpi=(dpi, dpi))) as document:
        page = PicturePages(document, Format.PNG, 10_000_000, 1, resolution).draw(0)
    assert page.legibility.score > 80
    assert taken(page, resolution).score > 80


@pytest.mark.parametrize("rows", [12, 20, 40])
def test_a_strip_of_a_page_has_a_score(rows: int) -> None:
    page = drawn(print_of(3), STANDARD)
    first = np.flatnonzero(page.bits.any(1))[0] - 4
    strip = Drawn(page.bits[first : first + rows], page.legibility)
    assert 0 <= taken(strip, STANDARD).score <= BEST


def test_grain_and_noise_are_no_text() -> None:
    random = np.random.default_rng(3)
    for mean, spread in ((240, 4), (200, 12), (128, 60)):
        noise = np.clip(random.normal(mean, spread, (2000, 1400)), 0, 255).astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(noise).save(out, "PNG", dpi=(200, 200))
        with file(out.getvalue()) as document:
            told = PicturePages(document, Format.PNG, 10_000_000, 1).draw(0).legibility
        assert told.is_readable
