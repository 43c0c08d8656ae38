"""PDF documents on the fax grid."""

import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from depesche.render.errors import Damaged, NotWhole
from depesche.render.grid import Resolution
from depesche.render.memory import in_use
from depesche.render.pdf import KEPT, LOOK_EVERY, PdfPages
from depesche.render.raster import Bits
from documents import (
    A4,
    BLACK_SQUARE,
    black,
    encrypted_pdf,
    extent,
    file,
    pdf,
    pdf_of,
    pdf_showing,
    pdf_with_forms,
    pdf_with_picture,
    pdf_with_stamp,
    picture_object,
    stream,
    words,
)

X = 204 / 72
Y = 196 / 72
"""Picture elements of a point."""

LINE = Resolution.FINE.header_rows
"""Rows that the header line takes."""

NEAR = 2
"""Picture elements that an edge may be off."""


def opened(data: bytes, resolution: Resolution = Resolution.FINE) -> PdfPages:
    with file(data) as document:
        return PdfPages(document, 10_000_000, resolution)


def drawn(data: bytes, index: int = 0, resolution: Resolution = Resolution.FINE) -> Bits:
    return opened(data, resolution).draw(index).bits


def near(found: tuple[int, ...], wanted: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= NEAR for a, b in zip(found, wanted, strict=True))


def test_what_is_on_the_page_is_at_its_place_and_true_to_scale() -> None:
    page = drawn(pdf(BLACK_SQUARE))
    assert page.shape == (2292, 216)
    assert near(extent(page), (20 + 100 * X, 2292 - 300 * Y, 20 + 300 * X, 2292 - 100 * Y))
    left, top, right, bottom = extent(page)
    assert black(page)[top:bottom, left:right].all()


@pytest.mark.parametrize(("resolution", "rows"), list(zip(Resolution, (1146, 2292, 4572), strict=True)))
def test_a_page_is_true_to_scale_at_every_resolution(resolution: Resolution, rows: int) -> None:
    page = drawn(pdf(BLACK_SQUARE), resolution=resolution)
    assert page.shape == (rows, 216)
    y = resolution.y_dpi / 72
    assert near(extent(page), (20 + 100 * X, rows - 300 * y, 20 + 300 * X, rows - 100 * y))


CORNERS = b"0 g 0 0 20 20 re 575 0 20 20 re 0 821 20 20 re 575 821 20 20 re f"


@pytest.mark.parametrize("resolution", Resolution)
def test_a_page_with_ink_from_edge_to_edge_is_made_smaller_to_fit_under_the_header_line(
    resolution: Resolution,
) -> None:
    page = black(drawn(pdf(CORNERS), resolution=resolution))
    line, rows = resolution.header_rows, resolution.a4_rows
    assert len(page) == rows
    assert not page[:line].any()
    scale = (rows - line) / rows
    x, y = scale * X, scale * resolution.y_dpi / 72
    left, right = 864 - 595 / 2 * x, 864 + 595 / 2 * x
    for top, bottom in ((line, line + 20 * y), (rows - 20 * y, rows)):
        band = page[round(top + 3 * NEAR) : round(bottom - NEAR)]
        wanted = np.zeros(1728, bool)
        wanted[round(left) : round(left + 20 * x)] = wanted[round(right - 20 * x) : round(right)] = True
        assert np.all((band != wanted).sum(axis=1) <= 4 * NEAR)
    assert page.sum() == pytest.approx(4 * 20 * x * 20 * y, rel=0.05)


@pytest.mark.parametrize("resolution", Resolution)
def test_a_page_with_room_at_its_foot_is_moved_down_under_the_header_line(resolution: Resolution) -> None:
    line, y = resolution.header_rows, resolution.y_dpi / 72
    upper, lower = b"0 g 100 832 20 10 re f ", b"0 g 300 300 100 100 re f"
    page, bare = drawn(pdf(upper + lower), resolution=resolution), drawn(pdf(lower), resolution=resolution)
    assert len(page) == len(bare) == resolution.a4_rows
    left, top, right, _ = extent(page)
    assert (left, top, right) == pytest.approx((20 + 100 * X, line, 20 + 400 * X), abs=NEAR)
    below = round(line + 20 * y)
    assert np.array_equal(page[below:], np.concatenate((bare[:line] * 0, bare[:-line]))[below:])


