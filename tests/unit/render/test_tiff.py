"""The fax file, read back by another program's reader."""

import io
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from depesche.model.resolution import Resolution
from depesche.render import g4, tiff
from depesche.render.raster import Bits, packed
from documents import black, fax_page


def bits(rows: int, seed: int = 1) -> Bits:
    return packed(~np.asarray(fax_page(rows, seed)))


def written(*pages: Bits, resolution: Resolution = Resolution.FINE) -> io.BytesIO:
    file = io.BytesIO()
    tiff.begin(file)
    strips = [g4.encode(page) for page in pages]
    file.write(b"".join(strips))
    told = [tiff.Strip(len(page), len(strip)) for page, strip in zip(pages, strips, strict=True)]
    tiff.finish(file, told, resolution)
    return file


def tags(image: Image.Image) -> dict[int, Any]:
    return dict(cast("TiffImagePlugin.TiffImageFile", image).tag_v2)


def test_pages_come_back_as_they_were() -> None:
    pages = [bits(2292), bits(1, 2), bits(1147, 3), np.zeros((2292, 216), np.uint8), np.full((7, 216), 255, np.uint8)]
    with Image.open(written(*pages)) as image:
        assert getattr(image, "n_frames", 1) == len(pages)
        for number, page in enumerate(pages):
            image.seek(number)
            assert np.array_equal(~np.asarray(image), black(page))


@pytest.mark.parametrize(("resolution", "rows"), list(zip(Resolution, (98, 196, 391), strict=True)))
def test_every_page_carries_the_tags_of_a_fax(resolution: Resolution, rows: int) -> None:
    with Image.open(written(bits(2292), bits(1000), resolution=resolution)) as image:
        image.seek(1)
        found = tags(image)
    assert (found[256], found[257], found[278]) == (1728, 1000, 1000)
    assert (found[258], found[259], found[262], found[266], found[277]) == ((1,), 4, 0, 1, 1)
    assert (found[282], found[283], found[296]) == (204, rows, 2)
    assert (found[254], found[293], found[297]) == (2, 0, (1, 2))


def test_strips_that_are_not_what_they_are_said_to_be_are_refused() -> None:
    file = io.BytesIO()
    tiff.begin(file)
    file.write(bytes(100))
    with pytest.raises(ValueError, match="strips"):
        tiff.finish(file, [tiff.Strip(10, 99)], Resolution.FINE)


def test_a_file_beyond_four_gigabytes_is_refused() -> None:
    class Endless(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return tiff.HEADER + (1 << 32)

    with pytest.raises(ValueError, match="too long"):
        tiff.finish(Endless(), [tiff.Strip(10, 1 << 32)], Resolution.FINE)
