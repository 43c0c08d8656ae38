"""Whether the address of a letter lies in the window of its envelope (DIN 5008, form A and form B; DIN 680).

The field is 85 mm wide and 45 mm high, 20 mm from the left edge; it begins 27 mm from the top in form A and 45 mm in
form B. Its upper 17.7 mm are for the line of the sender and for notes, its lower 27.3 mm for the address, and either
may take from the other. We look at what is printed, not at the text: a scanned letter has none. What might be an
address is taken for one; only what cannot be one, or would be cut off, is a fault.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from depesche.model.din5008 import FORMS, HEIGHT, LEFT, NOTES, WIDTH
from depesche.render.ink import Ink, extent, millimetres, pixels, runs
from depesche.render.wire import Box, Finding, LetterFault

MARGIN = 8
"""Millimetres around the field that are looked at too."""

TWO_LINES = 5
"""Millimetres that an address is high at least: a name and a town. The line of the sender alone is lower."""

RULE, PICTURE = 1, 8
"""Millimetres: what is lower is a rule and no text, what is higher is a picture."""

GAP = 2.5
"""Millimetres between two words of a line at most."""

CROSSING = 3.0
"""Millimetres that text which is cut off stands out on both sides of the edge."""

STRADDLING = 0.75
"""The same above and below an edge that cuts a line lengthwise."""

FLUSH = 3.0
"""Millimetres by which the beginnings of the lines of one address differ at most."""

LEADING = 4.0
"""Millimetres of paper between two lines of one address at most."""


@dataclass(frozen=True, slots=True)
class Window:
    """What shows through the window of one form."""

    form: str
    shown: int
    """Picture elements in it."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that runs over an edge, in picture elements of the looked at field."""

    top: int
    bottom: int
    left: int
    right: int


def windows(sheet: Ink) -> list[Window]:
    """Of each form, the one that the letter has, or comes nearest to, in front."""
    found = [_window(sheet, form) for form in FORMS]
    return sorted(found, key=lambda window: (_gravity(window), -window.shown))


def _gravity(window: Window) -> int:
    """0: the address can be read, 1: something else is cut off, 2: it is cut off itself, 3: there is none."""
    if any(finding.fault is LetterFault.EMPTY for finding in window.findings):
        return 3
    return 2 if any(finding.fault.is_proven for finding in window.findings) else bool(window.findings)


def _window(sheet: Ink, form: str) -> Window:
    ink = _field(sheet, FORMS[form])
    edge, width, height = pixels(MARGIN), pixels(WIDTH), pixels(HEIGHT)
    columns, rows = slice(edge, edge + width), slice(edge, edge + height)
    inside = ink[rows, columns]
    shown = int(inside.sum())
    if _height(inside) < pixels(TWO_LINES):
        return Window(form, shown, (Finding(LetterFault.EMPTY),))
    cut = _cut(ink, rows, columns)
    whole = ink.copy()
    for piece in cut:
        whole[piece.top : piece.bottom, piece.left : piece.right] = False
    kinds = [(_kind(piece, whole[rows, columns], rows, columns), piece) for piece in cut]
    kinds += [(LetterFault.CUT, piece) for piece in _going_on(ink, rows, columns)]
    return Window(form, shown, tuple(_together(kinds, form)))


def _field(sheet: Ink, top: float) -> Ink:
    """The field with its margin; what a sheet does not have is paper."""
    first, left = pixels(top - MARGIN), pixels(LEFT - MARGIN)
    field = np.zeros((pixels(HEIGHT + 2 * MARGIN), pixels(WIDTH + 2 * MARGIN)), bool)
    there = sheet[first : first + field.shape[0], left : left + field.shape[1]]
    field[: there.shape[0], : there.shape[1]] = there
    return field


def _cut(ink: Ink, rows: slice, columns: slice) -> list[_Piece]:
    """All text that runs over an edge of the field."""
    lines = runs(np.any(ink[:, columns], axis=1))
    pieces = []
    for line in lines:
        if any(_straddles(line, at) for at in (rows.start, rows.stop)):
            left, right = extent(np.any(ink[slice(*line), columns], axis=0)) or (0, 0)
            pieces.append(_Piece(*line, columns.start + left, columns.start + right))
        elif line[0] >= rows.start and line[1] <= rows.stop:
            pieces += _crossing(ink, line, columns)
    return pieces