def test_a_black_page_is_made_smaller_whole() -> None:
    left, top, right, bottom = extent(drawn(pdf(b"0 g 0 0 600 850 re f")))
    assert (top, bottom) == (LINE, 2292)
    assert right - left == pytest.approx(1687 * (2292 - LINE) / 2292, abs=NEAR)


def test_pages_are_drawn_one_by_one() -> None:
    pages = opened(pdf(b"", BLACK_SQUARE, b"0 g 0 0 50 50 re f"))
    assert len(pages) == 3
    assert [bool(black(pages.draw(index).bits).any()) for index in range(3)] == [False, True, True]


def test_a_landscape_page_is_turned_clockwise() -> None:
    upper_left = b"0 g 0 495 100 100 re f"
    page = drawn(pdf(upper_left, size=(A4[1], A4[0])))
    assert page.shape == (2292, 216)
    left, top, right, bottom = extent(page)
    assert right == pytest.approx(1728 - 20, abs=NEAR)
    assert (left, top, bottom) == pytest.approx((right - 100 * X, LINE, LINE + 100 * Y), abs=NEAR)


def test_the_rotation_of_a_page_is_obeyed() -> None:
    page = drawn(pdf(b"0 g 0 0 100 100 re f", size=(A4[1], A4[0]), page=b"/Rotate 90"))
    assert page.shape == (2292, 216)
    assert near(extent(page), (20, LINE, 20 + 100 * X, LINE + 100 * Y))  # from the lower left to the upper left


def test_a_small_page_lies_in_the_middle() -> None:
    page = drawn(pdf(b"0 g 0 0 200 100 re f", size=(200, 100)))
    assert near(extent(page), (864 - 100 * X, 1146 - 50 * Y, 864 + 100 * X, 1146 + 50 * Y))


@pytest.mark.parametrize("size", [(14400, 14400), (100000, 300), (300, 100000), (0.5, 0.5)])
def test_a_page_of_any_size_is_bounded(size: tuple[float, float]) -> None:
    page = drawn(pdf(b"0 g 0 0 200000 200000 re f", size=size))
    assert 2292 <= len(page) <= Resolution.FINE.most_rows
    assert black(page).any()


def test_the_crop_box_counts() -> None:
    page = drawn(pdf(b"0 g 0 0 600 900 re f", page=b"/CropBox[100 100 300 200]"))
    assert near(extent(page), (864 - 100 * X, 1146 - 50 * Y, 864 + 100 * X, 1146 + 50 * Y))


def test_text_is_as_black_as_text_is() -> None:
    page = black(drawn(pdf(words("Grüße aus Köln, Rechnung 4711", size=24))))
    left, top, right, bottom = extent(drawn(pdf(words("Grüße aus Köln, Rechnung 4711", size=24))))
    assert 0.15 < page[top:bottom, left:right].mean() < 0.45
    assert bottom - top == pytest.approx(24 * Y, rel=0.3)


@pytest.mark.parametrize("grey", [0.4, 0.5, 0.6])
def test_grey_text_is_drawn_like_black_text(grey: float) -> None:
    text = "Kleingedrucktes: Gerichtsstand ist Hamburg. Es gilt deutsches Recht."
    solid, pale = (black(drawn(pdf(words(text, size=7, grey=ink)))) for ink in (0, grey))
    assert pale[solid].mean() > 0.85
    assert pale.sum() == pytest.approx(solid.sum(), rel=0.15)


def test_notes_and_stamps_are_drawn() -> None:
    look = stream(b"0 g 0 0 100 50 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]")
    note = b"<</Type/Annot/Subtype/Stamp/F 4/Rect[100 700 200 750]/AP<</N 101 0 R>>>>"
    page = drawn(pdf(b"", page=b"/Annots[100 0 R]", objects={100: note, 101: look}))
    assert near(extent(page), (20 + 100 * X, 2292 - 750 * Y, 20 + 200 * X, 2292 - 700 * Y))


