"""Pictures as libtiff's tools and ImageMagick write them: what is on them is found again, at its place."""

import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from depesche.render.detect import Format
from depesche.render.errors import Damaged
from depesche.render.image import PicturePages
from documents import black, file, picture, tiff_pages
from studio import Studio

WIDTH, HEIGHT, DPI = 600, 800, 100
"""Of the scene, in pixels."""

LEFT, TOP, ACROSS, DOWN = 864 - 612, 1146 - 784, 1224, 1568
"""Where it lies on the fax page, in picture elements."""

CELL = 50
"""Pixels of the scene of which `shares` tells how much is black."""

MOST = 20


def scene() -> NDArray[np.uint8]:
    """No two corners alike: what is mirrored, turned or negative looks different."""
    made = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    made[:200, :300] = 0
    made[600:, 300:] = (0, 0, 200)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    made[((columns - 300) / 200) ** 2 + ((rows - 400) / 100) ** 2 < 1] = (128, 0, 0)
    return made


def shares(page: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much of each cell is black, on a page of the scene's shape, whatever its size."""
    rows = np.linspace(0, page.shape[0], HEIGHT // CELL + 1).astype(int)
    columns = np.linspace(0, page.shape[1], WIDTH // CELL + 1).astype(int)
    bands = (page[top:bottom] for top, bottom in pairwise(rows))
    return np.array([[band[:, left:right].mean() for left, right in pairwise(columns)] for band in bands])


WANTED = shares(scene()[:, :, 1] < 128)
"""Its dark colours are solid."""


class Workbench:
    """A folder in which programs write pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, *more: str) -> None:
        """One command; `more`: words with blanks."""
        ran = subprocess.run([*command.split(), *more], cwd=self.folder, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr

    def made(self, name: str, *commands: str) -> bytes:
        """What stands in the file after the commands."""
        for command in commands:
            self.run(command)
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """With the scene in colours, grey, and black and white, as plain TIFF, and a fax page."""
    made = Workbench(tmp_path_factory.mktemp("bench"))
    (made.folder / "scene.ppm").write_bytes(b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + scene().tobytes())
    (made.folder / "scene.pbm").write_bytes(bitmap(scene()[:, :, 1] < 128))
    (made.folder / "page.pbm").write_bytes(bitmap(fax_page()))
    density = f"-density {DPI} -units PixelsPerInch -compress none"
    made.run(f"convert scene.ppm {density} colour.tif")
    made.run(f"convert scene.ppm {density} -colorspace Gray grey.tif")
    made.run(f"convert scene.pbm {density} bits.tif")
    made.run("convert page.pbm -compress none page.tif")
    return made


def bitmap(page: NDArray[np.bool_]) -> bytes:
    """As a PBM file."""
    return b"P4 %d %d\n" % (page.shape[1], page.shape[0]) + np.packbits(page, axis=1).tobytes()


def fax_page(rows: int = 1200, seed: int = 1) -> NDArray[np.bool_]:
    """Rectangles of chance."""
    chance = np.random.default_rng(seed)
    page = np.zeros((rows, 1728), bool)
    for left, top, width, height in chance.integers((0, 0, 1, 1), (1728, rows, 300, 200), (60, 4)):
        page[top : top + height, left : left + width] ^= True
    return page


def opened(data: bytes, format_: Format) -> PicturePages:
    with file(data) as document:
        return PicturePages(document, format_, 10_000_000, MOST)


def shows_the_scene(data: bytes, format_: Format, index: int = 0, near: float = 0.1) -> bool:
    """Whether it does, in its place, and nothing beside it."""
    page = black(opened(data, format_).draw(index).bits)
    found = shares(page[TOP : TOP + DOWN, LEFT : LEFT + ACROSS])
    page[TOP : TOP + DOWN, LEFT : LEFT + ACROSS] = False
    return bool(np.abs(found - WANTED).max() < near) and page.mean() < 0.001


ARRANGED = ("-B", "-8", "-8 -B", "-t", "-f lsb2msb", "-r 16")
"""Big endian, BigTIFF, tiles, lowest bit first, several strips."""

CODED = [
    *(("colour", coding, "") for coding in ("packbits", "lzw", "lzw:2", "zip", "zip:2", "jpeg", "jpeg:r")),
    *(("colour", coding, how) for coding in ("webp", "zstd:2", "lzma:2", "lerc:0:s2") for how in ("", *ARRANGED)),
    *(("colour", coding, how) for coding in ("none", "zip:2", "jpeg") for how in ARRANGED),
    *(("colour", coding, f"-p separate {how}") for coding in ("none", "lzw:2") for how in ("", "-t", "-8 -B")),
    *(("grey", coding, how) for coding in ("packbits", "lzw:2") for how in ARRANGED),
    *(("bits", coding, "") for coding in ("none", "packbits", "lzw", "zip", "g3:1d", "g3:2d", "g3:1d:fill", "g4")),
    *(("bits", coding, how) for coding in ("packbits", "g3:2d:fill", "g4") for how in ARRANGED),
    *(("bits", "jbig", how) for how in ("", "-B", "-8", "-8 -B", "-f lsb2msb")),
]


@pytest.mark.parametrize(("source", "coding", "how"), CODED)
def test_every_coding_of_a_tiff_in_every_arrangement_is_read(
    bench: Workbench, source: str, coding: str, how: str
) -> None:
    data = bench.made("x.tif", f"tiffcp {how} -c {coding} {source}.tif x.tif")
    assert shows_the_scene(data, Format.TIFF)


FRACTIONS = "-compress zip -define quantum:format=floating-point"

COLOURS = {
    **{f"grey of {bits} bits": f"-colorspace Gray -depth {bits}" for bits in (2, 4, 8, 12, 16, 32)},
    **{f"a palette of {colours}": f"-colors {colours} -type Palette" for colours in (4, 16, 256)},
    **{f"colours of {bits} bits": f"-type TrueColor -depth {bits}" for bits in (1, 2, 4, 10, 12, 24, 32)},
    **{f"colours of {bits} bits in planes": f"-type TrueColor -depth {bits} -interlace Plane" for bits in (1, 4, 32)},
    **{f"CMYK of {bits} bits": f"-colorspace CMYK -depth {bits}" for bits in (1, 2, 4, 12, 32)},
    **{f"fractions of {bits} bits": f"{FRACTIONS} -depth {bits}" for bits in (16, 32, 64)},
    **{f"grey fractions of {bits} bits": f"-colorspace Gray {FRACTIONS} -depth {bits}" for bits in (16, 32)},
    "colours with a sign": "-define quantum:format=signed -depth 16",
    "grey with a sign": "-colorspace Gray -define quantum:format=signed -depth 16",
    "sixteen bits": "-depth 16",
    "sixteen bits in planes": "-depth 16 -interlace Plane",
    "CMYK": "-colorspace CMYK",
    "CMYK in planes": "-colorspace CMYK -interlace Plane",
    "CMYK of sixteen bits": "-colorspace CMYK -depth 16",
    "CMYK with transparency": "-colorspace CMYK -alpha on",
    "YCbCr": "-colorspace YCbCr",
    "YCbCr as JPEG": "-colorspace YCbCr -compress JPEG -sampling-factor 4:2:0",
    "CIE L*a*b*": "-colorspace Lab",
    "grey with transparency": "-colorspace Gray -alpha on",
    "transparency": "-alpha on -define tiff:alpha=unassociated",
    "transparency in the colours": "-alpha on -define tiff:alpha=associated",
}


@pytest.mark.parametrize("how", COLOURS.values(), ids=COLOURS)
def test_every_kind_of_colour_of_a_tiff_is_read(bench: Workbench, how: str) -> None:
    data = bench.made("x.tif", f"convert scene.ppm -density {DPI} -units PixelsPerInch -compress none {how} x.tif")
    assert shows_the_scene(data, Format.TIFF)


@pytest.mark.parametrize("how", ["-8 -B", "-f lsb2msb", "-c zip -t"])
@pytest.mark.parametrize("colours", ["palette", "negative", "CMYK", "sixteen bits"])
def test_colours_and_arrangements_go_together(bench: Workbench, colours: str, how: str) -> None:
    kind = {
        "palette": "-colors 16 -type Palette",
        "negative": "-colorspace Gray -negate -define quantum:polarity=min-is-white",
        "CMYK": "-colorspace CMYK",
        "sixteen bits": "-depth 16",
    }[colours]
    plain = f"convert scene.ppm -density {DPI} -units PixelsPerInch {kind} -compress none y.tif"
    assert shows_the_scene(bench.made("x.tif", plain, f"tiffcp {how} y.tif x.tif"), Format.TIFF)


@pytest.mark.parametrize("bits", [2, 4, 8, 16])
def test_white_may_be_zero(bench: Workbench, bits: int) -> None:
    how = f"-colorspace Gray -negate -depth {bits} -define quantum:polarity=min-is-white -compress none"
    data = bench.made("x.tif", f"convert scene.ppm -density {DPI} -units PixelsPerInch {how} x.tif")
    assert shows_the_scene(data, Format.TIFF)


@pytest.mark.parametrize("how", ["", "-8 -B", "-B -c lzw"])
@pytest.mark.parametrize("source", ["colour", "bits"])
def test_resolution_may_be_in_centimetres(bench: Workbench, source: str, how: str) -> None:
    metric = [f"tiffset -s {tag} {value} x.tif" for tag, value in ((296, 3), (282, 39.37), (283, 39.37))]
    data = bench.made("x.tif", f"tiffcp {how} {source}.tif x.tif", *metric)
    assert shows_the_scene(data, Format.TIFF)


TURNS = ("", "-flop", "-rotate 180", "-flip", "-transpose", "-rotate 270", "-transverse", "-rotate 90")
"""What undoes each orientation."""


@pytest.mark.parametrize("how", ["", "-8 -B"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_in_any_orientation_is_put_upright(bench: Workbench, orientation: int, how: str) -> None:
    data = bench.made(
        "x.tif",
        f"convert colour.tif {TURNS[orientation - 1]} +repage -compress none y.tif",
        f"tiffset -s 274 {orientation} y.tif",
        f"tiffcp {how} y.tif x.tif",
    )
    assert shows_the_scene(data, Format.TIFF)


def old_jpeg(jpeg: bytes, order: str) -> bytes:
    """A TIFF of compression 6 (TIFF 6.0 §22), as scanners wrote them before 1995: no program writes it any more."""
    short, long, rational = 3, 4, 5
    directory = 8 + len(jpeg) + len(jpeg) % 2
    entries = ((256, long, 1, WIDTH), (257, long, 1, HEIGHT), (258, short, 3, None), (259, short, 1, 6),
               (262, short, 1, 6), (273, long, 1, 8), (277, short, 1, 3), (278, long, 1, HEIGHT),
               (279, long, 1, len(jpeg)), (282, rational, 1, None), (283, rational, 1, None), (296, short, 1, 2),
               (512, short, 1, 1), (513, long, 1, 8), (514, long, 1, len(jpeg)), (530, short, 2, (2, 2)))  # fmt: skip
    behind = directory + 2 + 12 * len(entries) + 4
    out, values = struct.pack(f"{order}H", len(entries)), b""
    for tag, kind, count, value in entries:
        if value is None:
            field = struct.pack(f"{order}I", behind + len(values))
            values += struct.pack(f"{order}3H", 8, 8, 8) if tag == 258 else struct.pack(f"{order}2I", DPI, 1)
        elif isinstance(value, tuple):
            field = struct.pack(f"{order}2H", *value)
        else:
            field = struct.pack(f"{order}{'H2x' if kind == short else 'I'}", value)
        out += struct.pack(f"{order}HHI", tag, kind, count) + field
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, directory)
    return head + jpeg + bytes(len(jpeg) % 2) + out + bytes(4) + values


@pytest.mark.parametrize("order", ["<", ">"])
def test_jpeg_of_the_old_kind_is_read(bench: Workbench, order: str) -> None:
    jpeg = bench.made("x.jpg", "convert scene.ppm -sampling-factor 4:2:0 -quality 90 x.jpg")
    (bench.folder / "old.tif").write_bytes(old_jpeg(jpeg, order))
    bench.run("tiffinfo -D old.tif")  # libtiff says that it is one
    assert shows_the_scene(old_jpeg(jpeg, order), Format.TIFF)


FAX_RESOLUTIONS = {"204x98": 2, "204x196": 1, "204x391": 0.5, "": 2, "200x100": 2, "200x200": 1}


@pytest.mark.parametrize("resolution", FAX_RESOLUTIONS)
@pytest.mark.parametrize(
    "how", ["-c g3:1d", "-c g3:2d:fill -f lsb2msb", "-c g4 -f lsb2msb -B", "-c none -8", "-c g4 -8 -B"]
)
def test_fax_pages_go_through_as_they_are(bench: Workbench, how: str, resolution: str) -> None:
    tags = ["tiffset -s 296 2 x.tif"]
    for tag, value in zip((282, 283), resolution.split("x") if resolution else (), strict=False):
        tags.append(f"tiffset -s {tag} {value} x.tif")
    if not resolution:
        tags += ["tiffset -u 282 x.tif", "tiffset -u 283 x.tif"]
    data = bench.made("x.tif", f"tiffcp {how} page.tif x.tif", *tags)
    page, times = fax_page(), FAX_RESOLUTIONS[resolution]
    wanted = page[0::2] | page[1::2] if times < 1 else page.repeat(int(times), 0)
    assert np.array_equal(black(opened(data, Format.TIFF).draw(0).bits), wanted)


@pytest.mark.parametrize("how", ["", "-B", "-8 -B", "-8"])
def test_pages_of_all_kinds_stand_in_one_file(bench: Workbench, how: str) -> None:
    pages = opened(bench.made("x.tif", f"tiffcp {how} bits.tif page.tif colour.tif grey.tif x.tif"), Format.TIFF)
    assert len(pages) == 4
    data = (bench.folder / "x.tif").read_bytes()
    assert [index for index in (3, 0, 2, 1) if shows_the_scene(data, Format.TIFF, index)] == [3, 0, 2]


def test_a_preview_in_a_rare_tiff_is_no_page(bench: Workbench) -> None:
    small = "convert colour.tif -resize 20% -compress none small.tif"
    data = bench.made("x.tif", small, "tiffset -s 254 1 small.tif", "tiffcp -8 -B small.tif colour.tif x.tif")
    assert len(opened(data, Format.TIFF)) == 1
    assert shows_the_scene(data, Format.TIFF)


def test_a_rare_tiff_becomes_a_fax_and_a_letter(bench: Workbench, any_studio: Studio) -> None:
    source = any_studio.source(bench.made("x.tif", "tiffcp -8 -B page.tif colour.tif x.tif"), Format.TIFF)
    assert any_studio.run(any_studio.renderer().fax(None, [source], any_studio.out)).pages == 2
    first, _ = tiff_pages(any_studio.out.read_bytes())
    assert np.array_equal(first, fax_page().repeat(2, 0))
    assert any_studio.run(any_studio.renderer().letter([source], any_studio.out)).pages == 2


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.5, 0.7, 0.95, 0.999])
def test_a_rare_tiff_that_is_cut_off_is_damaged(bench: Workbench, share: float) -> None:
    data = bench.made("x.tif", "tiffcp -8 -B -c zip colour.tif page.tif grey.tif x.tif")
    with pytest.raises(Damaged):
        _draw_all(data[: int(len(data) * share)])


def _draw_all(data: bytes) -> None:
    pages = opened(data, Format.TIFF)
    for index in range(len(pages)):
        pages.draw(index)


def test_pixels_of_a_rare_tiff_are_counted_before_it_is_decoded(bench: Workbench) -> None:
    data = bench.made("x.tif", "tiffcp -8 -B colour.tif x.tif")
    with file(data) as document, pytest.raises(Damaged, match="600 by 800"):
        PicturePages(document, Format.TIFF, WIDTH * HEIGHT - 1, MOST)


@pytest.mark.parametrize("seed", range(20))
def test_broken_octets_in_a_rare_tiff_do_no_harm(bench: Workbench, seed: int) -> None:
    data = bytearray(bench.made("x.tif", "tiffcp -8 -B -c lzw grey.tif x.tif"))
    chance = np.random.default_rng(seed)
    for place in chance.integers(0, len(data) if seed % 2 else 300, 6):
        data[place] = chance.integers(256)
    try:
        opened(bytes(data), Format.TIFF).draw(0)
    except Damaged as refusal:
        assert str(refusal)  # noqa: PT017


BMP = {
    "1 bit": "scene.pbm {} BMP3:x.bmp",
    "4 bits": "scene.ppm -colors 12 -type Palette {} BMP3:x.bmp",
    "8 bits": "scene.ppm -colors 200 -type Palette {} BMP3:x.bmp",
    "8 bits, runs": "scene.ppm -colors 200 -type Palette -compress RLE {} BMP3:x.bmp",
    "16 bits, 555": "scene.ppm -define bmp:subtype=RGB555 {} BMP:x.bmp",
    "16 bits, 565": "scene.ppm -define bmp:subtype=RGB565 {} BMP:x.bmp",
    "24 bits": "scene.ppm -type TrueColor {} BMP3:x.bmp",
    "24 bits, newest kind": "scene.ppm {} BMP:x.bmp",
    "32 bits": "scene.ppm -alpha on -define bmp:format=bmp3 {} BMP3:x.bmp",
    "32 bits and transparency": "scene.ppm -alpha on {} BMP:x.bmp",
}


@pytest.mark.parametrize("how", BMP.values(), ids=BMP)
@pytest.mark.parametrize("top_down", [False, True])
def test_every_kind_of_bmp_is_read(bench: Workbench, how: str, top_down: bool) -> None:
    density = f"-density {DPI} -units PixelsPerInch" + " -flip" * top_down
    data = bytearray(bench.made("x.bmp", f"convert {how.format(density)}"))
    if top_down:  # no program here writes them: the first row first, and the height negative
        assert struct.unpack_from("<i", data, 22) == (HEIGHT,)
        struct.pack_into("<i", data, 22, -HEIGHT)
    if "RLE" not in how or not top_down:  # runs go upwards alone
        assert shows_the_scene(bytes(data), Format.BMP)


def runs_of_four_bits() -> bytes:
    """A BMP of the scene as RLE4, black on white: no program here writes it."""
    dark = scene()[:, :, 1] < 128
    rows = b""
    for row in dark[::-1]:
        ends = [*(np.flatnonzero(np.diff(row)) + 1), WIDTH]
        for begin, end in pairwise([0, *ends]):
            for start in range(begin, end, 254):
                rows += bytes((min(254, end - start), 0x11 * int(row[begin])))
        rows += b"\0\0"
    rows += b"\0\1"
    palette = b"\xff\xff\xff\0" + bytes(4) * 15
    about = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 4, 2, len(rows), 3937, 3937, 16, 0)
    at = 14 + len(about) + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(rows), 0, 0, at) + about + palette + rows


def test_a_bmp_of_runs_of_four_bits_is_read(bench: Workbench) -> None:
    (bench.folder / "runs.bmp").write_bytes(runs_of_four_bits())
    bench.run("convert runs.bmp runs.png")  # somebody else reads it, too
    assert shows_the_scene(runs_of_four_bits(), Format.BMP)


PNG = {
    "1 bit": "scene.pbm",
    "palette of 1 bit": "scene.pbm -type Palette -define png:color-type=3 -define png:bit-depth=1",
    "palette of 2 bits": "scene.ppm -colors 4 -define png:color-type=3 -define png:bit-depth=2",
    "palette of 4 bits": "scene.ppm -colors 16 -define png:color-type=3 -define png:bit-depth=4",
    "palette of 8 bits": "scene.ppm -colors 200 -define png:color-type=3 -define png:bit-depth=8",
    "grey of 2 bits": "scene.ppm -colorspace Gray -posterize 4 -define png:color-type=0 -define png:bit-depth=2",
    "grey of 4 bits": "scene.ppm -colorspace Gray -posterize 16 -define png:color-type=0 -define png:bit-depth=4",
    "grey of 8 bits": "scene.ppm -colorspace Gray -define png:color-type=0 -define png:bit-depth=8",
    "grey of 16 bits": "scene.ppm -colorspace Gray -define png:color-type=0 -define png:bit-depth=16",
    "grey and transparency": "scene.ppm -colorspace Gray -transparent white -define png:color-type=4",
    "grey and transparency of 16 bits": "scene.ppm -colorspace Gray -transparent white -depth 16 "
    "-define png:color-type=4 -define png:bit-depth=16",
    "colours": "scene.ppm -define png:color-type=2",
    "colours of 16 bits": "scene.ppm -depth 16 -define png:color-type=2 -define png:bit-depth=16",
    "transparency": "scene.ppm -transparent white -define png:color-type=6",
    "transparency of 16 bits": "scene.ppm -transparent white -depth 16 -define png:color-type=6 "
    "-define png:bit-depth=16",
    "transparency in a palette": "scene.ppm -transparent white -define png:color-type=3",
}


@pytest.mark.parametrize("how", PNG.values(), ids=PNG)
@pytest.mark.parametrize("interlaced", [False, True])
def test_every_kind_of_png_is_read(bench: Workbench, how: str, interlaced: bool) -> None:
    lace = " -interlace PNG" * interlaced
    data = bench.made("x.png", f"convert {how} -density {DPI} -units PixelsPerInch{lace} x.png")
    assert data[28] == interlaced
    assert shows_the_scene(data, Format.PNG)


JPEG = {
    "colours": "",
    "progressive": "-interlace JPEG",
    "grey": "-colorspace Gray",
    "grey and progressive": "-colorspace Gray -interlace JPEG",
    "RGB": "-colorspace RGB -set colorspace sRGB -sampling-factor 4:4:4 -define jpeg:colorspace=RGB",
    "coarse colours": "-sampling-factor 4:1:1",
    "CMYK": "-colorspace CMYK",
    "CMYK and progressive": "-colorspace CMYK -interlace JPEG",
}


@pytest.mark.parametrize("how", JPEG.values(), ids=JPEG)
def test_every_kind_of_jpeg_is_read(bench: Workbench, how: str) -> None:
    command = f"convert scene.ppm {how} -density {DPI} -units PixelsPerInch -quality 92 x.jpg"
    assert shows_the_scene(bench.made("x.jpg", command), Format.JPEG, near=0.15)


def without(marker: int, jpeg: bytes) -> bytes:
    """A JPEG without its segments of this kind (ITU-T T.81 §B.1)."""
    out, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4])
        out += jpeg[at : at + length] if jpeg[at + 1] != marker else b""
        at += length
    return out + jpeg[at:]


def test_a_cmyk_jpeg_that_is_not_adobes_is_not_inverted() -> None:
    inverted = Image.fromarray(255 - np.asarray(Image.fromarray(scene()).convert("CMYK")), "CMYK")
    jpeg = picture("JPEG", inverted, quality=92, dpi=(DPI, DPI))
    assert b"Adobe" in jpeg
    assert not shows_the_scene(jpeg, Format.JPEG)
    assert shows_the_scene(without(0xEE, jpeg), Format.JPEG, near=0.15)
