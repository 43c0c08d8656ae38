"""PDF documents on the fax grid."""

import zlib

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
    return opened(data, resolution).draw(index)


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
    assert [bool(black(pages.draw(index)).any()) for index in range(3)] == [False, True, True]


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
    assert pale[solid].mean() > 0.93
    assert pale.sum() == pytest.approx(solid.sum(), rel=0.1)


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
        for number in range(320)
    }
    named = b"".join(b"/I%d %d 0 R" % (number, number) for number in pictures)
    contents = (b"q 300 0 0 300 100 300 cm /I%d Do Q" % number for number in pictures)
    document = pdf(*contents, resources=b"/XObject<<%s>>" % named, objects=pictures)
    pages = opened(document)
    before, first = in_use(), pages.draw(0)
    kept = []
    for number in range(len(pages)):
        assert pages.draw(number).any()
        kept.append(in_use() - before)
    assert max(kept) < KEPT + len(document) // len(pages) * 2 * LOOK_EVERY
    assert np.array_equal(pages.draw(0), first)