@pytest.mark.parametrize("flags", [0, 4])
def test_filled_in_form_fields_are_drawn(flags: int) -> None:
    look = stream(b"/Tx BMC q BT 0 g /F 12 Tf 2 5 Td (4711) Tj ET Q EMC",
                  b"/Type/XObject/Subtype/Form/BBox[0 0 100 20]/Resources<</Font<</F 3 0 R>>>>")  # fmt: skip
    field = (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(nr)/V(4711)/F %d/Rect[100 700 200 720]"
        b"/DA(/F 12 Tf 0 g)/AP<</N 101 0 R>>>>" % flags
    )
    form = b"/AcroForm<</Fields[100 0 R]/DR<</Font<</F 3 0 R>>>>>>"
    page = drawn(pdf(b"", page=b"/Annots[100 0 R]", catalogue=form, objects={100: field, 101: look}))
    left, top, right, bottom = extent(page)
    assert 20 + 100 * X < left < right < 20 + 200 * X
    assert 2292 - 720 * Y < top < bottom < 2292 - 700 * Y


def test_an_encrypted_document_is_damaged() -> None:
    with pytest.raises(Damaged, match="encrypted"):
        opened(encrypted_pdf())


def test_a_document_without_pages_is_not_whole() -> None:
    with pytest.raises(NotWhole, match="no page"):
        opened(pdf_of({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[]/Count 0>>"}))


def test_an_empty_document_is_damaged() -> None:
    with pytest.raises(Damaged, match="empty"):
        opened(b"")


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_document_that_is_cut_off_is_damaged(share: float) -> None:
    data = pdf(*(words(f"Seite {number}") for number in range(20)))
    with pytest.raises(Damaged):
        opened(data[: int(len(data) * share)])


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(2000), b"%PDF-1.7\n" + b"%%EOF" * 100])
def test_a_document_of_garbage_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged, match="broken"):
        opened(data)


def test_a_wrong_cross_reference_is_repaired_where_nothing_is_missing() -> None:
    data = pdf(BLACK_SQUARE).replace(b"startxref\n", b"startxref\n9")
    assert black(drawn(data)).any()


def test_a_page_that_is_missing_in_the_middle_is_damaged() -> None:
    data = pdf(b"", BLACK_SQUARE, b"")
    pages = opened(data.replace(b"12 0 obj\n<</Type/Page", b"12 0 obj\n<</Type/Nope"))
    with pytest.raises(Damaged, match="page 2"):
        pages.draw(1)


HUGE = picture_object(20_000, 20_000, zlib.compress(bytes(1 << 20)))
SHOW = b"500 0 0 400 50 50 cm /I Do"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pdf_showing({100: HUGE}), id="on the page"),
        pytest.param(pdf_with_forms(1, SHOW, HUGE), id="in a form"),
        pytest.param(pdf_with_forms(10, SHOW, HUGE), id="in forms in forms"),
        pytest.param(pdf_with_stamp(HUGE), id="in a stamp"),
        pytest.param(pdf_showing({100: HUGE.replace(b"/Image", b"/#49mage")}), id="by another spelling"),
    ],
)
def test_a_picture_of_too_many_pixels_is_damaged_and_not_left_out(data: bytes) -> None:
    with pytest.raises(Damaged, match="larger than allowed"):
        drawn(data)


def test_a_picture_that_pdfium_does_not_even_try_is_damaged_whatever_is_allowed() -> None:
    with file(pdf_with_picture(30_000, 30_000, zlib.compress(bytes(1 << 20)))) as document:
        pages = PdfPages(document, 10**12)
    with pytest.raises(Damaged, match="larger than allowed"):
        pages.draw(0)


@pytest.mark.parametrize("depth", [1, 10, 30])
def test_forms_in_forms_are_drawn(depth: int) -> None:
    assert near(extent(drawn(pdf_with_forms(depth, BLACK_SQUARE))), extent(drawn(pdf(BLACK_SQUARE))))


@pytest.mark.parametrize("depth", [35, 41, 50])
def test_forms_that_are_nested_too_deeply_are_damaged_and_not_left_out(depth: int) -> None:
    with pytest.raises(Damaged, match="nested too deeply"):
        drawn(pdf_with_forms(depth, BLACK_SQUARE))


def test_a_picture_of_an_allowed_size_is_drawn() -> None:
    black_picture = picture_object(500, 400, zlib.compress(bytes(500 * 400 * 3)))
    page = drawn(pdf_showing({100: black_picture}))
    assert near(extent(page), (20 + 50 * X, 2292 - 450 * Y, 20 + 550 * X, 2292 - 50 * Y))
    page = drawn(pdf_with_stamp(black_picture))
    assert near(extent(page), (20 + 100 * X, 2292 - 750 * Y, 20 + 200 * X, 2292 - 700 * Y))


