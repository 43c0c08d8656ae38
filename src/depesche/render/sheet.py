"""What is wrong with the sheets of a letter: its address, its margins, and the places that the print centre needs.

Margins are a matter of the printer, other places of the print centre: both are settings. Nothing here refuses an
order but an address that is certainly not in the window.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from depesche.render.ink import Ink, extent, millimetres, pixels, printed, runs
from depesche.render.window import windows
from depesche.render.wire import Box, Finding, LetterFault, Paper

GAP = 1.5
"""Millimetres of paper between two things at most that are told as one."""

THING = 1.0
"""Millimetres: what is smaller in either direction is a fold mark, a rule or a speck."""

BLEED = 0.5
"""Millimetres from the edge of the sheet: what reaches so far is meant to run off it, or is a scanner's shadow."""

LONG = 20.0
"""Millimetres: what goes on so far along the edge is the rule of a frame, a stripe or a picture, and no text."""

MOST_LOOKED_AT = 50
"""Pages of a letter that are looked at; a scanned one takes 40 ms."""


def look(document: Any, paper: Paper) -> tuple[Finding, ...]:
    """All that is wrong with a document as pypdfium2 has it, page by page."""
    pages = range(min(len(document), MOST_LOOKED_AT))
    return tuple(finding for index in pages for finding in on(document[index], index + 1, paper))


def on(page: Any, number: int, paper: Paper) -> list[Finding]:
    """All that is wrong with one page; the address stands on page 1."""
    try:
        sheet = printed(page)
    except MemoryError:
        return [Finding(LetterFault.UNSEEN)] if number == 1 else []
    findings = [*windows(sheet)[0].findings, *_taken(sheet, paper)] if number == 1 else []
    findings += [Finding(LetterFault.TAKEN, number, box) for box in _things(sheet[:, : pixels(paper.strip)], bleed=0)]
    return findings + [Finding(LetterFault.MARGIN, number, box) for box in _in_margins(sheet, paper.margin)]


def _taken(sheet: Ink, paper: Paper) -> Iterator[Finding]:
    """What lies where the print centre prints on the first sheet."""
    for left, top, width, height in paper.free:
        column, row = pixels(left), pixels(top)
        place = sheet[row : row + pixels(height), column : column + pixels(width)]
        rows, columns = extent(np.any(place, axis=1)), extent(np.any(place, axis=0))
        if rows and columns and max(rows[1] - rows[0], columns[1] - columns[0]) >= pixels(THING):
            box = (column + columns[0], row + rows[0], column + columns[1], row + rows[1])
            yield Finding(LetterFault.TAKEN, 1, _box(*box))


def _in_margins(sheet: Ink, width: float) -> Iterator[Box]:
    """Text that lies so near to an edge that printers leave it out: left, right, top, bottom."""
    deep = pixels(width)
    if not deep:
        return
    height, across = (millimetres(side) for side in sheet.shape)
    for left, top, right, bottom in _things(_without_rules(sheet[:, :deep]), bleed=BLEED):
        yield left, top, right, bottom
    for left, top, right, bottom in _things(_without_rules(sheet[:, : -deep - 1 : -1]), bleed=BLEED):
        yield across - right, top, across - left, bottom
    for left, top, right, bottom in _things(_without_rules(sheet[:deep].T), bleed=BLEED):
        yield top, left, bottom, right
    for left, top, right, bottom in _things(_without_rules(sheet[: -deep - 1 : -1].T), bleed=BLEED):
        yield top, height - right, bottom, height - left


def _without_rules(strip: Ink) -> Ink:
    """A strip at the left edge without what goes on along it; what touches the edge goes with all that hangs on it."""
    kept = strip.copy()
    for column in range(pixels(BLEED), strip.shape[1]):
        for first, stop in runs(strip[:, column]):
            if stop - first >= pixels(LONG):
                kept[first:stop, column] = False
    return kept


def _things(strip: Ink, *, bleed: float) -> Iterator[Box]:
    """All that lies in a strip at the left edge as one box, but for what begins less than `bleed` mm from the edge."""
    found = []
    for first, stop in runs(np.any(strip, axis=1), pixels(GAP)):
        left, right = extent(np.any(strip[first:stop], axis=0)) or (0, 0)
        if left >= pixels(bleed) and min(stop - first, right - left) >= pixels(THING):
            found.append((left, first, right, stop))
    if found:
        lefts, tops, rights, bottoms = zip(*found, strict=True)
        yield _box(min(lefts), min(tops), max(rights), max(bottoms))


def _box(left: int, top: int, right: int, bottom: int) -> Box:
    return millimetres(left), millimetres(top), millimetres(right), millimetres(bottom)
