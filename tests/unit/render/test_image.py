"""Pictures on the fax grid."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from depesche.render.detect import Format
from depesche.render.errors import Damaged, NotWhole
from depesche.render.grid import Resolution
from depesche.render.image import PicturePages
from depesche.render.raster import Bits
from documents import black, extent, fax_page, file, huge_png, huge_tiff, picture

PIXELS = 50_000_000
MOST = 20
NEAR = 3

ORIENTATION = 274


def opened(
    data: bytes, format_: Format, pixels: int = PIXELS, most: int = MOST, resolution: Resolution = Resolution.FINE
) -> PicturePages:
    with file(data) as document:
        return PicturePages(document, format_, pixels, most, resolution)


def drawn(data: bytes, format_: Format, index: int = 0, resolution: Resolution = Resolution.FINE) -> Bits:
    return opened(data, format_, resolution=resolution).draw(index).bits


def marks(image: Image.Image) -> NDArray[np.bool_]:
    return ~np.asarray(image)


def corner(width: int = 600, height: int = 800, mode: str = "RGB", ink: Any = "black") -> Image.Image:
    """White, with a filled rectangle in the upper left sixth."""
    image = Image.new(mode, (width, height), "white" if mode != "I;16" else 65535)
    image.paste(ink, (0, 0, width // 2, height // 3))
    return image


@pytest.mark.parametrize("coding", ["group3", "group4", "tiff_lzw", "packbits", "tiff_adobe_deflate", "raw"])
def test_a_fax_page_goes_through_as_it_is(coding: str) -> None:
    page = fax_page(2233)
    bits = drawn(picture("TIFF", page, compression=coding, dpi=(204, 196)), Format.TIFF)
    assert np.array_equal(black(bits), marks(page))


def test_a_fax_page_coded_in_two_dimensions_goes_through_as_it_is() -> None:
    page = fax_page(500)
    options = TiffImagePlugin.ImageFileDirectory_v2()
    options[292] = 1  # T4Options: 2-D coding
    bits = drawn(picture("TIFF", page, compression="group3", dpi=(204, 196), tiffinfo=options), Format.TIFF)
    assert np.array_equal(black(bits), marks(page))


def test_black_may_be_zero_in_a_fax_page() -> None:
    page = fax_page(300)
    options = TiffImagePlugin.ImageFileDirectory_v2()
    options[262] = 0
    bits = drawn(picture("TIFF", page, compression="group4", dpi=(204, 196), tiffinfo=options), Format.TIFF)
    assert np.array_equal(black(bits), marks(page))


@pytest.mark.parametrize("dpi", [(204, 98), (203, 98), (200, 100), (204.0, 97.8)])
def test_the_rows_of_standard_resolution_are_doubled(dpi: tuple[float, float]) -> None:
    page = fax_page(1100)
    bits = drawn(picture("TIFF", page, compression="group3", dpi=dpi), Format.TIFF)
    assert np.array_equal(black(bits), marks(page).repeat(2, 0))


@pytest.mark.parametrize("resolution", Resolution)
def test_a_fax_page_goes_through_as_it_is_where_the_order_has_its_resolution(resolution: Resolution) -> None:
    page = fax_page(resolution.a4_rows)
    data = picture("TIFF", page, compression="group4", dpi=(204, resolution.y_dpi))
    assert np.array_equal(black(drawn(data, Format.TIFF, resolution=resolution)), marks(page))


@pytest.mark.parametrize("wanted", Resolution)
@pytest.mark.parametrize("given", Resolution)
def test_a_fax_page_keeps_its_size_and_each_of_its_lines_at_every_resolution(
    given: Resolution, wanted: Resolution
) -> None:
    page = Image.new("1", (1728, given.a4_rows), 1)
    lines = [given.a4_rows * part // 8 for part in range(1, 8)]
    for row in lines:
        page.paste(0, (100, row, 1600, row + 1))
    bits = black(drawn(picture("TIFF", page, compression="group4", dpi=(204, given.y_dpi)), Format.TIFF, 0, wanted))
    assert len(bits) == -(-given.a4_rows * wanted.rows // given.rows)
    starts = np.flatnonzero(np.diff(bits[:, 800].astype(np.int8)) == 1) + 1
    assert list(starts) == [row * wanted.rows // given.rows for row in lines]
    assert not bits[:, :100].any()


@pytest.mark.parametrize("resolution", Resolution)
def test_a_fax_page_under_the_header_line_is_moved_down_and_else_stays_bit_by_bit(resolution: Resolution) -> None:
    line, rows = resolution.header_rows, resolution.a4_rows
    page = Image.new("1", (1728, rows), 1)
    page.paste(fax_page(rows - line), (0, 0))
    page.paste(0, (5, 3, 9, 4))
    page.paste(1, (0, 0, 1728, 3))
    data = picture("TIFF", page, compression="group4", dpi=(204, resolution.y_dpi))
    bits = black(drawn(data, Format.TIFF, resolution=resolution))
    assert not bits[:line].any()
    assert len(bits) == rows
    assert np.array_equal(bits[line:], marks(page)[3 : 3 + rows - line])


def test_a_full_fax_page_stays_bit_by_bit_and_grows_when_it_is_sent() -> None:
    page = fax_page(2292)
    page.paste(0, (0, 0, 1728, 10))
    page.paste(0, (0, 2282, 1728, 2292))
    bits = drawn(picture("TIFF", page, compression="group4", dpi=(204, 196)), Format.TIFF)
    assert np.array_equal(black(bits), marks(page))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("size", [(2480, 3508), (3508, 2480)])
def test_a_scan_from_edge_to_edge_is_made_smaller_to_fit_under_the_header_line(
    kind: str, size: tuple[int, int]
) -> None:
    scan = Image.new("L", size, 255)
    for corner_ in ((0, 0), (size[0] - 100, 0), (0, size[1] - 100), (size[0] - 100, size[1] - 100)):
        scan.paste(0, (*corner_, corner_[0] + 100, corner_[1] + 100))
    page = black(drawn(picture(kind, scan, dpi=(300, 300)), Format[kind]))
    assert len(page) == 2292
    assert not page[:40].any()
    scale = (2292 - 40) / 2292
    assert page.sum() == pytest.approx(4 * (100 / 300 * scale) ** 2 * 204 * 196, rel=0.05)
    assert extent(np.packbits(page, axis=1)) == pytest.approx(
        (864 - 105 * scale / 25.4 * 204, 40, 864 + 105 * scale / 25.4 * 204, 2292), abs=NEAR
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4584, 4585])
def test_the_rows_of_superfine_resolution_are_joined_and_none_is_lost(count: int) -> None:
    rows = marks(fax_page(count))
    rows[-1, 100:200] = True
    page = Image.fromarray(~rows)
    bits = drawn(picture("TIFF", page, compression="group4", dpi=(204, 391)), Format.TIFF)
    whole = np.vstack([rows, np.zeros((count % 2, 1728), bool)])
    assert np.array_equal(black(bits), whole[0::2] | whole[1::2])


@pytest.mark.parametrize(("rows", "times"), [(1100, 2), (2200, 1)])
def test_a_fax_page_without_resolution_is_judged_by_its_rows(rows: int, times: int) -> None:
    page = fax_page(rows)
    bits = drawn(picture("TIFF", page, compression="group4"), Format.TIFF)
    assert np.array_equal(black(bits), marks(page).repeat(times, 0))


@pytest.mark.parametrize("dpi", [(150, 150), (200, 200), (300, 300), (600, 600), (300, 150)])
def test_other_resolutions_are_true_to_size(dpi: tuple[int, int]) -> None:
    scan = Image.new("1", (round(4 * dpi[0]), round(6 * dpi[1])), 0)  # four by six inches, black
    for format_, kind in ((Format.TIFF, "TIFF"), (Format.PNG, "PNG"), (Format.BMP, "BMP")):
        if kind == "BMP" and dpi[0] != dpi[1]:
            continue
        left, top, right, bottom = extent(drawn(picture(kind, scan, dpi=dpi), format_))
        assert (right - left, bottom - top) == pytest.approx((4 * 204, 6 * 196), abs=NEAR)
        assert (left + right, top + bottom) == pytest.approx((1728, 2292), abs=2 * NEAR)


@pytest.mark.parametrize(("resolution", "rows"), list(zip(Resolution, (98, 196, 391), strict=True)))
def test_a_scan_is_true_to_size_at_every_resolution(resolution: Resolution, rows: int) -> None:
    data = picture("PNG", Image.new("L", (1200, 1800), 0), dpi=(300, 300))
    left, top, right, bottom = extent(drawn(data, Format.PNG, resolution=resolution))
    assert (right - left, bottom - top) == pytest.approx((4 * 204, 6 * rows), abs=NEAR)
    assert top + bottom == pytest.approx(resolution.a4_rows, abs=2 * NEAR)


@pytest.mark.parametrize("dpi", [None, (1, 1), (0.01, 300), (100000, 100000)])
def test_a_picture_without_a_sensible_resolution_has_that_of_a_screen(dpi: tuple[float, float] | None) -> None:
    options = {"dpi": dpi} if dpi else {}
    left, _, right, _ = extent(drawn(picture("PNG", Image.new("L", (480, 480)), **options), Format.PNG))
    assert right - left == pytest.approx(5 * 204, abs=NEAR)


def test_all_pages_of_a_tiff_are_drawn_in_their_order() -> None:
    scans = [fax_page(400, seed) for seed in range(3)]
    data = picture("TIFF", scans[0], save_all=True, append_images=scans[1:], compression="group4", dpi=(204, 196))
    pages = opened(data, Format.TIFF)
    assert len(pages) == 3
    for index in (2, 0, 1):
        assert np.array_equal(black(pages.draw(index).bits), marks(scans[index]))


def test_previews_in_a_tiff_are_no_pages() -> None:
    preview = TiffImagePlugin.ImageFileDirectory_v2()
    preview[254] = 1
    small = picture("TIFF", fax_page(100), compression="group4", dpi=(204, 196), tiffinfo=preview)
    with pytest.raises(NotWhole):
        opened(small, Format.TIFF)


def test_counting_ends_behind_the_allowed_number() -> None:
    frames = [Image.new("1", (8, 8)) for _ in range(30)]
    data = picture("TIFF", frames[0], save_all=True, append_images=frames[1:])
    assert len(opened(data, Format.TIFF, most=10)) == 11


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "format_"), [("JPEG", Format.JPEG), ("PNG", Format.PNG), ("TIFF", Format.TIFF)])
def test_a_picture_lying_on_its_side_is_put_upright(orientation: int, kind: str, format_: Format) -> None:
    upright = corner()
    undo = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}  # fmt: skip
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    if kind == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[ORIENTATION] = orientation
        data = picture(kind, stored, dpi=(100, 100), tiffinfo=tags)
    else:
        data = picture(kind, stored, dpi=(100, 100), exif=exif)
    left, top, right, bottom = extent(drawn(data, format_))
    assert (right - left, bottom - top) == pytest.approx((3 * 204, 800 / 3 / 100 * 196), abs=NEAR)
    assert (left, top) == pytest.approx((864 - 3 * 204, 1146 - 4 * 196), abs=NEAR)


def test_different_resolutions_turn_with_the_picture() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = picture("PNG", Image.new("L", (400, 200)), dpi=(200, 100), exif=exif)
    left, top, right, bottom = extent(drawn(data, Format.PNG))
    assert (right - left, bottom - top) == pytest.approx((2 * 204, 2 * 196), abs=NEAR)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB", "I;16", "LA", "RGBA"])
def test_every_kind_of_colour_is_read(mode: str) -> None:
    image = corner(mode="I;16", ink=0) if mode == "I;16" else corner()
    if mode == "LA":
        image = image.convert("L")
    image = image if mode == "I;16" else image.convert(mode) if mode != "LAB" else Image.new("LAB", (600, 800), "white")
    if mode == "LAB":
        image.paste((0, 128, 128), (0, 0, 300, 266))
    left, top, right, bottom = extent(drawn(picture("TIFF", image, dpi=(100, 100)), Format.TIFF))
    assert (left, top) == pytest.approx((864 - 3 * 204, 1146 - 4 * 196), abs=NEAR)
    assert (right - left, bottom - top) == pytest.approx((3 * 204, 2.66 * 196), abs=NEAR)


@pytest.mark.parametrize("quality", [30, 95])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_pictures_are_read_in_every_colour_space(mode: str, quality: int) -> None:
    data = picture("JPEG", corner(2400, 3200).convert(mode), quality=quality, dpi=(400, 400))
    left, top, right, bottom = extent(drawn(data, Format.JPEG))
    assert (left, top) == pytest.approx((864 - 3 * 204, 1146 - 4 * 196), abs=2 * NEAR)
    assert (right - left, bottom - top) == pytest.approx((3 * 204, 8 / 3 * 196), abs=2 * NEAR)


def test_jpeg_inside_tiff_is_read() -> None:
    data = picture("TIFF", corner(), compression="jpeg", dpi=(100, 100))
    assert black(drawn(data, Format.TIFF)).any()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_what_is_transparent_is_white(mode: str) -> None:
    image = Image.new("RGBA", (600, 800), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 300, 200))
    if mode == "LA":
        image = image.convert("LA")
    data = picture("PNG", image.convert("P") if mode == "PA" else image, dpi=(100, 100))
    left, top, right, bottom = extent(drawn(data, Format.PNG))
    assert (right - left, bottom - top) == pytest.approx((3 * 204, 2 * 196), abs=NEAR)


def test_a_transparent_colour_of_a_png_is_white() -> None:
    image = Image.new("RGB", (600, 800), (1, 2, 3))
    image.paste((0, 0, 0), (0, 0, 300, 200))
    left, _, right, _ = extent(drawn(picture("PNG", image, dpi=(100, 100), transparency=(1, 2, 3)), Format.PNG))
    assert right - left == pytest.approx(3 * 204, abs=NEAR)


def test_sixteen_bits_are_not_cut_to_black_and_white() -> None:
    values = np.full((800, 600), 0x8000, np.uint16)
    page = black(drawn(picture("PNG", Image.fromarray(values), dpi=(100, 100)), Format.PNG))
    inside = page[1146 - 300 : 1146 + 300, 864 - 300 : 864 + 300]
    assert 0.4 < inside.mean() < 0.6


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_white_may_be_zero_in_more_than_eight_bits(kind: type[np.generic]) -> None:
    values = np.zeros((800, 600), kind)
    values[:200, :300] = 65535
    data = picture("TIFF", Image.fromarray(values), dpi=(100, 100), tiffinfo={262: 0})
    left, top, right, bottom = extent(drawn(data, Format.TIFF))
    assert (left, top) == pytest.approx((864 - 3 * 204, 1146 - 4 * 196), abs=NEAR)
    assert (right - left, bottom - top) == pytest.approx((3 * 204, 2 * 196), abs=NEAR)


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
def test_fractions_are_read_in_the_range_they_use(white: float) -> None:
    values = np.full((800, 600), white, np.float32)
    values[:200, :300] = 0
    page = drawn(picture("TIFF", Image.fromarray(values), dpi=(100, 100)), Format.TIFF)
    left, top, right, bottom = extent(page)
    assert (right - left, bottom - top) == pytest.approx((3 * 204, 2 * 196), abs=NEAR)


def test_a_landscape_scan_is_turned_clockwise() -> None:
    scan = Image.new("L", (2970, 2100), 255)
    scan.paste(0, (0, 0, 500, 300))
    left, top, right, bottom = extent(drawn(picture("PNG", scan, dpi=(254, 254)), Format.PNG))
    assert right == pytest.approx(1728 - 20, abs=NEAR)
    assert top == Resolution.FINE.header_rows
    assert (right - left, bottom - top) == pytest.approx((30 * 204 / 25.4, 50 * 196 / 25.4), abs=NEAR)


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        pytest.param(huge_png(60_000, 60_000), Format.PNG, id="PNG"),
        pytest.param(huge_tiff(60_000, 60_000), Format.TIFF, id="TIFF"),
        pytest.param(huge_png(2**31 - 1, 1), Format.PNG, id="wide PNG"),
        pytest.param(huge_png(8_000, 8_000), Format.PNG, id="PNG that Pillow would open"),
    ],
)
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(data: bytes, format_: Format) -> None:
    with pytest.raises(Damaged, match="larger than allowed"):
        opened(data, format_).draw(0)


def test_pixels_are_counted_page_by_page() -> None:
    scans = [Image.new("1", (100, 100)), Image.new("1", (1000, 1000))]
    data = picture("TIFF", scans[0], save_all=True, append_images=scans[1:], compression="group4")
    with pytest.raises(Damaged, match="1000 by 1000"):
        opened(data, Format.TIFF, pixels=900_000)


WHOLE = {
    Format.PNG: picture("PNG", fax_page(300).convert("RGB")),
    Format.JPEG: picture("JPEG", fax_page(300).convert("RGB")),
    Format.BMP: picture("BMP", fax_page(300).convert("RGB")),
    Format.TIFF: picture("TIFF", fax_page(300).convert("RGB"), compression="tiff_lzw"),
}


@pytest.mark.parametrize("format_", WHOLE)
@pytest.mark.parametrize("share", [0, 0.0001, 0.01, 0.3, 0.6, 0.9])
def test_a_picture_that_is_cut_off_is_damaged(format_: Format, share: float) -> None:
    data = WHOLE[format_]
    with pytest.raises(Damaged):
        opened(data[: int(len(data) * share)], format_).draw(0)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("format_", WHOLE)
def test_broken_octets_lead_to_a_page_or_to_a_damaged_document(format_: Format, seed: int) -> None:
    random = np.random.default_rng(seed)
    data = bytearray(WHOLE[format_])
    for place in random.integers(0, len(data) if seed % 2 else 200, 8):
        data[place] = random.integers(256)
    try:
        assert drawn(bytes(data), format_).shape[1] == 216
    except (Damaged, NotWhole) as refusal:
        assert str(refusal)  # noqa: PT017


def test_no_other_reader_than_the_named_one_sees_a_picture() -> None:
    with pytest.raises(Damaged):
        opened(picture("GIF", Image.new("L", (10, 10))), Format.PNG)