def test_what_pdfium_keeps_of_the_pages_is_bounded_however_many_there_are() -> None:
    noise = np.random.default_rng(7)
    pictures = {
        1000 + number: picture_object(
            512, 512, zlib.compress(noise.integers(0, 256, 512 * 512, np.uint8).tobytes(), 1), colours=1
        )
        for number in range(170)
    }
    named = b"".join(b"/I%d %d 0 R" % (number, number) for number in pictures)
    contents = (b"q 300 0 0 300 100 300 cm /I%d Do Q" % number for number in pictures)
    document = pdf(*contents, resources=b"/XObject<<%s>>" % named, objects=pictures)
    pages = opened(document)
    before, first = in_use(), pages.draw(0).bits
    kept = []
    for number in range(len(pages)):
        assert pages.draw(number).bits.any()
        kept.append(in_use() - before)
    assert max(kept) < KEPT + len(document) // len(pages) * 2 * LOOK_EVERY
    assert np.array_equal(pages.draw(0).bits, first)


SHEETS = {"A3": (841.89, 1190.55), "A4": A4, "A5": (419.53, 595.28), "Letter": (612.0, 792.0), "Legal": (612.0, 1008.0)}


def corners(width: float, height: float, rotation: int) -> bytes:
    """Page content: a square of 36 points in what is the upper left corner when the page is turned, one of 18 in the
    lower right one.
    """
    upper = {0: (0, height - 36), 90: (0, 0), 180: (width - 36, 0), 270: (width - 36, height - 36)}[rotation]
    lower = {0: (width - 18, 0), 90: (width - 18, height - 18), 180: (0, height - 18), 270: (0, 0)}[rotation]
    return b"0 g %f %f 36 36 re f %f %f 18 18 re f" % (*upper, *lower)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("wide", [False, True])
def test_a_page_of_any_size_and_rotation_lies_upright_and_whole(name: str, wide: bool, rotation: int) -> None:
    """Upright is as it is read; what is wider than high is turned clockwise, as the fax has no paper that wide."""
    stored = SHEETS[name][::-1] if wide else SHEETS[name]
    width, height = stored[::-1] if rotation % 180 else stored
    page = opened(pdf(corners(*stored, rotation), size=stored, page=b"/Rotate %d" % rotation)).grey(0) < 128
    if width > height and width > 1.25 * 1728 / X:
        page = np.rot90(page)  # back again, counter-clockwise
        across, down = Y, X
        scale = min(1, 1728 / (height * X))
    else:
        across, down = X, Y
        scale = min(1, 1728 / (width * X))
    rows, columns = np.flatnonzero(page.any(1)), np.flatnonzero(page.any(0))
    assert (columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]) == pytest.approx(
        (width * across * scale, height * down * scale), abs=2 * NEAR
    )
    page = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    large, small = (round(side * scale * down) - NEAR for side in (36, 18))
    assert page[:large, : round(36 * scale * across) - NEAR].mean() > 0.99
    assert page[-small:, -round(18 * scale * across) + NEAR :].mean() > 0.99
    assert page.sum() == pytest.approx((36**2 + 18**2) * X * Y * scale**2, rel=0.1)


