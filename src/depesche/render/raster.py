"""Grey becomes black and white so that it can still be read.

A fax knows no grey. One threshold for the page loses grey text or drowns tinted boxes; dithering alone breaks small
grey letters into dots. So the page is looked at in cells of 4 by 4 picture elements:

- Where thin marks stand on an even ground (text on paper, text on a tinted box, white text on a grey box), a threshold
  between ground and mark, nearer to the ground, decides: letters become solid and clear, and so does the ground around
  them, as far as it is even and `REACH` goes: dots between letters and lines are what makes a text on a tinted box hard
  to read.
- Everywhere else (photographs, the boxes themselves) an ordered dither decides, but what is darker than `BLACK` or
  lighter than `WHITE` is never dotted.

The ground is found by morphological closing for dark marks, opening for light ones, on the cells' extremes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
"""Rows of grey values, 0 black to 255 white."""

Bits = NDArray[np.uint8]
"""Rows of eight picture elements a byte, first one in the highest bit, 1 = black."""

Mask = NDArray[np.uint8]
"""Yes or no for each cell, 255 or 0: a mask takes numpy a tenth of the time that a choice takes."""

Extreme = np.ufunc
"""numpy.minimum or numpy.maximum."""

CELL = 4
BLACK = 95
"""Greys up to this one are black."""

WHITE = 224
"""Greys above this one are white: a tint of 10 % is paper."""

CONTRAST = 40
"""Marks differ from their ground by at least this much."""

BAND = 48
"""Stripes of cells looked at together: few enough for the processor's cache."""

EVEN = 20
"""An even ground differs from cell to cell by no more than this: paper that was photographed has grain."""

REACH = 5
"""Cells around a mark in which its even ground becomes clear: two lines of text and what is between them."""

_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
_DITHER = (_BAYER * 16 + 8).astype(np.uint8)


