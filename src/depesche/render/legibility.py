"""How much of a page's text can be read on the fax: a score from 0 to 100, and what is wrong where it is low.

A page is looked at through windows, strips of 16 columns: in each a line of text is a short stretch of rows with ink
between blank ones, and in every row of it black and white change several times, which they do not in rules and solid
boxes. However a scan lies, within a window its lines are level.

- Text whose marks are strong enough to be decided is read the better the higher its stretches are.
- Text that is too pale for it stands on the grey page alone: nothing of it is left.
- Text on an uneven ground, a photograph, is dithered with it: as much of it is left as the dots agree with its shape.

High stretches need no proof. What counts against a page has to stand in lines: stretches of one line begin on the same
row in windows beside each other, or as much higher or lower as the page is turned; in photographs, grain and dithering
they begin anywhere. And its rows differ, as those of dotted lines and screens do not.

The rest of the page is not judged: a page without text has nothing on it that cannot be read. The figures are those
that tell apart what tesseract reads and what it does not (tests/unit/render/test_legibility.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from depesche.model.legibility import BEST, Flaw, Legibility
from depesche.model.resolution import X_DPI, Resolution
from depesche.render.raster import CELL, CONTRAST, Bits, Decided, Grey, Marks, decided, widen

Windows = NDArray[np.uint16]
"""Windows of a page, each with its rows, one after the other; the leftmost column in the highest bit, 1 = mark."""

Cells = NDArray[np.bool_]
"""Yes or no for each cell."""

Places = NDArray[np.int64]
"""In all windows one after the other."""

Columns = Callable[[], Grey]
"""The grey page in the windows that are looked at, once somebody wants it: rows of cells, their rows, columns."""

_WIDTH = 16
"""Columns of a window."""

_EVERY = 4
"""Of so many windows one is looked at: they are narrower than a word."""

_SPARSE = 1 / 32
"""Of a page that is blank but for this share, a line or two, every window is."""

_CHANGES = (2.5, 9.5)
"""Times that black and white change within a row of a window of text, from the fewest to the most."""

_LEAST = 2
"""Rows of a stretch."""

_HIGHEST = 30
"""Rows of a stretch at standard resolution: 8 mm."""

_SOLID = 0.75
"""Text has less ink than this share."""

_FAINT = 8
"""Contrast from which on somebody might see text on the grey page."""

_SHARP = 60
"""Contrast of text on a photograph at least."""

_TILE = 128
"""Rows of a window in which dark and light stretches are compared."""

_UNREAD, _READ = 4.2, 7.2
"""Height from which on something of a text can be read, and all of it; as `_HEIGHTS` has it."""

_HEIGHTS = {Resolution.STANDARD: 1.44, Resolution.FINE: 0.96, Resolution.SUPERFINE: 0.61}
"""Of a row: the mean of a row's and a column's pitch, which is finer or coarser, in columns; letters need both."""

_ENOUGH = 300
"""So many stretches tell whether they stand in lines."""

_BESIDE = np.array([1, 2, 4])
"""Windows to the right, of those that are looked at, to which the line of a stretch may go on."""

_TURNS = np.array([0.0075 * turn for turn in sorted(range(-8, 9), key=abs)])
"""Slopes of lines: a scan is turned by three degrees at most."""

_AWAY = np.array([-53, -37, -23, -11, 11, 23, 37, 53])
"""Rows at which another stretch begins by chance alone."""

_FEWEST = 10
"""Pairs of stretches that begin on the same row: six in a row have eleven of them."""

_IN_LINE, _CHANCE = 0.8, 0.025
"""Of all pairs in reach so large a share, times so much more than by chance; and what chance has at least."""

_VARIED = 0.33
"""Share of different ones among the rows of text."""

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
    """Where there is ink in windows."""

    windows: Windows
    start: Places
    rows: NDArray[np.int64]
    every: int
    """Of so many windows one is here."""

    pitch: float
    """Height of a row."""

    rise: float = 0
    """Rows by which turned lines are higher than others."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def stop(self) -> Places:
        """The places behind them."""
        return self.start + self.rows

    @property
    def height(self) -> NDArray[np.float64]:
        """As `_HEIGHTS` has it."""
        height: NDArray[np.float64] = np.multiply(self.rows - self.rise, self.pitch)
        return height

    @property
    def letters(self) -> NDArray[np.float64]:
        """So many are in each, more or less: the lower a line, the narrower."""
        letters: NDArray[np.float64] = self.every / self.height
        return letters

    def only(self, those: NDArray[np.bool_] | np.bool_ | slice) -> "_Stretches":
        return replace(self, start=self.start[those], rows=self.rows[those])

    def in_lines(self, resolution: Resolution) -> "_Stretches":
        """Those that have others of their line beside them; none, unless they are text."""
        rises = _TURNS * _WIDTH * resolution.y_dpi / X_DPI
        beside = _BESIDE * self.windows.shape[1]
        turned = beside + np.rint(np.multiply.outer(rises, _BESIDE * self.every)).astype(np.int64)
        away = np.add.outer(_AWAY, beside)
        reach = int(max(turned.max(), away.max())) + 1
        begins = np.zeros(self.windows.size + 2 * reach, np.bool_)
        begins[np.add.outer((reach - 1, reach, reach + 1), self.start)] = True

        def there(start: Places, offsets: Places) -> Cells:
            """For each offset and start whether another one begins within a row of it."""
            found: Cells = begins[np.add.outer(offsets, start + reach)]
            return found

        some = self.only(slice(None, None, len(self) // _ENOUGH + 1))
        pairs, chance = (there(some.start, offsets).sum((1, 2)) for offsets in (turned, away))
        best, most = pairs.argmax(), len(_BESIDE) * len(some)
        usual = max(chance.mean(), _CHANCE * most)
        if pairs[best] < _FEWEST or pairs[best] ** 2 < _IN_LINE * most * usual or not some.are_varied():
            return self.only(slice(0))
        line = np.concatenate((turned[best], -turned[best]))
        return replace(self.only(there(self.start, line).any(0)), rise=float(abs(rises[best])))

    def are_varied(self) -> bool:
        """Whether their rows differ, as those of letters do."""
        rows = self.windows.ravel()[self.places]
        return len(np.unique(rows)) >= _VARIED * len(rows)

    @property
    def places(self) -> Places:
        """All their rows."""
        ends = self.rows.cumsum()
        places: Places = np.arange(ends[-1]) + (self.start - ends + self.rows).repeat(self.rows)
        return places

    def share(self, part: Windows, whole: Windows) -> NDArray[np.float64]:
        """Of each, how much of `whole` is in `part`."""
        if not len(self):
            return np.zeros(0)
        places, first = self.places, self.rows.cumsum() - self.rows
        inside = whole.ravel()[places]
        of_part, of_whole = (
            np.add.reduceat(np.bitwise_count(rows), first, dtype=np.int64)
            for rows in (part.ravel()[places] & inside, inside)
        )
        share: NDArray[np.float64] = of_part / np.maximum(1, of_whole)
        return share


@dataclass(frozen=True, slots=True)
class _Part:
    """Text of one kind."""

    letters: float
    read: float
    """So many of them can be."""

    flaw: Flaw

    @property
    def lost(self) -> float:
        return self.letters - self.read


def drawn(grey: Grey, resolution: Resolution) -> Drawn:
    """A grey page, black and white."""
    page = decided(grey)
    return Drawn(page.bits, _of_drawn(page, resolution))


def taken(bits: Bits, resolution: Resolution) -> Drawn:
    """A page that was black and white from the first."""
    every = _every(bits)
    windows = _windows(bits, len(bits), every)
    return Drawn(bits, _judged([_sized([_stretches(windows, None, every, resolution)], resolution)]))


def _of_drawn(page: Decided, resolution: Resolution) -> Legibility:
    kinds = list(_kinds(page, _EVERY))
    strong = [kind.strong for kind in kinds]
    cells = [int(np.count_nonzero(there)) for there in strong]
    every, grey = _every(page.bits), cache(partial(_grey, page.stripes))
    found = [
        _stretches(kind.marked, _mask(kind.strong), every, resolution)
        for kind, count in zip(kinds if every == _EVERY else _kinds(_closer(page), every), cells, strict=True)
        if count >= _FEW * max(cells)
    ]
    return _judged(
        [
            _sized(found, resolution),
            _pale(kinds, strong, sum(cells), grey, resolution),
            _on_picture(kinds, strong, sum(cells), grey, resolution),
        ]
    )


def _judged(parts: list[_Part]) -> Legibility:
    letters = sum(part.letters for part in parts)
    if not letters:
        return Legibility(BEST)
    score = round(BEST * sum(part.read for part in parts) / letters)
    worst = max(parts, key=lambda part: part.lost)
    return Legibility(score, worst.flaw if score < BEST else None)


def _every(bits: Bits) -> int:
    """Of so many windows one is looked at."""
    words = np.ascontiguousarray(bits).view(np.uint64)
    return 1 if np.count_nonzero(words) < _SPARSE * words.size else _EVERY


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
    def strong(self) -> Cells:
        there: Cells = self.contrast >= CONTRAST
        return there

    @property
    def ground(self) -> Grey:
        return _sampled(self.marks.ground, _EVERY)

    @property
    def raw(self) -> Grey:
        """The contrast of each cell, even ground or not."""
        extreme = _sampled(self.extreme, _EVERY)
        return extreme - self.ground if self.is_light else self.ground - extreme


def _kinds(page: Decided, every: int) -> Iterator[_Kind]:
    bits = _windows(page.bits, CELL * len(page.darkest), every)
    for is_light, marks, extreme in ((False, page.dark, page.darkest), (True, page.light, page.lightest)):
        if marks:
            contrast, even = _sampled(marks.contrast, every), _sampled(marks.even, every)
            yield _Kind(is_light, marks, extreme, ~bits if is_light else bits, contrast, even)


def _closer(page: Decided) -> Decided:
    """The same page without the rows of cells on which nothing stands out."""
    both = [marks for marks in (page.dark, page.light) if marks]
    there = np.logical_or.reduce([(marks.contrast >= CONTRAST).any(1) for marks in both])
    bits = page.bits[there.repeat(CELL)[: len(page.bits)]]
    dark, *light = (
        replace(marks, ground=marks.ground[there], even=marks.even[there], contrast=marks.contrast[there])
        for marks in both
    )
    return Decided(bits, page.stripes[there], page.darkest[there], page.lightest[there], dark, *light)


def _sized(found: list[_Stretches], resolution: Resolution) -> _Part:
    """Text as high as it is; where dark and light stretches lie side by side, the higher ones are the letters."""
    if len(found) > 1:
        places = max((int(one.stop[-1]) for one in found if len(one)), default=0) // _TILE + 1
        sums = [np.bincount(one.start // _TILE, one.rows, places) for one in found]
        found = [
            one.only(own[one.start // _TILE] >= other[one.start // _TILE])
            for one, own, other in zip(found, sums, sums[::-1], strict=True)
        ]
    letters = read = 0.0
    for one in found:
        high = one.height >= _READ
        for text in (one.only(high), one.only(~high).in_lines(resolution)):
            share = np.clip((text.height - _UNREAD) / (_READ - _UNREAD), 0, 1)
            letters += text.letters.sum()
            read += (share * text.letters).sum()
    return _Part(letters, read, Flaw.SMALL)


def _pale(kinds: list[_Kind], strong: list[Cells], cells: int, grey: Columns, resolution: Resolution) -> _Part:
    """Marks that were not decided, for they are too weak."""
    most = 0.0
    weak = [kind.contrast - np.uint8(_FAINT) < CONTRAST - _FAINT for kind in kinds]  # below 0 is far above
    for kind, there in zip(kinds, weak, strict=True):
        if np.count_nonzero(there) > _PALE * cells:
            mask = _mask(there & ~_near(np.logical_or.reduce(strong)))
            text = _stretches(_shape(kind, grey(), kind.contrast), mask, _EVERY, resolution).in_lines(resolution)
            most = max(most, float(text.letters.sum()))
    return _Part(most, 0, Flaw.PALE)


def _on_picture(kinds: list[_Kind], strong: list[Cells], cells: int, grey: Columns, resolution: Resolution) -> _Part:
    """Marks that were not decided, for their ground is uneven; the kind of which more can be read are the letters."""
    none, least = _Part(0, 0, Flaw.PICTURE), max(_PICTURE, _FEW * cells)
    if len(kinds) == 1 or min(kind.even.size - np.count_nonzero(kind.even) for kind in kinds) < least:
        return none
    around = [_around(kind.raw) for kind in kinds]
    uneven = (np.count_nonzero((a >= _SHARP) & (kind.even == 0)) for a, kind in zip(around, kinds, strict=True))
    if min(uneven) < least:
        return none
    known = _mask(np.logical_or.reduce(strong))
    parts = [_dithered(kind, contrast, grey, known, resolution) for kind, contrast in zip(kinds, around, strict=True)]
    return max(parts, key=lambda part: (part.read, part.letters))


def _dithered(kind: _Kind, contrast: Grey, grey: Columns, known: Windows, resolution: Resolution) -> _Part:
    mask, shape = _mask(np.repeat(contrast >= _SHARP, CELL, axis=2)), _shape(kind, grey(), contrast)
    lines = _stretches(shape, mask, _EVERY, resolution).in_lines(resolution)
    found = lines.only(lines.share(known, mask) < _MOSTLY)
    shape &= mask
    inside, outside = found.share(kind.marked, shape), found.share(kind.marked, mask & ~shape)
    read = np.clip((inside - outside - _LOST) / (_KEPT - _LOST), 0, 1)
    return _Part(float(found.letters.sum()), float((read * found.letters).sum()), Flaw.PICTURE)


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


def _stretches(windows: Windows, mask: Windows | None, every: int, resolution: Resolution) -> _Stretches:
    """Those that may be text, as far as they begin and end within the mask."""
    seen = windows if mask is None else windows & mask
    flat, pitch = seen.ravel(), _HEIGHTS[resolution]
    inked = np.flatnonzero(flat != 0)
    if not inked.size:
        return _Stretches(seen, inked, inked, every, pitch)
    first = np.concatenate(([0], np.flatnonzero(inked[1:] - inked[:-1] != 1) + 1))
    start, rows = inked[first], np.diff(first, append=len(inked))
    row = flat[inked]
    changes, ink = (np.add.reduceat(np.bitwise_count(part), first, dtype=np.int64) for part in (row ^ (row >> 1), row))
    fewest, most = _CHANGES
    fits = (rows >= _LEAST) & (rows < _HIGHEST * resolution.rows) & (ink <= _SOLID * _WIDTH * rows)
    fits &= (changes >= fewest * rows) & (changes <= most * rows)
    if mask is not None:
        whole = mask.ravel()
        fits &= (whole[start - 1] != 0) & (whole[start + rows] != 0)
    return _Stretches(seen, start[fits], rows[fits], every, pitch)


def _windows(bits: Bits, rows: int, every: int) -> Windows:
    """One of `every`, of `rows` rows, the last ones blank, and blank ones above and below."""
    sampled = np.ascontiguousarray(bits).view(">u2")[:, every // 2 :: every]
    windows = np.zeros((sampled.shape[1], CELL + rows + CELL), np.uint16)
    windows[:, CELL : CELL + len(bits)] = sampled.T
    return windows


def _sampled(cells: Grey, every: int) -> Grey:
    """The cells of one window of `every`: rows of cells, windows, cells across."""
    windows = np.ascontiguousarray(cells).view(np.uint32)[:, every // 2 :: every]
    return np.ascontiguousarray(windows)[..., np.newaxis].view(np.uint8)


_PICTURE_ELEMENTS = np.array(
    [sum(0xF << CELL * bit for bit in range(4) if cells >> bit & 1) * 0x0001000100010001 for cells in range(16)],
    np.uint64,
)
"""The rows of four cells side by side, by which of them there are."""


def _mask(there: Cells) -> Windows:
    """All picture elements of these cells, within blank rows above and below."""
    fours = there.view(np.uint32)[..., 0] * np.uint32(0x08040201) >> np.uint32(24) & np.uint32(0xF)
    mask = np.zeros((fours.shape[1], 1 + len(fours) + 1), np.uint64)
    mask[:, 1:-1] = _PICTURE_ELEMENTS[fours].T
    return mask.view(np.uint16)


def _grey(stripes: Grey) -> Grey:
    """As `Columns` has it."""
    wide = stripes.reshape(len(stripes), CELL, -1).view(f"V{_WIDTH}")[..., _EVERY // 2 :: _EVERY]
    return np.ascontiguousarray(wide).view(np.uint8)


def _shape(kind: _Kind, grey: Grey, contrast: Grey) -> Windows:
    """Marks as they are on the grey page: what is farther from the ground than half of this contrast."""
    half, ground = contrast // 2, kind.ground
    limit = ground + np.minimum(half, 255 - ground) if kind.is_light else ground - np.minimum(half, ground)
    limits = widen(limit.reshape(len(limit), -1))
    marked = np.packbits(grey >= limits if kind.is_light else grey <= limits).view(">u2")
    shape = np.zeros((limit.shape[1], CELL * (len(grey) + 2)), np.uint16)
    shape[:, CELL:-CELL] = marked.reshape(-1, len(shape)).T
    return shape
