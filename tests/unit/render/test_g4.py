"""T.6 coding: what becomes of pages is shown in test_tiff; here is what becomes of failures."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from depesche.model.resolution import Resolution
from depesche.render import g4, tiff


def test_a_white_page_takes_a_bit_a_row_and_an_end() -> None:
    strip = g4.encode(np.zeros((8, 216), np.uint8))
    assert strip == b"\xff\x00\x10\x01"  # eight times V0 (1), then EOFB (T.6 §2.4.1.1)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(g4, "LIBRARY", "libspandsp.so.0")
    g4._library.cache_clear()
    try:
        with pytest.raises(OSError, match="libspandsp2"):
            g4.encode(np.zeros((8, 216), np.uint8))
    finally:
        g4._library.cache_clear()


def test_a_page_of_another_width_is_refused() -> None:
    with pytest.raises(OSError, match="whole page"):
        g4.encode(np.zeros((8, 215), np.uint8))


def _decoded(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Coded by us, decoded by libtiff."""
    strip, out = g4.encode(page), io.BytesIO()
    tiff.begin(out)
    out.write(strip)
    tiff.finish(out, [tiff.Strip(len(page), len(strip))], Resolution.FINE)
    with Image.open(out) as image:
        return np.packbits(~np.asarray(image), axis=1)


random = np.random.default_rng(3)
PAGES: dict[str, Callable[[int], NDArray[np.uint8]]] = {
    "white": lambda rows: np.zeros((rows, 216), np.uint8),
    "black": lambda rows: np.full((rows, 216), 255, np.uint8),
    "every other one": lambda rows: np.full((rows, 216), 0x55, np.uint8),
    "noise": lambda rows: random.integers(0, 256, (rows, 216), np.uint8),
    "dust": lambda rows: np.packbits(random.random((rows, 1728)) < 0.02, axis=1),
}


@pytest.mark.parametrize("rows", [1, 2292, 3 * 4584])
@pytest.mark.parametrize("kind", PAGES)
def test_any_page_of_any_length_comes_back_bit_by_bit(kind: str, rows: int) -> None:
    page = PAGES[kind](rows)
    assert np.array_equal(_decoded(page), page)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_stays_open() -> None:
    page = np.zeros((8, 216), np.uint8)
    g4.encode(page)
    before = _open_files()
    for _ in range(20):
        g4.encode(page)
    assert _open_files() == before
