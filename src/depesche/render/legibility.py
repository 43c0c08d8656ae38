"""How much of a page's text can be read on the fax: a score from 0 to 100, and what is wrong where it is low.

What stands on a page in lines is taken for text, and looked at through windows, strips of 16 columns: in each a line of
text is a short stretch of rows with ink between blank ones, and in every row of it black and white change several
times, which they do not in rules and solid boxes. Stretches begin at the same rows all along a line; in photographs,
grain and dithering they begin anywhere.

- Text whose marks are strong enough to be decided is read the better the higher its stretches are.
- Text that is too pale for it stands on the grey page alone: nothing of it is left.
- Text on an uneven ground, a photograph, is dithered with it: as much of it is left as the dots agree with its shape.

The rest of the page is not judged: a page without text has nothing on it that cannot be read. The figures are those
that tell apart what tesseract reads and what it does not (tests/unit/render/test_legibility.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depesche.model.legibility import BEST, Flaw, Legibility
from depesche.model.resolution import Resolution
from depesche.render.raster import CELL, CONTRAST, Bits, Decided, Grey, Marks, decided

Windows = NDArray[np.uint16]
"""Windows of a page, each with its rows, one after the other; the leftmost column in the highest bit, 1 = mark."""

Cells = NDArray[np.bool_]
"""Yes or no for each cell."""

Places = NDArray[np.int64]
"""In all windows one after the other."""

_WIDTH = 16
"""Columns of a window."""

_EVERY = 4
"""Of so many windows one is looked at: they are narrower than a word."""

_CHANGES = (2.5, 9.5)
"""Times that black and white change within a row of a window of text, from the fewest to the most."""

_LEAST = 2
"""Rows of a stretch."""

_HIGHEST = 30
"""Rows of a stretch at standard resolution: 8 mm."""

_SOLID = 0.75
"""Text has less ink than this share."""

_FEWEST = 6
"""Fewer stretches are no line of text: six are about five centimetres of one."""

_FAINT = 8
"""Contrast from which on somebody might see text on the grey page."""

_SHARP = 60
"""Contrast of text on a photograph at least."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """What stretches have to be like to be text."""

    together: float
    """So much more often than by chance they begin on the same row."""

    beyond: float
    """So many roots of what chance would have."""

    crowd: float = 0
    """So many more begin on the row on which one begins than on others."""

    least: float = 0
    """So high they are, as `_HEIGHTS` has it."""


_LINES = _Lines(1.45, 2.0)
_BARE_LINES = _Lines(1.9, 4.2)
"""On a page that was black and white from the first: its photographs are dots that somebody else made."""

_SURE_LINES = _Lines(3.0, 8.0, crowd=3, least=6)
"""Where the text is not in black and white, and a photograph might look like it."""

_TILE = 128
"""Rows of a window in which dark and light stretches are compared."""

_LOW, _DIFFERENT = 6, 2.2
"""Stretches up to this height that are text differ from row to row by so many picture elements; dotted lines do not."""

_UNREAD, _READ = 4.5, 8.0
"""Height from which on something of a text can be read, and all of it; as `_HEIGHTS` has it."""

_HEIGHTS = {Resolution.STANDARD: 1.44, Resolution.FINE: 0.96, Resolution.SUPERFINE: 0.61}
"""Of a row: the mean of a row's and a column's pitch, which is finer or coarser, in columns; letters need both."""

_FEW = 0.25
"""Strong marks of one kind that are fewer than this share of the other's are the gaps between its strokes, or little
beside them; a picture has more uneven cells of both kinds than this share of strong ones.
"""

_PICTURE = 200
"""Uneven cells of both kinds on which a picture may lie."""

_PALE = 0.05
"""Text that is too pale is spoken of if it has more cells than this share of those of strong marks."""

_MOSTLY = 0.5

_LOST, _KEPT = 0.4, 0.8
"""How far the dots agree with the shape of a text of which nothing can be read, and all."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as it goes out."""

    bits: Bits
    legibility: Legibility


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Where there is ink, as places in all windows one after the other; `stop` is the one behind."""

    start: Places
    stop: Places

    def __len__(self) -> int:
        return len(self.start)

    def only(self, those: Cells) -> "_Stretches":
        return _Stretches(self.start[those], self.stop[those])


@dataclass(frozen=True, slots=True)
class _Part:
    """Text of one kind."""

    stretches: int
    read: float
    """So many of them can be."""

    flaw: Flaw

    @property
    def lost(self) -> float:
        return self.stretches - self.read


def drawn(grey: Grey, resolution: Resolution) -> Drawn:
    """A grey page, black and white."""
    page = decided(grey)
    return Drawn(page.bits, _of_drawn(page, resolution))


def taken(bits: Bits, resolution: Resolution) -> Drawn:
    """A page that was black and white from the first."""
    windows = _windows(bits, len(bits))
    return Drawn(bits, _judged([_sized([_text(windows, None, resolution, _BARE_LINES)], resolution)]))


def _of_drawn(page: Decided, resolution: Resolution) -> Legibility:
    kinds = list(_kinds(page))
    strong = [kind.contrast >= CONTRAST for kind in kinds]
    cells = [int(np.count_nonzero(there)) for there in strong]
    found = [
        _text(kind.marked, _mask(there), resolution, _LINES)
        for kind, there, count in zip(kinds, strong, cells, strict=True)
        if count >= _FEW * max(cells)
    ]
    return _judged(
        [
            _sized(found, resolution),
            _pale(kinds, strong, sum(cells), page.stripes, resolution),
            _on_picture(kinds, strong, sum(cells), page.stripes, resolution),
        ]
    )


def _judged(parts: list[_Part]) -> Legibility:
    stretches = sum(part.stretches for part in parts)
    if not stretches:
        return Legibility(BEST)
    score = round(BEST * sum(part.read for part in parts) / stretches)
    worst = max(parts, key=lambda part: part.lost)
    return Legibility(score, worst.flaw if score < BEST else None)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Dark marks or light ones, in the windows that are looked at: rows of cells, windows, cells across."""

    is_light: bool
    marks: Marks
    extreme: Grey
    """The darkest or the lightest value of each cell of the page."""

    marked: Windows
    """What came of them."""

    contrast: Grey
    """As it was decided by."""

    even: Grey
    """A mask."""

    @property
    def ground(self) -> Grey:
        return _sampled(self.marks.ground)

    @property
    def raw(self) -> Grey:
        """The contrast of each cell, even ground or not."""
        extreme = _sampled(self.extreme)
        return extreme - self.ground if self.is_light else self.ground - extreme


