"""TIFF files of every kind of samples in every arrangement, as libtiff writes them: the picture is the one written."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

import tiffs
from depesche.render.detect import Format
from depesche.render.errors import Damaged, RenderError, Unsupported
from depesche.render.image import Picture, PicturePages
from documents import black, fax_page, file
from studio import Studio
from tiffs import FLOAT, SIGNED, tiff

HEIGHT, WIDTH = 61, 83
"""Both odd, and no multiple of a strip or tile."""

GREY, RGB, INK, PALETTE = 1, 2, 5, 3
"""Photometric interpretations."""

LZW, JPEG, DEFLATE, WEBP, JPEG_2000 = 5, 7, 8, 50001, 34712
"""Compressions."""

Share = NDArray[np.float64]
"""From 0 to 1, by rows, columns and colours."""


def scene() -> Share:
    """No two corners alike."""
    made = np.ones((HEIGHT, WIDTH, 3))
    made[:20, :40] = 0
    made[40:, 50:] = (0, 0, 0.8)
    made[22:38, 10:30] = (0.8, 0.1, 0)
    made[22:38, 40:60] = (0, 0.6, 0.25)
    made[45:55, 5:45] = np.linspace(0, 1, 40)[:, np.newaxis]
    return made


def grey_scene() -> Share:
    grey: Share = scene() @ np.array([[0.299], [0.587], [0.114]])
    return grey


def ink_scene() -> Share:
    """Cyan, magenta, yellow and black, half of the black in the colours."""
    black_ink = (1 - scene().max(2, keepdims=True)) / 2
    return np.concatenate((1 - scene() / (1 - black_ink), black_ink), 2)


def whole(shares: Share, bits: int) -> NDArray[np.uint64]:
    """Numbers of so many bits."""
    numbers: NDArray[np.uint64] = np.rint(shares * (2**bits - 1)).astype(np.uint64)
    return numbers


def with_cover(shares: Share, cover: float) -> Share:
    return np.concatenate((shares, np.full((*shares.shape[:2], 1), cover)), 2)


def shown(data: bytes, index: int = 0) -> Picture:
    with file(data) as document:
        return PicturePages(document, Format.TIFF, 1_000_000, 20).picture(index)


def error(data: bytes, wanted: Share) -> float:
    """How far the picture is from the wanted one, at the worst place."""
    found = np.asarray(shown(data).image.convert("RGB")) / 255
    assert found.shape[:2] == wanted.shape[:2]
    return float(np.abs(found - wanted).max())


ARRANGED: dict[str, dict[str, Any]] = {
    "strips": {},
    "one strip": {"rows": HEIGHT},
    "tiles": {"tile": (32, 48)},
    "big endian": {"mode": "wb"},
    "BigTIFF": {"mode": "w8"},
    "big-endian BigTIFF in tiles": {"mode": "w8b", "tile": (16, 16)},
}


def arranged() -> Iterator[tuple[str, dict[int, int], dict[str, Any]]]:
    for (name, how), planar, order in product(ARRANGED.items(), (1, 2), (1, 2)):
        yield f"{name}, planar {planar}, fill order {order}", {tiffs.PLANAR: planar, tiffs.FILL_ORDER: order}, how


def wrong(path: Path, samples: NDArray[Any], bits: int, tags: dict[int, Any], wanted: Share, near: float) -> list[str]:
    """The arrangements in which another picture is found."""
    found = []
    for (name, more, how), coding in product(arranged(), (1, LZW)):
        data = tiff(path, samples, bits, {**tags, **more, tiffs.COMPRESSION: coding}, **how)
        far = error(data, wanted)
        if far > near:
            found.append(f"{name}, compression {coding}: {far:.2f}")
    return found


KINDS: dict[str, tuple[dict[int, Any], Share, Share]] = {
    "black is zero": ({tiffs.PHOTOMETRIC: 1}, grey_scene(), grey_scene()),
    "white is zero": ({tiffs.PHOTOMETRIC: 0}, 1 - grey_scene(), grey_scene()),
    "grey and something": ({tiffs.PHOTOMETRIC: 1, tiffs.EXTRA: [0]}, with_cover(grey_scene(), 0), grey_scene()),
    "grey that covers all": ({tiffs.PHOTOMETRIC: 1, tiffs.EXTRA: [2]}, with_cover(grey_scene(), 1), grey_scene()),
    "grey that covers nothing": ({tiffs.PHOTOMETRIC: 1, tiffs.EXTRA: [2]}, with_cover(0 * grey_scene(), 0),
                                 np.ones((HEIGHT, WIDTH, 3))),
    "RGB": ({tiffs.PHOTOMETRIC: 2}, scene(), scene()),
    "RGB and something": ({tiffs.PHOTOMETRIC: 2, tiffs.EXTRA: [0, 0]}, with_cover(with_cover(scene(), 0), 1), scene()),
    "RGB that covers nothing": ({tiffs.PHOTOMETRIC: 2, tiffs.EXTRA: [2]}, with_cover(scene(), 0),
                                np.ones((HEIGHT, WIDTH, 3))),
    "RGB times cover": ({tiffs.PHOTOMETRIC: 2, tiffs.EXTRA: [1]}, with_cover(0 * scene(), 0),
                        np.ones((HEIGHT, WIDTH, 3))),
    "CMYK": ({tiffs.PHOTOMETRIC: 5}, ink_scene(), scene()),
    "CMYK and something": ({tiffs.PHOTOMETRIC: 5, tiffs.EXTRA: [0]}, with_cover(ink_scene(), 0), scene()),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", [1, 2, 4, 5, 8, 12, 16, 24, 32])
def test_samples_of_any_number_of_bits_are_read(tmp_path: Path, bits: int, kind: str) -> None:
    tags, shares, wanted = KINDS[kind]
    samples = whole(shares, bits)
    if kind.startswith("CMYK"):
        ink = samples / (2**bits - 1)
        wanted = (1 - ink[..., :3]) * (1 - ink[..., 3:4])
    assert wrong(tmp_path / "x.tif", samples, bits, tags, wanted, near=0.52 / (2**bits - 1) + 0.02) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("bits", "white"), [(16, 1), (32, 1), (32, 255), (32, 65535), (64, 1)])
def test_fractions_are_read_in_the_range_they_use(tmp_path: Path, bits: int, white: float, kind: str) -> None:
    tags, shares, wanted = KINDS[kind]
    samples = (shares * white).astype(f"f{bits // 8}")
    assert wrong(tmp_path / "x.tif", samples, bits, {**tags, tiffs.FORMAT: FLOAT}, wanted, near=0.02) == []


@pytest.mark.parametrize("kind", ["black is zero", "RGB", "CMYK"])
@pytest.mark.parametrize("predictor", [1, 3])
@pytest.mark.parametrize("bits", [16, 32, 64])
def test_fractions_with_a_predictor_are_read(tmp_path: Path, bits: int, predictor: int, kind: str) -> None:
    """But big-endian ones: libtiff writes them against the rules, and reads them by the rules."""
    tags, shares, wanted = KINDS[kind]
    coded = {**tags, tiffs.FORMAT: FLOAT, tiffs.COMPRESSION: DEFLATE, tiffs.PREDICTOR: predictor}
    assert error(tiff(tmp_path / "x.tif", shares.astype(f"f{bits // 8}"), bits, coded), wanted) < 0.02


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_numbers_with_a_sign_are_read_in_the_range_they_use(tmp_path: Path, bits: int) -> None:
    tags = {tiffs.FORMAT: SIGNED}
    for most in (bits - 1, bits):  # with none below 0, or, as ImageMagick writes them, with the large ones there
        for kind in ("black is zero", "RGB", "CMYK"):
            more, shares, wanted = KINDS[kind]
            assert wrong(tmp_path / "x.tif", whole(shares, most), bits, {**tags, **more}, wanted, near=0.02) == []


def test_fractions_a_little_above_white_are_white(tmp_path: Path) -> None:
    bright = grey_scene() * 1.02
    tags = {tiffs.PHOTOMETRIC: GREY, tiffs.FORMAT: FLOAT}
    assert error(tiff(tmp_path / "x.tif", bright.astype("f4"), 32, tags), np.minimum(bright, 1)) < 0.02


@pytest.mark.parametrize("eight", [False, True])
@pytest.mark.parametrize("bits", [1, 2, 3, 4, 8, 12, 16])
def test_palettes_of_any_number_of_bits_are_read(tmp_path: Path, bits: int, eight: bool) -> None:
    """`eight`: values of eight bits, against the rules."""
    shares = np.linspace(1, 0, 2**bits)
    palette = np.rint(shares * (255 if eight else 65535)).astype(int)
    tags = {tiffs.PHOTOMETRIC: PALETTE, tiffs.PALETTE: [palette, palette, palette]}
    numbers = whole(1 - grey_scene(), bits)
    for mode, order in product(("w", "wb", "w8b"), (1, 2)):
        data = tiff(tmp_path / "x.tif", numbers, bits, {**tags, tiffs.FILL_ORDER: order}, mode=mode)
        if not eight or (bits != 1 and (mode == "w8b" or order == 2)):  # Pillow keeps to the rules
            assert error(data, shares[numbers]) < 0.02


@pytest.mark.parametrize("how", ARRANGED.values(), ids=ARRANGED)
@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("photometric", [8, 9, 10])
def test_the_lightness_of_cie_lab_is_read(
    tmp_path: Path, photometric: int, bits: int, planar: int, how: dict[str, Any]
) -> None:
    samples = whole(np.concatenate((grey_scene(), scene()[..., :2]), 2), bits)
    tags = {tiffs.PHOTOMETRIC: photometric, tiffs.PLANAR: planar}
    assert error(tiff(tmp_path / "x.tif", samples, bits, tags, **how), grey_scene()) < 0.02


@pytest.mark.parametrize("coding", [1, LZW, JPEG])
@pytest.mark.parametrize("planar", [1, 2])
def test_ycbcr_is_read(tmp_path: Path, planar: int, coding: int) -> None:
    red, green, blue = np.moveaxis(scene(), 2, 0)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    samples = np.stack((light, (blue - light) / 1.772 + 128 / 255, (red - light) / 1.402 + 128 / 255), 2)
    quality = {tiffs.JPEG_QUALITY: 100} if coding == JPEG else {}
    tags = {tiffs.PHOTOMETRIC: 6, tiffs.PLANAR: planar, tiffs.COMPRESSION: coding, tiffs.SUBSAMPLING: (1, 1), **quality}
    assert error(tiff(tmp_path / "x.tif", whole(samples.clip(0, 1), 8), 8, tags, rows=8), scene()) < 0.04


@pytest.mark.parametrize("photometric", [32844, 32845])
def test_logarithms_of_light_are_read(tmp_path: Path, photometric: int) -> None:
    """As libtiff has it, the light is the square of the value."""
    light = scene() ** 2
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    samples, wanted = (light @ to_xyz.T, scene()) if photometric == 32845 else (grey_scene() ** 2, grey_scene())
    tags = {tiffs.PHOTOMETRIC: photometric, tiffs.COMPRESSION: 34676, tiffs.SGILOG_DATA: 0, tiffs.FORMAT: FLOAT}
    assert error(tiff(tmp_path / "x.tif", samples.astype("f4"), 32, tags), wanted) < 0.1


@pytest.mark.parametrize(
    ("samples", "bits", "tags"),
    [
        pytest.param(whole(grey_scene(), 8), 8, {tiffs.PHOTOMETRIC: 1, tiffs.COMPRESSION: JPEG_2000}, id="JPEG 2000"),
        pytest.param(whole(grey_scene(), 8), 8, {tiffs.PHOTOMETRIC: 1, tiffs.COMPRESSION: 60000}, id="nobody's"),
        pytest.param(whole(grey_scene(), 16), 16, {tiffs.PHOTOMETRIC: 32803}, id="colour filter array"),
        pytest.param(whole(scene(), 24), 24, {tiffs.PHOTOMETRIC: RGB, tiffs.FORMAT: FLOAT}, id="24-bit fractions"),
        pytest.param(whole(grey_scene(), 40), 40, {tiffs.PHOTOMETRIC: 1}, id="40 bits"),
        pytest.param(
            whole(scene(), 8), 8, {tiffs.PHOTOMETRIC: 6, tiffs.PLANAR: 2, tiffs.SUBSAMPLING: (2, 2)}, id="small planes"
        ),
    ],
)
def test_what_libtiff_does_not_know_is_not_supported(
    tmp_path: Path, any_studio: Studio, samples: NDArray[Any], bits: int, tags: dict[int, Any]
) -> None:
    source = any_studio.source(tiff(tmp_path / "x.tif", samples, bits, tags), Format.TIFF)
    with pytest.raises(Unsupported, match=r"the TIFF picture is of a (coding|kind) that is not supported"):
        any_studio.run(any_studio.renderer().fax(None, [source], any_studio.out))


@pytest.mark.parametrize(
    ("tag", "value", "mode"),
    [
        *((tiffs.SUBFILE, value, mode) for value in (1, 4) for mode in ("w", "wb", "w8b")),
        *((tiffs.OLD_SUBFILE, 2, mode) for mode in ("w", "wb")),
    ],
)
def test_previews_and_masks_are_no_pages(tmp_path: Path, tag: int, value: int, mode: str) -> None:
    path, grey = tmp_path / "x.tif", {tiffs.PHOTOMETRIC: GREY}
    tiff(path, whole(grey_scene()[:20, :20], 8), 8, {**grey, tiffs.SUBFILE: value}, mode=mode)
    data = tiff(path, whole(grey_scene(), 8), 8, grey, mode="a")
    order: Literal["big", "little"] = "big" if "b" in mode else "little"
    written, wanted = (number.to_bytes(2, order) + (4).to_bytes(2, order) for number in (tiffs.SUBFILE, tag))
    assert written in data
    assert error(data.replace(written, wanted, 1), grey_scene()) < 0.01


@pytest.mark.parametrize("mode", ["w", "w8b"])
@pytest.mark.parametrize(
    ("unit", "resolution", "size"),
    [
        (1, (1, 1), (83 / 96, 61 / 96)),
        (1, (2, 1), (83 / 96, 2 * 61 / 96)),
        (1, (1, 1000), (83 / 96, 61 / 96)),
        (1, (0, 1), (83 / 96, 61 / 96)),
        (2, (200, 100), (83 / 200, 61 / 100)),
        (3, (40, 80), (83 / 101.6, 61 / 203.2)),
    ],
)
def test_a_picture_is_as_large_as_its_resolution_says(
    tmp_path: Path, mode: str, unit: int, resolution: tuple[float, float], size: tuple[float, float]
) -> None:
    tags: dict[int, float] = {tiffs.PHOTOMETRIC: GREY, tiffs.UNIT: unit}
    tags |= dict(zip((tiffs.X_RESOLUTION, tiffs.Y_RESOLUTION), resolution, strict=True))
    page = shown(tiff(tmp_path / "x.tif", whole(grey_scene(), 8), 8, tags, mode=mode))
    assert (page.width / 25.4, page.height / 25.4) == pytest.approx(size, rel=0.01)


@pytest.mark.parametrize("mode", ["w", "w8b"])
@pytest.mark.parametrize(("rows", "y_resolution", "times"), [(1100, 98, 2), (1100, 196, 1), (2200, 196, 1)])
def test_a_fax_page_need_not_say_that_its_resolution_is_in_inches(
    tmp_path: Path, mode: str, rows: int, y_resolution: int, times: int
) -> None:
    page = np.asarray(fax_page(rows))
    tags = {tiffs.PHOTOMETRIC: GREY, tiffs.UNIT: 1, tiffs.X_RESOLUTION: 204, tiffs.Y_RESOLUTION: y_resolution}
    data = tiff(tmp_path / "x.tif", page[..., np.newaxis], 1, tags, mode=mode)
    with file(data) as document:
        drawn = PicturePages(document, Format.TIFF, 10_000_000, 20).draw(0)
    assert np.array_equal(black(drawn.bits), (~page).repeat(times, 0))


def test_a_tile_larger_than_the_memory_is_damaged(tmp_path: Path, any_studio: Studio) -> None:
    """Of a small picture."""
    data = bytearray(tiff(tmp_path / "x.tif", whole(scene(), 12), 12, {tiffs.PHOTOMETRIC: RGB}, tile=(48, 64)))
    for tag in (tiffs.TILE_WIDTH, tiffs.TILE_LENGTH):
        at = data.index(tag.to_bytes(2, "little") + b"\x03\0\x01\0\0\0", len(data) - 300)
        data[at + 8 : at + 10] = (65520).to_bytes(2, "little")
    source = any_studio.source(bytes(data), Format.TIFF)
    with pytest.raises(Damaged):
        any_studio.run(any_studio.renderer().fax(None, [source], any_studio.out))


BREAKABLE: dict[str, tuple[NDArray[Any], int, dict[int, Any], dict[str, Any]]] = {
    "fractions": (scene().astype("f4"), 32, {tiffs.PHOTOMETRIC: 2, tiffs.FORMAT: FLOAT, tiffs.COMPRESSION: DEFLATE,
                                             tiffs.PREDICTOR: 3}, {"tile": (32, 48)}),
    "ink in planes": (whole(ink_scene(), 4), 4, {tiffs.PHOTOMETRIC: INK, tiffs.PLANAR: 2, tiffs.COMPRESSION: LZW}, {}),
    "palette": (whole(grey_scene(), 12), 12, {tiffs.PHOTOMETRIC: PALETTE,
                                              tiffs.PALETTE: [np.arange(4096) * 16] * 3}, {"mode": "w8b"}),
    "WebP": (whole(scene(), 8), 8, {tiffs.PHOTOMETRIC: RGB, tiffs.COMPRESSION: WEBP}, {}),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", BREAKABLE)
def test_broken_octets_do_no_harm(tmp_path: Path, kind: str, seed: int) -> None:
    samples, bits, tags, how = BREAKABLE[kind]
    data = bytearray(tiff(tmp_path / "x.tif", samples, bits, tags, **how))
    chance = np.random.default_rng(seed)
    for place in chance.integers(len(data) - 300 if seed % 2 else 0, len(data), 4):
        data[place] = chance.integers(256)
    try:
        shown(bytes(data))
    except RenderError as refusal:
        assert str(refusal)  # noqa: PT017


@pytest.mark.parametrize(
    "kind", [kind for kind in BREAKABLE if kind != "palette"]
)  # libtiff makes grey of one whose palette is gone
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_is_cut_off_is_damaged(tmp_path: Path, kind: str, share: float) -> None:
    samples, bits, tags, how = BREAKABLE[kind]
    data = tiff(tmp_path / "x.tif", samples, bits, tags, **how)
    with pytest.raises(Damaged):
        shown(data[: int(len(data) * share)])