def test_pages_of_different_sizes_stand_in_one_document() -> None:
    objects, kids = {}, []
    for number, (width, height) in enumerate(SHEETS.values()):
        kids.append(b"%d 0 R" % (10 + 2 * number))
        objects[10 + 2 * number] = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %f %f]/Contents %d 0 R>>" % (
            width, height, 11 + 2 * number)  # fmt: skip
        objects[11 + 2 * number] = stream(corners(width, height, 0))
    objects |= {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[%s]/Count 5>>" % b" ".join(kids)}
    pages = opened(pdf_of(objects))
    inked = [np.flatnonzero((pages.grey(index) < 128).any(1)) for index in range(len(pages))]
    heights = [rows[-1] + 1 - rows[0] for rows in inked]
    scales = [min(1, 1728 / (width * X)) for width, _ in SHEETS.values()]
    assert heights == pytest.approx(
        [high * Y * by for (_, high), by in zip(SHEETS.values(), scales, strict=True)], abs=4
    )


def ink(content: bytes, resources: bytes = b"", objects: dict[int, bytes] | None = None) -> float:
    """How much of the square from (100, 100) to (300, 300) points is black."""
    page = black(drawn(pdf(content, resources=resources, objects=objects)))
    left, top, right, bottom = (round(v) for v in (20 + 105 * X, 2292 - 295 * Y, 20 + 295 * X, 2292 - 105 * Y))
    return float(page[top:bottom, left:right].mean())


SQUARE = b" 100 100 200 200 re f"
TINT = b"<</FunctionType 2/Domain[0 1]/C0[0 0 0 0]/C1[0 .2 .1 1]/N 1>>"
SPOT = b"/ColorSpace<</C[/Separation/Hausfarbe/DeviceCMYK 100 0 R]/A[/Separation/All/DeviceCMYK 100 0 R]>>"


@pytest.mark.parametrize(
    ("content", "least", "most"),
    [
        pytest.param(b"0 0 0 1 k" + SQUARE, 0.99, 1, id="black ink"),
        pytest.param(b"1 1 1 0 k" + SQUARE, 0.99, 1, id="three inks"),
        pytest.param(b".7 .6 .5 1 k" + SQUARE, 0.99, 1, id="four inks"),
        pytest.param(b"0 0 0 0 k" + SQUARE, 0, 0, id="no ink"),
        pytest.param(b"0 0 .1 0 k" + SQUARE, 0, 0, id="a little yellow"),
        pytest.param(b"0 0 0 .5 k" + SQUARE, 0.3, 0.7, id="half of the black ink"),
        pytest.param(b"/C cs 1 scn" + SQUARE, 0.99, 1, id="a spot colour"),
        pytest.param(b"/A cs 1 scn" + SQUARE, 0.99, 1, id="all colours"),
        pytest.param(b"/C cs 0 scn" + SQUARE, 0, 0, id="nothing of a spot colour"),
    ],
)
def test_inks_are_as_dark_as_on_paper(content: bytes, least: float, most: float) -> None:
    assert least <= ink(content, SPOT, {100: TINT}) <= most


STATES = (b"/ExtGState<</H<</ca .5>>/N<</ca 0>>/M<</BM/Multiply>>/S<</SMask<</S/Luminosity/G 101 0 R>>>>>>"
          b"/XObject<</G 102 0 R>>")  # fmt: skip
HALF_MASK = stream(b"1 g 100 100 100 200 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]"
                   b"/Group<</S/Transparency/CS/DeviceGray>>")  # fmt: skip
GROUP = stream(b"0 g" + SQUARE + b" 1 g 150 150 100 100 re f",
               b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Group<</S/Transparency/I true>>")  # fmt: skip


@pytest.mark.parametrize(
    ("content", "least", "most"),
    [
        pytest.param(b"/H gs 0 g" + SQUARE, 0.3, 0.7, id="black, half transparent"),
        pytest.param(b"/N gs 0 g" + SQUARE, 0, 0, id="black, wholly transparent"),
        pytest.param(b"0 g" + SQUARE + b" /N gs 1 g" + SQUARE, 0.99, 1, id="under white that is wholly transparent"),
        pytest.param(b"0 g" + SQUARE + b" /H gs 1 g" + SQUARE, 0.3, 0.7, id="under white that is half transparent"),
        pytest.param(b"0 g" + SQUARE + b" /M gs 1 g" + SQUARE, 0.99, 1, id="multiplied by white"),
        pytest.param(b"/S gs 0 g" + SQUARE, 0.45, 0.55, id="behind a mask"),
        pytest.param(b"/G Do", 0.7, 0.8, id="a group with a hole of white"),
    ],
)
def test_what_is_transparent_lets_through_what_is_below(content: bytes, least: float, most: float) -> None:
    assert least <= ink(content, STATES, {101: HALF_MASK, 102: GROUP}) <= most


LOOK = stream(b"0 g 0 0 100 50 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]")


@pytest.mark.parametrize(
    ("note", "is_drawn"),
    [
        pytest.param(b"/Subtype/Stamp/F 4/AP<</N 101 0 R>>", True, id="a stamp"),
        pytest.param(b"/Subtype/FreeText/F 4/AP<</N 101 0 R>>", True, id="a comment on the page"),
        pytest.param(b"/Subtype/Highlight/F 4/AP<</N 101 0 R>>", True, id="a marker"),
        pytest.param(b"/Subtype/Ink/F 4/AP<</N 101 0 R>>", True, id="handwriting"),
        pytest.param(b"/Subtype/Stamp/F 2/AP<</N 101 0 R>>", False, id="hidden"),
        pytest.param(b"/Subtype/Widget/FT/Btn/T(a)/F 4/AS/Ja/AP<</N<</Ja 101 0 R/Off 102 0 R>>>>", True, id="ticked"),
        pytest.param(b"/Subtype/Widget/FT/Btn/T(a)/F 4/AS/Off/AP<</N<</Ja 101 0 R/Off 102 0 R>>>>", False, id="not"),
        pytest.param(b"/Subtype/Widget/FT/Tx/T(a)/F 2/V(x)/AP<</N 101 0 R>>", False, id="a hidden field"),
        pytest.param(b"/Subtype/Widget/FT/Sig/T(a)/F 4/AP<</N 101 0 R>>", True, id="a signature"),
        pytest.param(b"/Subtype/Popup/Open true", False, id="a window with a note"),
    ],
)
def test_notes_and_fields_are_drawn_as_they_are_printed(note: bytes, is_drawn: bool) -> None:
    objects = {100: b"<</Type/Annot/Rect[100 700 200 750]%s>>" % note, 101: LOOK, 102: stream(
        b"", b"/Type/XObject/Subtype/Form/BBox[0 0 100 50]")}  # fmt: skip
    fields = b"/AcroForm<</Fields[100 0 R]>>" if b"Widget" in note else b""
    page = black(drawn(pdf(b"", page=b"/Annots[100 0 R]", catalogue=fields, objects=objects)))
    share = page[
        round(2292 - 750 * Y) + 3 : round(2292 - 700 * Y) - 3, round(20 + 100 * X) + 3 : round(20 + 200 * X) - 3
    ]
    assert share.mean() > 0.9 if is_drawn else not page.any()


def test_a_field_is_filled_in_by_us_if_the_program_left_that_to_the_reader() -> None:
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(nr)/V(4711)/F 4/Rect[100 700 200 720]/DA(/F 12 Tf 0 g)>>"
    form = b"/AcroForm<</Fields[100 0 R]/NeedAppearances true/DA(/F 12 Tf 0 g)/DR<</Font<</F 3 0 R>>>>>>"
    page = drawn(pdf(b"", page=b"/Annots[100 0 R]", catalogue=form, objects={100: field}))
    left, top, right, bottom = extent(page)
    assert 20 + 100 * X <= left < right < 20 + 200 * X
    assert 2292 - 720 * Y <= top < bottom <= 2292 - 700 * Y


QPDF = {
    "in order": "--linearize",
    "with objects in streams": "--object-streams=generate",
    "not compressed": "--stream-data=uncompress --object-streams=disable",
    "of 40 bits, without a password to open it": "--allow-weak-crypto --encrypt|geheim|40|--print=n|--",
    "of 128 bits, without a password to open it": "--allow-weak-crypto --encrypt|geheim|128|--use-aes=y|--",
    "of 256 bits, without a password to open it": "--encrypt|geheim|256|--print=none|--extract=n|--",
}


def by_qpdf(folder: Path, data: bytes, options: list[str]) -> bytes:
    """The document as qpdf(1) writes it."""
    (folder / "in.pdf").write_bytes(data)
    subprocess.run(["qpdf", *options, str(folder / "in.pdf"), str(folder / "out.pdf")], check=True)
    return (folder / "out.pdf").read_bytes()


@pytest.mark.parametrize("how", QPDF.values(), ids=QPDF)
def test_a_document_looks_the_same_however_it_is_written(tmp_path: Path, how: str) -> None:
    data = pdf(words("Seite 1"), words("Seite 2"), size=A4)
    options = how.replace("--encrypt|", "--encrypt  ").replace("|", " ").split(" ")
    written = by_qpdf(tmp_path, data, options)
    for index in range(2):
        assert np.array_equal(drawn(written, index), drawn(data, index))


@pytest.mark.parametrize("bits", ["40", "128", "256"])
def test_a_document_that_wants_a_password_to_be_opened_is_damaged(tmp_path: Path, bits: str) -> None:
    weak = ["--allow-weak-crypto"] if bits != "256" else []
    with pytest.raises(Damaged, match="encrypted"):
        opened(by_qpdf(tmp_path, pdf(BLACK_SQUARE), [*weak, "--encrypt", "auf", "zu", bits, "--"]))