def decided(grey: Grey) -> "Decided":
    """A page in black and white, and what was seen on it; the width must be a multiple of 8."""
    rows, width = grey.shape
    whole = np.pad(grey, ((0, -rows % CELL), (0, 0)), mode="edge") if rows % CELL else grey
    stripes = whole.reshape(-1, CELL, width)
    bits = np.empty((len(stripes), CELL, width // 8), np.uint8)
    darkest, lightest = _extremes(stripes)
    low, high, marks = _limits(darkest, lightest)
    starts = range(0, len(stripes), BAND)
    dotted = np.logical_or.reduceat(_dotted(darkest, lightest, low, high), starts)
    dither = np.tile(_DITHER, (1, width // CELL))[np.newaxis]
    for start, is_dotted in zip(starts, dotted, strict=True):
        band = slice(start, start + BAND)
        threshold = widen(low[band])
        if is_dotted:
            threshold = np.minimum(np.maximum(dither, threshold), widen(high[band]))
        bits[band] = np.packbits(stripes[band] <= threshold, axis=2)
    return Decided(bits.reshape(-1, width // 8)[:rows], stripes, darkest, lightest, *marks)


def packed(black: NDArray[np.bool_]) -> Bits:
    """Picture elements that are black and white already."""
    return np.packbits(black, axis=1)


def _limits(darkest: Grey, lightest: Grey) -> "tuple[Grey, Grey, list[Marks]]":
    """For each cell the range into which the dither's threshold is bent; where both are equal, it is the threshold.

    The marks are what bends it: dark ones, and light ones if there are any.
    """
    low, high = np.full_like(darkest, BLACK), np.full_like(darkest, WHITE)
    tint, paper = _without_thin(np.minimum, np.maximum, darkest), _without_thin(np.maximum, np.minimum, lightest)
    marks = [_marks(paper, paper - darkest, _under)]
    if tint.min() <= 255 - CONTRAST:  # else nothing on the page is dark enough to bear light marks
        marks.append(_marks(tint, lightest - tint, _over))
    for kind in reversed(marks):
        _decide(low, high, kind, kind.contrast >= CONTRAST)
    left = np.flatnonzero(_dotted(darkest, lightest, low, high))
    if left.size:
        rows = slice(max(0, left[0] - REACH), left[-1] + 1 + REACH)
        for kind in marks:
            reaching = kind.reaching(rows)
            there = (reaching.contrast >= CONTRAST) & (low[rows] < high[rows])
            _decide(low[rows], high[rows], reaching, there)
    return low, high, marks


def _dotted(darkest: Grey, lightest: Grey, low: Grey, high: Grey) -> NDArray[np.bool_]:
    """For each row of cells whether anything grey is left to the dither."""
    rows: NDArray[np.bool_] = np.any((low < high) & (darkest <= WHITE) & (lightest > BLACK), axis=1)
    return rows


@dataclass(frozen=True, slots=True)
class Marks:
    """Thin marks of one kind, dark or light, by cells."""

    ground: Grey
    even: Mask
    contrast: Grey
    """Of the strongest mark around; 0 where the ground is not even."""

    middle: Callable[[Grey, Grey], Grey]
    """From ground and contrast, the threshold."""

    def reaching(self, rows: slice) -> "Marks":
        """The same marks, reaching `REACH` cells further: over even ground alone, so never beyond their box."""
        even, contrast = self.even[rows], self.contrast[rows]
        for _ in range(REACH):
            contrast = _spread(np.maximum, contrast) & even
        return Marks(self.ground[rows], even, contrast, self.middle)


@dataclass(frozen=True, slots=True)
class Decided:
    """A page in black and white, and what was seen of it by cells."""

    bits: Bits
    stripes: Grey
    """The grey page: rows of cells, their `CELL` rows, columns."""

    darkest: Grey
    lightest: Grey
    dark: Marks
    light: Marks | None = None


def _marks(ground: Grey, contrast: Grey, middle: Callable[[Grey, Grey], Grey]) -> Marks:
    even = _mask(_spread(np.maximum, ground) - _spread(np.minimum, ground) <= EVEN)
    return Marks(ground, even, _spread(np.maximum, contrast & even) & even, middle)


def _under(ground: Grey, contrast: Grey) -> Grey:
    """Half-way to pale marks, for their ground may have grain; nearer to the ground than to dark ones: dots and thin
    strokes become as wide as they were meant.
    """
    step = np.minimum(contrast, ground)
    half, less = step >> 1, (step >> 3) * 3
    middle: Grey = ground - (half - (half - less) * (step >> 7))
    return middle


def _over(ground: Grey, contrast: Grey) -> Grey:
    """Nearer to the ground than to light marks: on paper ink runs into thin white lines."""
    middle: Grey = ground + np.minimum(contrast, 255 - ground) // 8 * 3
    return middle


def _decide(low: Grey, high: Grey, marks: Marks, there: NDArray[np.bool_]) -> None:
    middle, mask = marks.middle(marks.ground, marks.contrast), _mask(there)
    low ^= (low ^ middle) & mask  # the same as where=there, in a tenth of the time
    high ^= (high ^ middle) & mask


def _mask(cells: NDArray[np.bool_]) -> Mask:
    mask: Mask = np.negative(cells.view(np.uint8))
    return mask


def _extremes(stripes: Grey) -> tuple[Grey, Grey]:
    """The darkest and the lightest value of each cell; a page is read from memory but once for both."""
    count, _, width = stripes.shape
    darkest, lightest = np.empty((2, count, width), np.uint8)
    for start in range(0, count, BAND):
        band = slice(start, start + BAND)
        np.minimum.reduce(stripes[band], axis=1, out=darkest[band])
        np.maximum.reduce(stripes[band], axis=1, out=lightest[band])
    return _across(np.minimum, darkest), _across(np.maximum, lightest)


def _across(extreme: Extreme, lines: Grey) -> Grey:
    """Of every `CELL` values of a line: of all that stand side by side, then each fourth is taken."""
    values = lines.reshape(-1)
    twos = extreme(values[:-1], values[1:])
    fours = extreme(twos[:-2], twos[2:])
    cells: Grey = fours[::CELL].reshape(len(lines), -1).copy()
    return cells


def _without_thin(remove: Extreme, restore: Extreme, cells: Grey) -> Grey:
    """Morphological opening or closing with two by two cells: what is narrower than that vanishes."""
    edged = _edged(cells)
    lines = remove(edged[:-1], edged[1:])
    eroded = remove(lines[:, :-1], lines[:, 1:])
    lines = restore(eroded[:-1], eroded[1:])
    ground: Grey = restore(lines[:, :-1], lines[:, 1:])
    return ground


def _spread(extreme: Extreme, cells: Grey) -> Grey:
    """The extreme among each cell and its eight neighbours."""
    edged = _edged(cells)
    lines = extreme(extreme(edged[:-2], edged[1:-1]), edged[2:])
    spread: Grey = extreme(extreme(lines[:, :-2], lines[:, 1:-1]), lines[:, 2:])
    return spread


def _edged(cells: Grey) -> Grey:
    """With the outermost cells repeated around; numpy.pad takes twice as long."""
    rows, columns = cells.shape
    edged = np.empty((rows + 2, columns + 2), np.uint8)
    edged[1:-1, 1:-1] = cells
    edged[0, 1:-1], edged[-1, 1:-1] = cells[0], cells[-1]
    edged[:, 0], edged[:, -1] = edged[:, 1], edged[:, -2]
    return edged


def widen(cells: Grey) -> Grey:
    """Cells as columns of picture elements, one row that stands for the cell's four."""
    wide: Grey = (cells.astype(np.uint32) * 0x01010101).view(np.uint8)
    return wide[:, np.newaxis, :]
