"""Grey becomes black and white so that it can still be read.

A fax knows no grey. One threshold for the page loses grey text or drowns tinted boxes; dithering alone breaks small
grey letters into dots. So the page is looked at in cells of 4 by 4 picture elements:

- Where thin marks stand on an even ground (text on paper, text on a tinted box, white text on a grey box), the middle
  between mark and ground decides: letters become solid and clear, and so does the ground around them, as far as it is
  even and `REACH` goes: dots between letters and lines are what makes a text on a tinted box hard to read.
- Everywhere else (photographs, the boxes themselves) an ordered dither decides, but what is darker than `BLACK` or
  lighter than `WHITE` is never dotted.

The ground is found by morphological closing for dark marks, opening for light ones, on the cells' extremes.
"""

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
"""Rows of grey values, 0 black to 255 white."""

Bits = NDArray[np.uint8]
"""Rows of eight picture elements a byte, first one in the highest bit, 1 = black."""

Extreme = np.ufunc
"""numpy.minimum or numpy.maximum."""

CELL = 4
BLACK = 95
"""Greys up to this one are black."""

WHITE = 224
"""Greys above this one are white: a tint of 10 % is paper."""

CONTRAST = 40
"""Marks differ from their ground by at least this much."""

BAND = 24
"""Stripes of cells looked at together: few enough for the processor's cache."""

EVEN = 20
"""An even ground differs from cell to cell by no more than this: paper that was photographed has grain."""

REACH = 5
"""Cells around a mark in which its even ground becomes clear: two lines of text and what is between them."""

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
_DITHER = (_BAYER * 16 + 8).astype(np.uint8)


def black_and_white(grey: Grey) -> Bits:
    """One bit for each picture element; the width must be a multiple of 8."""
    rows, width = grey.shape
    whole = np.pad(grey, ((0, -rows % CELL), (0, 0)), mode="edge") if rows % CELL else grey
    stripes = whole.reshape(-1, CELL, width)
    bits = np.zeros((len(stripes), CELL, width // 8), np.uint8)
    darkest, lightest = _cells(np.minimum, stripes), _cells(np.maximum, stripes)
    low, high = _limits(darkest, lightest)
    dotted: NDArray[np.bool_] = np.any((low < high) & (darkest <= WHITE) & (lightest > BLACK), axis=1)
    dither = np.tile(_DITHER, (1, width // CELL))[np.newaxis]
    for start in range(0, len(stripes), BAND):
        band = slice(start, start + BAND)
        threshold = _widen(low[band])
        if dotted[band].any():
            threshold = np.minimum(np.maximum(dither, threshold), _widen(high[band]))
        bits[band] = np.packbits(stripes[band] <= threshold, axis=2)
    return bits.reshape(-1, width // 8)[:rows]


def packed(black: NDArray[np.bool_]) -> Bits:
    """Picture elements that are black and white already."""
    return np.packbits(black, axis=1)


def _limits(darkest: Grey, lightest: Grey) -> tuple[Grey, Grey]:
    """For each cell the range into which the dither's threshold is bent; where both are equal, it is the threshold."""
    low, high = np.full_like(darkest, BLACK), np.full_like(darkest, WHITE)
    tint = _without_thin(np.minimum, np.maximum, darkest)
    if tint.min() <= 255 - CONTRAST:  # else nothing on the page is dark enough to bear light marks
        light = _marks(tint, lightest - tint)
        # nearer to the ground: on paper ink runs into thin white lines
        _decide(low, high, light >= CONTRAST, tint + np.minimum(light, 255 - tint) // 8 * 3)
    paper = _without_thin(np.maximum, np.minimum, lightest)
    dark = _marks(paper, paper - darkest)
    _decide(low, high, dark >= CONTRAST, paper - np.minimum(dark, paper) // 2)
    return low, high


def _decide(low: Grey, high: Grey, there: NDArray[np.bool_], middle: Grey) -> None:
    np.copyto(low, middle, where=there)
    np.copyto(high, middle, where=there)


def _marks(ground: Grey, contrast: Grey) -> Grey:
    """The strongest contrast of a thin mark in each cell and around it; 0 where the ground is not even.

    On white and on black paper the next cell is far enough: nothing is dotted there. A mark reaches over even ground
    alone, so no further than its box.
    """
    even = _spread(np.maximum, ground) - _spread(np.minimum, ground) <= EVEN
    reached: Grey = _spread(np.maximum, contrast * even) * even
    grey = np.flatnonzero((even & (ground > BLACK) & (ground <= WHITE)).any(axis=1))
    if grey.size:
        rows = slice(grey[0], grey[-1] + 1)
        for _ in range(REACH):
            reached[rows] = _spread(np.maximum, reached[rows]) * even[rows]
    return reached


def _cells(extreme: Extreme, stripes: Grey) -> Grey:
    """The darkest or lightest value of each cell."""
    lines = extreme.reduce(stripes, axis=1)
    pairs = extreme(lines[:, 0::2], lines[:, 1::2])
    cells: Grey = extreme(pairs[:, 0::2], pairs[:, 1::2])
    return cells


def _without_thin(remove: Extreme, restore: Extreme, cells: Grey) -> Grey:
    """Morphological opening or closing with two by two cells: what is narrower than that vanishes."""
    edged = np.pad(cells, 1, mode="edge")
    lines = remove(edged[:-1], edged[1:])
    eroded = remove(lines[:, :-1], lines[:, 1:])
    lines = restore(eroded[:-1], eroded[1:])
    ground: Grey = restore(lines[:, :-1], lines[:, 1:])
    return ground


def _spread(extreme: Extreme, cells: Grey) -> Grey:
    """The extreme among each cell and its eight neighbours."""
    edged = np.pad(cells, 1, mode="edge")
    lines = extreme(extreme(edged[:-2], edged[1:-1]), edged[2:])
    spread: Grey = extreme(extreme(lines[:, :-2], lines[:, 1:-1]), lines[:, 2:])
    return spread


def _widen(cells: Grey) -> Grey:
    """Cells as columns of picture elements, one row that stands for the cell's four."""
    wide: Grey = (cells.astype(np.uint32) * 0x01010101).view(np.uint8)
    return wide[:, np.newaxis, :]
