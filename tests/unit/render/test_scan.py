"""Scanned pages look as PDFium would draw them, whoever scales the picture."""

import zlib
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from depesche.render import scan as scan_module
from depesche.render.grid import Placement, Resolution
from depesche.render.pages import mapped
from depesche.render.pdf import PdfPages
from depesche.render.raster import Grey
from documents import file, pdf, picture, picture_object, stream, words

WIDTH, HEIGHT = 1900, 2600
FULL = b"q 595.276 0 0 841.89 0 0 cm /I Do Q "
PART = b"q 400 0 0 600 100 150 cm /I Do Q "
OVER = words("Eingegangen am 12. März", size=30, at=(100, 400))

random = np.random.default_rng(5)
SOFT = np.asarray(Image.fromarray(random.integers(0, 256, (26, 19, 3), np.uint8)).resize((WIDTH, HEIGHT)))
"""Smooth: where a picture lies to half a picture element does not count."""

HEAD = b"/Type/XObject/Subtype/Image/Width %d/Height %d" % (WIDTH, HEIGHT)
GREY = picture_object(WIDTH, HEIGHT, zlib.compress(SOFT[:, :, 0].tobytes(), 1), colours=1)
COLOUR = picture_object(WIDTH, HEIGHT, zlib.compress(SOFT.tobytes(), 1))
JPEG = stream(
    picture("JPEG", Image.fromarray(SOFT), quality=95),
    HEAD + b"/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/DCTDecode",
)
HALVES = np.zeros((HEIGHT, WIDTH), bool)
HALVES[:1300] = True
BITS = zlib.compress(np.packbits(HALVES, axis=1).tobytes())


def one_bit(entries: bytes) -> bytes:
    return stream(BITS, HEAD + b"/BitsPerComponent 1/Filter/FlateDecode" + entries)


def scan(content: bytes, shown: bytes, more: Mapping[int, bytes] | None = None) -> bytes:
    return pdf(content, resources=b"/XObject<</I 100 0 R>>", objects={100: shown, **(more or {})})


def grey(data: bytes) -> NDArray[np.int16]:
    with file(data) as document:
        return PdfPages(document, 10_000_000).grey(0).astype(np.int16)


def laid(monkeypatch: pytest.MonkeyPatch, data: bytes) -> tuple[bool, NDArray[np.int16], NDArray[np.int16]]:
    """Whether the picture was put on the page by us, the page, and the page as PDFium draws it alone."""
    lay, by_us = scan_module.lay, []

    def watched(page: object, placed: Placement, paper: Grey) -> None:
        lay(page, placed, paper)
        by_us.append(bool((paper < 255).any()))

    monkeypatch.setattr(scan_module, "lay", watched)
    ours = grey(data)
    monkeypatch.setattr(scan_module, "lay", lambda *_: None)
    return any(by_us), ours, grey(data)


@pytest.mark.parametrize("content", [FULL, FULL + OVER, PART, PART + OVER])
@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(GREY, id="grey"),
        pytest.param(COLOUR, id="colour"),
        pytest.param(JPEG, id="JPEG"),
        pytest.param(one_bit(b"/ColorSpace/DeviceGray"), id="black and white"),
        pytest.param(one_bit(b"/ColorSpace/DeviceGray/Decode[1 0]"), id="white and black"),
    ],
)
def test_a_scan_looks_as_pdfium_draws_it(monkeypatch: pytest.MonkeyPatch, content: bytes, shown: bytes) -> None:
    by_us, ours, theirs = laid(monkeypatch, scan(content, shown))
    assert by_us
    assert np.abs(ours - theirs).mean() < 2


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        pytest.param(words("unten") + FULL, GREY, id="something lies under it"),
        pytest.param(b"0.5 g " + FULL, one_bit(b"/ImageMask true"), id="a stencil"),
        pytest.param(FULL, one_bit(b"/ColorSpace[/Indexed/DeviceRGB 1<ff00000000ff>]"), id="a palette"),
        pytest.param(b"q 100 100 200 200 re W n " + FULL + b"Q", GREY, id="cut"),
        pytest.param(b"q 700 0 0 900 -50 0 cm /I Do Q", GREY, id="larger than the page"),
        pytest.param(b"q 400 50 -50 600 100 100 cm /I Do Q", GREY, id="leaning"),
        pytest.param(b"q -595 0 0 841 595 0 cm /I Do Q", GREY, id="mirrored"),
        pytest.param(FULL, GREY.replace(b"/Width", b"/SMask 101 0 R/Width"), id="a mask"),
        pytest.param(FULL, picture_object(3001, 3000, zlib.compress(bytes(3001 * 3000)), colours=1), id="too large"),
    ],
)
def test_what_is_no_scan_is_left_to_pdfium(monkeypatch: pytest.MonkeyPatch, content: bytes, shown: bytes) -> None:
    mask = picture_object(2, 2, zlib.compress(bytes((255, 0, 0, 255))), colours=1)
    by_us, ours, theirs = laid(monkeypatch, scan(content, shown, {101: mask}))
    assert not by_us
    assert np.array_equal(ours, theirs)
    assert (ours < 255).any()


@pytest.mark.parametrize("shown", [GREY, JPEG])
def test_a_scan_that_has_to_be_drawn_twice_for_the_header_line_is_drawn_whole(shown: bytes) -> None:
    """The first drawing takes the picture from the page."""
    with file(scan(FULL, shown)) as document:
        page = np.unpackbits(PdfPages(document, 10_000_000).draw(0).bits, axis=1)
    line = Resolution.FINE.header_rows
    assert len(page) == Resolution.FINE.a4_rows
    assert not page[:line].any()
    quarters = page[line:].reshape(4, -1, 1728).mean(axis=(1, 2))
    assert quarters.min() > 0.2


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        pytest.param(b"/OC /L BDC " + FULL + b" EMC", GREY, id="marked"),
        pytest.param(FULL, GREY.replace(b"/Width", b"/OC 102 0 R/Width"), id="of the layer itself"),
    ],
)
def test_what_is_in_a_layer_that_is_off_is_not_sent(content: bytes, shown: bytes) -> None:
    data = pdf(
        content,
        resources=b"/XObject<</I 100 0 R>>/Properties<</L 102 0 R>>",
        objects={100: shown, 102: b"<</Type/OCG/Name(Entwurf)>>"},
        catalogue=b"/OCProperties<</OCGs[102 0 R]/D<</OFF[102 0 R]>>>>",
    )
    assert (grey(data) == 255).all()


@pytest.mark.parametrize("needle", [b"/SMask 101 0 R", b"/OC 102 0 R", b"/OC<<"])
@pytest.mark.parametrize("before", [-14, -5, -1, 0, 30])
def test_what_may_hide_a_picture_is_found_wherever_it_stands(needle: bytes, before: int) -> None:
    with file(bytes(scan_module._WINDOW + before) + needle + bytes(100)) as document:
        assert scan_module.may_show_through(mapped(document))
    with file(bytes(scan_module._WINDOW + before)) as document:
        assert not scan_module.may_show_through(mapped(document))
