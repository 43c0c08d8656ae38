"""T.6 coding: what becomes of pages is shown in test_tiff; here is what becomes of failures."""

from pathlib import Path

import numpy as np
import pytest

from depesche.render import g4, libtiff


def test_a_white_page_takes_a_bit_a_row_and_an_end() -> None:
    strip = g4.encode(np.zeros((8, 216), np.uint8))
    assert strip == b"\xff\x00\x10\x01"  # eight times V0 (1), then EOFB (T.6 §2.4.1.1)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libtiff, "LIBRARY", "libtiff.so.0")
    libtiff.library.cache_clear()
    try:
        with pytest.raises(OSError, match="libtiff6"):
            g4.encode(np.zeros((8, 216), np.uint8))
    finally:
        libtiff.library.cache_clear()


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_stays_open() -> None:
    page = np.zeros((8, 216), np.uint8)
    g4.encode(page)
    before = _open_files()
    for _ in range(20):
        g4.encode(page)
    assert _open_files() == before