def _straddles(line: tuple[int, int], edge: int) -> bool:
    """Whether a line of text from its first row to behind its last is cut lengthwise."""
    first, stop = line
    return stop - first <= pixels(PICTURE) and min(edge - first, stop - edge) >= pixels(STRADDLING)


def _crossing(ink: Ink, line: tuple[int, int], columns: slice) -> list[_Piece]:
    """The words of a line that run over the left or the right edge."""
    if line[1] - line[0] < pixels(RULE):
        return []
    return [
        _Piece(*line, first, stop)
        for first, stop in runs(np.any(ink[slice(*line)], axis=0), pixels(GAP))
        if any(min(edge - first, stop - edge) >= pixels(CROSSING) for edge in (columns.start, columns.stop))
    ]


def _going_on(ink: Ink, rows: slice, columns: slice) -> list[_Piece]:
    """A line below the field that belongs to those above it: flush with them, and no farther away than they are."""
    lines = [line for line in runs(np.any(ink[:, columns], axis=1)) if line[1] - line[0] >= pixels(RULE)]
    above = [line for line in lines if sum(line) < 2 * rows.stop]
    below = lines[len(above) :]
    if len(above) < 2 or not below:
        return []
    (before, last), following = above[-2:], below[0]
    pitch, step = last[0] - before[0], following[0] - last[0]
    lefts = [(extent(np.any(ink[slice(*line), columns], axis=0)) or (0, 0))[0] for line in (before, last, following)]
    is_whole = following[1] < len(ink)
    if (
        _straddles(following, rows.stop)
        or not is_whole
        or abs(step - pitch) > pixels(STRADDLING)
        or max(lefts) - min(lefts) > pixels(RULE)
    ):
        return []
    right = (extent(np.any(ink[slice(*following), columns], axis=0)) or (0, 0))[1]
    return [_Piece(*following, columns.start + lefts[-1], columns.start + right)]


def _together(kinds: Sequence[tuple[LetterFault, _Piece]], form: str) -> Iterator[Finding]:
    """One finding a fault, around all that it concerns."""
    for fault in (LetterFault.CUT, LetterFault.EDGE):
        pieces = [piece for kind, piece in kinds if kind is fault]
        if pieces:
            top, bottom = min(piece.top for piece in pieces), max(piece.bottom for piece in pieces)
            left, right = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
            yield Finding(fault, box=_box(_Piece(top, bottom, left, right), form))


def _kind(piece: _Piece, whole: Ink, rows: slice, columns: slice) -> LetterFault:
    """Whether it is the address that is cut off, as far as can be known; `whole`: what is in the window and is not."""
    if _height(whole) < pixels(TWO_LINES):
        return LetterFault.CUT
    address = whole[pixels(NOTES) :]
    begins = extent(np.any(address, axis=0))
    if begins is None or _height(address) < pixels(RULE) or piece.bottom <= rows.start + pixels(NOTES):
        return LetterFault.EDGE
    lines = extent(np.any(address, axis=1)) or (0, 0)
    top, bottom = (rows.start + pixels(NOTES) + row for row in lines)
    near = piece.top - bottom <= pixels(LEADING) and top - piece.bottom <= pixels(LEADING)
    flush = abs(piece.left - columns.start - begins[0]) <= pixels(FLUSH) or piece.left < columns.start
    return LetterFault.CUT if near and flush else LetterFault.EDGE


def _height(ink: Ink) -> int:
    first, stop = extent(np.any(ink, axis=1)) or (0, 0)
    return stop - first


def _box(piece: _Piece, form: str) -> Box:
    top, left = FORMS[form] - MARGIN, LEFT - MARGIN
    return (
        left + millimetres(piece.left),
        top + millimetres(piece.top),
        left + millimetres(piece.right),
        top + millimetres(piece.bottom),
    )