def _kinds(page: Decided) -> Iterator[_Kind]:
    bits = _windows(page.bits, CELL * len(page.darkest))
    yield _Kind(False, page.dark, page.darkest, bits, _sampled(page.dark.contrast), _sampled(page.dark.even))
    if page.light:
        yield _Kind(True, page.light, page.lightest, ~bits, _sampled(page.light.contrast), _sampled(page.light.even))


def _sized(found: list[_Stretches], resolution: Resolution) -> _Part:
    """Text as high as it is; where dark and light stretches lie side by side, the higher ones are the letters."""
    heights = [one.stop - one.start for one in found]
    if len(found) > 1:
        places = max((int(one.stop[-1]) for one in found if len(one)), default=0) // _TILE + 1
        sums = [np.bincount(one.start // _TILE, height, places) for one, height in zip(found, heights, strict=True)]
        others = sums[::-1]
        heights = [
            height[own[one.start // _TILE] >= other[one.start // _TILE]]
            for one, height, own, other in zip(found, heights, sums, others, strict=True)
        ]
    pitch = np.concatenate(heights) * _HEIGHTS[resolution]
    read = np.clip((pitch - _UNREAD) / (_READ - _UNREAD), 0, 1)
    return _Part(len(pitch), float(read.sum()), Flaw.SMALL)


def _pale(kinds: list[_Kind], strong: list[Cells], cells: int, stripes: Grey, resolution: Resolution) -> _Part:
    """Marks that were not decided, for they are too weak."""
    most = 0
    weak = [kind.contrast - np.uint8(_FAINT) < CONTRAST - _FAINT for kind in kinds]  # below 0 is far above
    for kind, there in zip(kinds, weak, strict=True):
        if np.count_nonzero(there) > _PALE * cells:
            mask = _mask(there & ~_near(np.logical_or.reduce(strong)))
            most = max(most, len(_text(_shape(kind, stripes, kind.contrast), mask, resolution, _SURE_LINES)))
    return _Part(most, 0, Flaw.PALE)


def _on_picture(kinds: list[_Kind], strong: list[Cells], cells: int, stripes: Grey, resolution: Resolution) -> _Part:
    """Marks that were not decided, for their ground is uneven; the kind of which more can be read are the letters."""
    none, least = _Part(0, 0, Flaw.PICTURE), max(_PICTURE, _FEW * cells)
    if len(kinds) == 1 or min(kind.even.size - np.count_nonzero(kind.even) for kind in kinds) < least:
        return none
    around = [_around(kind.raw) for kind in kinds]
    uneven = (np.count_nonzero((a >= _SHARP) & (kind.even == 0)) for a, kind in zip(around, kinds, strict=True))
    if min(uneven) < least:
        return none
    known = _mask(np.logical_or.reduce(strong))
    parts = [
        _dithered(kind, contrast, stripes, known, resolution) for kind, contrast in zip(kinds, around, strict=True)
    ]
    return max(parts, key=lambda part: (part.read, part.stretches))


def _dithered(kind: _Kind, contrast: Grey, stripes: Grey, known: Windows, resolution: Resolution) -> _Part:
    mask, shape = _mask(np.repeat(contrast >= _SHARP, CELL, axis=2)), _shape(kind, stripes, contrast)
    lines = _text(shape, mask, resolution, _SURE_LINES)
    found = lines.only(_share(lines, known, mask) < _MOSTLY)
    shape &= mask
    inside, outside = _share(found, kind.marked, shape), _share(found, kind.marked, mask & ~shape)
    read = np.clip((inside - outside - _LOST) / (_KEPT - _LOST), 0, 1)
    return _Part(len(found), float(read.sum()), Flaw.PICTURE)


def _near(there: Cells) -> Cells:
    """Within a window, and two rows of cells up and down."""
    rows = there.view(np.uint32)[..., 0] != 0
    near: Cells = rows.copy()
    for away in (1, 2):
        near[away:] |= rows[:-away]
        near[:-away] |= rows[away:]
    return near.reshape(*near.shape, 1)


def _around(contrast: Grey) -> Grey:
    """The strongest within a window, and a row of cells up and down."""
    first, second, third, last = np.moveaxis(contrast, 2, 0)
    rows: Grey = np.maximum(np.maximum(first, second), np.maximum(third, last))
    around = rows.copy()
    np.maximum(around[1:], rows[:-1], out=around[1:])
    np.maximum(around[:-1], rows[1:], out=around[:-1])
    return around.reshape(*around.shape, 1)


def _text(windows: Windows, mask: Windows | None, resolution: Resolution, lines: _Lines) -> _Stretches:
    """The stretches that are text, as far as they begin and end within the mask; none if they do not stand in lines."""
    rows = windows.shape[1]
    flat = (windows if mask is None else windows & mask).ravel()
    inked = np.flatnonzero(flat)
    if not inked.size:
        return _Stretches(inked, inked)
    first = np.concatenate(([0], np.flatnonzero(np.diff(inked) != 1) + 1))
    start, height = inked[first], np.diff(first, append=len(inked))
    row = flat[inked]
    changes, ink = (np.add.reduceat(np.bitwise_count(part), first, dtype=np.int64) for part in (row ^ (row >> 1), row))
    least, (fewest, most) = max(_LEAST, lines.least / _HEIGHTS[resolution]), _CHANGES
    fits = (height >= least) & (height < _HIGHEST * resolution.rows) & (ink <= _SOLID * _WIDTH * height)
    fits &= (changes >= fewest * height) & (changes <= most * height)
    if mask is not None:
        whole = mask.ravel()
        fits &= (whole[start - 1] != 0) & (whole[start + height] != 0)
    start, height, first = start[fits], height[fits], first[fits]
    low = height * _HEIGHTS[resolution] <= _LOW
    if _differing(row, first[low], height[low]) < _DIFFERENT:
        start, height = start[~low], height[~low]
    stop = start + height
    in_lines = _in_lines(start % rows, rows, lines)
    return _Stretches(start[in_lines], stop[in_lines])


def _differing(row: NDArray[np.uint16], first: Places, height: Places) -> float:
    """Picture elements in which two rows differ that follow each other in these stretches."""
    if not len(first):
        return 0
    following = np.concatenate([np.arange(1, tall) + begin for begin, tall in zip(first, height, strict=True)])
    return float(np.bitwise_count(row[following] ^ row[following - 1]).mean())


def _in_lines(tops: Places, rows: int, lines: _Lines) -> Cells:
    """Whether each of them is text: none are, unless many more begin within a row of each other than if they began
    anywhere between the first and the last: by chance there are so many such pairs, and their root more or less.
    """
    if len(tops) < _FEWEST:
        return np.zeros(len(tops), np.bool_)
    counts = np.bincount(tops, minlength=rows + 1)
    neighbours = np.convolve(counts, (1, 1, 1), "same")
    pairs = (counts * (neighbours - 1)).sum() / 2
    usual = 3 * len(tops) / (int(tops.max() - tops.min()) + 3)
    chance = usual * (len(tops) - 1) / 2
    if pairs < lines.together * chance or pairs - chance < lines.beyond * chance**0.5:
        return np.zeros(len(tops), np.bool_)
    crowded: Cells = neighbours[tops] >= lines.crowd * usual
    return crowded


def _sums(values: NDArray[np.uint8], start: Places, stop: Places) -> Places:
    summed = np.zeros(len(values) + 1, np.int32)
    np.cumsum(values, out=summed[1:])
    return (summed[stop] - summed[start]).astype(np.int64)


def _share(found: _Stretches, part: Windows, whole: Windows) -> NDArray[np.float64]:
    """Of each stretch, how much of `whole` is in `part`."""
    of_part, of_whole = (
        _sums(np.bitwise_count(windows.ravel()), found.start, found.stop) for windows in (part & whole, whole)
    )
    share: NDArray[np.float64] = of_part / np.maximum(1, of_whole)
    return share


def _windows(bits: Bits, rows: int) -> Windows:
    """Those that are looked at, of `rows` rows, the last ones blank, and a blank one above and below."""
    sampled = np.ascontiguousarray(bits).view(">u2")[:, _EVERY // 2 :: _EVERY]
    windows = np.zeros((sampled.shape[1], rows + 2), np.uint16)
    windows[:, 1 : len(bits) + 1] = sampled.T
    return windows


def _sampled(cells: Grey) -> Grey:
    """The cells of the windows that are looked at: rows of cells, windows, cells across."""
    windows = np.ascontiguousarray(cells).view(np.uint32)[:, _EVERY // 2 :: _EVERY]
    return np.ascontiguousarray(windows)[..., np.newaxis].view(np.uint8)


_PICTURE_ELEMENTS = np.array(
    [sum(0xF << CELL * bit for bit in range(4) if cells >> bit & 1) for cells in range(16)], np.uint16
)
"""Of four cells side by side, by which of them there are."""


def _mask(there: Cells) -> Windows:
    """All picture elements of these cells, within a blank row above and below."""
    fours = there.view(np.uint32)[..., 0] * np.uint32(0x08040201) >> np.uint32(24) & np.uint32(0xF)
    mask = np.zeros((fours.shape[1], CELL * len(fours) + 2), np.uint16)
    mask[:, 1:-1] = _PICTURE_ELEMENTS[fours].T.repeat(CELL, axis=1)
    return mask


def _shape(kind: _Kind, stripes: Grey, contrast: Grey) -> Windows:
    """Marks as they are on the grey page: what is farther from the ground than half of this contrast."""
    wide = stripes.reshape(len(stripes), CELL, -1).view(f"V{_WIDTH}")[..., _EVERY // 2 :: _EVERY]
    grey = np.ascontiguousarray(wide)[..., np.newaxis].view(np.uint8)
    half, ground = contrast // 2, kind.ground
    limit = ground + np.minimum(half, 255 - ground) if kind.is_light else ground - np.minimum(half, ground)
    limits = limit.repeat(CELL, axis=2)[:, np.newaxis]
    black = grey >= limits if kind.is_light else grey <= limits
    marked = np.packbits(black).view(">u2").reshape(-1, black.shape[2])
    shape = np.zeros((marked.shape[1], CELL * len(stripes) + 2), np.uint16)
    shape[:, 1:-1] = marked.T
    return shape
